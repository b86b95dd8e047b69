//! The number of rows of a list, where the test knows it.

use serde_json::Value;

use super::answer::{Checked, Place, is, length};
use super::document::Node;
use super::facts::Facts;
use super::rights::Side;
use super::schema::QUERY;
use super::table::SENDS;
use super::viewers::Viewer;

/// The known properties of a page.
#[derive(Clone, Default)]
pub(crate) struct Page {
    /// The list to which its cursors belong.
    pub(crate) list: String,
    total: Option<usize>,
    rows: Option<usize>,
    /// The number of the client in the filter.
    client: Option<u32>,
}

impl Page {
    /// The page of a list with this number of rows. After a cursor it may have fewer rows.
    pub(crate) fn new(list: String, total: Option<usize>, node: &Node) -> Self {
        let size = ["first", "last"].into_iter().find_map(|name| node.argument(name).as_u64());
        let is_first = node.argument("after").is_null() && node.argument("before").is_null();
        let size = usize::try_from(size.unwrap_or(20)).unwrap_or(usize::MAX);
        let rows = total.filter(|_| is_first).map(|total| total.min(size));
        let of_referrals = node.ty == "ReferralConnection";
        let client = number_in(&node.argument("filter")["client"]["familyName"]).filter(|_| of_referrals);
        Self { list, total, rows, client }
    }

    /// Whether a referral may be on it: a search for a client finds only referrals that show the client.
    pub(crate) fn may_have(&self, facts: &Facts, viewer: &Viewer, referral: usize) -> bool {
        self.client.is_none_or(|number| facts.referrals[referral].number == number && viewer.finds(facts, referral))
    }

    pub(crate) fn check(&self, node: &Node, value: &Value) -> Checked {
        match (&*node.name, self.total, self.rows) {
            ("totalCount" | "total", Some(total), _) => is(value, &total.into()),
            ("nodes" | "edges", _, Some(rows)) => length(value, rows),
            _ => Ok(()),
        }
    }
}

/// Whether an object of this type has a number of rows.
pub(crate) fn is_counted(ty: &str) -> bool {
    ty.ends_with("Connection") || ty == "ReferralCounts"
}

/// The number of rows of a list; none if this test does not compute its filter.
pub(crate) fn total(facts: &Facts, viewer: &Viewer, ty: &str, node: &Node, place: &Place) -> Option<usize> {
    let filter = node.argument("filter");
    match (ty, &*node.name) {
        (QUERY, "referrals" | "referralCounts") => referrals(facts, viewer, node),
        (QUERY, "cases") => {
            let named = |number: u32| match only(filter)? {
                None => Some(true),
                Some(("caseNumber", text)) => Some(number_in(text)? == number),
                Some(("client", client)) => Some(number_in(&client["familyName"])? == number),
                Some(_) => None,
            };
            let own = (0..facts.referrals.len()).filter(|case| viewer.has_case(facts, *case));
            own.map(|case| named(facts.referrals[case].number)).sum_of()
        }
        (QUERY, "agreements") => Some((0..facts.versions.len()).filter(|one| viewer.sees_version(facts, *one)).count()),
        (QUERY, "agreementProposals") if node.argument("status").is_null() => {
            Some((0..facts.proposals.len()).filter(|one| viewer.sees_proposal(facts, *one)).count())
        }
        (QUERY, "agencies") => {
            let kind = node.argument("kind").as_str();
            let own = &facts.agencies[viewer.agency];
            let here = facts.agencies.iter().filter(|agency| agency.ags == own.ags && agency.is_enabled);
            Some(here.filter(|agency| kind.is_none_or(|kind| agency.kind.code() == kind)).count())
        }
        (QUERY, "consentFacts") if viewer.kind == SENDS => {
            let own = facts.referrals.iter().filter(|row| row.sender == viewer.agency && row.consent.is_some());
            Some(own.filter(|row| viewer.is_for(row.purpose)).count())
        }
        ("Referral", "messages") => {
            let referral = place.referral?;
            let all = facts.messages.get(&referral).copied().unwrap_or(0);
            Some(if viewer.reads_texts(facts, referral) { all } else { 0 })
        }
        ("Referral", "events") => {
            let of = facts.events.iter().filter(|event| Some(event.referral) == place.referral);
            Some(of.filter(|event| viewer.sees_event(facts, event)).count())
        }
        ("Referral", "corrections") => Some(viewer.reports(facts, place.referral?).len()),
        ("Case", "notes") => facts.notes.get(&place.case?).copied(),
        // This test does not compute them.
        (
            QUERY,
            "agencyHistory" | "agreementProposals" | "changes" | "consentFacts" | "supportNotices"
            | "upcomingDeadlines",
        ) => None,
        (ty, list) => {
            panic!("{ty}.{list}: declare here how many rows this list has, or that the test does not compute it")
        }
    }
}

/// The number of referrals that a list or a count has.
fn referrals(facts: &Facts, viewer: &Viewer, node: &Node) -> Option<usize> {
    let side = if node.argument("direction") == "OUTGOING" { Side::Sender } else { Side::Receiver };
    let own = (0..facts.referrals.len()).filter(|referral| viewer.sees(facts, *referral) == Some(side));
    let found = own.map(|referral| match only(node.argument("filter"))? {
        None => Some(true),
        Some(("client", client)) => {
            let number = number_in(&client["familyName"])?;
            Some(facts.referrals[referral].number == number && viewer.finds(facts, referral))
        }
        Some(_) => None,
    });
    found.sum_of()
}

/// The only member of a filter that narrows it; the outer `None` means that there are several.
fn only(filter: &Value) -> Option<Option<(&str, &Value)>> {
    let mut members = filter.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let first = members.next().map(|(name, value)| (name.as_str(), value));
    members.next().is_none().then_some(first)
}

/// The number in a canary.
fn number_in(canary: &Value) -> Option<u32> {
    canary.as_str()?.get(6..11)?.parse().ok()
}

/// Counts true values, if all values are known.
trait SumOf {
    fn sum_of(self) -> Option<usize>;
}

impl<I: Iterator<Item = Option<bool>>> SumOf for I {
    fn sum_of(mut self) -> Option<usize> {
        self.try_fold(0, |sum, one| Some(sum + usize::from(one?)))
    }
}
