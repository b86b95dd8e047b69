//! What the database knows already, looked up in bulk.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use kim_domain::disclosure;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::{agency, agreement, case_file, district, person, referral};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::bulk;
use super::spelling::fold;

/// Agencies, their districts and agreements.
#[derive(Debug)]
pub(crate) struct Directory {
    agencies: HashMap<String, agency::Model>,
    districts: HashMap<(String, String), String>,
    agreements: HashMap<(Uuid, ReferralPurpose), Vec<agreement::Model>>,
}

impl Directory {
    pub(crate) async fn load(tx: &DatabaseTransaction) -> Result<Self, DbErr> {
        let agencies = agency::Entity::find().filter(agency::Column::Enabled.eq(true)).all(tx).await?;
        let mut districts = HashMap::new();
        for row in district::Entity::find().all(tx).await? {
            districts.insert((row.ags.clone(), fold(&row.code)), row.code.clone());
            districts.insert((row.ags, fold(&row.name)), row.code);
        }
        let mut agreements: HashMap<_, Vec<agreement::Model>> = HashMap::new();
        for row in agreement::Entity::find().all(tx).await? {
            agreements.entry((row.receiver_id, row.purpose.0)).or_default().push(row);
        }
        let agencies = agencies.into_iter().map(|agency| (agency.slug.clone(), agency)).collect();
        Ok(Self { agencies, districts, agreements })
    }

    pub(crate) fn agency(&self, slug: &str) -> Option<&agency::Model> {
        self.agencies.get(slug)
    }

    /// An agency that keeps cases.
    pub(crate) fn sender(&self, slug: &str) -> Option<&agency::Model> {
        self.agency(slug).filter(|agency| agency.kind.0.sends())
    }

    /// The code of a district, by its name or code.
    pub(crate) fn district(&self, ags: &str, name: &str) -> Option<&str> {
        self.districts.get(&(ags.to_owned(), fold(name))).map(String::as_str)
    }

    /// The version of the agreement between a municipality's agencies in force on a day.
    pub(crate) fn agreement(
        &self,
        ags: &str,
        receiver: Uuid,
        purpose: ReferralPurpose,
        day: NaiveDate,
    ) -> Option<&agreement::Model> {
        let in_force = |row: &&agreement::Model| {
            row.ags == ags
                && row.valid_from <= day
                && row.valid_until.is_none_or(|last_day| day <= last_day)
                && row.terminated_for_cause_on.is_none_or(|terminated_on| day < terminated_on)
        };
        self.agreements.get(&(receiver, purpose))?.iter().filter(in_force).max_by_key(|row| row.version)
    }
}

/// What the rule needs of an agreement.
pub(crate) const fn terms(row: &agreement::Model) -> disclosure::Agreement {
    disclosure::Agreement {
        fields: FieldSet::from_i64(row.fields),
        ticked_only: FieldSet::from_i64(row.ticked_only),
        statutory: FieldSet::from_i64(row.statutory_fields),
    }
}

/// The import hashes of the cases with these numbers, by agency and number.
pub(crate) async fn cases(
    tx: &DatabaseTransaction,
    numbers: &[String],
) -> Result<HashMap<(Uuid, String), Option<String>>, DbErr> {
    let rows = bulk::select(tx, numbers, |batch| {
        Query::select()
            .columns([case_file::Column::AgencyId, case_file::Column::CaseNumber, case_file::Column::ImportHash])
            .from(case_file::Entity)
            .and_where(Expr::col(case_file::Column::CaseNumber).is_in(batch))
            .take()
    })
    .await?;
    rows.iter()
        .map(|row| Ok(((row.try_get_by_index(0)?, row.try_get_by_index(1)?), row.try_get_by_index(2)?)))
        .collect()
}

/// Which of these references are taken.
pub(crate) async fn references(tx: &DatabaseTransaction, references: &[String]) -> Result<HashSet<String>, DbErr> {
    let rows = bulk::select(tx, references, |batch| {
        Query::select()
            .column(referral::Column::Reference)
            .from(referral::Entity)
            .and_where(Expr::col(referral::Column::Reference).is_in(batch))
            .take()
    })
    .await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// A case of a person whose names sound like one of those asked for.
#[derive(Debug)]
pub(crate) struct Similar {
    pub(crate) sound: String,
    pub(crate) ags: String,
    pub(crate) agency: Uuid,
    pub(crate) case_number: String,
}

/// The cases of persons with these phonetic fingerprints.
pub(crate) async fn similar(tx: &DatabaseTransaction, sounds: &[String]) -> Result<Vec<Similar>, DbErr> {
    let rows = bulk::select(tx, sounds, |batch| {
        Query::select()
            .column((person::Entity, person::Column::PhoneticFingerprint))
            .column((agency::Entity, agency::Column::Ags))
            .column((case_file::Entity, case_file::Column::AgencyId))
            .column((case_file::Entity, case_file::Column::CaseNumber))
            .from(person::Entity)
            .inner_join(
                case_file::Entity,
                Expr::col((case_file::Entity, case_file::Column::PersonId))
                    .equals((person::Entity, person::Column::Id)),
            )
            .inner_join(
                agency::Entity,
                Expr::col((agency::Entity, agency::Column::Id))
                    .equals((case_file::Entity, case_file::Column::AgencyId)),
            )
            .and_where(Expr::col((person::Entity, person::Column::PhoneticFingerprint)).is_in(batch))
            .take()
    })
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Similar {
                sound: row.try_get_by_index(0)?,
                ags: row.try_get_by_index(1)?,
                agency: row.try_get_by_index(2)?,
                case_number: row.try_get_by_index(3)?,
            })
        })
        .collect()
}
