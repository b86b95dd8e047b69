//! A case of a Träger. Other kinds of agency have no cases in their schema.

pub(crate) mod consent_mutations;
pub(crate) mod eligibility;
pub(crate) mod goal;
pub(crate) mod load;
pub(crate) mod mutations;
pub(crate) mod parts;
pub(crate) mod plan;
pub(crate) mod queries;
pub(crate) mod record_input;
pub(crate) mod upcoming;
pub(crate) mod work_queries;

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Error, ID, InputObject, Object, ObjectType, OutputType, Positioned,
    ServerResult, Value,
};
use kim_domain::agency::Scope;
use kim_domain::case_closing::CloseReason;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_domain::upcoming::upcoming;
use kim_domain::value::CasePhase;
use kim_entity::read::{CaseRow, Values};

use crate::case::eligibility::EligibilityDecision;
use crate::case::goal::Goal;
use crate::case::parts::{CaseParts, NOTES, Note, NoteConnection};
use crate::case::upcoming::CaseDeadline;
use crate::consent::Consent;
use crate::consent::receipt::ConsentReceipt;
use crate::error::Failure;
use crate::field;
use crate::referral::Referral;
use crate::referral::filter::ClientInput;
use crate::run::connection::connection;
use crate::run::page::{PageArgs, PageSize, RowKey};
use crate::run::planned::Relation;
use crate::run::session::Session;
use crate::schema::scalar::{Date, global};
use crate::schema::word_enum::{StoredWord, WordEnum};

/// A case of the viewer's agency.
pub(crate) struct Case {
    pub(crate) row: CaseRow,
    pub(crate) referrals: Relation<Vec<Referral>>,
    pub(crate) consents: Relation<Vec<Consent>>,
    pub(crate) receipt: Relation<Option<ConsentReceipt>>,
    pub(crate) parts: CaseParts,
}

/// The largest `withinMonths` of `upcomingDeadlines`.
const MAX_MONTHS: u32 = 36;

/// Ein Fall Ihrer Stelle. Eine Änderung am Fall fließt in keine Übergabe von selbst.
#[Object(tag = "for senders", tag = "plan case", tag = "scope case:read")]
impl Case {
    /// Kennung.
    #[graphql(tag = "conveyed")]
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Case, self.row.id)
    }
    /// Zählt die Änderungen.
    #[graphql(tag = "conveyed")]
    async fn version(&self) -> i32 {
        self.row.version
    }
    /// Ihre Fallnummer; keine andere Stelle sieht sie.
    async fn case_number(&self) -> &str {
        &self.row.case_number
    }
    /// Schlüssel des Stadtbezirks oder Support-Centers.
    async fn district(&self) -> Option<&str> {
        self.row.district.as_deref()
    }
    /// Phase des Case Managements.
    async fn phase(&self) -> StoredWord<CasePhase> {
        StoredWord::of("case.phase", Some(&self.row.phase))
    }
    /// Aufnahme am.
    async fn opened_on(&self) -> Date {
        Date(self.row.opened_on)
    }
    /// Abgeschlossen am.
    async fn closed_on(&self) -> Option<Date> {
        self.row.closed_on.map(Date)
    }
    /// Warum abgeschlossen wurde.
    async fn closed_reason(&self) -> StoredWord<CloseReason> {
        StoredWord::of("case.close_reason", self.row.close_reason.as_deref())
    }
    /// Was erreicht wurde, in Worten.
    async fn result(&self) -> Option<&str> {
        self.row.result.as_deref()
    }
    /// Der Hilfeplan: Ziele und Schritte.
    #[graphql(tag = "list 5", tag = "needs goals")]
    async fn goals(&self) -> Result<Vec<Goal>, Failure> {
        let goals = self.parts.plan.get()?.iter().flat_map(|plan| &plan.goals);
        Ok(goals.map(|goal| Goal::of(goal, &self.parts.parties)).collect())
    }
    /// Wann der Hilfeplan zuletzt gesetzt oder überprüft wurde.
    #[graphql(tag = "needs goals")]
    async fn plan_reviewed_on(&self) -> Result<Option<Date>, Failure> {
        Ok(self.parts.plan.get()?.as_ref().and_then(|plan| plan.reviewed_on).map(Date))
    }
    /// Die Beratungsnotizen, die neueste zuerst; ältere aus einer Fallliste stehen in `record.counsellingNotes`.
    #[graphql(tag = "page", tag = "needs notes")]
    async fn notes(
        &self,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<NoteConnection, Failure> {
        let args = PageArgs { first, after, ..PageArgs::default() };
        let (rows, more) = self.parts.notes.page(NOTES, &args)?;
        let rows = rows.iter().map(|row| (RowKey::Instant(row.at, row.id), Note(row.clone())));
        Ok(NoteConnection::new(NOTES, rows, &args, more, self.parts.notes.count()))
    }
    /// Entscheidungen über die Zielgruppe, die früheste zuerst.
    #[graphql(tag = "list 3", tag = "needs decisions")]
    async fn eligibility_decisions(&self) -> Result<Vec<EligibilityDecision>, Failure> {
        Ok(self.parts.decisions.get()?.iter().map(Into::into).collect())
    }
    /// Die Entscheidung, mit der aufgenommen wurde: Ihre Regelung gilt für den Fall weiter.
    #[graphql(tag = "needs decisions")]
    async fn admission(&self) -> Result<Option<EligibilityDecision>, Failure> {
        Ok(self.parts.decisions.get()?.iter().find(|decision| decision.eligible).map(Into::into))
    }
    /// Anstehende Fristen, die nächste zuerst; keine, wenn der Fall abgeschlossen ist.
    #[graphql(tag = "list 10", tag = "needs deadlines")]
    async fn upcoming_deadlines(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 12, desc = "So viele Monate voraus, höchstens 36.")] within_months: u32,
    ) -> Result<Vec<CaseDeadline>, Failure> {
        if within_months > MAX_MONTHS {
            return Err(Failure::BadInput(format!("„withinMonths“ ist höchstens {MAX_MONTHS}.")));
        }
        let today = Session::of(ctx).today();
        let facts = self.parts.facts.get()?.as_ref();
        let found = facts.map(|facts| upcoming(facts, today, within_months)).unwrap_or_default();
        Ok(found.iter().map(Into::into).collect())
    }
    /// Die Falldaten.
    #[graphql(tag = "needs record")]
    async fn record(&self) -> CaseRecord<'_> {
        CaseRecord { values: &self.row.record, disputed: self.parts.disputed }
    }
    /// Die Übergaben aus diesem Fall, die neueste zuerst.
    #[graphql(tag = "rows 20", tag = "needs referrals", tag = "scope referral:read")]
    async fn referrals(&self, ctx: &Context<'_>) -> Result<&[Referral], Failure> {
        let allowed = Session::of(ctx).viewer().may(Scope::ReferralRead);
        if allowed { self.referrals.get().map(Vec::as_slice) } else { Err(Failure::Forbidden(Scope::ReferralRead)) }
    }
    /// Die Einwilligungen der Klientin oder des Klienten, die zuletzt erfasste zuerst.
    #[graphql(tag = "list 10", tag = "needs consents")]
    async fn consents(&self) -> Result<&[Consent], Failure> {
        self.consents.get().map(Vec::as_slice)
    }
    /// Wer was bis wann sehen darf: zum Mitgeben, auf Deutsch und in Leichter Sprache.
    #[graphql(tag = "needs receipt")]
    async fn consent_receipt(&self) -> Result<Option<&ConsentReceipt>, Failure> {
        self.receipt.get().map(Option::as_ref)
    }
}

connection!(CaseConnection, CaseEdge, Case, "for senders", "Eine Seite Ihrer Fälle, der zuletzt aufgenommene zuerst.");

const DISPUTED: &str = "disputed";
const ABOUT_DISPUTED: &str = "Felder, deren Wert eine empfangende Stelle als falsch gemeldet hat und über die noch nicht \
                              entschieden ist (§ 84 Abs. 2 SGB X); die Meldungen stehen in `referrals { corrections }`.";

/// The record of a case: the same fields as a handover, with the Träger's own values.
pub(crate) struct CaseRecord<'c> {
    values: &'c Values,
    disputed: Relation<FieldSet>,
}

impl OutputType for CaseRecord<'_> {
    fn type_name() -> Cow<'static, str> {
        "CaseRecord".into()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let about = "Die Falldaten, wie Ihre Stelle sie führt.";
            let mut object = field::meta_object::<Self>(about, &["for senders", "plan case"], |_| None, registry);
            let disputed = <Vec<WordEnum<HandoverField>>>::create_type_info(registry);
            if let MetaType::Object { fields, .. } = &mut object {
                let declared = &["list 5", "needs disputed"];
                fields.insert(DISPUTED.to_owned(), field::meta_field(DISPUTED, ABOUT_DISPUTED, disputed, declared));
            }
            object
        })
    }
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for CaseRecord<'_> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match HandoverField::shown_as(ctx.item.node.name.node.as_str()) {
            Some(field) => field::resolve(ctx, field, self.values).await,
            None if ctx.item.node.name.node == DISPUTED => {
                let disputed =
                    self.disputed.get().map_err(|failure| Error::from(failure).into_server_error(ctx.item.pos))?;
                let list: Vec<_> = disputed.iter().map(WordEnum).collect();
                list.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await.map(Some)
            }
            None => Ok(None),
        }
    }
}

impl ObjectType for CaseRecord<'_> {}

/// Auswahl aus den eigenen Fällen.
#[derive(Debug, Default, InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct CaseFilter {
    /// Eine dieser Phasen.
    pub(crate) phase: Option<Vec<WordEnum<CasePhase>>>,
    /// Ob der Fall offen ist.
    pub(crate) open: Option<bool>,
    /// Die Fallnummer, genau.
    pub(crate) case_number: Option<String>,
    /// Die Person, in jeder Schreibweise des Namens; auch ein Teil eines Doppelnamens findet sie.
    pub(crate) client: Option<ClientInput>,
}
