//! What a data protection officer sees of consents: facts, and nothing of the person.

use async_graphql::{Context, Object};
use kim_domain::agency::Scope;
use kim_domain::consent::{ConsentForm, ConsentState};
use kim_entity::read::ConsentFactRow;
use uuid::Uuid;

use crate::agency::{Agency, Parties, Purpose};
use crate::coded::Coded;
use crate::connection::connection;
use crate::error::Failure;
use crate::load;
use crate::page::PageArgs;
use crate::plan::Selected;
use crate::scalar::{Date, DateTime};
use crate::session::Session;

/// The list's name in its cursors.
const FACTS: &str = "consentFacts";

/// What data protection officers read of consents.
#[derive(Default)]
pub(crate) struct Overseeing;

#[Object]
impl Overseeing {
    /// Tatsachen der Einwilligungen, die Stellen Ihres Verantwortlichen erfasst haben: nichts über die Person, keine Felder.
    #[graphql(tag = "for sender-officers", tag = "page")]
    async fn consent_facts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<ConsentFactConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::AuditRead).await?;
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(FACTS, |id| Uuid::parse_str(id).ok())?;
        let page = snapshot.consent_facts(&window).await?;
        let wants_total = Selected::of::<ConsentFactConnection>(ctx).wants_total();
        let total = if wants_total { Some(snapshot.count_consent_facts().await?) } else { None };
        let named = page.rows.iter().flat_map(|row| [row.sender_id, row.receiver_id]).collect();
        let parties = load::parties(snapshot, named).await?;
        let rows = page.rows.into_iter().map(|row| (row.id.to_string(), ConsentFact { row, parties: parties.clone() }));
        Ok(ConsentFactConnection::new(FACTS, rows, &args, page.more, total))
    }
}

/// Facts of one consent.
pub(crate) struct ConsentFact {
    row: ConsentFactRow,
    parties: Parties,
}

/// Was von einer Einwilligung zu prüfen ist, ohne die Person und ohne die Felder.
#[Object(tag = "for sender-officers")]
impl ConsentFact {
    /// Die Stelle, die sie erfasst hat.
    async fn sender(&self) -> Option<Agency> {
        self.parties.get(&self.row.sender_id).cloned().map(Agency)
    }
    /// Die Stelle, die etwas bekommen darf.
    async fn receiver(&self) -> Option<Agency> {
        self.parties.get(&self.row.receiver_id).cloned().map(Agency)
    }
    /// Zweck.
    async fn purpose(&self) -> Purpose {
        Purpose(self.row.purpose)
    }
    /// Stand heute.
    async fn state(&self) -> Coded<ConsentState> {
        Coded(self.row.state)
    }
    /// Einwilligung nach Datenschutzrecht.
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
    /// Ausdrücklich auch in besondere Kategorien (Art. 9 DSGVO).
    async fn art9(&self) -> bool {
        self.row.art9
    }
    /// Ob die empfangende Stelle das Ergebnis zurückmelden darf.
    async fn report_outcome(&self) -> bool {
        self.row.report_outcome
    }
    /// Form.
    async fn form(&self) -> Coded<ConsentForm> {
        Coded(self.row.form)
    }
    /// Erster Tag.
    async fn valid_from(&self) -> Date {
        Date(self.row.valid_from)
    }
    /// Letzter Tag; null, wenn sie bis zum Widerruf gilt.
    async fn valid_until(&self) -> Option<Date> {
        self.row.valid_until.map(Date)
    }
    /// Erfasst.
    async fn recorded_at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.created_at)
    }
    /// Als Ganzes widerrufen.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.row.withdrawn_at.and_then(DateTime::from_micros)
    }
}

connection!(
    ConsentFactConnection,
    ConsentFactEdge,
    ConsentFact,
    "for sender-officers",
    "Eine Seite der Tatsachen über Einwilligungen, die zuerst erfasste zuerst."
);
