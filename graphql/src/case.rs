//! A Traeger's own case. No other agency's schema knows the word.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaTypeId, Registry};
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ID, InputObject, Object, ObjectType, OutputType, Positioned,
    ServerResult, Value,
};
use kim_domain::Word;
use kim_domain::agency::Scope;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_domain::value::CasePhase;
use kim_entity::read::{CaseRow, Values};

use crate::coded::Coded;
use crate::connection::connection;
use crate::consent::Consent;
use crate::consent_receipt::ConsentReceipt;
use crate::error::Failure;
use crate::fields;
use crate::referral::{ClientInput, Referral};
use crate::scalar::{Date, global};
use crate::session::Session;

/// A case of the viewer's agency.
pub(crate) struct Case {
    pub(crate) row: CaseRow,
    pub(crate) referrals: Vec<Referral>,
    pub(crate) consents: Vec<Consent>,
    pub(crate) receipt: Option<ConsentReceipt>,
}

/// Ein Fall Ihrer Stelle. Eine Änderung am Fall fließt in keine Übergabe von selbst.
#[Object]
impl Case {
    /// Kennung.
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Case, self.row.id)
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
    async fn phase(&self) -> Option<Coded<CasePhase>> {
        CasePhase::from_code(&self.row.phase).map(Coded)
    }
    /// Aufnahme am.
    async fn opened_on(&self) -> Date {
        Date(self.row.opened_on)
    }
    /// Abgeschlossen am.
    async fn closed_on(&self) -> Option<Date> {
        self.row.closed_on.map(Date)
    }
    /// Die Falldaten.
    async fn record(&self) -> CaseRecord<'_> {
        CaseRecord(&self.row.record)
    }
    /// Die Übergaben aus diesem Fall, die neueste zuerst.
    async fn referrals(&self, ctx: &Context<'_>) -> Result<&[Referral], Failure> {
        let allowed = Session::of(ctx).viewer().may(Scope::ReferralRead);
        if allowed { Ok(&self.referrals) } else { Err(Failure::Forbidden(Scope::ReferralRead)) }
    }
    /// Die Einwilligungen der Klientin oder des Klienten, die zuletzt erfasste zuerst.
    async fn consents(&self) -> &[Consent] {
        &self.consents
    }
    /// Wer was bis wann sehen darf: zum Mitgeben, auf Deutsch und in Leichter Sprache.
    async fn consent_receipt(&self) -> Option<&ConsentReceipt> {
        self.receipt.as_ref()
    }
}

connection!(CaseConnection, CaseEdge, Case, "Eine Seite Ihrer Fälle, der zuletzt aufgenommene zuerst.");

/// The record of a case: the same fields as a handover, as the Traeger keeps them.
pub(crate) struct CaseRecord<'c>(&'c Values);

impl OutputType for CaseRecord<'_> {
    fn type_name() -> Cow<'static, str> {
        "CaseRecord".into()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            fields::object::<Self>("Die Falldaten, wie Ihre Stelle sie führt.", FieldSet::ALL, registry)
        })
    }
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for CaseRecord<'_> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match HandoverField::from_name(ctx.item.node.name.node.as_str()) {
            Some(field) => fields::resolve(ctx, field, self.0).await,
            None => Ok(None),
        }
    }
}

impl ObjectType for CaseRecord<'_> {}

/// Auswahl aus den eigenen Fällen.
#[derive(Debug, Default, InputObject)]
pub(crate) struct CaseFilter {
    /// Eine dieser Phasen.
    pub(crate) phase: Option<Vec<Coded<CasePhase>>>,
    /// Ob der Fall offen ist.
    pub(crate) open: Option<bool>,
    /// Die Fallnummer, genau.
    pub(crate) case_number: Option<String>,
    /// Die Person: genau nach Angleichung der Schreibweise.
    pub(crate) client: Option<ClientInput>,
}
