//! Interface agreements (Schnittstellenvereinbarungen) that concern the viewer's agency.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Page, Snapshot, Window};
use crate::sql::{Columns, Sql};

/// One version of an agreement. Versions never change.
#[derive(Clone, Debug)]
pub struct AgreementRow {
    /// Id of the version.
    pub id: Uuid,
    /// Who is asked under it.
    pub receiver_id: Uuid,
    /// For what.
    pub purpose: ReferralPurpose,
    /// Counts versions of the same receiver and purpose.
    pub version: i32,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None`: open.
    pub valid_until: Option<NaiveDate>,
    /// Working days to answer.
    pub respond_working_days: i16,
    /// Calendar days in which a closed referral can still be read.
    pub access_days: i16,
    /// E-mail of the receiver's contact.
    pub contact: String,
    /// The legal ground, as the parties wrote it.
    pub legal_ground: String,
    /// The fields agreed on.
    pub fields: FieldSet,
    /// Those to be ticked one by one.
    pub ticked_only: FieldSet,
    /// Those that a statute lets pass.
    pub statutory: FieldSet,
}

/// A page of agreements.
pub type AgreementPage = Page<AgreementRow>;

const COLUMNS: &str = "a.id, a.receiver_id, a.purpose, a.version, a.valid_from, a.valid_until, a.respond_working_days, \
     a.access_days, a.contact, a.legal_ground, a.fields, a.ticked_only, a.statutory_fields";

impl Snapshot {
    /// The agreements that concern the viewer's agency, the earliest made first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreements(&self, window: &Window<Uuid>) -> Result<AgreementPage, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT ").push(COLUMNS).push(" FROM agreement a WHERE ");
        self.narrow_agreements(&mut sql);
        if let Some(after) = window.after {
            sql.push(" AND a.id > ").bind(after);
        }
        sql.push(" ORDER BY a.id LIMIT ").bind(window.fetched());
        let rows = sql.all(&self.transaction).await?.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, window))
    }

    /// How many agreements concern the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_agreements(&self) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM agreement a WHERE ");
        self.narrow_agreements(&mut sql);
        sql.one(&self.transaction).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// One of them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement(&self, id: Uuid) -> Result<Option<AgreementRow>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT ").push(COLUMNS).push(" FROM agreement a WHERE ");
        self.narrow_agreements(&mut sql);
        sql.push(" AND a.id = ").bind(id);
        sql.one(&self.transaction).await?.as_ref().map(read).transpose()
    }

    /// A sender and the coordination work with every agreement of the municipality; a receiver with its own.
    fn narrow_agreements(&self, sql: &mut Sql) {
        let own = self.viewer.agency();
        if own.kind.sends() || own.kind == AgencyKind::Koordination {
            sql.push("a.ags = ").bind(own.ags.as_str());
        } else {
            sql.push("a.receiver_id = ").bind(own.id);
        }
        if let Some(purposes) = self.viewer.purposes() {
            sql.push(" AND a.purpose IN ").words(purposes.iter().copied());
        }
    }
}

fn read(row: &QueryResult) -> Result<AgreementRow, DbErr> {
    let mut columns = Columns::of(row);
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
    })
}
