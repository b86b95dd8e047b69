//! Tests the statement that reads handovers. The API applies the rule again afterwards, so that its answers would not reveal a
//! mask that is too wide.

use kim_domain::agency::Role;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::referral::{Direction, ReferralOrder};
use kim_entity::database::Database;
use kim_entity::read::{Extent, ListedReferral, Reads, ReferralFilter, Values, Window};

use super::facts::Facts;
use super::random::Random;
use super::table::SENDS;
use crate::support::server::{token, verified};
use crate::support::world::today;

/// Checks that a page of an agency's referrals reads exactly the visible and requested values.
pub(crate) async fn check(database: &Database, facts: &Facts, slug: &str, random: &mut Random) {
    let kind = facts.agencies[facts.agency(slug)].kind;
    let role = if kind.code() == SENDS { Role::CaseManager } else { Role::Clerk };
    let share = *random.pick(&[10, 50, 90]);
    let asked: FieldSet = HandoverField::ALL.iter().copied().filter(|_| random.percent(share)).collect();
    let read = read(database, &token(slug, role), asked).await;
    assert!(read.len() > 20, "{slug} has referrals");
    for (row, values) in read {
        let referral = facts.referrals.iter().position(|referral| referral.id == row.id).expect("a referral");
        for &field in HandoverField::ALL {
            let expected = asked.contains(field) && facts.gives(referral, field.name());
            let known = values.as_ref().is_some_and(|values| values.known().contains(field));
            let found = known && values.as_ref().is_some_and(|values| values.get(field).is_some());
            assert_eq!(found, expected, "{field:?} of {slug}, asked for {asked:?}");
            let released = row.visible().restrict_to(asked).fields().contains(field);
            assert_eq!(known, released, "{field:?} of {slug} counts as read");
        }
    }
}

/// A page of incoming referrals, with the requested fields of their handovers.
async fn read(database: &Database, token: &str, asked: FieldSet) -> Vec<(ListedReferral, Option<Values>)> {
    let snapshot = Reads::admit(database, verified(token), today()).await.expect("a database").expect("a viewer");
    let (filter, order) = (ReferralFilter::default(), ReferralOrder::OfferedAtAsc);
    let window = Window { limit: 100, from_end: false, after: None, before: None };
    let page = snapshot.referrals(Direction::Incoming, &filter, order, &window, Extent::Whole).await.expect("a page");
    let released: Vec<_> = page.rows.iter().map(|row| (row.key(), row.visible().restrict_to(asked))).collect();
    let mut values = snapshot.handovers(&released).await.expect("values");
    page.rows.into_iter().map(|row| (row.clone(), values.remove(&row.id))).collect()
}
