//! A Jobcenter with referrals from one Träger. Every value is a canary.

use kim_domain::agency::AgencyKind;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use uuid::Uuid;

use super::database::TestDatabase;
use super::world::{self, ConsentSpec, ReferralSpec, World, in_days};

const AGS: &str = "05315000";

/// Writes the agencies `jobcenter` and `traeger` and this number of accepted referrals, with two messages each.
pub(crate) async fn fill(db: &TestDatabase, referrals: u32) -> Vec<Uuid> {
    fill_with(db, referrals, |spec| spec).await
}

/// The same with other referrals: each may be changed before it is written.
pub(crate) async fn fill_with(
    db: &TestDatabase,
    referrals: u32,
    change: impl Fn(ReferralSpec) -> ReferralSpec,
) -> Vec<Uuid> {
    let main = db.database.raw();
    world::add_municipality(main, AGS).await;
    let sender = world::add_agency(main, AGS, "traeger", AgencyKind::Traeger).await;
    let receiver = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
    let purpose = ReferralPurpose::BenefitApplication;
    let agreement = world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY);
    let agreement = world::insert_agreement(main, agreement).await;
    let mut world = World::default();
    let spec = |number: u32| ReferralSpec {
        number,
        sender,
        receiver,
        purpose,
        agreement,
        status: ReferralStatus::Accepted,
        ever_accepted: true,
        closed_on: None,
        due_on: in_days(number.into()),
        offered_on: in_days(-3),
        consent: Some(ConsentSpec::whole()),
        offered: FieldSet::ALL,
        previous: None,
        messages: 2,
    };
    let ids = (1..=referrals).map(|number| world.add(&change(spec(number)))).collect();
    world.write(main).await;
    ids
}
