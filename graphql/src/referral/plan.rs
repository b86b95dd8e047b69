//! What is asked of referrals.

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

/// What is asked of referrals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReferralPlan {
    /// Handover fields asked for.
    pub(crate) handover: FieldSet,
    /// More of the row than a list shows.
    pub(crate) whole: bool,
    /// The agencies on both sides.
    pub(crate) parties: bool,
    pub(crate) messages: HistoryPlan,
    pub(crate) events: HistoryPlan,
    /// Reports of wrong values.
    pub(crate) corrections: HistoryPlan,
    /// Who else was told of them.
    pub(crate) told: bool,
    pub(crate) disputed: bool,
    /// What can be done now: for a sender, whether a report waits for it, and whether it can offer again.
    pub(crate) actions: bool,
    /// The referral that it continues.
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
        // Each part by its name, so that the compiler asks for a new one.
        #[rustfmt::skip]
        let Self {
            handover, whole, parties, messages, events, corrections, told, disputed, actions, previous, appointments, talks,
            offer_check, consent, case,
        } = other;
        self.handover = self.handover.or(*handover);
        self.whole |= whole;
        self.parties |= parties;
        self.messages.merge(messages);
        self.events.merge(events);
        self.corrections.merge(corrections);
        self.told |= told;
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
    /// How much of a row it takes.
    pub(crate) const fn extent(&self) -> Extent {
        if self.whole { Extent::Whole } else { Extent::Listed }
    }

    /// Adds what a field of a referral, or of something that belongs to it, needs.
    fn add_needs(&mut self, field: &Selected<'_>) {
        for need in ReferralNeed::of(field.needs()) {
            match need {
                // Said of the row as a whole.
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
                ReferralNeed::Notices => self.told = true,
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
            match HandoverField::from_name(field.name()) {
                Some(asked) => self.handover.insert(asked),
                // Its lists, whose entries have fields that need something.
                None => field.fields().for_each(|entry| self.add_needs(&entry)),
            }
            self.add_needs(&field);
        }
    }
}
