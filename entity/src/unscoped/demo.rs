//! What `kim demo` reads and changes of its own example data.

use std::borrow::Borrow;
use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::field::HandoverField;
use kim_domain::referral::ReferralStatus;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::Unscoped;
use crate::database::Database;
use crate::tx::Tx;
use crate::values::Values;
use crate::{case_file, person, referral};

/// A case of the example data with its referral.
#[derive(Clone, Debug)]
pub struct DemoCase {
    /// Its id.
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The Träger's own number.
    pub case_number: String,
    /// What is known of the case.
    pub values: Values,
    /// The referral.
    pub referral: referral::Model,
}

/// A client of the example data.
#[derive(Clone, Debug)]
pub struct DemoClient {
    /// Keyed fingerprint of family name and birth date.
    pub fingerprint: Option<String>,
    /// What is known of the client.
    pub values: Values,
}

impl Unscoped {
    /// The referral of the case of this number, if it has one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_referral(database: &Database, case_number: &str) -> Result<Option<Uuid>, DbErr> {
        let of_number = case_file::Column::CaseNumber.eq(case_number);
        let case = case_file::Entity::find().filter(of_number).one(&database.main).await?;
        let Some(case) = case else { return Ok(None) };
        let of_case = referral::Column::CaseId.eq(case.id);
        let found = referral::Entity::find().filter(of_case).one(&database.main).await?;
        Ok(found.map(|referral| referral.id))
    }
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// Every case that has a referral, by number.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_cases(&self) -> Result<HashMap<String, DemoCase>, DbErr> {
        let cases = case_file::Entity::find().all(self.connection()).await?;
        let referrals = referral::Entity::find().all(self.connection()).await?;
        let mut referrals: HashMap<_, _> = referrals.into_iter().map(|referral| (referral.case_id, referral)).collect();
        let with_referral = |case: case_file::Model| {
            let referral = referrals.remove(&case.id)?;
            let values = values(|field| case.text(field));
            let case_number = case.case_number.clone();
            let with = DemoCase { id: case.id, person_id: case.person_id, case_number, values, referral };
            Some((case.case_number, with))
        };
        Ok(cases.into_iter().filter_map(with_referral).collect())
    }

    /// A client.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn demo_client(&self, id: Uuid) -> Result<Option<DemoClient>, DbErr> {
        let found = person::Entity::find_by_id(id).one(self.connection()).await?;
        Ok(found.map(|person| {
            let values = values(|field| person.text(field));
            DemoClient { fingerprint: person.fingerprint, values }
        }))
    }

    /// Sets a value of a case or of its client, wherever the field is kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn set_demo_value(&self, case: &DemoCase, field: HandoverField, value: &str) -> Result<(), DbErr> {
        let mut sql = self.sql();
        let id = if case_file::column(field).is_some() {
            sql.push("UPDATE \"case\" SET ");
            case.id
        } else if person::column(field).is_some() {
            sql.push("UPDATE person SET ");
            case.person_id
        } else {
            return Ok(());
        };
        sql.push(field.column()).push(" = ").bind(value).push(" WHERE id = ").bind(id);
        sql.run(self.connection()).await.map(drop)
    }

    /// Lets what was offered have been here since then, but for what is overdue on a day or suspended.
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

fn values(text: impl Fn(HandoverField) -> Option<String>) -> Values {
    HandoverField::ALL.iter().filter_map(|&field| Some((field, text(field)?))).collect()
}
