//! Reads and writes of `kim demo` for its example data.

use std::borrow::Borrow;
use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::field::HandoverField;
use kim_domain::fingerprint::ClientFingerprints;
use kim_domain::referral::ReferralStatus;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::{Unscoped, UnscopedDatabase};
use crate::codec::message::NewMessage;
use crate::codec::values::Values;
use crate::codec::{case_file, name_part, person};
use crate::database::tx::Tx;
use crate::sql::batch::insert_stored;
use crate::sql::{Columns, Sql};
use crate::tables::referral;

/// A case of the example data with its referral.
#[derive(Clone, Debug)]
pub struct DemoCase {
    /// Its id.
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The Träger's number.
    pub case_number: String,
    /// The values of the case.
    pub values: Values,
    /// The referral.
    pub referral: referral::Model,
}

impl DemoCase {
    /// Whether the field belongs to a case; the others belong to its client.
    #[must_use]
    pub fn has(&self, field: HandoverField) -> bool {
        case_file::FIELDS.contains(field)
    }
}

/// A client of the example data.
#[derive(Clone, Debug)]
pub struct DemoClient {
    /// Keyed fingerprints of family name and birth date.
    pub fingerprints: Option<ClientFingerprints>,
    /// The values of the client.
    pub values: Values,
}

impl UnscopedDatabase<'_> {
    /// The referral of the case with this number, if it has one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_referral(self, case_number: &str) -> Result<Option<Uuid>, DbErr> {
        let mut sql = Sql::new(self.0.backend());
        sql.push("SELECT r.id FROM referral r JOIN \"case\" k ON k.id = r.case_id WHERE ");
        case_file::push_has_number(&mut sql, case_number);
        sql.one(&self.0.main).await?.map(|row| row.try_get_by_index(0)).transpose()
    }
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// All cases that have a referral, by number.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_cases(&self) -> Result<HashMap<String, DemoCase>, DbErr> {
        let referrals = referral::Entity::find().all(self.connection()).await?;
        let mut referrals: HashMap<_, _> = referrals.into_iter().map(|referral| (referral.case_id, referral)).collect();
        let mut sql = self.sql();
        sql.push("SELECT k.id, k.person_id, ");
        case_file::push_number(&mut sql);
        case_file::push_values(&mut sql, case_file::FIELDS);
        sql.push(" FROM \"case\" k");
        let mut cases = HashMap::new();
        for row in &sql.all(self.connection()).await? {
            let mut columns = Columns::of(row);
            let (id, person_id, case_number) =
                (columns.next()?, columns.next()?, case_file::read_number(&mut columns)?);
            if let Some(referral) = referrals.remove(&id) {
                let values = case_file::read_values(&mut columns, case_file::FIELDS)?;
                let case = DemoCase { id, person_id, case_number: case_number.clone(), values, referral };
                cases.insert(case_number, case);
            }
        }
        Ok(cases)
    }

    /// A client.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_client(&self, id: Uuid) -> Result<Option<DemoClient>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT ");
        person::push_name(&mut sql);
        person::push_columns(&mut sql, person::FIELDS);
        sql.push(" FROM person p WHERE p.id = ").bind(id);
        let Some(row) = sql.one(self.connection()).await? else { return Ok(None) };
        let mut columns = Columns::of(&row);
        let fingerprints = name_part::read(&mut columns)?;
        Ok(Some(DemoClient { fingerprints, values: person::read(&mut columns, person::FIELDS)? }))
    }

    /// Sets a value of a case or of its client, depending on the field.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn set_demo_value(&self, case: &DemoCase, field: HandoverField, value: &str) -> Result<(), DbErr> {
        if case_file::FIELDS.contains(field) {
            case_file::write(self.connection(), case.id, field, value).await
        } else if person::FIELDS.contains(field) {
            person::write(self.connection(), case.person_id, field, value).await
        } else {
            Ok(())
        }
    }

    /// Writes messages of either side.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_demo_messages(&self, messages: &[NewMessage]) -> Result<(), DbErr> {
        insert_stored(self.connection(), messages).await
    }

    /// Dates the creation of referrals back to their offer, except for those that are overdue on a day or suspended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn date_demo_back(&self, today: NaiveDate) -> Result<(), DbErr> {
        use referral::Column;
        let suspended = Column::Status.eq(ReferralStatus::Suspended.code());
        let in_time = Column::DueOn.gte(today).and(suspended.not());
        referral::Entity::update_many()
            .col_expr(Column::CreatedAt, Expr::col(Column::OfferedAt))
            .filter(Column::OfferedAt.gt(0))
            .filter(Column::ClosedOn.is_not_null().or(in_time))
            .exec(self.connection())
            .await
            .map(drop)
    }
}
