//! The root fields for deadlines and eligibility of the viewer's own cases.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::NaiveDate;
use kim_domain::Word as _;
use kim_domain::agency::Scope;
use kim_domain::eligibility::{self, Facts, Statements};
use kim_domain::id::Kind;
use kim_domain::upcoming::{DeadlineKind, MONTHS_AHEAD, upcoming};
use uuid::Uuid;

use crate::case::Case;
use crate::case::eligibility::{EligibilityCheck, EligibilityRuleSet, EligibilityStatementsInput};
use crate::case::load;
use crate::case::plan::CasePlan;
use crate::case::upcoming::{UpcomingDeadline, UpcomingDeadlineConnection};
use crate::error::{Failure, or_null};
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::{Plan as _, Selected};
use crate::run::planned::alike;
use crate::run::session::Session;
use crate::schema::scalar::{Date, local};

/// The root fields for the work on cases.
#[derive(Default)]
pub(crate) struct CaseWorkQuery;

/// The sort key of a deadline in the list.
type DeadlineKey = (NaiveDate, Uuid, DeadlineKind);

/// The list's name in its cursors.
const DEADLINES: &str = "upcomingDeadlines";

#[Object]
impl CaseWorkQuery {
    /// Die Fristen Ihrer offenen Fälle in den nächsten zwölf Monaten, die nächste zuerst.
    #[graphql(tag = "for senders", tag = "page")]
    async fn upcoming_deadlines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<UpcomingDeadlineConnection, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::CaseRead).await?;
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(DEADLINES, parse_key)?;
        let mut found = Vec::new();
        for (case, facts) in snapshot.deadline_facts(None).await? {
            let deadlines = upcoming(&facts, session.today(), MONTHS_AHEAD);
            found.extend(deadlines.into_iter().map(|deadline| ((deadline.date, case, deadline.kind), deadline)));
        }
        found.sort_unstable_by_key(|(key, _)| *key);
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let mut rows = found.into_iter().filter(|(key, _)| window.after.is_none_or(|after| after < *key));
        let page: Vec<_> = rows.by_ref().take(limit).collect();
        let more = rows.next().is_some();

        let mut plan = CasePlan::default();
        let deadlines = Selected::of::<UpcomingDeadlineConnection>(ctx).each::<UpcomingDeadline>();
        deadlines.iter().flat_map(Selected::each::<Case>).for_each(|case| plan.add(&case));
        let ids: BTreeSet<Uuid> = page.iter().map(|((_, case, _), _)| *case).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let cases = snapshot.cases_by_id(&ids, plan.record).await?;
        let cases = load::cases(snapshot, alike(cases, &plan)).await?;
        let cases: HashMap<Uuid, _> = cases.into_iter().map(|case| (case.row.id, Arc::new(case))).collect();
        let rows = page.into_iter().filter_map(|(key, deadline)| {
            let case = Arc::clone(cases.get(&key.1)?);
            Some((format_key(key), UpcomingDeadline { deadline: (&deadline).into(), case }))
        });
        Ok(UpcomingDeadlineConnection::new(DEADLINES, rows, &args, more, Some(total)))
    }

    /// Die Regelungen der Zielgruppen in Ihrer Kommune, die früheste zuerst.
    #[graphql(tag = "for senders", tag = "list 3")]
    async fn eligibility_rules(&self, ctx: &Context<'_>) -> Vec<EligibilityRuleSet> {
        let ags = &Session::of(ctx).viewer().agency().ags;
        eligibility::of_municipality(ags).map(Into::into).collect()
    }

    /// Prüft auf einen Stichtag, zu welchen Zielgruppen die Person eines Ihrer Fälle gehört; null, wenn es den Fall bei Ihrer
    /// Stelle nicht gibt.
    #[graphql(tag = "for senders")]
    async fn eligibility_check(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Kennung des Falls.")] case_id: ID,
        #[graphql(desc = "Stichtag; ohne Angabe heute.")] reference_date: Option<Date>,
        #[graphql(desc = "Was in keinem Feld der Falldaten steht.")] statements: Option<EligibilityStatementsInput>,
    ) -> Option<EligibilityCheck> {
        or_null(ctx, eligibility_check(ctx, &case_id, reference_date, statements.unwrap_or_default().into()).await)
    }
}

async fn eligibility_check(
    ctx: &Context<'_>,
    id: &ID,
    on: Option<Date>,
    statements: Statements,
) -> Result<Option<EligibilityCheck>, Failure> {
    let session = Session::of(ctx);
    let snapshot = session.read(Scope::CaseRead).await?;
    let Some(id) = local(Kind::Case, id)? else { return Ok(None) };
    let Some(case) = snapshot.cases_by_id(&[id], eligibility::READ).await?.pop() else { return Ok(None) };
    let decisions = snapshot.decisions(&[id]).await?.remove(&id).unwrap_or_default();
    let admitted = decisions.iter().find(|decision| decision.eligible);
    let admitted = admitted.map(|decision| (decision.rule_set.as_str(), decision.rule_set_version));
    let on = on.map_or(session.today(), |day| day.0);
    let set = eligibility::applicable(&session.viewer().agency().ags, admitted, on);
    let facts = Facts::of(|field| case.record.get(field), &statements);
    let assessment = set.map(|set| eligibility::evaluate(set, &facts, on));
    Ok(Some(EligibilityCheck::of(on, set, assessment)))
}

fn format_key((date, case, kind): DeadlineKey) -> String {
    format!("{date}.{case}.{kind}")
}

fn parse_key(key: &str) -> Option<DeadlineKey> {
    let mut parts = key.splitn(3, '.');
    let (date, case, kind) = (parts.next()?, parts.next()?, parts.next()?);
    Some((date.parse().ok()?, Uuid::parse_str(case).ok()?, DeadlineKind::from_code(kind)?))
}
