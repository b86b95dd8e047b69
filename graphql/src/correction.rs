//! Reports that a value handed over is wrong, and what was decided.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_entity::read::{CorrectionRow, ToldRow};
use uuid::Uuid;

use crate::agency::{Agency, Parties};
use crate::coded::Coded;
use crate::connection::connection;
use crate::scalar::{DateTime, global};

pub(crate) const CORRECTIONS: &str = "corrections";
/// Who was told of which report.
pub(crate) type Notices = Arc<HashMap<Uuid, Vec<ToldRow>>>;

/// A report.
pub(crate) struct Correction {
    pub(crate) row: CorrectionRow,
    pub(crate) parties: Parties,
    pub(crate) notices: Notices,
}

/// Eine gemeldete Angabe: Die empfangende Stelle hält einen übergebenen Wert für falsch. Solange darüber nicht
/// entschieden ist, gilt er als bestritten (§ 84 Abs. 2 SGB X).
#[Object(tag = "for work", tag = "plan referral")]
impl Correction {
    /// Kennung.
    async fn id(&self) -> ID {
        global(Kind::Correction, self.row.id)
    }
    /// Das Feld.
    async fn field(&self) -> Coded<HandoverField> {
        Coded(self.row.field)
    }
    /// Seine Bezeichnung.
    async fn label(&self) -> &str {
        self.row.field.label()
    }
    /// Wo die Meldung steht.
    async fn state(&self) -> Coded<CorrectionState> {
        Coded(self.row.state)
    }
    /// Gemeldet.
    async fn reported_at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.reported_at)
    }
    /// Die Stelle, die gemeldet hat.
    #[graphql(tag = "needs parties")]
    async fn agency(&self) -> Option<Agency> {
        self.parties.get(&self.row.agency_id).cloned().map(Agency)
    }
    /// Wer gemeldet hat; nur bei der eigenen Stelle.
    async fn staff(&self) -> Option<&str> {
        self.row.staff.as_deref()
    }
    /// Was falsch ist.
    #[graphql(tag = "logged")]
    async fn text(&self) -> &str {
        &self.row.text
    }
    /// Was richtig wäre.
    #[graphql(tag = "logged")]
    async fn suggested_value(&self) -> Option<&str> {
        self.row.suggested.as_deref()
    }
    /// Entschieden.
    async fn decided_at(&self) -> Option<DateTime> {
        self.row.decided_at.and_then(DateTime::from_micros)
    }
    /// Was die übergebende Stelle dazu sagt.
    #[graphql(tag = "logged")]
    async fn decision_text(&self) -> Option<&str> {
        self.row.decided_text.as_deref()
    }
    /// Wer entschieden hat; nur bei der eigenen Stelle.
    async fn decided_by(&self) -> Option<&str> {
        self.row.decided_staff.as_deref()
    }
    /// Die anderen Stellen, die davon unterrichtet wurden, weil sie den Wert haben (Art. 19 DSGVO); nur für die
    /// übergebende Stelle.
    #[graphql(tag = "for senders", tag = "list 5", tag = "needs notices")]
    async fn told(&self) -> Vec<CorrectionNotice> {
        let notices = self.notices.get(&self.row.id).map_or(&[][..], Vec::as_slice);
        notices.iter().map(CorrectionNotice::of).collect()
    }
}

/// Eine Stelle, die unterrichtet wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct CorrectionNotice {
    /// Die Stelle.
    agency: Agency,
    /// Wann zuerst.
    at: Option<DateTime>,
}

impl CorrectionNotice {
    fn of(row: &ToldRow) -> Self {
        Self { agency: Agency(row.agency.clone()), at: DateTime::from_micros(row.told_at) }
    }
}

connection!(
    CorrectionConnection,
    CorrectionEdge,
    Correction,
    "for work",
    "Eine Seite der gemeldeten Angaben, die älteste zuerst."
);
