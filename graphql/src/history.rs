//! Messages and events of a referral.

use async_graphql::{ID, Object};
use kim_domain::Word;
use kim_domain::id::Kind;
use kim_domain::referral::{DeclineReason, ReferralStatus};
use kim_entity::read::{EventRow, MessageRow, Moment};
use uuid::Uuid;

use crate::agency::{Agency, Parties};
use crate::coded::Coded;
use crate::connection::connection;
use crate::scalar::{DateTime, global};

/// The key of a history's cursor.
pub(crate) fn moment(key: &str) -> Option<Moment> {
    let (at, id) = key.split_once('.')?;
    Some(Moment { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}

pub(crate) const MESSAGES: &str = "messages";
pub(crate) const EVENTS: &str = "events";

/// A message.
pub(crate) struct Message {
    pub(crate) row: MessageRow,
    pub(crate) parties: Parties,
}

/// Eine Nachricht zwischen den beiden Seiten.
#[Object]
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
    async fn author(&self) -> Option<Agency> {
        self.parties.get(&self.row.agency_id).cloned().map(Agency)
    }
    /// Wer geschrieben hat; nur bei der eigenen Stelle.
    async fn staff(&self) -> Option<&str> {
        self.row.staff.as_deref()
    }
    /// Der Text.
    async fn text(&self) -> &str {
        &self.row.body
    }
}

connection!(MessageConnection, MessageEdge, Message, "Eine Seite der Nachrichten, die älteste zuerst.");

/// An event.
pub(crate) struct ReferralEvent {
    pub(crate) row: EventRow,
    pub(crate) parties: Parties,
    /// Whether the viewer's schema knows drafts.
    pub(crate) knows_drafts: bool,
}

/// Ein Schritt im Verlauf einer Übergabe.
#[Object]
impl ReferralEvent {
    /// Kennung.
    async fn id(&self) -> ID {
        global(Kind::Event, self.row.id)
    }
    /// Zeitpunkt.
    async fn at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.at)
    }
    /// Stand davor; null am Anfang.
    async fn from_status(&self) -> Option<Coded<ReferralStatus>> {
        let from = self.row.from.as_deref().and_then(ReferralStatus::from_code)?;
        (self.knows_drafts || from != ReferralStatus::Draft).then_some(Coded(from))
    }
    /// Stand danach.
    async fn to_status(&self) -> Option<Coded<ReferralStatus>> {
        ReferralStatus::from_code(&self.row.to).map(Coded)
    }
    /// Grund einer Ablehnung.
    async fn decline_reason(&self) -> Option<Coded<DeclineReason>> {
        let declined = self.row.to == ReferralStatus::Declined.code();
        self.row.reason.as_deref().filter(|_| declined).and_then(DeclineReason::from_code).map(Coded)
    }
    /// Die Stelle, die den Schritt getan hat.
    async fn agency(&self) -> Option<Agency> {
        self.parties.get(&self.row.agency_id).cloned().map(Agency)
    }
    /// Wer ihn getan hat; nur bei der eigenen Stelle.
    async fn staff(&self) -> Option<&str> {
        self.row.staff.as_deref()
    }
    /// Aus einer Fallliste übernommen: der Zeitpunkt ist nur auf den Tag genau.
    async fn imported(&self) -> bool {
        self.row.imported
    }
}

connection!(
    ReferralEventConnection,
    ReferralEventEdge,
    ReferralEvent,
    "Eine Seite des Verlaufs, der älteste Schritt zuerst."
);
