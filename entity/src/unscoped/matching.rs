//! Support checks: who else in the municipality manages a case of what is probably the same person.

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

/// A person has fewer fingerprints; SQLite binds 32,766 values.
const MOST_BOUND: usize = 1_000;

/// An open case of another agency. What the viewer's agency is told of it is that there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Elsewhere {
    /// The case.
    pub case_id: Uuid,
    /// Whose it is.
    pub agency_id: Uuid,
    /// Whom it concerns.
    pub person_id: Uuid,
}

/// How a client's consent is held while it is relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Others may rely on it too, and nobody changes it until this transaction ends.
    Rely,
    /// It is changed: nobody relies on it until then.
    Change,
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// Open cases in the agency's municipality, of other agencies, of what is probably the person of these fingerprints. Of a
    /// client who did not agree to be found, today, there is none: what another Träger may not tell it is not asked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_elsewhere(&self, asks: &OwnAgency, fingerprints: &[String]) -> Result<Vec<Elsewhere>, DbErr> {
        let mut common: BTreeMap<Elsewhere, Vec<MatchKind>> = BTreeMap::new();
        for fingerprints in fingerprints.chunks(MOST_BOUND) {
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
                    Elsewhere { case_id: columns.next()?, agency_id: columns.next()?, person_id: columns.next()? };
                common.entry(case).or_default().push(columns.word()?);
            }
        }
        common.retain(|_, kinds| probable(kinds.iter().copied()));
        Ok(common.into_keys().collect())
    }

    /// Holds what these clients said about support checks, in the order of their ids: a withdrawal waits for the checks that
    /// rely on it, and they for it. On SQLite nobody else writes while this transaction lasts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hold_support_consents(&self, persons: &[Uuid], hold: Hold) -> Result<(), DbErr> {
        if self.tx().backend() != DbBackend::Postgres || persons.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql();
        sql.push("SELECT p.id FROM person p WHERE ").is_one_of("p.id", persons).push(" ORDER BY p.id ");
        sql.push(if hold == Hold::Rely { "FOR SHARE" } else { "FOR UPDATE" });
        sql.all(self.connection()).await.map(drop)
    }

    /// The reference that a case was told last, if these cases and agencies were told it and nobody else was.
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
        let told =
            support_notice::Entity::find().filter(Column::Reference.eq(&last.reference)).all(self.connection()).await?;
        let told: BTreeSet<_> = told.into_iter().map(|notice| (notice.case_id, notice.agency_id)).collect();
        Ok((told == *sides).then_some(last.reference))
    }

    /// Tells these cases and agencies a reference.
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

/// Appends the condition that the latest a client said is yes, and lasts until this day at least.
pub(super) fn push_agreed(sql: &mut Sql, person: &str, today: NaiveDate) {
    sql.push("EXISTS (SELECT 1 FROM support_consent s WHERE s.person_id = ").push(person);
    sql.push(" AND s.given AND (s.valid_until IS NULL OR s.valid_until >= ").bind(today);
    sql.push(") AND NOT EXISTS (SELECT 1 FROM support_consent l WHERE l.person_id = s.person_id ");
    sql.push("AND (l.recorded_at, l.id) > (s.recorded_at, s.id)))");
}
