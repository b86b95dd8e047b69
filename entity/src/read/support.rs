//! Support checks: the notices of the viewer's agency, and who else manages a case of what is probably the same person.

use std::collections::BTreeMap;

use kim_domain::matching::{MatchKind, probable};
use sea_orm::{DbBackend, DbErr};
use uuid::Uuid;

use super::history::Moment;
use super::{Page, Reads, Window};
use crate::sql::{Columns, Sql};

/// A notice to the viewer's agency.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    /// Id.
    pub id: Uuid,
    /// The same for all sides.
    pub reference: String,
    /// The viewer's own case.
    pub case_id: Uuid,
    /// Microseconds.
    pub at: i64,
}

/// A page of notices.
pub type NoticePage = Page<NoticeRow>;

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

impl Reads {
    /// The notices of the viewer's agency, the latest first; of one of its cases if it is named.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn support_notices(&self, case: Option<Uuid>, window: &Window<Moment>) -> Result<NoticePage, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT n.id, n.reference, n.case_id, n.at FROM support_notice n WHERE ");
        self.narrow_notices(&mut sql, case);
        if let Some(after) = window.after {
            sql.push(" AND (n.at, n.id) < (").bind(after.at).push(",").bind(after.id).push(")");
        }
        sql.push(" ORDER BY n.at DESC, n.id DESC").limit(window.fetched());
        let rows: Result<Vec<NoticeRow>, DbErr> = sql
            .all(self.connection())
            .await?
            .iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                let (id, reference) = (columns.next()?, columns.next()?);
                Ok(NoticeRow { id, reference, case_id: columns.next()?, at: columns.next()? })
            })
            .collect();
        Ok(Page::cut(rows?, window))
    }

    /// How many notices the list has.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_support_notices(&self, case: Option<Uuid>) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM support_notice n WHERE ");
        self.narrow_notices(&mut sql, case);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Whether the viewer's agency still has a notice of this reference.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_support_notice(&self, reference: &str) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT n.id FROM support_notice n WHERE n.reference = ").bind(reference).push(" AND ");
        self.narrow_notices(&mut sql, None);
        Ok(sql.one(self.connection()).await?.is_some())
    }

    /// A notice stands while its own client and one of another side agree: that somebody is a client elsewhere is told no
    /// longer than that somebody lets it be told.
    fn narrow_notices(&self, sql: &mut Sql, case: Option<Uuid>) {
        sql.push("n.agency_id = ").bind(self.viewer.agency().id);
        sql.push(" AND EXISTS (SELECT 1 FROM \"case\" k WHERE k.id = n.case_id AND ");
        self.push_agreed(sql, "k.person_id");
        sql.push(") AND EXISTS (SELECT 1 FROM support_notice o JOIN \"case\" k ON k.id = o.case_id ");
        sql.push("WHERE o.reference = n.reference AND o.agency_id <> n.agency_id AND ");
        self.push_agreed(sql, "k.person_id");
        sql.push(")");
        if let Some(case) = case {
            sql.push(" AND n.case_id = ").bind(case);
        }
    }

    /// Open cases of other agencies of the municipality, of what is probably the person of these fingerprints. Of a client
    /// who did not agree to be found, today, there is none: what another Träger may not tell it is not asked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_elsewhere(&self, fingerprints: &[String]) -> Result<Vec<Elsewhere>, DbErr> {
        let mut common: BTreeMap<Elsewhere, Vec<MatchKind>> = BTreeMap::new();
        for fingerprints in fingerprints.chunks(MOST_BOUND) {
            let mut sql = self.sql();
            sql.push("SELECT DISTINCT k.id, k.agency_id, p.id, f.kind FROM person_fingerprint f ");
            sql.push("JOIN person p ON p.id = f.person_id JOIN \"case\" k ON k.person_id = p.id ");
            sql.push("JOIN agency g ON g.id = k.agency_id WHERE f.fingerprint IN (");
            for (place, fingerprint) in fingerprints.iter().enumerate() {
                sql.push(if place > 0 { "," } else { "" }).bind(fingerprint.as_str());
            }
            sql.push(") AND k.closed_on IS NULL AND g.enabled AND g.ags = ").bind(self.viewer.agency().ags.as_str());
            sql.push(" AND g.id <> ").bind(self.viewer.agency().id).push(" AND ");
            self.push_agreed(&mut sql, "p.id");
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

    /// Whether this client agrees to support checks today.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agrees_to_support_checks(&self, person: Uuid) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT p.id FROM person p WHERE p.agency_id = ").bind(self.viewer.agency().id);
        sql.push(" AND p.id = ").bind(person).push(" AND ");
        self.push_agreed(&mut sql, "p.id");
        Ok(sql.one(self.connection()).await?.is_some())
    }

    /// Holds what these clients said about support checks, in the order of their ids: a withdrawal waits for the checks that
    /// rely on it, and they for it. Only in a transaction that writes; on SQLite nobody else writes while it lasts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hold_support_consents(&self, persons: &[Uuid], hold: Hold) -> Result<(), DbErr> {
        if self.tx.backend() != DbBackend::Postgres || persons.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql();
        sql.push("SELECT p.id FROM person p WHERE ").is_one_of("p.id", persons).push(" ORDER BY p.id ");
        sql.push(if hold == Hold::Rely { "FOR SHARE" } else { "FOR UPDATE" });
        sql.all(self.connection()).await.map(drop)
    }

    /// Lets one support check of the viewer's agency follow the other, so that all are counted. As above.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn queue_support_checks(&self) -> Result<(), DbErr> {
        if self.tx.backend() != DbBackend::Postgres {
            return Ok(());
        }
        let mut sql = self.sql();
        sql.push("SELECT g.id FROM agency g WHERE g.id = ").bind(self.viewer.agency().id).push(" FOR NO KEY UPDATE");
        sql.all(self.connection()).await.map(drop)
    }

    /// The latest that the client said is yes, and lasts until today at least.
    fn push_agreed(&self, sql: &mut Sql, person: &str) {
        sql.push("EXISTS (SELECT 1 FROM support_consent s WHERE s.person_id = ").push(person);
        sql.push(" AND s.given AND (s.valid_until IS NULL OR s.valid_until >= ").bind(self.today);
        sql.push(") AND NOT EXISTS (SELECT 1 FROM support_consent l WHERE l.person_id = s.person_id ");
        sql.push("AND (l.recorded_at, l.id) > (s.recorded_at, s.id)))");
    }
}

/// A person has fewer fingerprints; SQLite binds 32,766 values.
const MOST_BOUND: usize = 1_000;
