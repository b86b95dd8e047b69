//! Writes for support checks: the clients' consents, their fingerprints, and every check.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kim_domain::id::new_uuid;
use kim_domain::matching::MatchKind;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _,
};

use super::Writes;
use crate::keys::{CaseKey, ClientKey};
use crate::tables::code::Code;
use crate::tables::{person_fingerprint, support_check, support_consent};
use crate::viewer::Author;

/// Maximum number of fingerprints of one statement, within SQLite's limit of bound values.
const ROWS: usize = 1_000;

impl Writes {
    /// Serializes the support checks of the viewer's agency, so that all of them are counted. On SQLite there is no other writer
    /// during this transaction.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn queue_support_checks(&self) -> Result<(), DbErr> {
        if self.tx().backend() != DbBackend::Postgres {
            return Ok(());
        }
        let mut sql = self.tx().sql();
        sql.push("SELECT g.id FROM agency g WHERE g.id = ").bind(self.author().agency_id).push(" FOR NO KEY UPDATE");
        sql.all(self.tx().connection()).await.map(drop)
    }

    /// Records whether a client of the viewer agrees to support checks.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_support_consent(
        &self,
        client: ClientKey,
        given: bool,
        valid_until: Option<NaiveDate>,
        now: i64,
    ) -> Result<(), DbErr> {
        let Author { staff, acting_for, .. } = self.author();
        let row = support_consent::Model {
            id: new_uuid(),
            person_id: client.id(),
            given,
            valid_until,
            recorded_at: now,
            staff,
            acting_for,
        };
        let insert = support_consent::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// Records a check that the viewer made for one of its cases, with the reference if it found somebody.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_support_check(&self, case: CaseKey, reference: Option<String>, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let row = support_check::Model {
            id: new_uuid(),
            agency_id,
            case_id: case.id(),
            role: Code(self.reads().viewer().role()),
            subject: staff,
            acting_for,
            at: now,
            found: reference.is_some(),
            reference,
        };
        let insert = support_check::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// The number of checks that the viewer's subject made since an instant.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_own_support_checks(&self, since: i64) -> Result<u64, DbErr> {
        use support_check::Column;
        let Author { agency_id, staff, .. } = self.author();
        support_check::Entity::find()
            .filter(Column::AgencyId.eq(agency_id))
            .filter(Column::Subject.eq(staff))
            .filter(Column::At.gt(since))
            .count(self.tx().connection())
            .await
    }

    /// The number of checks of one of the viewer's cases since an instant.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_support_checks_of_case(&self, case: CaseKey, since: i64) -> Result<u64, DbErr> {
        use support_check::Column;
        support_check::Entity::find()
            .filter(Column::CaseId.eq(case.id()))
            .filter(Column::At.gt(since))
            .count(self.tx().connection())
            .await
    }

    /// Writes fingerprints of a client of the viewer.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_fingerprints(
        &self,
        client: ClientKey,
        made: &BTreeSet<(MatchKind, String)>,
    ) -> Result<(), DbErr> {
        let rows: Vec<_> = made
            .iter()
            .map(|(kind, fingerprint)| person_fingerprint::ActiveModel {
                person_id: Set(client.id()),
                kind: Set(kind.code().to_owned()),
                fingerprint: Set(fingerprint.clone()),
            })
            .collect();
        for rows in rows.chunks(ROWS) {
            person_fingerprint::Entity::insert_many(rows.to_vec())
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(self.tx().connection())
                .await?;
        }
        Ok(())
    }

    /// Deletes a client's fingerprints.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_fingerprints(&self, client: ClientKey) -> Result<(), DbErr> {
        let of_client = person_fingerprint::Column::PersonId.eq(client.id());
        person_fingerprint::Entity::delete_many().filter(of_client).exec(self.tx().connection()).await.map(drop)
    }
}
