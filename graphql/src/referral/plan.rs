//! The plan of a selection on referrals.

use async_graphql::OutputType;
use kim_domain::field::{FieldSet, HandoverField};
use kim_entity::read::Extent;

use crate::case::plan::CasePlan;
use crate::consent::ConsentPlan;
use crate::referral::Referral;
use crate::referral::correction::Correction;
use crate::referral::history::{Message, ReferralEvent};
use crate::run::plan::{HistoryPlan, Plan, Selected, merge_relation};
use crate::schema::needs::ReferralNeed;

/// The fields and relations that a selection on referrals needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReferralPlan {
    /// The selected handover fields.
    pub(crate) handover: FieldSet,
    /// Whether a field needs columns that lists do not read.
    pub(crate) whole: bool,
    /// The agencies on both sides.
    pub(crate) parties: bool,
    pub(crate) messages: HistoryPlan,
    pub(crate) events: HistoryPlan,
    /// Reports of wrong values.
    pub(crate) corrections: HistoryPlan,
    /// The agencies that were notified of these reports.
    pub(crate) notices: bool,
    pub(crate) disputed: bool,
    /// The available actions. For a sender they depend on undecided reports and on whether it can offer again.
    pub(crate) actions: bool,
    /// The referral that this one continues.
    pub(crate) previous: Option<Box<ReferralPlan>>,
    pub(crate) appointments: bool,
    pub(crate) talks: bool,
    pub(crate) offer_check: bool,
    pub(crate) consent: Option<ConsentPlan>,
    pub(crate) case: Option<Box<CasePlan>>,
}

impl Plan for ReferralPlan {
    type Of = Referral;

    fn add(&mut self, referral: &Selected<'_>) {
        for field in referral.fields() {
            self.whole |= !ReferralNeed::of(field.needs()).any(|need| need == ReferralNeed::Listed);
            self.add_needs(&field);
        }
    }

    fn merge(&mut self, other: &Self) {
        // Without `..`, so that a new field does not compile until it is merged here.
        #[rustfmt::skip]
        let Self {
            handover, whole, parties, messages, events, corrections, notices, disputed, actions, previous, appointments,
            talks, offer_check, consent, case,
        } = other;
        self.handover = self.handover.or(*handover);
        self.whole |= whole;
        self.parties |= parties;
        self.messages.merge(messages);
        self.events.merge(events);
        self.corrections.merge(corrections);
        self.notices |= notices;
        self.disputed |= disputed;
        self.actions |= actions;
        merge_relation(&mut self.previous, previous.as_ref());
        self.appointments |= appointments;
        self.talks |= talks;
        self.offer_check |= offer_check;
        merge_relation(&mut self.consent, consent.as_ref());
        merge_relation(&mut self.case, case.as_ref());
    }
}

impl ReferralPlan {
    /// The columns of a row that the plan needs.
    pub(crate) const fn extent(&self) -> Extent {
        if self.whole { Extent::Whole } else { Extent::Listed }
    }

    /// Adds the needs of a field of a referral or of one of its relations.
    fn add_needs(&mut self, field: &Selected<'_>) {
        for need in ReferralNeed::of(field.needs()) {
            match need {
                // Handled in `add`.
                ReferralNeed::Listed => {}
                ReferralNeed::Parties => self.parties = true,
                ReferralNeed::Handover => self.add_handover(field),
                ReferralNeed::AllFields => self.handover = FieldSet::ALL,
                ReferralNeed::Disputed => self.disputed = true,
                ReferralNeed::Appointments => self.appointments = true,
                ReferralNeed::Talks => self.talks = true,
                ReferralNeed::Messages => {
                    self.messages.add(field);
                    self.add_rows::<Message>(field);
                }
                ReferralNeed::Events => {
                    self.events.add(field);
                    self.add_rows::<ReferralEvent>(field);
                }
                ReferralNeed::Corrections => {
                    self.corrections.add(field);
                    self.add_rows::<Correction>(field);
                }
                ReferralNeed::Notices => self.notices = true,
                ReferralNeed::Actions => self.actions = true,
                ReferralNeed::OfferCheck => self.offer_check = true,
                ReferralNeed::Previous => self.previous.get_or_insert_default().add(field),
                ReferralNeed::Consent => self.consent.get_or_insert_default().add(field),
                ReferralNeed::Case => self.case.get_or_insert_default().add(field),
            }
        }
    }

    fn add_rows<T: OutputType>(&mut self, connection: &Selected<'_>) {
        connection.each::<T>().iter().flat_map(Selected::fields).for_each(|field| self.add_needs(&field));
    }

    fn add_handover(&mut self, handover: &Selected<'_>) {
        for field in handover.fields() {
            match HandoverField::shown_as(field.name()) {
                Some(selected) => self.handover.insert(selected),
                // A list of the handover: the fields of its entries have needs.
                None => field.fields().for_each(|entry| self.add_needs(&entry)),
            }
            self.add_needs(&field);
        }
    }
}
