//! The root of every query. Each field: check the scope, plan, fetch, hand over to objects that do not wait.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, ID, MergedObject, Object, SimpleObject};
use chrono::NaiveDate;
use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role, Scope};
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{Direction, ReferralOrder};
use kim_entity::read::{self, CountBy, Key, ListedReferral, Reads};
use kim_entity::referral::NO_DUE_DATE;
use uuid::Uuid;

use crate::agency::{AGENCIES, Agency, AgencyConnection, Purpose};
use crate::agreement::{AGREEMENTS, AgreementConnection, AgreementPlan, agreements};
use crate::agreement_query::AgreementReading;
use crate::asked::alike;
use crate::by_id;
use crate::case::{Case, CaseConnection, CaseFilter};
use crate::case_query::CaseReading;
use crate::changes::Feed;
use crate::coded::Coded;
use crate::consent_facts::Overseeing;
use crate::counts::ReferralCounts;
use crate::error::{Failure, or_null};
use crate::limit::Limit;
use crate::load;
use crate::node::{Node, node};
use crate::page::{MOST_IDS, PageArgs, PageSize, RowKey};
use crate::plan::{CasePlan, CountPlan, Plan as _, ReferralPlan, total};
use crate::referral::{Referral, ReferralConnection};
use crate::referral_filter::{ClientInput, ReferralFilter};
use crate::scalar::local;
use crate::session::Session;
use crate::statistics::StatisticsQuery;
use crate::straight::WriteObject;
use crate::support::SupportQuery;

/// Alles, was Sie lesen können. Was es für Ihre Art von Stelle und Ihre Rolle nicht gibt, steht nicht im Schema.
#[derive(Default, MergedObject)]
#[graphql(tag = "for all")]
pub(crate) struct Query(Reading, AgreementReading, Feed, Overseeing, CaseReading, StatisticsQuery, SupportQuery);

/// What the tables hold.
#[derive(Default)]
pub(crate) struct Reading;

#[Object]
impl Reading {
    /// Wer Sie nach Ihrem Token sind.
    #[graphql(tag = "for all")]
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        Session::of(ctx).viewer().into()
    }

    /// Die Stellen Ihrer Kommune.
    #[graphql(tag = "for all", tag = "page")]
    async fn agencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nur diese Art von Stelle.")] kind: Option<Coded<AgencyKind>>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<AgencyConnection, Failure> {
        let snapshot = Session::of(ctx).read_public().await?;
        let kind = kind.map(|kind| kind.0);
        let list = format!("{AGENCIES} {}", kind.map_or("", AgencyKind::code));
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, |slug| Some(slug.to_owned()))?;
        let page = snapshot.agencies(kind, &window).await?;
        let total = total::<AgencyConnection>(ctx, snapshot.count_agencies(kind)).await?;
        let rows = page.rows.into_iter().map(|row| (row.slug.to_string(), Agency(row)));
        Ok(AgencyConnection::new(list, rows, &args, page.more, total))
    }

    /// Was von wem erbeten werden kann.
    #[graphql(tag = "for all", tag = "list 20")]
    async fn purposes(&self) -> Vec<Purpose> {
        ReferralPurpose::ALL.iter().copied().map(Purpose).collect()
    }

    /// Ihre Übergaben: eingehende oder ausgehende, nie beide zugleich.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    #[graphql(tag = "for work", tag = "page")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Coded(Direction::Incoming)", desc = "Von welcher Seite.")] direction: Coded<
            Direction,
        >,
        #[graphql(desc = "Auswahl.")] filter: Option<ReferralFilter>,
        #[graphql(default_with = "Coded(ReferralOrder::DueOnAsc)", desc = "Reihenfolge.")] order_by: Coded<
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
        // A cursor belongs to one list: side, order and filter, the client's fingerprint included.
        let list = format!("referrals {} {} {filter:?} {client:?}", direction.code(), order.code());
        let args = PageArgs { first, after, last, before };
        let window = args.window(&list, |key| read_key(order, key))?;
        find_client(session, snapshot, direction, &mut filter, client).await?;

        let mut plan = ReferralPlan::below::<ReferralConnection>(ctx);
        // A cursor in an order by offer needs the instant.
        plan.whole |= matches!(order, ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc);
        let page = snapshot.referrals(direction, &filter, order, &window, plan.extent()).await?;
        let total = total::<ReferralConnection>(ctx, snapshot.count_referrals(direction, &filter)).await?;
        let rows = load::referrals(snapshot, alike(page.rows, &plan)).await?;
        let with_key = |referral: Referral| Ok((write_key(order, &referral.row)?, referral));
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
        if ids.len() > MOST_IDS {
            return Err(Failure::LimitExceeded(Limit::Ids, format!("„ids“ hat höchstens {MOST_IDS} Kennungen.")));
        }
        // An id that cannot be read is refused at its place.
        let read = |(place, id)| or_null(&ctx.with_index(place), local(Kind::Referral, id));
        let ids: Vec<Option<Uuid>> = ids.iter().enumerate().map(read).collect();
        let known: Vec<Uuid> = ids.iter().flatten().copied().collect();
        let found = by_id::several(ctx, &known).await?;
        Ok(ids.iter().map(|id| found.get(id.as_ref()?).map(Arc::clone).map(WriteObject)).collect())
    }

    /// Die Kacheln einer Übersicht in einem Aufruf.
    #[graphql(tag = "for work")]
    async fn referral_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Coded(Direction::Incoming)", desc = "Von welcher Seite.")] direction: Coded<
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
        let parties = load::parties(snapshot, others).await?;
        Ok(ReferralCounts::of(&lines, direction.0, &parties))
    }

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
        let window = args.window(&list, read_case_key)?;
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

    /// Was diese Kennung hat; null, wenn es nicht Ihres ist oder es das nicht gibt.
    #[graphql(tag = "for all")]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Kennung.")] id: ID) -> Option<Node> {
        or_null(ctx, node(ctx, &id).await)
    }
}

async fn one_referral(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Referral>>, Failure> {
    Session::of(ctx).check(Scope::ReferralRead)?;
    let Some(id) = local(Kind::Referral, id)? else { return Ok(None) };
    by_id::one(ctx, id).await
}

async fn one_case(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Case>>, Failure> {
    Session::of(ctx).check(Scope::CaseRead)?;
    let Some(id) = local(Kind::Case, id)? else { return Ok(None) };
    by_id::one(ctx, id).await
}

/// Resolves the client at the desk to released rows. That one of them is there tells the client's name and birth date,
/// so each is written in the book, whatever else is asked of it.
async fn find_client(
    session: &Session,
    snapshot: &Reads,
    direction: Direction,
    filter: &mut read::ReferralFilter,
    client: Option<String>,
) -> Result<(), Failure> {
    if let Some(fingerprint) = client {
        let rows = snapshot.released_to_desk(direction, filter, &fingerprint).await?;
        rows.iter().for_each(|row| session.show(row, read::AT_THE_DESK));
        filter.client = Some(rows.iter().map(|row| row.id).collect());
    }
    Ok(())
}

/// The filter, and apart from it the keyed fingerprint of the client that it names.
fn referral_filter(
    session: &Session,
    input: ReferralFilter,
) -> Result<(read::ReferralFilter, Option<String>), Failure> {
    // An id of another kind is as unknown as one that does not exist: no row matches it.
    let agency = input.agency.map(|id| local(Kind::Agency, &id)).transpose()?.map(Option::unwrap_or_default);
    let client = input.client.map(|client| fingerprint(session, &client)).transpose()?;
    let filter = read::ReferralFilter {
        status: input.status.map(words),
        pending: input.pending,
        overdue: input.overdue,
        ball_with: input.ball_with.map(|ball| ball.0),
        purpose: input.purpose.map(words),
        agency,
        due_before: input.due_before.map(|day| day.0),
        updated_after: input.updated_after.map(|instant| instant.0.timestamp_micros()),
        reference: input.reference,
        client: None,
    };
    Ok((filter, client))
}

fn case_filter(session: &Session, input: CaseFilter) -> Result<read::CaseFilter, Failure> {
    Ok(read::CaseFilter {
        phase: input.phase.map(|phases| words(phases).into_iter().map(Word::code).collect()),
        open: input.open,
        case_number: input.case_number,
        client: input.client.map(|client| fingerprint(session, &client)).transpose()?,
    })
}

/// The longest name, in letters. Bringing thousands of combining marks into one order takes milliseconds.
const LONGEST_NAME: usize = 200;

fn fingerprint(session: &Session, client: &ClientInput) -> Result<String, Failure> {
    if client.family_name.chars().nth(LONGEST_NAME).is_some() {
        return Err(Failure::BadInput(format!("Ein Name hat höchstens {LONGEST_NAME} Zeichen.")));
    }
    Ok(session.key().client(&client.family_name, client.birth_date.0))
}

/// Each word once: 8,000 in a statement cost 17 ms, and there are a dozen.
fn words<W: PartialEq>(coded: Vec<Coded<W>>) -> Vec<W> {
    let mut words = Vec::new();
    for word in coded {
        if !words.contains(&word.0) {
            words.push(word.0);
        }
    }
    words
}

fn write_key(order: ReferralOrder, row: &ListedReferral) -> Result<RowKey, Failure> {
    Ok(match order {
        ReferralOrder::DueOnAsc | ReferralOrder::DueOnDesc => RowKey::Day(row.due_on.unwrap_or(NO_DUE_DATE), row.id),
        ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc => {
            RowKey::Instant(Referral::rest_of(row)?.offered_at.unwrap_or(0), row.id)
        }
    })
}

fn read_key(order: ReferralOrder, key: &str) -> Option<Key> {
    let (value, id) = key.split_once('.')?;
    let id = Uuid::parse_str(id).ok()?;
    match order {
        ReferralOrder::DueOnAsc | ReferralOrder::DueOnDesc => Some(Key::Due(value.parse().ok()?, id)),
        ReferralOrder::OfferedAtAsc | ReferralOrder::OfferedAtDesc => Some(Key::Offered(value.parse().ok()?, id)),
    }
}

fn read_case_key(key: &str) -> Option<(NaiveDate, Uuid)> {
    let (day, id) = key.split_once('.')?;
    Some((day.parse().ok()?, Uuid::parse_str(id).ok()?))
}

/// Wer Sie nach Ihrem Token sind.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct Viewer {
    /// Die Person oder das Programm, wie der Aussteller sie nennt.
    subject: String,
    /// Für wen ein Fachverfahren handelt.
    acting_for: Option<String>,
    /// Ihre Rolle.
    role: Coded<Role>,
    /// Ihre Stelle.
    agency: Agency,
    /// Ihre Berechtigungen.
    #[graphql(tag = "list 9")]
    scopes: Vec<&'static str>,
}

impl From<&kim_entity::viewer::Viewer> for Viewer {
    fn from(viewer: &kim_entity::viewer::Viewer) -> Self {
        Self {
            subject: viewer.subject().to_owned(),
            acting_for: viewer.acting_for().map(str::to_owned),
            role: Coded(viewer.role()),
            agency: Agency(viewer.agency().into()),
            scopes: viewer.scopes().map(Scope::code).collect(),
        }
    }
}
