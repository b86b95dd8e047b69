//! Proposals of agreements that concern the viewer's agency, with signatures and opinions.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::agreement::{AgreementSide, Content, OpinionVerdict, ProposalStatus};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::sql::{Columns, Sql};

/// A proposal. Its content never changes.
#[derive(Clone, Debug)]
pub struct ProposalRow {
    /// Id.
    pub id: Uuid,
    /// Counts signatures, opinions and its end.
    pub version: i32,
    /// Its state.
    pub status: ProposalStatus,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None`: open.
    pub valid_until: Option<NaiveDate>,
    /// The receiver's contact.
    pub contact: String,
    /// The legal ground, as its author wrote it.
    pub legal_ground: String,
    /// Other terms.
    pub terms: Option<String>,
    /// Fields and days.
    pub content: Content,
    /// The agency that proposed it.
    pub agency_id: Uuid,
    /// Microseconds.
    pub created_at: i64,
    /// The version of the agreement that it became.
    pub agreement_id: Option<Uuid>,
    /// The agency that rejected it or took it back.
    pub closed_by_id: Option<Uuid>,
    /// Microseconds.
    pub closed_at: Option<i64>,
    /// Why it was rejected or taken back.
    pub close_reason: Option<String>,
}

/// A signature, or who gave an opinion and when.
#[derive(Clone, Debug)]
pub struct ActRow {
    /// The party.
    pub side: AgreementSide,
    /// The agency that acted for it.
    pub agency_id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// The person; only staff of the viewer's agency.
    pub own_staff: Option<String>,
}

/// An opinion.
#[derive(Clone, Debug)]
pub struct OpinionRow {
    /// Who gave it, and when.
    pub act: ActRow,
    /// The verdict.
    pub verdict: OpinionVerdict,
    /// The reasons.
    pub reasons: Option<String>,
}

/// A page of proposals.
pub type ProposalPage = Page<ProposalRow>;

const SELECT: &str = "SELECT p.id, p.version, p.status, p.receiver_id, p.purpose, p.valid_from, p.valid_until, p.contact, \
     p.legal_ground, p.terms, p.fields, p.ticked_only, p.statutory_fields, p.respond_working_days, p.access_days, \
     p.narrows_running, p.agency_id, p.created_at, p.agreement_id, p.closed_by_id, p.closed_at, p.close_reason \
     FROM agreement_proposal p WHERE ";

impl Reads {
    /// The proposals that concern the viewer's agency, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn proposals(
        &self,
        status: Option<ProposalStatus>,
        window: &Window<Uuid>,
    ) -> Result<ProposalPage, DbErr> {
        let mut sql = self.sql();
        sql.push(SELECT);
        self.narrow_proposals(&mut sql, status);
        if let Some(after) = window.after {
            sql.push(" AND p.id > ").bind(after);
        }
        sql.push(" ORDER BY p.id").limit(window.fetched());
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("agreement_proposal", rows.iter().map(read))?, window).flat())
    }

    /// The number of proposals in the list.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_proposals(&self, status: Option<ProposalStatus>) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM agreement_proposal p WHERE ");
        self.narrow_proposals(&mut sql, status);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Those of these that concern the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn proposals_by_id(&self, ids: &[Uuid]) -> Result<Vec<ProposalRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql();
        sql.push(SELECT);
        self.narrow_proposals(&mut sql, None);
        sql.push(" AND ").is_one_of("p.id", ids);
        let rows = sql.all(self.connection()).await?;
        Ok(self.readable("agreement_proposal", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The signatures on these proposals, the earliest first. A viewer who may read a proposal, or the agreement that it became,
    /// may read its signatures.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn signatures(&self, proposals: &[Uuid]) -> Result<HashMap<Uuid, Vec<ActRow>>, DbErr> {
        self.acts("", "agreement_signature", proposals, |act, _| Ok(act)).await
    }

    /// The opinions on these proposals, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn opinions(&self, proposals: &[Uuid]) -> Result<HashMap<Uuid, Vec<OpinionRow>>, DbErr> {
        let read =
            |act, columns: &mut Columns<'_>| Ok(OpinionRow { act, verdict: columns.word()?, reasons: columns.next()? });
        self.acts(", a.verdict, a.reasons", "agreement_opinion", proposals, read).await
    }

    async fn acts<T>(
        &self,
        more: &str,
        table: &'static str,
        proposals: &[Uuid],
        read: impl Fn(ActRow, &mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<HashMap<Uuid, Vec<T>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<T>> = HashMap::new();
        if proposals.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push("SELECT a.proposal_id, a.side, a.agency_id, a.at, CASE WHEN a.agency_id = ");
        sql.bind(self.viewer.agency().id).push(" THEN a.staff END").push(more).push(" FROM ").push(table);
        sql.push(" a WHERE ").is_one_of("a.proposal_id", proposals).push(" ORDER BY a.at, a.side");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let proposal: Uuid = columns.next()?;
            let (side, agency_id) = (columns.word()?, columns.next()?);
            let act = ActRow { side, agency_id, at: columns.next()?, own_staff: columns.next()? };
            Ok((proposal, read(act, &mut columns)?))
        };
        for (proposal, act) in self.readable(table, rows.iter().map(read))?.into_iter().flatten() {
            found.entry(proposal).or_default().push(act);
        }
        Ok(found)
    }

    fn narrow_proposals(&self, sql: &mut Sql, status: Option<ProposalStatus>) {
        self.narrow_agreements(sql, "p");
        if let Some(status) = status {
            sql.push(" AND p.status IN ").words([status]);
        }
    }
}

fn read(row: &QueryResult) -> Result<ProposalRow, DbErr> {
    let mut columns = Columns::of(row);
    Ok(ProposalRow {
        id: columns.next()?,
        version: columns.next()?,
        status: columns.word()?,
        receiver_id: columns.next()?,
        purpose: columns.word()?,
        valid_from: columns.next()?,
        valid_until: columns.next()?,
        contact: columns.next()?,
        legal_ground: columns.next()?,
        terms: columns.next()?,
        content: Content {
            fields: columns.fields()?,
            ticked_only: columns.fields()?,
            statutory: columns.fields()?,
            respond_working_days: columns.next()?,
            access_days: columns.next()?,
            narrows_running: columns.next()?,
        },
        agency_id: columns.next()?,
        created_at: columns.next()?,
        agreement_id: columns.next()?,
        closed_by_id: columns.next()?,
        closed_at: columns.next()?,
        close_reason: columns.next()?,
    })
}
