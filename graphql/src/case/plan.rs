//! The plan of a selection on cases.

use kim_domain::field::{FieldSet, HandoverField};

use crate::case::Case;
use crate::consent::ConsentPlan;
use crate::referral::plan::ReferralPlan;
use crate::run::plan::{HistoryPlan, Plan, Selected, merge_relation};
use crate::schema::needs::CaseNeed;

/// The fields and relations that a selection on cases needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CasePlan {
    /// The selected fields of the record.
    pub(crate) record: FieldSet,
    pub(crate) disputed: bool,
    pub(crate) referrals: Option<Box<ReferralPlan>>,
    pub(crate) consents: Option<ConsentPlan>,
    pub(crate) receipt: bool,
    pub(crate) notes: HistoryPlan,
    pub(crate) goals: bool,
    pub(crate) decisions: bool,
    pub(crate) deadlines: bool,
}

impl Plan for CasePlan {
    type Of = Case;

    fn add(&mut self, case: &Selected<'_>) {
        for field in case.fields() {
            for need in CaseNeed::of(field.needs()) {
                match need {
                    CaseNeed::Record => {
                        let selected = field.fields().filter_map(|part| HandoverField::shown_as(part.name()));
                        self.record = self.record.or(selected.collect());
                        // The record's own field `disputed` also needs a relation.
                        self.add(&field);
                    }
                    CaseNeed::Disputed => self.disputed = true,
                    CaseNeed::Referrals => self.referrals.get_or_insert_default().add(&field),
                    CaseNeed::Consents => self.consents.get_or_insert_default().add(&field),
                    CaseNeed::Receipt => self.receipt = true,
                    CaseNeed::Notes => self.notes.add(&field),
                    CaseNeed::Goals => self.goals = true,
                    CaseNeed::Decisions => self.decisions = true,
                    CaseNeed::Deadlines => self.deadlines = true,
                }
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        let Self { record, disputed, referrals, consents, receipt, notes, goals, decisions, deadlines } = other;
        self.record = self.record.or(*record);
        self.disputed |= disputed;
        merge_relation(&mut self.referrals, referrals.as_ref());
        merge_relation(&mut self.consents, consents.as_ref());
        self.receipt |= receipt;
        self.notes.merge(notes);
        self.goals |= goals;
        self.decisions |= decisions;
        self.deadlines |= deadlines;
    }
}
