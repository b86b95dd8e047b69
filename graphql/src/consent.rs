//! A consent as its own agency sees it. No receiver's schema knows the word.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use kim_domain::consent::{ConsentForm, ConsentState, ConsentStep};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_domain::value::Language;
use kim_entity::consent::Model;
use kim_entity::consent_event;
use kim_entity::read::Reads;
use uuid::Uuid;

use crate::agency::{Agency, Parties, Purpose};
use crate::coded::Coded;
use crate::error::Failure;
use crate::load;
use crate::needs::ConsentNeed;
use crate::plan::{Plan, Selected};
use crate::scalar::{Date, DateTime, global};
use crate::session::Session;

/// What is asked of consents.
#[derive(Clone, Copy, Debug, Default)]
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
}

/// A consent with everything that its plan asked for.
#[derive(Clone)]
pub(crate) struct Consent {
    row: Model,
    parties: Parties,
    history: Vec<consent_event::Model>,
}

/// Completes rows of consents of the viewer's own clients, in their order: a statement for each relation.
pub(crate) async fn load(snapshot: &Reads, rows: Vec<Model>, plan: ConsentPlan) -> Result<Vec<Consent>, Failure> {
    let parties = match plan.receiver {
        true => load::parties(snapshot, rows.iter().map(|row| row.receiver_id).collect()).await?,
        false => Parties::default(),
    };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut history = if plan.history { snapshot.consent_history(&ids).await? } else { HashMap::new() };
    let complete = |row: Model| Consent {
        history: history.remove(&row.id).unwrap_or_default(),
        parties: Arc::clone(&parties),
        row,
    };
    Ok(rows.into_iter().map(complete).collect())
}

impl Consent {
    pub(crate) fn row(&self) -> &Model {
        &self.row
    }
}

fn words(set: i64) -> Vec<Coded<HandoverField>> {
    FieldSet::from_i64(set).iter().map(Coded).collect()
}

/// Eine Einwilligung Ihrer Klientin oder Ihres Klienten: für eine Stelle und einen Zweck. Zwei Erklärungen sind getrennt:
/// die Einwilligung nach Datenschutzrecht und die Schweigepflichtentbindung.
#[Object(tag = "for senders", tag = "plan consent")]
impl Consent {
    /// Kennung.
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Consent, self.row.id)
    }
    /// Die Stelle, die etwas bekommen darf.
    #[graphql(tag = "needs receiver")]
    async fn receiver(&self) -> Option<Agency> {
        self.parties.get(&self.row.receiver_id).cloned().map(Agency)
    }
    /// Zweck.
    async fn purpose(&self) -> Purpose {
        Purpose(self.row.purpose.0)
    }
    /// Stand heute: ob noch gilt, was erklärt wurde. Was damit übergeben werden darf, entscheidet sich erst mit beiden
    /// Erklärungen und der Vereinbarung: Das sagt `Case.consentReceipt`, und für einen Entwurf `Referral.offerCheck`.
    async fn state(&self, ctx: &Context<'_>) -> Coded<ConsentState> {
        Coded(self.row.state(Session::of(ctx).today()))
    }
    /// Felder, in die als Ganzes eingewilligt wurde.
    #[graphql(tag = "list 20")]
    async fn fields(&self) -> Vec<Coded<HandoverField>> {
        words(self.row.fields)
    }
    /// Felder, die einzeln angekreuzt wurden.
    #[graphql(tag = "list 10")]
    async fn ticked(&self) -> Vec<Coded<HandoverField>> {
        words(self.row.ticked)
    }
    /// Einwilligung nach Datenschutzrecht (Art. 6 Abs. 1 lit. a DSGVO, § 67b Abs. 2 SGB X).
    async fn data_protection(&self) -> bool {
        self.row.data_protection
    }
    /// Schweigepflichtentbindung (§ 203 StGB).
    async fn release_from_secrecy(&self) -> bool {
        self.row.release_from_secrecy
    }
    /// Tag der Schweigepflichtentbindung.
    async fn release_on(&self) -> Option<Date> {
        self.row.release_on.map(Date)
    }
    /// Ausdrücklich auch in besondere Kategorien (Art. 9 Abs. 2 lit. a DSGVO).
    async fn art9(&self) -> bool {
        self.row.art9
    }
    /// Erster Tag.
    async fn valid_from(&self) -> Date {
        Date(self.row.valid_from)
    }
    /// Letzter Tag; null, wenn sie bis zum Widerruf gilt.
    async fn valid_until(&self) -> Option<Date> {
        self.row.valid_until.map(Date)
    }
    /// Als Ganzes widerrufen.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.row.withdrawn_at.and_then(DateTime::from_micros)
    }
    /// Erfasst.
    async fn recorded_at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.created_at)
    }
    /// Wer sie erfasst hat.
    async fn staff(&self) -> Option<&str> {
        self.row.staff.as_deref()
    }
    /// Ob die empfangende Stelle das Ergebnis zurückmelden darf.
    async fn report_outcome(&self) -> bool {
        self.row.report_outcome
    }
    /// Form.
    async fn form(&self) -> Coded<ConsentForm> {
        Coded(self.row.form.0)
    }
    /// Warum sie nicht schriftlich sein konnte.
    async fn form_reason(&self) -> Option<&str> {
        self.row.form_reason.as_deref()
    }
    /// Sprache, in der erklärt wurde, worum es geht.
    async fn language(&self) -> Option<Coded<Language>> {
        self.row.language.as_ref().map(|language| Coded(language.0))
    }
    /// Ob jemand gedolmetscht hat.
    async fn interpreter(&self) -> bool {
        self.row.interpreter
    }
    /// Fassung des Textes, der erklärt wurde.
    async fn text_version(&self) -> Option<&str> {
        self.row.text_version.as_deref()
    }
    /// Wer für die Klientin oder den Klienten eingewilligt hat.
    async fn guardian(&self) -> Option<&str> {
        self.row.guardian.as_deref()
    }
    /// Minderjährig, und versteht selbst, worum es geht.
    async fn understands(&self) -> bool {
        self.row.understands
    }
    /// Wer dabei war.
    async fn witness(&self) -> Option<&str> {
        self.row.witness.as_deref()
    }
    /// SHA-256 des eingescannten Papiers, hexadezimal.
    async fn scan_sha256(&self) -> Option<&str> {
        self.row.scan_sha256.as_deref()
    }
    /// Kennung der Einwilligung, die diese erneuert.
    async fn renews(&self) -> Option<ID> {
        self.row.renews_id.map(|id| global(Kind::Consent, id))
    }
    /// Was mit ihr geschah: erfasst, erneuert, widerrufen; das Früheste zuerst.
    #[graphql(tag = "list 4", tag = "needs history")]
    async fn history(&self) -> Vec<ConsentEvent<'_>> {
        self.history.iter().map(ConsentEvent).collect()
    }
}

/// A step in a consent's history.
pub(crate) struct ConsentEvent<'c>(&'c consent_event::Model);

/// Ein Schritt in der Geschichte einer Einwilligung.
#[Object(tag = "for senders")]
impl ConsentEvent<'_> {
    /// Zeitpunkt.
    async fn at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.0.at)
    }
    /// Was geschah.
    async fn step(&self) -> Coded<ConsentStep> {
        Coded(self.0.step.0)
    }
    /// Die Felder: in die eingewilligt wurde, oder die widerrufen wurden.
    #[graphql(tag = "list 20")]
    async fn fields(&self) -> Vec<Coded<HandoverField>> {
        words(self.0.fields)
    }
    /// Wer es eingetragen hat.
    async fn staff(&self) -> Option<&str> {
        self.0.staff.as_deref()
    }
}
