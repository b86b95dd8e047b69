//! A consent as the agency that recorded it sees it. Receivers have no consents in their schema.

pub(crate) mod facts;
pub(crate) mod receipt;

use std::collections::HashMap;

use async_graphql::{ID, SimpleObject};
use chrono::NaiveDate;
use kim_domain::consent::{ConsentForm, ConsentState, ConsentStep};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_domain::value::Language;
use kim_entity::consent::Model;
use kim_entity::consent_event;
use kim_entity::read::{OwnConsent, Reads};
use uuid::Uuid;

use crate::agency::{self, Agency, Parties, Purpose};
use crate::error::Failure;
use crate::run::by_id::FindById;
use crate::run::plan::{Plan, Selected};
use crate::run::planned::{Loading, PlannedById};
use crate::schema::needs::ConsentNeed;
use crate::schema::scalar::{Date, DateTime, global};
use crate::schema::word_enum::WordEnum;

/// The relations that a selection on consents needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ConsentPlan {
    receiver: bool,
    history: bool,
}

impl Plan for ConsentPlan {
    type Of = Consent;

    fn add(&mut self, consent: &Selected<'_>) {
        for need in consent.fields().flat_map(|field| ConsentNeed::of(field.needs())) {
            match need {
                ConsentNeed::Receiver => self.receiver = true,
                ConsentNeed::History => self.history = true,
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        let Self { receiver, history } = other;
        self.receiver |= receiver;
        self.history |= history;
    }
}

/// Adds the planned relations to consents of the viewer's own clients, in their order: one statement per relation.
pub(crate) async fn load(snapshot: &Reads, rows: &[OwnConsent], plan: ConsentPlan) -> Result<Vec<Consent>, Failure> {
    let parties = match plan.receiver {
        true => agency::parties(snapshot, rows.iter().map(|row| row.receiver_id).collect()).await?,
        false => Parties::default(),
    };
    let keys: Vec<_> = rows.iter().map(OwnConsent::key).collect();
    let history = if plan.history { snapshot.consent_history(&keys).await? } else { HashMap::new() };
    let history = |id: &Uuid| history.get(id).map_or(&[][..], Vec::as_slice);
    let complete = |row: &OwnConsent| Consent::of(row, &parties, history(&row.id), snapshot.today());
    Ok(rows.iter().map(complete).collect())
}

impl FindById for Consent {
    type Plan = ConsentPlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, ConsentPlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async {
            let rows = snapshot.consents_by_id(&requested.ids()).await?;
            let loaded = load(snapshot, &rows, requested.together()).await?;
            Ok(rows.iter().map(|row| row.id).zip(loaded).collect())
        })
    }
}

/// The fields of a stored [`FieldSet`].
fn stored_fields(set: i64) -> Vec<WordEnum<HandoverField>> {
    FieldSet::from_i64(set).iter().map(WordEnum).collect()
}

/// Eine Einwilligung Ihrer Klientin oder Ihres Klienten: für eine Stelle und einen Zweck. Zwei Erklärungen sind getrennt:
/// die Einwilligung nach Datenschutzrecht und die Schweigepflichtentbindung.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for senders", tag = "plan consent", tag = "scope case:read")]
pub(crate) struct Consent {
    /// Kennung.
    #[graphql(owned, tag = "conveyed")]
    pub(crate) id: ID,
    /// Die Stelle, die etwas bekommen darf.
    #[graphql(tag = "needs receiver")]
    receiver: Option<Agency>,
    /// Zweck.
    purpose: Purpose,
    /// Stand heute: ob noch gilt, was erklärt wurde. Was damit übergeben werden darf, entscheidet sich erst mit beiden
    /// Erklärungen und der Vereinbarung: Das sagt `Case.consentReceipt`, und für einen Entwurf `Referral.offerCheck`.
    #[graphql(tag = "conveyed")]
    state: WordEnum<ConsentState>,
    /// Felder, in die als Ganzes eingewilligt wurde.
    #[graphql(tag = "list 20")]
    fields: Vec<WordEnum<HandoverField>>,
    /// Felder, die einzeln angekreuzt wurden.
    #[graphql(tag = "list 10")]
    ticked: Vec<WordEnum<HandoverField>>,
    /// Einwilligung nach Datenschutzrecht (Art. 6 Abs. 1 lit. a DSGVO, § 67b Abs. 2 SGB X).
    data_protection: bool,
    /// Schweigepflichtentbindung (§ 203 StGB).
    release_from_secrecy: bool,
    /// Tag der Schweigepflichtentbindung.
    release_on: Option<Date>,
    /// Ausdrücklich auch in besondere Kategorien (Art. 9 Abs. 2 lit. a DSGVO).
    art9: bool,
    /// Erster Tag.
    valid_from: Date,
    /// Letzter Tag; null, wenn sie bis zum Widerruf gilt.
    valid_until: Option<Date>,
    /// Als Ganzes widerrufen.
    withdrawn_at: Option<DateTime>,
    /// Erfasst.
    recorded_at: Option<DateTime>,
    /// Wer sie erfasst hat.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat.
    acting_for: Option<String>,
    /// Ob die empfangende Stelle das Ergebnis zurückmelden darf.
    report_outcome: bool,
    /// Form.
    form: WordEnum<ConsentForm>,
    /// Warum sie nicht schriftlich sein konnte.
    form_reason: Option<String>,
    /// Sprache, in der erklärt wurde, worum es geht.
    language: Option<WordEnum<Language>>,
    /// Ob jemand gedolmetscht hat.
    interpreter: bool,
    /// Fassung des Textes, der erklärt wurde.
    text_version: Option<String>,
    /// Wer für die Klientin oder den Klienten eingewilligt hat.
    guardian: Option<String>,
    /// Minderjährig, und versteht selbst, worum es geht.
    understands: bool,
    /// Wer dabei war.
    witness: Option<String>,
    /// SHA-256 des eingescannten Papiers, hexadezimal.
    scan_sha256: Option<String>,
    /// Kennung der Einwilligung, die diese erneuert.
    renews: Option<ID>,
    /// Was mit ihr geschah: erfasst, erneuert, widerrufen; das Früheste zuerst.
    #[graphql(tag = "list 4", tag = "needs history")]
    history: Vec<ConsentEvent>,
}

impl Consent {
    fn of(row: &Model, parties: &Parties, history: &[consent_event::Model], today: NaiveDate) -> Self {
        Self {
            id: global(Kind::Consent, row.id),
            receiver: parties.get(&row.receiver_id).cloned().map(Agency),
            purpose: Purpose(row.purpose.0),
            state: WordEnum(row.state(today)),
            fields: stored_fields(row.fields),
            ticked: stored_fields(row.ticked),
            data_protection: row.data_protection,
            release_from_secrecy: row.release_from_secrecy,
            release_on: row.release_on.map(Date),
            art9: row.art9,
            valid_from: Date(row.valid_from),
            valid_until: row.valid_until.map(Date),
            withdrawn_at: row.withdrawn_at.and_then(DateTime::from_micros),
            recorded_at: DateTime::from_micros(row.created_at),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
            report_outcome: row.report_outcome,
            form: WordEnum(row.form.0),
            form_reason: row.form_reason.clone(),
            language: row.language.as_ref().map(|language| WordEnum(language.0)),
            interpreter: row.interpreter,
            text_version: row.text_version.clone(),
            guardian: row.guardian.clone(),
            understands: row.understands,
            witness: row.witness.clone(),
            scan_sha256: row.scan_sha256.clone(),
            renews: row.renews_id.map(|id| global(Kind::Consent, id)),
            history: history.iter().map(ConsentEvent::of).collect(),
        }
    }
}

/// Ein Schritt in der Geschichte einer Einwilligung.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentEvent {
    /// Zeitpunkt.
    at: Option<DateTime>,
    /// Was geschah.
    step: WordEnum<ConsentStep>,
    /// Die Felder: in die eingewilligt wurde, oder die widerrufen wurden.
    #[graphql(tag = "list 20")]
    fields: Vec<WordEnum<HandoverField>>,
    /// Wer es eingetragen hat.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat.
    acting_for: Option<String>,
}

impl ConsentEvent {
    fn of(row: &consent_event::Model) -> Self {
        Self {
            at: DateTime::from_micros(row.at),
            step: WordEnum(row.step.0),
            fields: stored_fields(row.fields),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
        }
    }
}
