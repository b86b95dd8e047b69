//! Histories, lists in pages that belong to a referral or a case, and two of them: messages and events of a referral.

use std::collections::HashMap;

use async_graphql::{ID, Object, SimpleObject};
use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::known_to;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::life::ReferralAction;
use kim_domain::referral::{DeclineReason, ReferralStatus, SuspensionReason};
use kim_entity::read::{EventRow, MessageRow, Moment, Page, Window};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::agency::{Agency, Parties};
use crate::coded::Coded;
use crate::connection::connection;
use crate::error::Failure;
use crate::page::PageArgs;
use crate::plan::HistoryPlan;
use crate::scalar::{DateTime, global};
use crate::straight::WriteObject;

/// The key of a history's cursor.
pub(crate) fn moment(key: &str) -> Option<Moment> {
    let (at, id) = key.split_once('.')?;
    Some(Moment { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}

/// The pages of a history that were asked for, and how many rows it has in all.
pub(crate) struct History<R> {
    pages: Vec<(PageArgs, Page<R>)>,
    pub(crate) count: i64,
}

impl<R> Default for History<R> {
    fn default() -> Self {
        Self { pages: Vec::new(), count: 0 }
    }
}

impl<R> History<R> {
    /// The rows of a page, and whether there are more.
    pub(crate) fn page(&self, list: &str, args: &PageArgs) -> Result<(&[R], bool), Failure> {
        args.window(list, moment)?;
        let page = self.pages.iter().find(|(has, _)| has == args);
        Ok(page.map_or((&[], false), |(_, page)| (&page.rows, page.more)))
    }
}

/// The histories of several referrals or cases, by their ids.
pub(crate) struct Histories<R> {
    pages: Vec<(PageArgs, HashMap<Uuid, Page<R>>)>,
    counts: HashMap<Uuid, i64>,
}

impl<R> Histories<R> {
    /// Fetches what a plan asks for: a statement for each page, and one for the counts.
    pub(crate) async fn fetch<F: Future<Output = Result<HashMap<Uuid, Page<R>>, DbErr>>>(
        plan: &HistoryPlan,
        list: &str,
        of: &[Uuid],
        read: impl Fn(Window<Moment>) -> F,
        count: impl Future<Output = Result<HashMap<Uuid, i64>, DbErr>>,
    ) -> Result<Self, Failure> {
        let mut found = Self { pages: Vec::new(), counts: HashMap::new() };
        if of.is_empty() {
            return Ok(found);
        }
        for args in &plan.pages {
            // A page that cannot be read is refused by the resolver.
            let Ok(window) = args.window(list, moment) else { continue };
            found.pages.push((args.clone(), read(window).await?));
        }
        if plan.count {
            found.counts = count.await?;
        }
        Ok(found)
    }

    /// The rows of all pages.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &R> {
        self.pages.iter().flat_map(|(_, pages)| pages.values()).flat_map(|page| &page.rows)
    }

    /// The history of one of them.
    pub(crate) fn take(&mut self, id: Uuid) -> History<R> {
        let none = || Page { rows: Vec::new(), more: false };
        let pages = self.pages.iter_mut().map(|(args, pages)| (args.clone(), pages.remove(&id).unwrap_or_else(none)));
        History { pages: pages.collect(), count: self.counts.get(&id).copied().unwrap_or(0) }
    }
}

pub(crate) const MESSAGES: &str = "messages";
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
    /// Der Text.
    #[graphql(tag = "logged")]
    async fn text(&self) -> &str {
        &self.row.body
    }
}

connection!(MessageConnection, MessageEdge, Message, "for work", "Eine Seite der Nachrichten, die älteste zuerst.");

/// An event.
pub(crate) struct ReferralEvent {
    pub(crate) row: EventRow,
    pub(crate) parties: Parties,
    /// The viewer's kind: what its schema knows.
    pub(crate) known: AgencyKind,
    /// Whether the viewer may know for what reason it was closed.
    pub(crate) told: bool,
}

/// Ein Schritt im Verlauf einer Übergabe.
#[Object(tag = "for work", tag = "plan referral")]
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
        (self.known.sends() || from != ReferralStatus::Draft).then_some(Coded(from))
    }
    /// Stand danach.
    async fn to_status(&self) -> Option<Coded<ReferralStatus>> {
        ReferralStatus::from_code(&self.row.to).map(Coded)
    }
    /// Grund einer Ablehnung.
    async fn decline_reason(&self) -> Option<Coded<DeclineReason>> {
        let declined = self.row.to == ReferralStatus::Declined.code();
        self.row.reason.as_deref().filter(|_| declined && self.told).and_then(DeclineReason::from_code).map(Coded)
    }
    /// Grund einer Aussetzung, wenn die Uhr sie ausgelöst hat.
    async fn suspension_reason(&self) -> Option<Coded<SuspensionReason>> {
        let suspended = self.row.to == ReferralStatus::Suspended.code();
        self.row.reason.as_deref().filter(|_| suspended).and_then(SuspensionReason::from_code).map(Coded)
    }
    /// Was getan wurde; null bei übernommenen Schritten, am Anfang, und wo sich die Schnittstellenvereinbarung geändert hat.
    async fn action(&self) -> Option<Coded<ReferralAction>> {
        self.row.action.as_deref().and_then(ReferralAction::from_code).map(Coded)
    }
    /// Um welche Felder es ging, wenn das Übergebene geändert, gemeldet, berichtigt oder von der Vereinbarung geschlossen wurde.
    #[graphql(tag = "list 5")]
    async fn changed_fields(&self) -> Vec<ChangedField> {
        ChangedField::of(self.row.detail.as_deref().unwrap_or_default(), self.known)
    }
    /// Die Stelle, die den Schritt getan hat.
    #[graphql(tag = "needs parties")]
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
    field: Coded<HandoverField>,
    /// Wie.
    change: Coded<FieldChange>,
}

impl ChangedField {
    /// From what the event says, as far as the viewer's schema knows the fields.
    fn of(detail: &str, known: AgencyKind) -> Vec<Self> {
        let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
        let list = |name: &str, change: FieldChange| {
            let codes = detail[name].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let fields = codes.filter_map(HandoverField::from_code).filter(|field| known_to(known).contains(*field));
            fields.map(|field| Self { field: Coded(field), change: Coded(change) }).collect::<Vec<_>>()
        };
        let mut changed = list("added", FieldChange::Added);
        changed.extend(list("removed", FieldChange::Removed));
        changed.extend(list("refreshed", FieldChange::Refreshed));
        changed.extend(list("disputed", FieldChange::Disputed));
        changed.extend(list("corrected", FieldChange::Corrected));
        changed.extend(list("outdated", FieldChange::Outdated));
        changed.extend(list("upheld", FieldChange::Upheld));
        changed.extend(list("not_agreed", FieldChange::NotAgreed));
        changed
    }
}

connection!(
    ReferralEventConnection,
    ReferralEventEdge,
    ReferralEvent,
    "for work",
    "Eine Seite des Verlaufs, der älteste Schritt zuerst."
);
