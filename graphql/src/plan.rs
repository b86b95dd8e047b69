//! What a request asks for, read from its selection before anything is fetched: so that the number of statements
//! depends on the shape of the request and never on the number of rows. What a field needs it declares itself
//! (`needs.rs`).

use async_graphql::{Context, OutputType, SelectionField};
use kim_domain::field::{FieldSet, HandoverField};
use kim_entity::DbErr;
use kim_entity::read::Extent;

use crate::case::Case;
use crate::consent::ConsentPlan;
use crate::correction::Correction;
use crate::declaration::Weight;
use crate::error::Failure;
use crate::history::{Message, ReferralEvent};
use crate::needs::{CaseNeed, CountNeed, Need, PageNeed, ReferralNeed};
use crate::page::PageArgs;
use crate::referral::Referral;
use crate::vocabulary::{KnownField, KnownFields, Vocabulary};

/// A field that is asked for.
pub(crate) struct Selected<'c> {
    field: SelectionField<'c>,
    /// What is known of it; `None` for the field that is being resolved.
    known: Option<&'c KnownField>,
    /// The fields of its value, if that is an object.
    on: Option<&'c KnownFields>,
    schema: &'c Vocabulary,
}

impl<'c> Selected<'c> {
    /// The field that is being resolved, whose value is a `T` or may be one.
    pub(crate) fn of<T: OutputType>(ctx: &'c Context<'c>) -> Self {
        let schema = Vocabulary::of_request(ctx);
        Self { field: ctx.field(), known: None, on: schema.fields_of(&T::type_name()), schema }
    }

    /// What is asked of its value. Fields of other types, as `node` has them in fragments, are left out.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Self> {
        self.field.selection_set().filter_map(|field| {
            let known = self.on?.get(field.name())?;
            Some(Self { field, known: Some(known), on: self.schema.fields_of(&known.leads_to), schema: self.schema })
        })
    }

    /// Those of its fields whose values are of this type, or the rows of this type if it is a connection.
    pub(crate) fn each<T: OutputType>(&self) -> Vec<Self> {
        let (wanted, mut found) = (T::type_name(), Vec::new());
        for field in self.fields() {
            match field.known {
                Some(known) if known.leads_to == wanted => found.push(field),
                Some(known) if known.declared.weight == Weight::InPage => found.extend(field.each::<T>()),
                Some(_) | None => {}
            }
        }
        found
    }

    /// What the field needs.
    pub(crate) fn needs(&self) -> &'c [Need] {
        self.known.map_or(&[], |known| &known.declared.needs)
    }

    /// Whether a connection is asked how many rows it has in all.
    fn wants_total(&self) -> bool {
        self.fields().any(|field| PageNeed::of(field.needs()).any(|need| need == PageNeed::Total))
    }

    /// Whether a connection is asked for texts of its rows: what is shown of them is logged.
    pub(crate) fn wants_texts<T: OutputType>(&self) -> bool {
        self.each::<T>()
            .iter()
            .any(|row| row.fields().any(|field| field.known.is_some_and(|known| known.declared.is_logged)))
    }
}

/// How many rows a list has in all, if its connection, which is being resolved, is asked for that.
pub(crate) async fn total<T: OutputType>(
    ctx: &Context<'_>,
    count: impl Future<Output = Result<i64, DbErr>>,
) -> Result<Option<i64>, Failure> {
    Ok(if Selected::of::<T>(ctx).wants_total() { Some(count.await?) } else { None })
}

/// What is asked of values of one type.
pub(crate) trait Plan: Default {
    /// The type.
    type Of: OutputType;

    /// Adds what a selection on the type asks for.
    fn add(&mut self, selected: &Selected<'_>);

    /// Adds what another plan asks for.
    fn merge(&mut self, other: &Self);

    /// Of the field that is being resolved.
    fn of_field(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        plan.add(&Selected::of::<Self::Of>(ctx));
        plan
    }

    /// Of what lies below the field that is being resolved: the rows of a connection, or the part of a payload.
    fn below<T: OutputType>(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        Selected::of::<T>(ctx).each::<Self::Of>().iter().for_each(|one| plan.add(one));
        plan
    }
}

impl<P: Plan> Plan for Box<P> {
    type Of = P::Of;

    fn add(&mut self, selected: &Selected<'_>) {
        P::add(self, selected);
    }

    fn merge(&mut self, other: &Self) {
        P::merge(self, other);
    }
}

/// Adds what another plan asks of a relation.
pub(crate) fn merge_relation<P: Plan>(own: &mut Option<P>, other: Option<&P>) {
    if let Some(other) = other {
        own.get_or_insert_default().merge(other);
    }
}

/// What is asked of a history, a list in pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct HistoryPlan {
    /// Each distinct page.
    pub(crate) pages: Vec<PageArgs>,
    /// Whether its rows are counted.
    pub(crate) count: bool,
}

impl HistoryPlan {
    fn add(&mut self, connection: &Selected<'_>) {
        self.count |= connection.wants_total();
        // Arguments that cannot be read are refused by the resolver, with their place.
        let Ok(arguments) = connection.field.arguments() else { return };
        self.add_page(PageArgs::of_selection(&arguments));
    }

    fn add_page(&mut self, args: PageArgs) {
        if !self.pages.contains(&args) {
            self.pages.push(args);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count |= other.count;
        other.pages.iter().for_each(|page| self.add_page(page.clone()));
    }
}

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
            match HandoverField::from_name(field.field.name()) {
                Some(asked) => self.handover.insert(asked),
                // Its lists, whose entries have fields that need something.
                None => field.fields().for_each(|entry| self.add_needs(&entry)),
            }
            self.add_needs(&field);
        }
    }
}

/// What is asked of cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CasePlan {
    /// Fields of the record asked for.
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
                        let asked = field.fields().filter_map(|part| HandoverField::from_name(part.field.name()));
                        self.record = self.record.or(asked.collect());
                        // Of its own fields, the record's list of what is disputed needs something.
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

/// What is asked of numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountPlan {
    pub(crate) purposes: bool,
    pub(crate) agencies: bool,
    pub(crate) stays: bool,
}

impl CountPlan {
    /// Of numbers that the field being resolved gives.
    pub(crate) fn of<T: OutputType>(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        for need in Selected::of::<T>(ctx).fields().flat_map(|field| CountNeed::of(field.needs())) {
            match need {
                CountNeed::Purposes => plan.purposes = true,
                CountNeed::Agencies => plan.agencies = true,
                CountNeed::Stays => plan.stays = true,
            }
        }
        plan
    }
}
