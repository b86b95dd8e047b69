//! The root fields of referrals: a page, single ones by id, and counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_domain::referral::{Direction, ReferralOrder};
use kim_entity::read::{CountBy, Key, ListedReferral};
use kim_entity::referral::NO_DUE_DATE;
use uuid::Uuid;

use crate::agency;
use crate::error::limit::Limit;
use crate::error::{Failure, or_null};
use crate::referral::filter::{ReferralFilter, find_client, referral_filter};
use crate::referral::load;
use crate::referral::plan::ReferralPlan;
use crate::referral::{Referral, ReferralConnection};
use crate::run::by_id;
use crate::run::page::{MAX_IDS, PageArgs, RowKey};
use crate::run::plan::{Plan as _, total};
use crate::run::planned::alike;
use crate::run::session::Session;
use crate::run::write_object::WriteObject;
use crate::schema::scalar::local;
use crate::schema::word_enum::WordEnum;
use crate::statistics::counts::{CountPlan, ReferralCounts};

/// The root fields of referrals.
#[derive(Default)]
pub(crate) struct ReferralQuery;

#[Object]
impl ReferralQuery {
    /// Ihre Übergaben: eingehende oder ausgehende, nie beide zugleich.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    #[graphql(tag = "for work", tag = "page")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "WordEnum(Direction::Incoming)", desc = "Von welcher Seite.")] direction: WordEnum<
            Direction,
        >,
        #[graphql(desc = "Auswahl.")] filter: Option<ReferralFilter>,
        #[graphql(default_with = "WordEnum(ReferralOrder::DueOnAsc)", desc = "Reihenfolge.")] order_by: WordEnum<
            ReferralOrder,
        >,
        #[graphql(desc = "Höchstens so viele, vom Anfang: 20, wenn nichts angegeben ist, und nie mehr als 100.")]
        first: Option<i32>,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
        #[graphql(desc = "Höchstens so viele, vom Ende.")] last: Option<i32>,
        #[graphql(desc = "Vor diesem Zeiger.")] before: Option<String>,
    ) -> Result<ReferralConnection, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::ReferralRead).await?;
        let (direction, order) = (direction.0, order_by.0);
        let (mut filter, client) = referral_filter(session, filter.unwrap_or_default())?;
        // A cursor is valid only for one list: direction, order and filter, including the client's fingerprint.
        let list = format!("referrals {} {} {filter:?} {client:?}", direction.code(), order.code());
        let args = PageArgs { first, after, last, before };
        let window = args.window(&list, |key| parse_key(order, key))?;
        find_client(session, snapshot, direction, &mut filter, client).await?;

        let mut plan = ReferralPlan::below::<ReferralConnection>(ctx);
        // A cursor of a list ordered by offer contains the instant of the offer.
        plan.whole |= matches!(order, ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc);
        let page = snapshot.referrals(direction, &filter, order, &window, plan.extent()).await?;
        let total = total::<ReferralConnection>(ctx, snapshot.count_referrals(direction, &filter)).await?;
        let rows = load::referrals(snapshot, alike(page.rows, &plan)).await?;
        let with_key = |referral: Referral| Ok((row_key(order, &referral.row)?, referral));
        let rows: Vec<_> = rows.into_iter().map(with_key).collect::<Result<_, Failure>>()?;
        Ok(ReferralConnection::new(list, rows, &args, page.more, total))
    }

    /// Eine Übergabe; null, wenn sie nicht Ihre ist oder es sie nicht gibt.
    #[graphql(tag = "for work")]
    async fn referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Kennung der Übergabe.")] id: ID,
    ) -> Option<Arc<Referral>> {
        or_null(ctx, one_referral(ctx, &id).await)
    }

    /// Übergaben zu diesen Kennungen, in deren Reihenfolge; null an der Stelle jeder, die nicht Ihre ist oder die es nicht gibt.
    #[graphql(tag = "for work", tag = "by ids")]
    async fn referrals_by_id(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Kennungen von Übergaben: höchstens 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<WriteObject<Arc<Referral>>>>, Failure> {
        Session::of(ctx).check(Scope::ReferralRead)?;
        if ids.len() > MAX_IDS {
            return Err(Failure::LimitExceeded(Limit::Ids, format!("„ids“ hat höchstens {MAX_IDS} Kennungen.")));
        }
        // An invalid id is an error at its index, and null.
        let parse = |(index, id)| or_null(&ctx.with_index(index), local(Kind::Referral, id));
        let ids: Vec<Option<Uuid>> = ids.iter().enumerate().map(parse).collect();
        let known: Vec<Uuid> = ids.iter().flatten().copied().collect();
        let found = by_id::several(ctx, &known).await?;
        Ok(ids.iter().map(|id| found.get(id.as_ref()?).map(Arc::clone).map(WriteObject)).collect())
    }

    /// Die Kacheln einer Übersicht in einem Aufruf.
    #[graphql(tag = "for work")]
    async fn referral_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "WordEnum(Direction::Incoming)", desc = "Von welcher Seite.")] direction: WordEnum<
            Direction,
        >,
        #[graphql(desc = "Auswahl.")] filter: Option<ReferralFilter>,
    ) -> Result<ReferralCounts, Failure> {
        let session = Session::of(ctx);
        let snapshot = session.read(Scope::ReferralRead).await?;
        let (mut filter, client) = referral_filter(session, filter.unwrap_or_default())?;
        find_client(session, snapshot, direction.0, &mut filter, client).await?;
        let plan = CountPlan::of::<ReferralCounts>(ctx);
        let by = CountBy { purpose: plan.purposes, other: plan.agencies };
        let lines = snapshot.referral_counts(direction.0, &filter, by).await?;
        let others: BTreeSet<Uuid> = lines.iter().filter_map(|line| line.other_id).collect();
        let parties = agency::parties(snapshot, others).await?;
        Ok(ReferralCounts::of(&lines, direction.0, &parties))
    }
}

async fn one_referral(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Referral>>, Failure> {
    Session::of(ctx).check(Scope::ReferralRead)?;
    let Some(id) = local(Kind::Referral, id)? else { return Ok(None) };
    by_id::one(ctx, id).await
}

fn row_key(order: ReferralOrder, row: &ListedReferral) -> Result<RowKey, Failure> {
    Ok(match order {
        ReferralOrder::DueOnAsc | ReferralOrder::DueOnDesc => RowKey::Day(row.due_on.unwrap_or(NO_DUE_DATE), row.id),
        ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc => {
            RowKey::Instant(Referral::rest_of(row)?.offered_at.unwrap_or(0), row.id)
        }
    })
}

fn parse_key(order: ReferralOrder, key: &str) -> Option<Key> {
    let (value, id) = key.split_once('.')?;
    let id = Uuid::parse_str(id).ok()?;
    match order {
        ReferralOrder::DueOnAsc | ReferralOrder::DueOnDesc => Some(Key::Due(value.parse().ok()?, id)),
        ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc => Some(Key::Offered(value.parse().ok()?, id)),
    }
}
