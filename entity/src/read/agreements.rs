//! Agreements (Schnittstellenvereinbarungen) that concern the viewer's agency.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::agreement::Content;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{AgencyRow, Page, Reads, Window};
use crate::sql::{Columns, Sql};

/// One version of an agreement. Versions never change.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgreementRow {
    /// Id of the version.
    pub id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// The number of the version for this receiver and purpose.
    pub version: i32,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None`: open.
    pub valid_until: Option<NaiveDate>,
    /// Working days within which the receiver answers.
    pub respond_working_days: i16,
    /// Calendar days for which a closed referral can still be read.
    pub access_days: i16,
    /// E-mail of the receiver's contact.
    pub contact: String,
    /// The legal ground, as the parties wrote it.
    pub legal_ground: String,
    /// The fields that it permits.
    pub fields: FieldSet,
    /// Those that the client must tick one by one.
    pub ticked_only: FieldSet,
    /// Those that need no consent because of a statute.
    pub statutory: FieldSet,
    /// Whether it narrows referrals that run under an earlier version.
    pub narrows_running: bool,
    /// The first day on which nothing can be offered under it, if a party has terminated it.
    pub terminated_on: Option<NaiveDate>,
    /// Whether it was terminated for cause, which closes running referrals.
    pub for_cause: bool,
    /// Other terms.
    pub terms: Option<String>,
    /// The proposal that it came from; none if it was imported.
    pub proposal_id: Option<Uuid>,
}

impl From<&AgreementRow> for Content {
    fn from(row: &AgreementRow) -> Self {
        Self {
            fields: row.fields,
            ticked_only: row.ticked_only,
            statutory: row.statutory,
            respond_working_days: row.respond_working_days,
            access_days: row.access_days,
            narrows_running: row.narrows_running,
        }
    }
}

/// A page of agreements.
pub type AgreementPage = Page<AgreementRow>;

const SELECT: &str = "SELECT (SELECT MIN(t.ends_on) FROM agreement_termination t JOIN agreement x ON x.id = t.agreement_id \
     WHERE x.receiver_id = a.receiver_id AND x.purpose = a.purpose AND x.version >= a.version), a.terminated_for_cause_on, \
     a.id, a.receiver_id, a.purpose, a.version, a.valid_from, a.valid_until, a.respond_working_days, a.access_days, a.contact, \
     a.legal_ground, a.fields, a.ticked_only, a.statutory_fields, a.narrows_running, p.terms, p.id \
     FROM agreement a LEFT JOIN agreement_proposal p ON p.agreement_id = a.id WHERE ";

impl Reads {
    /// The agreements that concern the viewer's agency, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreements(&self, window: &Window<Uuid>) -> Result<AgreementPage, DbErr> {
        let mut sql = self.sql();
        sql.push(SELECT);
        self.narrow_agreements(&mut sql, "a");
        if let Some(after) = window.after {
            sql.push(" AND a.id > ").bind(after);
        }
        sql.push(" ORDER BY a.id").limit(window.fetched());
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("agreement", rows.iter().map(read))?, window).flat())
    }

    /// The number of agreements that concern the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_agreements(&self) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM agreement a WHERE ");
        self.narrow_agreements(&mut sql, "a");
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Those of these that concern the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreements_by_id(&self, ids: &[Uuid]) -> Result<Vec<AgreementRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql();
        sql.push(SELECT);
        self.narrow_agreements(&mut sql, "a");
        sql.push(" AND ").is_one_of("a.id", ids);
        let rows = sql.all(self.connection()).await?;
        Ok(self.readable("agreement", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The coordination of the viewer's municipality, which acts for the senders; the first one if there are several.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn coordination(&self) -> Result<Option<AgencyRow>, DbErr> {
        let first = Window { limit: 1, from_end: false, after: None, before: None };
        Ok(self.agencies(Some(AgencyKind::Koordination), &first).await?.rows.pop())
    }

    /// Senders and the coordination see every agreement of the municipality; a receiver sees its own.
    pub(super) fn narrow_agreements(&self, sql: &mut Sql, table: &str) {
        let own = self.viewer.agency();
        if own.kind.sends() || own.kind == AgencyKind::Koordination {
            sql.push(table).push(".ags = ").bind(own.ags.as_str());
        } else {
            sql.push(table).push(".receiver_id = ").bind(own.id);
        }
        if let Some(purposes) = self.viewer.purposes() {
            sql.push(" AND ").push(table).push(".purpose IN ").words(purposes.iter().copied());
        }
    }
}

fn read(row: &QueryResult) -> Result<AgreementRow, DbErr> {
    let mut columns = Columns::of(row);
    let (ends_on, for_cause_on): (Option<NaiveDate>, Option<NaiveDate>) = (columns.next()?, columns.next()?);
    Ok(AgreementRow {
        id: columns.next()?,
        receiver_id: columns.next()?,
        purpose: columns.word()?,
        version: columns.next()?,
        valid_from: columns.next()?,
        valid_until: columns.next()?,
        respond_working_days: columns.next()?,
        access_days: columns.next()?,
        contact: columns.next()?,
        legal_ground: columns.next()?,
        fields: columns.fields()?,
        ticked_only: columns.fields()?,
        statutory: columns.fields()?,
        narrows_running: columns.next()?,
        terminated_on: ends_on.into_iter().chain(for_cause_on).min(),
        for_cause: for_cause_on.is_some(),
        terms: columns.next()?,
        proposal_id: columns.next()?,
    })
}
