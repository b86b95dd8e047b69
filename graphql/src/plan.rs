//! What a request asks for, read from its selection before anything is fetched: so that the number of statements
//! depends on the shape of the request and never on the number of rows.

use async_graphql::SelectionField;
use kim_domain::field::{FieldSet, HandoverField};
use kim_entity::read::Extent;

use crate::case::DISPUTED;
use crate::consent::ConsentPlan;
use crate::page::PageArgs;

/// What is asked of referrals.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferralPlan {
    /// Handover fields asked for.
    pub(crate) handover: FieldSet,
    /// More of the row than a list shows.
    pub(crate) whole: bool,
    /// The names of the two sides.
    pub(crate) parties: bool,
    /// Each distinct page of messages.
    pub(crate) messages: Vec<PageArgs>,
    /// How many messages there are.
    pub(crate) count_messages: bool,
    /// Each distinct page of events.
    pub(crate) events: Vec<PageArgs>,
    /// How many events there are.
    pub(crate) count_events: bool,
    /// Each distinct page of reports of wrong values.
    pub(crate) corrections: Vec<PageArgs>,
    /// How many reports there are.
    pub(crate) count_corrections: bool,
    /// Who else was told of them.
    pub(crate) told: bool,
    /// Which fields are disputed.
    pub(crate) disputed: bool,
    /// What can be done now: for a sender, whether a report waits for it, and whether it can offer again.
    pub(crate) actions: bool,
    /// The referral that it continues.
    pub(crate) previous: Option<Box<ReferralPlan>>,
    /// Appointments.
    pub(crate) appointments: bool,
    /// Talks.
    pub(crate) talks: bool,
    /// What its sender should know before it offers.
    pub(crate) offer_check: bool,
    /// The consent that it rests on, for its sender.
    pub(crate) consent: Option<ConsentPlan>,
    /// The sender's case.
    pub(crate) case: Option<Box<CasePlan>>,
}

/// What is asked of cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct CasePlan {
    /// Fields of the record asked for.
    pub(crate) record: FieldSet,
    /// Which fields of the record are disputed.
    pub(crate) disputed: bool,
    /// The case's referrals.
    pub(crate) referrals: Option<Box<ReferralPlan>>,
    /// The client's consents.
    pub(crate) consents: Option<ConsentPlan>,
    /// Who may see what until when.
    pub(crate) receipt: bool,
    /// Each distinct page of notes.
    pub(crate) notes: Vec<PageArgs>,
    /// How many notes there are.
    pub(crate) count_notes: bool,
    /// The plan.
    pub(crate) goals: bool,
    /// Decisions on eligibility.
    pub(crate) decisions: bool,
    /// Deadlines.
    pub(crate) deadlines: bool,
}

/// What a referral can answer from what [`Extent::Listed`] reads of its row.
const LISTED: [&str; 12] = [
    "__typename",
    "id",
    "purpose",
    "status",
    "reference",
    "sender",
    "receiver",
    "ballWith",
    "dueOn",
    "overdue",
    "handover",
    "messages",
];

impl ReferralPlan {
    /// How much of a row it takes.
    pub(crate) const fn extent(&self) -> Extent {
        if self.whole { Extent::Whole } else { Extent::Listed }
    }

    /// Adds what a selection of referrals asks for.
    pub(crate) fn add(&mut self, referral: &SelectionField<'_>) {
        for field in referral.selection_set() {
            self.whole |= !LISTED.contains(&field.name());
            match field.name() {
                "handover" => self.add_handover(&field),
                "sender" | "receiver" | "ballWith" | "responsible" => self.parties = true,
                "appointments" => (self.appointments, self.parties) = (true, true),
                "talks" => (self.talks, self.parties) = (true, true),
                "offerCheck" => self.offer_check = true,
                "messages" => {
                    self.count_messages |= wants_total(&field);
                    Self::add_page(&mut self.messages, &field, &mut self.parties);
                }
                "events" => {
                    self.count_events |= wants_total(&field);
                    Self::add_page(&mut self.events, &field, &mut self.parties);
                }
                "corrections" => {
                    self.count_corrections |= wants_total(&field);
                    self.told |= rows_of(&field).iter().any(|row| wants(row, "told"));
                    Self::add_page(&mut self.corrections, &field, &mut self.parties);
                }
                "availableActions" => self.actions = true,
                "previous" => self.previous.get_or_insert_default().add(&field),
                "consent" => self.consent.get_or_insert_default().add(&field),
                "case" => self.case.get_or_insert_default().add(&field),
                _ => {}
            }
        }
    }

    fn add_handover(&mut self, handover: &SelectionField<'_>) {
        for field in handover.selection_set() {
            if field.name() == "disputed" {
                self.disputed = true;
            } else if field.name() == "entries" {
                self.disputed |= wants(&field, "disputed");
                if wants(&field, "value") {
                    self.handover = FieldSet::ALL;
                }
            } else if let Some(asked) = HandoverField::from_name(field.name()) {
                self.handover.insert(asked);
            }
        }
    }

    fn add_page(pages: &mut Vec<PageArgs>, field: &SelectionField<'_>, parties: &mut bool) {
        // Arguments that cannot be read are refused by the resolver, with their place.
        let Ok(arguments) = field.arguments() else { return };
        let args = PageArgs::of_selection(&arguments);
        if !pages.contains(&args) {
            pages.push(args);
        }
        *parties |= rows_of(field)
            .iter()
            .any(|row| row.selection_set().any(|part| part.name() == "author" || part.name() == "agency"));
    }
}

impl CasePlan {
    /// Adds what a selection of cases asks for.
    pub(crate) fn add(&mut self, case: &SelectionField<'_>) {
        for field in case.selection_set() {
            match field.name() {
                "record" => {
                    self.record = self
                        .record
                        .or(field.selection_set().filter_map(|part| HandoverField::from_name(part.name())).collect());
                    self.disputed |= wants(&field, DISPUTED);
                }
                "referrals" => self.referrals.get_or_insert_default().add(&field),
                "consents" => self.consents.get_or_insert_default().add(&field),
                "consentReceipt" => self.receipt = true,
                "notes" => {
                    self.count_notes |= wants_total(&field);
                    // Arguments that cannot be read are refused by the resolver, with their place.
                    let Ok(arguments) = field.arguments() else { continue };
                    let args = PageArgs::of_selection(&arguments);
                    if !self.notes.contains(&args) {
                        self.notes.push(args);
                    }
                }
                "goals" | "planReviewedOn" => self.goals = true,
                "eligibilityDecisions" | "admission" => self.decisions = true,
                "upcomingDeadlines" => self.deadlines = true,
                _ => {}
            }
        }
    }
}

/// The selections of a connection's rows: `nodes` and `edges { node }`.
pub(crate) fn rows_of<'a>(connection: &SelectionField<'a>) -> Vec<SelectionField<'a>> {
    let mut rows = Vec::new();
    for field in connection.selection_set() {
        match field.name() {
            "nodes" => rows.push(field),
            "edges" => rows.extend(field.selection_set().filter(|part| part.name() == "node")),
            _ => {}
        }
    }
    rows
}

/// Whether a connection is asked how many rows it has in all.
pub(crate) fn wants_total(connection: &SelectionField<'_>) -> bool {
    wants(connection, "totalCount")
}

/// Whether this field of an object is asked for.
pub(crate) fn wants(object: &SelectionField<'_>, name: &str) -> bool {
    object.selection_set().any(|field| field.name() == name)
}
