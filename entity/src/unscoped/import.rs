//! Look-ups of an import: rows of all agencies, in bulk.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};

use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, Value};
use uuid::Uuid;

use super::Unscoped;
use crate::codec::{case_file, person};
use crate::database::tx::Tx;
use crate::sql::Columns;
use crate::sql::batch::{KEYS, insert};
use crate::tables::{agency, agency_change, agreement, district, municipality};

/// A case of a person whose names sound like a searched one.
#[derive(Clone, Debug)]
pub struct SimilarCase {
    /// The phonetic fingerprint.
    pub sound: String,
    /// The municipality.
    pub ags: String,
    /// The Träger.
    pub agency_id: Uuid,
    /// The Träger's number for the case.
    pub case_number: String,
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// All agencies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies(&self) -> Result<Vec<agency::Model>, DbErr> {
        agency::Entity::find().all(self.connection()).await
    }

    /// All enabled agencies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn enabled_agencies(&self) -> Result<Vec<agency::Model>, DbErr> {
        agency::Entity::find().filter(agency::Column::Enabled.eq(true)).all(self.connection()).await
    }

    /// All districts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn districts(&self) -> Result<Vec<district::Model>, DbErr> {
        district::Entity::find().all(self.connection()).await
    }

    /// All versions of all agreements.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreements(&self) -> Result<Vec<agreement::Model>, DbErr> {
        agreement::Entity::find().all(self.connection()).await
    }

    /// The versions before this one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn earlier_agreements(
        &self,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
        version: i32,
    ) -> Result<HashSet<Uuid>, DbErr> {
        use agreement::Column;
        let earlier = agreement::Entity::find()
            .filter(Column::ReceiverId.eq(receiver_id))
            .filter(Column::Purpose.eq(purpose.code()))
            .filter(Column::Version.lt(version));
        Ok(earlier.all(self.connection()).await?.into_iter().map(|earlier| earlier.id).collect())
    }

    /// The keys of all municipalities.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn municipalities(&self) -> Result<BTreeSet<String>, DbErr> {
        let all = municipality::Entity::find().all(self.connection()).await?;
        Ok(all.into_iter().map(|municipality| municipality.ags).collect())
    }

    /// Writes municipalities with their districts, then their agencies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_agencies(
        &self,
        municipalities: Vec<municipality::Model>,
        districts: Vec<district::Model>,
        agencies: Vec<agency::Model>,
    ) -> Result<(), DbErr> {
        insert(self.connection(), municipalities).await?;
        insert(self.connection(), districts).await?;
        insert(self.connection(), agencies).await
    }

    /// Changes the master data of an agency from `old`, as an operator's list says. `false` if it has another version by now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_agency(&self, old: &agency::Model, new: agency::Model, now: i64) -> Result<bool, DbErr> {
        agency_change::update(self.connection(), old, agency::Model { id: old.id, ..new }, (None, None), now).await
    }

    /// The import hashes of the cases with these numbers, by agency and number.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn import_hashes(&self, numbers: &[String]) -> Result<HashMap<(Uuid, String), Option<String>>, DbErr> {
        let mut found = HashMap::new();
        for some in numbers.chunks(KEYS) {
            let mut sql = self.sql();
            sql.push("SELECT k.agency_id, ");
            case_file::push_number(&mut sql);
            sql.push(", ");
            case_file::push_import_hash(&mut sql);
            sql.push(" FROM \"case\" k WHERE ");
            case_file::push_has_number_of(&mut sql, some);
            for row in &sql.all(self.connection()).await? {
                let mut columns = Columns::of(row);
                let case = (columns.next()?, case_file::read_number(&mut columns)?);
                found.insert(case, case_file::read_import_hash(&mut columns)?);
            }
        }
        Ok(found)
    }

    /// Those of these references that are in use.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn taken_references(&self, references: &[String]) -> Result<HashSet<String>, DbErr> {
        let mut taken = HashSet::new();
        for some in references.chunks(KEYS) {
            let mut sql = self.sql();
            sql.push("SELECT reference FROM referral WHERE reference IN ");
            sql.rows([some.iter().map(Value::from).collect()]);
            for row in &sql.all(self.connection()).await? {
                taken.insert(row.try_get_by_index(0)?);
            }
        }
        Ok(taken)
    }

    /// The cases of persons with these phonetic fingerprints.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn similar_cases(&self, sounds: &[String]) -> Result<Vec<SimilarCase>, DbErr> {
        let mut found = Vec::new();
        for some in sounds.chunks(KEYS) {
            let mut sql = self.sql();
            sql.push("SELECT ");
            person::push_phonetic_fingerprint(&mut sql);
            sql.push(", a.ags, k.agency_id, ");
            case_file::push_number(&mut sql);
            sql.push(" FROM person p JOIN \"case\" k ON k.person_id = p.id JOIN agency a ON a.id = k.agency_id WHERE ");
            person::push_sounds_like(&mut sql, some);
            for row in &sql.all(self.connection()).await? {
                let mut columns = Columns::of(row);
                found.push(SimilarCase {
                    sound: person::read_phonetic_fingerprint(&mut columns)?,
                    ags: columns.next()?,
                    agency_id: columns.next()?,
                    case_number: case_file::read_number(&mut columns)?,
                });
            }
        }
        Ok(found)
    }
}
