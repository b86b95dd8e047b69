//! The check of a draft before its offer. It uses the disclosure rule and the draft, never data of another agency.

use async_graphql::{ID, SimpleObject};
use chrono::NaiveDate;
use kim_casework::referral::needs_acknowledgement;
use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_entity::read::{ListedReferral, OfferCheckRow};

use crate::schema::scalar::global;
use crate::schema::word_enum::WordEnum;

kim_domain::words! {
    /// Why a field of a draft cannot be handed over today.
    pub enum LackReason("Grund, aus dem ein Feld des Entwurfs nicht übergeben werden kann") for Senders {
        NotInAgreement = "NOT_IN_AGREEMENT": "Nicht Teil der Schnittstellenvereinbarung",
        NoConsent = "NO_CONSENT": "Es gibt keine gültige Einwilligung",
        NotConsented = "NOT_CONSENTED": "Die Einwilligung nennt das Feld nicht",
        NotTicked = "NOT_TICKED": "Das Feld muss einzeln angekreuzt sein",
    }
}

/// Was Sie vor dem Angebot wissen sollten.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct OfferCheck {
    /// Ob heute eine Schnittstellenvereinbarung gilt.
    agreement_in_force: bool,
    /// Ob heute eine Grundlage gilt: Einwilligung und, wo nötig, Schweigepflichtentbindung.
    ground_holds: bool,
    /// Felder des Entwurfs, für die etwas fehlt, und was.
    #[graphql(tag = "list 10")]
    lacking: Vec<LackingField>,
    /// Laufende Übergaben Ihrer Stelle an dieselbe Stelle, zum selben Zweck, für dieselbe Person.
    #[graphql(tag = "list 3")]
    duplicates: Vec<ID>,
    /// Der Aufenthaltstitel ist abgelaufen oder fehlt, und Angaben dazu gingen an eine öffentliche Stelle (§ 87 AufenthG):
    /// `offerReferral` braucht `acknowledgeReportingDuty`.
    reporting_duty: bool,
}

/// Ein Feld, für das etwas fehlt.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct LackingField {
    /// Das Feld.
    field: WordEnum<HandoverField>,
    /// Was fehlt.
    reason: WordEnum<LackReason>,
}

impl OfferCheck {
    pub(crate) fn of(row: &ListedReferral, draft: &OfferCheckRow, today: NaiveDate) -> Self {
        let terms = Terms { stage: Stage::Full, ..row.terms };
        let lacking = terms.offered.without(disclosure::visible(&terms).fields());
        Self {
            agreement_in_force: draft.agreed,
            ground_holds: disclosure::consent_holds(&terms) || !disclosure::statutory(&terms).is_empty(),
            lacking: lacking
                .iter()
                .map(|field| LackingField { field: WordEnum(field), reason: WordEnum(lack_reason(&terms, field)) })
                .collect(),
            duplicates: draft.duplicates.iter().map(|&id| global(Kind::Referral, id)).collect(),
            reporting_duty: needs_acknowledgement(draft.sender, draft.receiver, terms.offered, &draft.title, today),
        }
    }
}

fn lack_reason(terms: &Terms, field: HandoverField) -> LackReason {
    let named = terms.consent.map_or(FieldSet::EMPTY, |consent| consent.fields.or(consent.ticked));
    if !terms.agreement.fields.contains(field) {
        LackReason::NotInAgreement
    } else if !disclosure::consent_holds(terms) {
        LackReason::NoConsent
    } else if named.contains(field) {
        LackReason::NotTicked
    } else {
        LackReason::NotConsented
    }
}
