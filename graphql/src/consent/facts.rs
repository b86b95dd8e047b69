//! Consents as a data protection officer sees them: without the person and without the fields.

use async_graphql::{Context, Object, SimpleObject};
use kim_domain::agency::Scope;
use kim_domain::consent::{ConsentForm, ConsentState};
use kim_entity::read::ConsentFactRow;
use uuid::Uuid;

use crate::agency::{self, Agency, Parties, Purpose};
use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::total;
use crate::run::session::Session;
use crate::schema::scalar::{Date, DateTime};
use crate::schema::word_enum::WordEnum;

/// The list's name in its cursors.
const FACTS: &str = "consentFacts";

/// The root field of consent facts.
#[derive(Default)]
pub(crate) struct ConsentFactQuery;

#[Object]
impl ConsentFactQuery {
    /// Tatsachen der Einwilligungen, die Stellen Ihres Verantwortlichen erfasst haben: nichts über die Person, keine Felder.
    #[graphql(tag = "for sender-officers", tag = "page")]
    async fn consent_facts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<ConsentFactConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::AuditRead).await?;
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(FACTS, |id| Uuid::parse_str(id).ok())?;
        let page = snapshot.consent_facts(&window).await?;
        let total = total::<ConsentFactConnection>(ctx, snapshot.count_consent_facts()).await?;
        let named = page.rows.iter().flat_map(|row| [row.sender_id, row.receiver_id]).collect();
        let parties = agency::parties(snapshot, named).await?;
        let rows = page.rows.iter().map(|row| (row.id.to_string(), ConsentFact::of(row, &parties)));
        Ok(ConsentFactConnection::new(FACTS, rows, &args, page.more, total))
    }
}

/// Was von einer Einwilligung zu prüfen ist, ohne die Person und ohne die Felder.
#[derive(SimpleObject)]
#[graphql(tag = "for sender-officers")]
pub(crate) struct ConsentFact {
    /// Die Stelle, die sie erfasst hat.
    sender: Option<Agency>,
    /// Die Stelle, die etwas bekommen darf.
    receiver: Option<Agency>,
    /// Zweck.
    purpose: Purpose,
    /// Stand heute.
    state: WordEnum<ConsentState>,
    /// Einwilligung nach Datenschutzrecht.
    data_protection: bool,
    /// Schweigepflichtentbindung (§ 203 StGB).
    release_from_secrecy: bool,
    /// Tag der Schweigepflichtentbindung.
    release_on: Option<Date>,
    /// Ausdrücklich auch in besondere Kategorien (Art. 9 DSGVO).
    art9: bool,
    /// Ob die empfangende Stelle das Ergebnis zurückmelden darf.
    report_outcome: bool,
    /// Form.
    form: WordEnum<ConsentForm>,
    /// Erster Tag.
    valid_from: Date,
    /// Letzter Tag; null, wenn sie bis zum Widerruf gilt.
    valid_until: Option<Date>,
    /// Erfasst.
    recorded_at: Option<DateTime>,
    /// Als Ganzes widerrufen.
    withdrawn_at: Option<DateTime>,
}

impl ConsentFact {
    fn of(row: &ConsentFactRow, parties: &Parties) -> Self {
        Self {
            sender: parties.get(&row.sender_id).cloned().map(Agency),
            receiver: parties.get(&row.receiver_id).cloned().map(Agency),
            purpose: Purpose(row.purpose),
            state: WordEnum(row.state),
            data_protection: row.data_protection,
            release_from_secrecy: row.release_from_secrecy,
            release_on: row.release_on.map(Date),
            art9: row.art9,
            report_outcome: row.report_outcome,
            form: WordEnum(row.form),
            valid_from: Date(row.valid_from),
            valid_until: row.valid_until.map(Date),
            recorded_at: DateTime::from_micros(row.created_at),
            withdrawn_at: row.withdrawn_at.and_then(DateTime::from_micros),
        }
    }
}

connection!(
    ConsentFactConnection,
    ConsentFactEdge,
    ConsentFact,
    "for sender-officers",
    "Eine Seite der Tatsachen über Einwilligungen, die zuerst erfasste zuerst."
);
