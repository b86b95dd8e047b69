//! The feed: what happened to the viewer's referrals since a cursor, for agencies whose software polls.

use async_graphql::{Context, ID, Object};
use kim_domain::agency::Scope;
use kim_domain::change::ChangeKind;
use kim_domain::id::Kind;
use kim_entity::read::ChangeRow;

use crate::coded::Coded;
use crate::connection::connection;
use crate::error::Failure;
use crate::page::{PageArgs, cursor, mark};
use crate::plan::Selected;
use crate::scalar::{DateTime, global};
use crate::session::Session;

/// The feed's root.
#[derive(Default)]
pub(crate) struct Feed;

#[Object]
impl Feed {
    /// Was mit Ihren Übergaben geschehen ist, das Älteste zuerst: nur Kennungen und Arten, in der Reihenfolge, in der es
    /// gültig wurde, ohne Lücken. Merken Sie sich den letzten Zeiger: er gilt, solange es die Stelle gibt.
    #[graphql(tag = "for work", tag = "page")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nach diesem Zeiger; ohne ihn von Anfang an.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: Option<
            i32,
        >,
    ) -> Result<ChangeConnection, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::ReferralRead).await?;
        // Numbers are an agency's own: the cursor of another would skip or repeat. Purposes only leave rows out.
        let list = format!("changes {}", session.viewer().agency().id);
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, |seq| seq.parse().ok())?;
        let page = snapshot.changes(&window).await?;
        let wants_total = Selected::of::<ChangeConnection>(ctx).wants_total();
        let total = if wants_total { Some(snapshot.count_changes().await?) } else { None };
        let mark = mark(&list);
        let rows = page.rows.into_iter().map(|row| {
            let key = row.seq.to_string();
            (key.clone(), Change { row, cursor: cursor(&mark, &key) })
        });
        Ok(ChangeConnection::new(list, rows, &args, page.more, total))
    }
}

/// A change.
pub(crate) struct Change {
    row: ChangeRow,
    cursor: String,
}

/// Etwas, das mit einer Übergabe geschehen ist. Was, sagt die Übergabe selbst.
#[Object(tag = "for work")]
impl Change {
    /// Zeiger auf diese Zeile.
    async fn cursor(&self) -> &str {
        &self.cursor
    }
    /// Zeitpunkt.
    async fn at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.at)
    }
    /// Was geschehen ist.
    async fn kind(&self) -> Coded<ChangeKind> {
        Coded(self.row.kind)
    }
    /// Kennung der Übergabe. Ein Entwurf, der verworfen wurde, ist nicht mehr zu finden.
    async fn referral_id(&self) -> ID {
        global(Kind::Referral, self.row.referral_id)
    }
    /// Kennung des Schritts im Verlauf; null, wenn es keiner ist.
    async fn event_id(&self) -> Option<ID> {
        self.row.event_id.map(|id| global(Kind::Event, id))
    }
}

connection!(
    ChangeConnection,
    ChangeEdge,
    Change,
    "for work",
    "Eine Seite dessen, was geschehen ist, das Älteste zuerst."
);
