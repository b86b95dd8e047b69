//! Notices that another Träger manages a case of what is probably the same person: a reference, and nothing of the other.

use async_graphql::{Context, ID, Object};
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_entity::read::{AgencyRow, NoticeRow};

use crate::agency::Agency;
use crate::connection::connection;
use crate::error::Failure;
use crate::history::moment;
use crate::page::PageArgs;
use crate::plan::Selected;
use crate::scalar::{DateTime, global, local};
use crate::session::Session;

/// What can be read of support checks.
#[derive(Default)]
pub(crate) struct SupportQuery;

/// A notice to the viewer's agency.
pub(crate) struct SupportNotice {
    row: NoticeRow,
    coordination: Option<AgencyRow>,
}

/// Ein Hinweis: wahrscheinlich begleitet in Ihrer Kommune noch ein Träger dieselbe Person. Beide Seiten haben dasselbe Zeichen
/// und sonst nichts voneinander.
#[Object(tag = "for senders")]
impl SupportNotice {
    /// Das Zeichen. Nennen Sie es der Koordination; sie bringt zusammen, wer dasselbe nennt.
    async fn reference(&self) -> &str {
        &self.row.reference
    }
    /// Seit wann.
    async fn at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.at)
    }
    /// Kennung Ihres Falls.
    async fn case_id(&self) -> ID {
        global(Kind::Case, self.row.case_id)
    }
    /// Die Koordination Ihrer Kommune. Sie weiß von dem Hinweis nur, was Sie ihr sagen.
    async fn coordination(&self) -> Option<Agency> {
        self.coordination.clone().map(Agency)
    }
}

connection!(
    SupportNoticeConnection,
    SupportNoticeEdge,
    SupportNotice,
    "for senders",
    "Eine Seite Ihrer Hinweise, der neueste zuerst."
);

#[Object]
impl SupportQuery {
    /// Hinweise darauf, dass wahrscheinlich noch ein Träger dieselbe Person begleitet: aus Ihren Abgleichen und denen der
    /// anderen, solange sie es auf beiden Seiten sagen lässt.
    #[graphql(tag = "for senders", tag = "page")]
    async fn support_notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nur zu diesem Ihrer Fälle.")] case_id: Option<ID>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<SupportNoticeConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::CaseRead).await?;
        // A case that does not exist has no notices.
        let case = case_id.map(|id| local(Kind::Case, &id)).transpose()?.map(Option::unwrap_or_default);
        let list = format!("supportNotices {case:?}");
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, moment)?;
        let page = snapshot.support_notices(case, &window).await?;
        let wants_total = Selected::of::<SupportNoticeConnection>(ctx).wants_total();
        let total = if wants_total { Some(snapshot.count_support_notices(case).await?) } else { None };
        let coordination = snapshot.coordination().await?;
        let rows = page.rows.into_iter().map(|row| {
            let key = format!("{}.{}", row.at, row.id);
            (key, SupportNotice { row, coordination: coordination.clone() })
        });
        Ok(SupportNoticeConnection::new(list, rows, &args, page.more, total))
    }
}
