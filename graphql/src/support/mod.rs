//! Notices that another Träger probably manages a case of the same person. A notice contains a reference and nothing about
//! the other Träger.

pub(crate) mod mutations;

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_entity::read::AgencyRow;
use kim_entity::unscoped::NoticeRow;

use crate::agency::Agency;
use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::history::moment;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::total;
use crate::run::session::Session;
use crate::schema::scalar::{DateTime, global, local};

/// The root field of notices.
#[derive(Default)]
pub(crate) struct SupportQuery;

/// Ein Hinweis: wahrscheinlich begleitet in Ihrer Kommune noch ein Träger dieselbe Person. Beide Seiten haben dasselbe Zeichen
/// und sonst nichts voneinander.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct SupportNotice {
    /// Das Zeichen. Nennen Sie es der Koordination; sie bringt zusammen, wer dasselbe nennt.
    reference: String,
    /// Seit wann.
    at: Option<DateTime>,
    /// Kennung Ihres Falls.
    case_id: ID,
    /// Die Koordination Ihrer Kommune. Sie weiß von dem Hinweis nur, was Sie ihr sagen.
    coordination: Option<Agency>,
}

impl SupportNotice {
    fn of(row: &NoticeRow, coordination: Option<&AgencyRow>) -> Self {
        Self {
            reference: row.reference.clone(),
            at: DateTime::from_micros(row.at),
            case_id: global(Kind::Case, row.case_id),
            coordination: coordination.cloned().map(Agency),
        }
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
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<SupportNoticeConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::CaseRead).await?;
        // An id of another kind is treated like an unknown id: no row matches the nil UUID.
        let case = case_id.map(|id| local(Kind::Case, &id)).transpose()?.map(Option::unwrap_or_default);
        let list = format!("supportNotices {case:?}");
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, moment)?;
        let page = snapshot.support_notices(case, &window).await?;
        let total = total::<SupportNoticeConnection>(ctx, snapshot.count_support_notices(case)).await?;
        let coordination = snapshot.coordination().await?;
        let rows = page.rows.into_iter().map(|row| {
            let key = format!("{}.{}", row.at, row.id);
            (key, SupportNotice::of(&row, coordination.as_ref()))
        });
        Ok(SupportNoticeConnection::new(list, rows, &args, page.more, total))
    }
}
