//! The root fields `cases` and `case`.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::NaiveDate;
use kim_domain::Word;
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_domain::value::office_number;
use kim_entity::read;
use uuid::Uuid;

use crate::case::load;
use crate::case::plan::CasePlan;
use crate::case::{Case, CaseConnection, CaseFilter};
use crate::error::{Failure, or_null};
use crate::referral::filter::{fingerprint, unique_words};
use crate::run::by_id;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::{Plan as _, total};
use crate::run::planned::alike;
use crate::run::session::Session;
use crate::schema::scalar::local;

/// The root fields of cases.
#[derive(Default)]
pub(crate) struct CaseQuery;

#[Object]
impl CaseQuery {
    /// Ihre Fälle.
    #[graphql(tag = "for senders", tag = "page")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Auswahl.")] filter: Option<CaseFilter>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<CaseConnection, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::CaseRead).await?;
        let filter = case_filter(session, filter.unwrap_or_default())?;
        let list = format!("cases {filter:?}");
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, parse_case_key)?;
        let plan = CasePlan::below::<CaseConnection>(ctx);
        let page = snapshot.cases(&filter, &window, plan.record).await?;
        let total = total::<CaseConnection>(ctx, snapshot.count_cases(&filter)).await?;
        let rows = load::cases(snapshot, alike(page.rows, &plan)).await?;
        let rows = rows.into_iter().map(|case| (format!("{}.{}", case.row.opened_on, case.row.id), case));
        Ok(CaseConnection::new(list, rows, &args, page.more, total))
    }

    /// Einer Ihrer Fälle; null, wenn es ihn bei Ihrer Stelle nicht gibt.
    #[graphql(tag = "for senders")]
    async fn case(&self, ctx: &Context<'_>, #[graphql(desc = "Kennung des Falls.")] id: ID) -> Option<Arc<Case>> {
        or_null(ctx, one_case(ctx, &id).await)
    }
}

async fn one_case(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Case>>, Failure> {
    Session::of(ctx).check(Scope::CaseRead)?;
    let Some(id) = local(Kind::Case, id)? else { return Ok(None) };
    by_id::one(ctx, id).await
}

fn case_filter(session: &Session, input: CaseFilter) -> Result<read::CaseFilter, Failure> {
    Ok(read::CaseFilter {
        phase: input.phase.map(|phases| unique_words(phases).into_iter().map(Word::code).collect()),
        open: input.open,
        case_number: input.case_number.map(|number| office_number(&number)),
        client: input.client.map(|client| fingerprint(session, &client)).transpose()?,
    })
}

fn parse_case_key(key: &str) -> Option<(NaiveDate, Uuid)> {
    let (day, id) = key.split_once('.')?;
    Some((day.parse().ok()?, Uuid::parse_str(id).ok()?))
}
