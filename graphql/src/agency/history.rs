//! The root field `agencyHistory`: the changes of the own agency's master data.

use async_graphql::{Context, Object, SimpleObject};
use kim_domain::agency::{AgencyField, Scope};
use kim_entity::read::AgencyChangeRow;
use uuid::Uuid;

use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::total;
use crate::run::session::Session;
use crate::schema::scalar::DateTime;
use crate::schema::word_enum::WordEnum;

/// The list's name in its cursors.
const HISTORY: &str = "agencyHistory";

/// Eine geänderte Angabe in den Stammdaten Ihrer Stelle.
#[derive(SimpleObject)]
#[graphql(tag = "for administrators")]
pub(crate) struct AgencyChange {
    /// Wann.
    at: Option<DateTime>,
    /// Welche Angabe.
    field: WordEnum<AgencyField>,
    /// Der Wert vorher; null, wenn es keinen gab.
    old_value: Option<String>,
    /// Der Wert nachher; null, wenn er gelöscht wurde.
    new_value: Option<String>,
    /// Wer geändert hat; null, wenn der Betrieb eine Liste eingelesen hat.
    staff: Option<String>,
    /// Für wen ein Programm gehandelt hat.
    acting_for: Option<String>,
    /// Ob der Betrieb eine Liste eingelesen hat.
    imported: bool,
}

impl From<AgencyChangeRow> for AgencyChange {
    fn from(row: AgencyChangeRow) -> Self {
        Self {
            at: DateTime::from_micros(row.at),
            field: WordEnum(row.field),
            old_value: row.old,
            new_value: row.new,
            imported: row.staff.is_none(),
            staff: row.staff,
            acting_for: row.acting_for,
        }
    }
}

connection!(
    AgencyChangeConnection,
    AgencyChangeEdge,
    AgencyChange,
    "for administrators",
    "Eine Seite der Änderungen an den Stammdaten Ihrer Stelle."
);

/// The root field of the history.
#[derive(Default)]
pub(crate) struct AgencyHistoryQuery;

#[Object]
impl AgencyHistoryQuery {
    /// Die Änderungen an den Stammdaten Ihrer Stelle, die letzte zuerst.
    #[graphql(tag = "for administrators", tag = "page")]
    async fn agency_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<AgencyChangeConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::AgencyRead).await?;
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(HISTORY, |id| Uuid::parse_str(id).ok())?;
        let page = snapshot.agency_changes(&window).await?;
        let total = total::<AgencyChangeConnection>(ctx, snapshot.count_agency_changes()).await?;
        let rows = page.rows.into_iter().map(|row| (row.id.to_string(), AgencyChange::from(row)));
        Ok(AgencyChangeConnection::new(HISTORY, rows, &args, page.more, total))
    }
}
