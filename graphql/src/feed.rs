//! The feed: changes of the viewer's referrals since a cursor, for agencies whose software polls.

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_domain::agency::Scope;
use kim_domain::change::ChangeKind;
use kim_domain::id::Kind;
use kim_entity::read::ChangeRow;

use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::page::{PageArgs, PageSize, cursor, mark};
use crate::run::plan::total;
use crate::run::session::Session;
use crate::schema::scalar::{DateTime, global};
use crate::schema::word_enum::WordEnum;

/// The root field of the feed.
#[derive(Default)]
pub(crate) struct FeedQuery;

#[Object]
impl FeedQuery {
    /// Was mit Ihren Übergaben geschehen ist, das Älteste zuerst: nur Kennungen und Arten, in der Reihenfolge, in der es
    /// gültig wurde, ohne Lücken. Merken Sie sich den letzten Zeiger: er gilt, solange es die Stelle gibt.
    #[graphql(tag = "for work", tag = "page")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nach diesem Zeiger; ohne ihn von Anfang an.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
    ) -> Result<ChangeConnection, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::ReferralRead).await?;
        // Each agency's feed has its own numbers, so the cursor of another agency would skip or repeat changes. The
        // purposes of a token are not part of the cursor's list: they only omit rows.
        let list = format!("changes {}", session.viewer().agency().id);
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, |seq| seq.parse().ok())?;
        let page = snapshot.changes(&window).await?;
        let total = total::<ChangeConnection>(ctx, snapshot.count_changes()).await?;
        let mark = mark(&list);
        let rows = page.rows.into_iter().map(|row| {
            let key = row.seq.to_string();
            let change = Change::of(&row, cursor(&mark, &key));
            (key, change)
        });
        Ok(ChangeConnection::new(list, rows, &args, page.more, total))
    }
}

/// Etwas, das mit einer Übergabe geschehen ist. Was, sagt die Übergabe selbst.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct Change {
    /// Zeiger auf diese Zeile.
    cursor: String,
    /// Zeitpunkt.
    at: Option<DateTime>,
    /// Was geschehen ist.
    kind: WordEnum<ChangeKind>,
    /// Kennung der Übergabe. Ein Entwurf, der verworfen wurde, ist nicht mehr zu finden.
    referral_id: ID,
    /// Kennung des Schritts im Verlauf; null, wenn es keiner ist.
    event_id: Option<ID>,
}

impl Change {
    fn of(row: &ChangeRow, cursor: String) -> Self {
        Self {
            cursor,
            at: DateTime::from_micros(row.at),
            kind: WordEnum(row.kind),
            referral_id: global(Kind::Referral, row.referral_id),
            event_id: row.event_id.map(|id| global(Kind::Event, id)),
        }
    }
}

connection!(
    ChangeConnection,
    ChangeEdge,
    Change,
    "for work",
    "Eine Seite dessen, was geschehen ist, das Älteste zuerst."
);
