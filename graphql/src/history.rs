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
use kim_entity::DbErr;
use kim_entity::read::{EventRow, HistoryKey, MessageRow, Page, Window};
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
pub(crate) fn moment(key: &str) -> Option<HistoryKey> {
    let (at, id) = key.split_once('.')?;
    Some(HistoryKey { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
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
    /// Fetches what is asked of each: a statement for each distinct page, and one for the counts.
    pub(crate) async fn fetch<F, G>(
        list: &str,
        asked: &[(Uuid, &HistoryPlan)],
        read: impl Fn(Vec<Uuid>, Window<HistoryKey>) -> F,
        count: impl Fn(Vec<Uuid>) -> G,
    ) -> Result<Self, Failure>
    where
        F: Future<Output = Result<HashMap<Uuid, Page<R>>, DbErr>>,
        G: Future<Output = Result<HashMap<Uuid, i64>, DbErr>>,
    {
        let mut found = Self { pages: Vec::new(), counts: HashMap::new() };
        let mut wanted: Vec<(&PageArgs, Vec<Uuid>)> = Vec::new();
        for &(id, plan) in asked {
            for args in &plan.pages {
                match wanted.iter_mut().find(|(other, _)| *other == args) {
                    Some((_, ids)) => ids.push(id),
                    None => wanted.push((args, vec![id])),
                }
            }
        }
        for (args, ids) in wanted {
            // A page that cannot be read is refused by the resolver.
            let Ok(window) = args.window(list, moment) else { continue };
            found.pages.push((args.clone(), read(ids, window).await?));
        }
        let counted: Vec<Uuid> = asked.iter().filter(|(_, plan)| plan.count).map(|(id, _)| *id).collect();
        if !counted.is_empty() {
            found.counts = count(counted).await?;
        }
        Ok(found)
    }

    /// The rows of all pages of these.
    pub(crate) fn rows_of(&self, ids: &[Uuid]) -> impl Iterator<Item = &R> {
        self.pages.iter().flat_map(|(_, pages)| ids.iter().filter_map(|id| pages.get(id))).flat_map(|page| &page.rows)
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

/// Ein Schritt im Verlauf einer Übergabe.
#[derive(SimpleObject)]
#[graphql(tag = "for work", tag = "plan referral")]
pub(crate) struct ReferralEvent {
    /// Kennung.
    id: ID,
    /// Zeitpunkt.
    at: Option<DateTime>,
    /// Stand davor; null am Anfang.
    from_status: Option<Coded<ReferralStatus>>,
    /// Stand danach.
    to_status: Option<Coded<ReferralStatus>>,
    /// Grund einer Ablehnung.
    decline_reason: Option<Coded<DeclineReason>>,
    /// Grund einer Aussetzung, wenn die Uhr sie ausgelöst hat.
    suspension_reason: Option<Coded<SuspensionReason>>,
    /// Was getan wurde; null bei übernommenen Schritten, am Anfang, und wo sich die Schnittstellenvereinbarung geändert hat.
    action: Option<Coded<ReferralAction>>,
    /// Um welche Felder es ging, wenn das Übergebene geändert, gemeldet, berichtigt oder von der Vereinbarung geschlossen wurde.
    #[graphql(tag = "list 5")]
    changed_fields: Vec<ChangedField>,
    /// Die Stelle, die den Schritt getan hat.
    #[graphql(tag = "needs parties")]
    agency: Option<Agency>,
    /// Wer ihn getan hat; nur bei der eigenen Stelle.
    staff: Option<String>,
    /// Aus einer Fallliste übernommen: der Zeitpunkt ist nur auf den Tag genau.
    imported: bool,
}

impl ReferralEvent {
    /// As a viewer of this kind sees it, and as far as it may be told why the referral was closed.
    pub(crate) fn of(row: &EventRow, parties: &Parties, known: AgencyKind, told: bool) -> Self {
        let status = |code: &str| ReferralStatus::from_code(code);
        let from = row.from.as_deref().and_then(status).filter(|from| known.sends() || *from != ReferralStatus::Draft);
        let reason = |of: ReferralStatus| row.reason.as_deref().filter(|_| row.to == of.code());
        let declined = reason(ReferralStatus::Declined).filter(|_| told);
        Self {
            id: global(Kind::Event, row.id),
            at: DateTime::from_micros(row.at),
            from_status: from.map(Coded),
            to_status: status(&row.to).map(Coded),
            decline_reason: declined.and_then(DeclineReason::from_code).map(Coded),
            suspension_reason: reason(ReferralStatus::Suspended).and_then(SuspensionReason::from_code).map(Coded),
            action: row.action.as_deref().and_then(ReferralAction::from_code).map(Coded),
            changed_fields: ChangedField::of(row.detail.as_deref().unwrap_or_default(), known),
            agency: parties.get(&row.agency_id).cloned().map(Agency),
            staff: row.staff.clone(),
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
    field: Coded<HandoverField>,
    /// Wie.
    change: Coded<FieldChange>,
}

impl ChangedField {
    /// From what the event says, as far as the viewer's schema knows the fields.
    fn of(detail: &str, known: AgencyKind) -> Vec<Self> {
        let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
        let list = |&change: &FieldChange| {
            let codes = detail[change.code().to_ascii_lowercase()].as_array().cloned().unwrap_or_default();
            let fields = codes.into_iter().filter_map(|code| HandoverField::from_code(code.as_str()?));
            fields
                .filter(|field| known_to(known).contains(*field))
                .map(move |field| (field, change))
                .collect::<Vec<_>>()
        };
        let changed = FieldChange::ALL.iter().flat_map(list);
        changed.map(|(field, change)| Self { field: Coded(field), change: Coded(change) }).collect()
    }
}

connection!(
    ReferralEventConnection,
    ReferralEventEdge,
    ReferralEvent,
    "for work",
    "Eine Seite des Verlaufs, der älteste Schritt zuerst."
);
