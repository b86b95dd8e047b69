//! Messages and events of a referral.

use async_graphql::{ID, Object, SimpleObject};
use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::known_to;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::life::ReferralAction;
use kim_domain::referral::{DeclineReason, ReferralStatus, SuspensionReason};
use kim_entity::read::{EventRow, MessageRow};

use crate::agency::{Agency, Parties};
use crate::run::connection::connection;
use crate::run::write_object::WriteObject;
use crate::schema::scalar::{DateTime, global};
use crate::schema::word_enum::{StoredWord, WordEnum};

/// The name of the list of messages in its cursors.
pub(crate) const MESSAGES: &str = "messages";
/// The name of the list of events in its cursors.
pub(crate) const EVENTS: &str = "events";

/// A message.
pub(crate) struct Message {
    pub(crate) row: MessageRow,
    pub(crate) parties: Parties,
}

/// Eine Nachricht zwischen den beiden Seiten.
#[Object(tag = "for work", tag = "plan referral")]
impl Message {
    /// Kennung.
    async fn id(&self) -> ID {
        global(Kind::Message, self.row.id)
    }
    /// Gesendet.
    async fn sent_at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.sent_at)
    }
    /// Die Stelle, die geschrieben hat.
    #[graphql(tag = "needs parties")]
    async fn author(&self) -> Option<WriteObject<Agency>> {
        self.parties.get(&self.row.agency_id).cloned().map(Agency).map(WriteObject)
    }
    /// Wer geschrieben hat; nur bei der eigenen Stelle.
    async fn staff(&self) -> Option<&str> {
        self.row.staff.as_deref()
    }
    /// Für wen ein Fachverfahren gehandelt hat; nur bei der eigenen Stelle.
    async fn acting_for(&self) -> Option<&str> {
        self.row.acting_for.as_deref()
    }
    /// Der Text.
    #[graphql(tag = "logged")]
    async fn text(&self) -> &str {
        &self.row.body
    }
}

connection!(MessageConnection, MessageEdge, Message, "for work", "Eine Seite der Nachrichten, die älteste zuerst.");

/// Ein Schritt im Verlauf einer Übergabe.
#[derive(SimpleObject)]
#[graphql(tag = "for work", tag = "plan referral")]
pub(crate) struct ReferralEvent {
    /// Kennung.
    id: ID,
    /// Zeitpunkt.
    at: Option<DateTime>,
    /// Stand davor; null am Anfang.
    from_status: StoredWord<ReferralStatus>,
    /// Stand danach.
    to_status: StoredWord<ReferralStatus>,
    /// Grund einer Ablehnung.
    decline_reason: StoredWord<DeclineReason>,
    /// Grund einer Aussetzung, wenn die Uhr sie ausgelöst hat.
    suspension_reason: StoredWord<SuspensionReason>,
    /// Was getan wurde; null bei übernommenen Schritten, am Anfang, und wo sich die Schnittstellenvereinbarung geändert hat.
    action: StoredWord<ReferralAction>,
    /// Um welche Felder es ging, wenn das Übergebene geändert, gemeldet, berichtigt oder von der Vereinbarung geschlossen wurde.
    #[graphql(tag = "list 5")]
    changed_fields: Vec<ChangedField>,
    /// Die Stelle, die den Schritt getan hat.
    #[graphql(tag = "needs parties")]
    agency: Option<Agency>,
    /// Wer ihn getan hat; nur bei der eigenen Stelle.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat; nur bei der eigenen Stelle.
    acting_for: Option<String>,
    /// Aus einer Fallliste übernommen: der Zeitpunkt ist nur auf den Tag genau.
    imported: bool,
}

impl ReferralEvent {
    /// The event as a viewer of this kind sees it, with the reason for declining only if the outcome is visible.
    pub(crate) fn of(row: &EventRow, parties: &Parties, viewer_kind: AgencyKind, outcome_visible: bool) -> Self {
        let from = row.from.as_deref().filter(|from| viewer_kind.sends() || *from != ReferralStatus::Draft.code());
        let reason = |of: ReferralStatus| row.reason.as_deref().filter(|_| row.to == of.code());
        let declined = reason(ReferralStatus::Declined).filter(|_| outcome_visible);
        let suspended = reason(ReferralStatus::Suspended);
        Self {
            id: global(Kind::Event, row.id),
            at: DateTime::from_micros(row.at),
            from_status: StoredWord::of("referral_event.from_status", from),
            to_status: StoredWord::of("referral_event.to_status", Some(&row.to)),
            decline_reason: StoredWord::of("referral_event.reason", declined),
            suspension_reason: StoredWord::of("referral_event.reason", suspended),
            action: StoredWord::of("referral_event.action", row.action.as_deref()),
            changed_fields: ChangedField::of(row.detail.as_ref(), viewer_kind),
            agency: parties.get(&row.agency_id).cloned().map(Agency),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
            imported: row.imported,
        }
    }
}

kim_domain::words! {
    /// How a field of a handover was changed.
    pub enum FieldChange("Art, wie sich ein Feld der Übergabe geändert hat") for Work {
        Added = "ADDED": "hinzugekommen",
        Removed = "REMOVED": "weggefallen",
        Refreshed = "REFRESHED": "neu übernommen",
        Disputed = "DISPUTED": "als falsch gemeldet",
        Corrected = "CORRECTED": "berichtigt",
        Outdated = "OUTDATED": "im Fall berichtigt, ohne dass die Übergabe es übernimmt: was sie gezeigt hat, ist der alte Wert",
        Upheld = "UPHELD": "bestätigt",
        NotAgreed = "NOT_AGREED": "nicht mehr gezeigt, weil die Schnittstellenvereinbarung es nicht mehr erlaubt",
    }
}

/// Ein Feld der Übergabe, das sich geändert hat.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct ChangedField {
    /// Das Feld.
    field: WordEnum<HandoverField>,
    /// Wie.
    change: WordEnum<FieldChange>,
}

impl ChangedField {
    /// The changed fields in the details of an event. Fields that are not in the viewer's schema are omitted.
    fn of(detail: Option<&serde_json::Value>, viewer_kind: AgencyKind) -> Vec<Self> {
        let list = |&change: &FieldChange| {
            let codes = detail.and_then(|detail| detail[change.code().to_ascii_lowercase()].as_array());
            let fields = codes.into_iter().flatten().filter_map(|code| HandoverField::from_code(code.as_str()?));
            fields
                .filter(|field| known_to(viewer_kind).contains(*field))
                .map(move |field| (field, change))
                .collect::<Vec<_>>()
        };
        let changed = FieldChange::ALL.iter().flat_map(list);
        changed.map(|(field, change)| Self { field: WordEnum(field), change: WordEnum(change) }).collect()
    }
}

connection!(
    ReferralEventConnection,
    ReferralEventEdge,
    ReferralEvent,
    "for work",
    "Eine Seite des Verlaufs, der älteste Schritt zuerst."
);
