//! The root field `agreements`.

use async_graphql::{Context, Object};
use kim_domain::agency::Scope;
use uuid::Uuid;

use crate::agreement::{AGREEMENTS, AgreementConnection, AgreementPlan, agreements};
use crate::error::Failure;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::{Plan as _, total};
use crate::run::session::Session;

/// The root field of agreements.
#[derive(Default)]
pub(crate) struct AgreementQuery;

#[Object]
impl AgreementQuery {
    /// Die Schnittstellenvereinbarungen, die Ihre Stelle betreffen.
    #[graphql(tag = "for all", tag = "page")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<AgreementConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::AgreementRead).await?;
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(AGREEMENTS, |id| Uuid::parse_str(id).ok())?;
        let plan = AgreementPlan::below::<AgreementConnection>(ctx);
        let page = snapshot.agreements(&window).await?;
        let total = total::<AgreementConnection>(ctx, snapshot.count_agreements()).await?;
        let keys = page.rows.iter().map(|row| row.id.to_string());
        let rows = keys.zip(agreements(snapshot, &page.rows, plan).await?);
        Ok(AgreementConnection::new(AGREEMENTS, rows, &args, page.more, total))
    }
}
