//! Support checks: finds agencies of the municipality that manage a case of probably the same person.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kim_domain::id::new_uuid;
use kim_domain::matching::{MatchKind, probable};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::Unscoped;
use crate::database::tx::Tx;
use crate::sql::{Columns, Sql};
use crate::tables::support_notice;
use crate::viewer::OwnAgency;

/// Maximum number of fingerprints of one statement. A person has fewer.
const MAX_BOUND: usize = 1_000;

/// An open case of another agency. The viewer's agency only learns that there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseElsewhere {
    /// The case.
    pub case_id: Uuid,
    /// The agency.
    pub agency_id: Uuid,
    /// The person.
    pub person_id: Uuid,
}

/// The lock of a client's consent to support checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentLock {
    /// Shared: the transaction relies on the consent, and nobody can change it.
    Shared,
    /// Exclusive: the transaction changes the consent.
    Exclusive,
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// Open cases of other agencies in the agency's municipality that are probably of the person with these fingerprints. Only
    /// clients who agree to be found today are searched.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_cases_elsewhere(
        &self,
        asks: &OwnAgency,
        fingerprints: &[String],
    ) -> Result<Vec<CaseElsewhere>, DbErr> {
        let mut common: BTreeMap<CaseElsewhere, Vec<MatchKind>> = BTreeMap::new();
        for fingerprints in fingerprints.chunks(MAX_BOUND) {
            let mut sql = self.sql();
            sql.push("SELECT DISTINCT k.id, k.agency_id, p.id, f.kind FROM person_fingerprint f ");
            sql.push("JOIN person p ON p.id = f.person_id JOIN \"case\" k ON k.person_id = p.id ");
            sql.push("JOIN agency g ON g.id = k.agency_id WHERE f.fingerprint IN (");
            for (place, fingerprint) in fingerprints.iter().enumerate() {
                sql.push(if place > 0 { "," } else { "" }).bind(fingerprint.as_str());
            }
            sql.push(") AND k.closed_on IS NULL AND g.enabled AND g.ags = ").bind(asks.ags.as_str());
            sql.push(" AND g.id <> ").bind(asks.id).push(" AND ");
            push_agreed(&mut sql, "p.id", self.today);
            for row in &sql.all(self.connection()).await? {
                let mut columns = Columns::of(row);
                let case =
                    CaseElsewhere { case_id: columns.next()?, agency_id: columns.next()?, person_id: columns.next()? };
                common.entry(case).or_default().push(columns.word()?);
            }
        }
        common.retain(|_, kinds| probable(kinds.iter().copied()));
        Ok(common.into_keys().collect())
    }

    /// Locks the consents of these clients to support checks, in the order of their ids: a withdrawal waits for the checks that
    /// rely on the consent, and they wait for it. On SQLite there is no other writer during this transaction.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_support_consents(&self, persons: &[Uuid], lock: ConsentLock) -> Result<(), DbErr> {
        if self.tx().backend() != DbBackend::Postgres || persons.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql();
        sql.push("SELECT p.id FROM person p WHERE ").is_one_of("p.id", persons).push(" ORDER BY p.id ");
        sql.push(if lock == ConsentLock::Shared { "FOR SHARE" } else { "FOR UPDATE" });
        sql.all(self.connection()).await.map(drop)
    }

    /// The last reference that was sent to a case, if it was sent to exactly these cases and agencies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn known_support_reference(
        &self,
        case: Uuid,
        sides: &BTreeSet<(Uuid, Uuid)>,
    ) -> Result<Option<String>, DbErr> {
        use support_notice::Column;
        let last = support_notice::Entity::find()
            .filter(Column::CaseId.eq(case))
            .order_by_desc(Column::At)
            .order_by_desc(Column::Id)
            .one(self.connection())
            .await?;
        let Some(last) = last else { return Ok(None) };
        let notified =
            support_notice::Entity::find().filter(Column::Reference.eq(&last.reference)).all(self.connection()).await?;
        let notified: BTreeSet<_> = notified.into_iter().map(|notice| (notice.case_id, notice.agency_id)).collect();
        Ok((notified == *sides).then_some(last.reference))
    }

    /// Sends a reference to these cases and agencies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_support_notices(
        &self,
        reference: &str,
        sides: &BTreeSet<(Uuid, Uuid)>,
        now: i64,
    ) -> Result<(), DbErr> {
        let rows = sides.iter().map(|&(case_id, agency_id)| support_notice::ActiveModel {
            id: Set(new_uuid()),
            reference: Set(reference.to_owned()),
            agency_id: Set(agency_id),
            case_id: Set(case_id),
            at: Set(now),
        });
        support_notice::Entity::insert_many(rows).exec_without_returning(self.connection()).await.map(drop)
    }
}

/// Appends the condition that a client's latest consent to support checks was given and is valid on this day.
pub(super) fn push_agreed(sql: &mut Sql, person: &str, today: NaiveDate) {
    sql.push("EXISTS (SELECT 1 FROM support_consent s WHERE s.person_id = ").push(person);
    sql.push(" AND s.given AND (s.valid_until IS NULL OR s.valid_until >= ").bind(today);
    sql.push(") AND NOT EXISTS (SELECT 1 FROM support_consent l WHERE l.person_id = s.person_id ");
    sql.push("AND (l.recorded_at, l.id) > (s.recorded_at, s.id)))");
}
