//! Reports of wrong handover values, and the decisions on them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, ID, SimpleObject};
use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_entity::read::{CorrectionRow, NotifiedRow};
use uuid::Uuid;

use crate::agency::{Agency, Parties};
use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::planned::Relation;
use crate::schema::scalar::{DateTime, global};
use crate::schema::word_enum::WordEnum;

/// The list's name in its cursors.
pub(crate) const CORRECTIONS: &str = "corrections";
/// The agencies that were notified of a report, by report.
pub(crate) type Notices = Arc<HashMap<Uuid, Vec<NotifiedRow>>>;

/// Eine gemeldete Angabe: Die empfangende Stelle hält einen übergebenen Wert für falsch. Solange darüber nicht
/// entschieden ist, gilt er als bestritten (§ 84 Abs. 2 SGB X).
#[derive(SimpleObject)]
#[graphql(complex, tag = "for work", tag = "plan referral")]
pub(crate) struct Correction {
    /// Kennung.
    id: ID,
    /// Das Feld.
    field: WordEnum<HandoverField>,
    /// Seine Bezeichnung.
    label: &'static str,
    /// Wo die Meldung steht.
    state: WordEnum<CorrectionState>,
    /// Gemeldet.
    reported_at: Option<DateTime>,
    /// Die Stelle, die gemeldet hat.
    #[graphql(tag = "needs parties")]
    agency: Option<Agency>,
    /// Wer gemeldet hat; nur bei der eigenen Stelle.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat; nur bei der eigenen Stelle.
    acting_for: Option<String>,
    /// Was falsch ist.
    #[graphql(tag = "logged")]
    text: String,
    /// Was richtig wäre.
    #[graphql(tag = "logged")]
    suggested_value: Option<String>,
    /// Entschieden.
    decided_at: Option<DateTime>,
    /// Was die übergebende Stelle dazu sagt.
    #[graphql(tag = "logged")]
    decision_text: Option<String>,
    /// Wer entschieden hat; nur bei der eigenen Stelle.
    decided_by: Option<String>,
    /// Für wen ein Fachverfahren entschieden hat; nur bei der eigenen Stelle.
    decided_acting_for: Option<String>,
    #[graphql(skip)]
    notified: Relation<Vec<NotifiedRow>>,
}

#[ComplexObject]
impl Correction {
    /// Die anderen Stellen, die davon unterrichtet wurden, weil sie den Wert haben (Art. 19 DSGVO); nur für die
    /// übergebende Stelle.
    #[graphql(tag = "for senders", tag = "list 5", tag = "needs notices")]
    async fn told(&self) -> Result<Vec<CorrectionNotice>, Failure> {
        Ok(self.notified.get()?.iter().map(CorrectionNotice::of).collect())
    }
}

impl Correction {
    pub(crate) fn of(row: &CorrectionRow, parties: &Parties, notices: &Relation<Notices>) -> Self {
        Self {
            id: global(Kind::Correction, row.id),
            field: WordEnum(row.field),
            label: row.field.label(),
            state: WordEnum(row.state),
            reported_at: DateTime::from_micros(row.reported_at),
            agency: parties.get(&row.agency_id).cloned().map(Agency),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
            text: row.text.clone(),
            suggested_value: row.suggested.clone(),
            decided_at: row.decided_at.and_then(DateTime::from_micros),
            decision_text: row.decided_text.clone(),
            decided_by: row.decided_staff.clone(),
            decided_acting_for: row.decided_acting_for.clone(),
            notified: notices.map(|notices| notices.get(&row.id).cloned().unwrap_or_default()),
        }
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
    fn of(row: &NotifiedRow) -> Self {
        Self { agency: Agency(row.agency.clone()), at: DateTime::from_micros(row.notified_at) }
    }
}

connection!(
    CorrectionConnection,
    CorrectionEdge,
    Correction,
    "for work",
    "Eine Seite der gemeldeten Angaben, die älteste zuerst."
);
