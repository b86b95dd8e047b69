//! The consent receipt of the viewer's own case, for the client: which agency may see which fields until when.

use async_graphql::SimpleObject;
use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::consent::ConsentState;
use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::plain;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::receipt::{self, Permit};
use kim_entity::read::OwnConsent;
use kim_entity::viewer::OwnAgency;

use crate::agency::{Agency, Parties, Purpose};
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Wer was bis wann sehen darf: zum Mitgeben, auf Deutsch und in Leichter Sprache.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentReceipt {
    /// Stand.
    issued_on: Date,
    /// Ob alles darin steht; false, wenn Ihr Token nur für einzelne Zwecke gilt: dann ist es ein Auszug, und der Text sagt es.
    complete: bool,
    /// Jede Stelle, für die heute eine Einwilligung gilt.
    #[graphql(tag = "list 10")]
    permits: Vec<ConsentPermit>,
    /// Als Text auf Deutsch.
    german: String,
    /// Als Text in Leichter Sprache.
    plain: String,
}

/// Was eine Stelle heute höchstens sehen darf.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentPermit {
    /// Die Stelle.
    receiver: Option<Agency>,
    /// Zweck.
    purpose: Purpose,
    /// Der Zweck in Leichter Sprache.
    plain_purpose: &'static str,
    /// Erster Tag.
    valid_from: Date,
    /// Letzter Tag; null, wenn bis zum Widerruf.
    valid_until: Option<Date>,
    /// Schweigepflichtentbindung.
    release_from_secrecy: bool,
    /// Ob sie das Ergebnis zurückmelden darf.
    report_outcome: bool,
    /// Die Felder.
    #[graphql(tag = "list 20")]
    items: Vec<ConsentPermitItem>,
}

/// Ein Feld, das eine Stelle sehen darf.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentPermitItem {
    /// Das Feld.
    field: WordEnum<HandoverField>,
    /// Die Bezeichnung.
    label: &'static str,
    /// Dasselbe in Leichter Sprache.
    plain: &'static str,
}

impl ConsentReceipt {
    /// The receipt of a client's consents; `only` limits it to these purposes. A consent that permits no field today is
    /// omitted, for example one without the release from secrecy that it needs.
    pub(crate) fn of(
        own: &OwnAgency,
        bound_by_203: bool,
        consents: &[OwnConsent],
        parties: &Parties,
        today: NaiveDate,
        only: Option<&[ReferralPurpose]>,
    ) -> Self {
        let mut in_force: Vec<(&OwnConsent, FieldSet)> = consents
            .iter()
            .filter(|row| row.state(today) == ConsentState::InForce)
            .map(|row| (row, permitted(own.kind, bound_by_203, row, today)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        let name =
            |row: &OwnConsent| parties.get(&row.receiver_id).map(|agency| agency.name.clone()).unwrap_or_default();
        in_force.sort_by_key(|(row, _)| (name(row), row.purpose.0));
        let texts: Vec<Permit> = in_force
            .iter()
            .map(|(row, fields)| Permit {
                receiver: name(row).to_string(),
                purpose: row.purpose.0,
                fields: *fields,
                valid_from: row.valid_from,
                valid_until: row.valid_until,
                release_from_secrecy: row.release_from_secrecy,
                report_outcome: row.report_outcome,
            })
            .collect();
        let permits = in_force
            .iter()
            .map(|(row, fields)| ConsentPermit {
                receiver: parties.get(&row.receiver_id).cloned().map(Agency),
                purpose: Purpose(row.purpose.0),
                plain_purpose: plain::purpose(row.purpose.0),
                valid_from: Date(row.valid_from),
                valid_until: row.valid_until.map(Date),
                release_from_secrecy: row.release_from_secrecy,
                report_outcome: row.report_outcome,
                items: fields.iter().map(item).collect(),
            })
            .collect();
        Self {
            issued_on: Date(today),
            complete: only.is_none(),
            permits,
            german: receipt::german(&texts, &own.name, today, only),
            plain: receipt::plain(&texts, &own.name, today, only),
        }
    }
}

fn item(field: HandoverField) -> ConsentPermitItem {
    ConsentPermitItem { field: WordEnum(field), label: field.label(), plain: plain::field(field) }
}

/// The most that a consent permits: the disclosure rule with an agreement and an offer that allow every field.
fn permitted(sender: AgencyKind, sender_bound_by_203: bool, row: &OwnConsent, today: NaiveDate) -> FieldSet {
    let terms = Terms {
        receiver: row.purpose.0.receiver_kind(),
        sender,
        sender_bound_by_203,
        purpose: row.purpose.0,
        stage: Stage::Full,
        agreement: disclosure::Agreement {
            fields: FieldSet::ALL,
            ticked_only: FieldSet::EMPTY,
            statutory: FieldSet::EMPTY,
        },
        consent: Some((&**row).into()),
        offered: FieldSet::ALL,
        today,
    };
    disclosure::visible(&terms).fields()
}
