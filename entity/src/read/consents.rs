//! Consents of the viewer's own clients with their history, and the facts of consents for a data protection officer.

use std::collections::HashMap;
use std::ops::Deref;

use chrono::NaiveDate;
use kim_domain::consent::{ConsentForm, ConsentState, state};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{DbErr, FromQueryResult as _, QueryResult};
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::keys::{ClientKey, ConsentKey, ids};
use crate::sql::{Columns, Sql};
use crate::tables::{consent, consent_event};

/// A consent of one of the viewer's clients, as it was read.
#[derive(Clone, Debug)]
pub struct OwnConsent(consent::Model);

impl OwnConsent {
    /// For a row that was read under the proof of its client.
    pub(crate) fn of(row: consent::Model) -> Self {
        Self(row)
    }

    /// The proof that it was found.
    #[must_use]
    pub fn key(&self) -> ConsentKey {
        ConsentKey::of(self.0.id)
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> ClientKey {
        ClientKey::of(self.0.person_id)
    }
}

impl Deref for OwnConsent {
    type Target = consent::Model;

    fn deref(&self) -> &consent::Model {
        &self.0
    }
}

/// A consent as a data protection officer sees it: without the person and without fields.
#[derive(Clone, Debug)]
pub struct ConsentFactRow {
    /// Id of the consent: the key of the list.
    pub id: Uuid,
    /// The agency that recorded it.
    pub sender_id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// Whether it is a consent under data protection law.
    pub data_protection: bool,
    /// Whether it is a release from secrecy.
    pub release_from_secrecy: bool,
    /// The day of the release.
    pub release_on: Option<NaiveDate>,
    /// Whether it names special categories.
    pub art9: bool,
    /// Whether the receiver may report the outcome.
    pub report_outcome: bool,
    /// How it was given.
    pub form: ConsentForm,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// Withdrawn as a whole; microseconds.
    pub withdrawn_at: Option<i64>,
    /// Recorded; microseconds.
    pub created_at: i64,
    /// Its state today.
    pub state: ConsentState,
}

/// A page of facts.
pub type ConsentFactPage = Page<ConsentFactRow>;

impl Reads {
    /// Those of these consents that are of the viewer's agency's clients.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consents_by_id(&self, ids: &[Uuid]) -> Result<Vec<OwnConsent>, DbErr> {
        self.consents("c.id", ids).await
    }

    /// The consents of these clients of the viewer's agency, the latest recorded first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consents_of_clients(
        &self,
        clients: &[ClientKey],
    ) -> Result<HashMap<ClientKey, Vec<OwnConsent>>, DbErr> {
        let mut found: HashMap<ClientKey, Vec<OwnConsent>> = HashMap::new();
        for row in self.consents("c.person_id", &ids(clients)).await? {
            found.entry(row.client()).or_default().push(row);
        }
        Ok(found)
    }

    async fn consents(&self, column: &str, ids: &[Uuid]) -> Result<Vec<OwnConsent>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT c.* FROM consent c JOIN person p ON p.id = c.person_id WHERE p.agency_id = ");
        sql.bind(self.viewer.agency().id).push(" AND ").is_one_of(column, ids);
        self.narrow_consents(&mut sql);
        sql.push(" ORDER BY c.created_at DESC, c.id DESC");
        let rows = sql.all(self.connection()).await?;
        let read = |row| consent::Model::from_query_result(row, "").map(OwnConsent);
        Ok(self.readable("consent", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The steps of each of these consents, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consent_history(
        &self,
        consents: &[ConsentKey],
    ) -> Result<HashMap<Uuid, Vec<consent_event::Model>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<consent_event::Model>> = HashMap::new();
        if consents.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push("SELECT e.* FROM consent_event e WHERE ").is_one_of("e.consent_id", &ids(consents));
        sql.push(" ORDER BY e.at, e.id");
        let rows = sql.all(self.connection()).await?;
        let read = |row| consent_event::Model::from_query_result(row, "");
        for event in self.readable("consent_event", rows.iter().map(read))?.into_iter().flatten() {
            found.entry(event.consent_id).or_default().push(event);
        }
        Ok(found)
    }

    /// Whether the viewer's agency is bound by § 203 StGB.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_bound_by_203(&self) -> Result<bool, DbErr> {
        if let Some(directory) = &self.directory {
            return Ok(directory.agency(self.viewer.agency().id)?.bound_by_203);
        }
        let mut sql = self.sql();
        sql.push("SELECT g.bound_by_203 FROM agency g WHERE g.id = ").bind(self.viewer.agency().id);
        sql.one(self.connection()).await?.map_or(Ok(true), |row| row.try_get_by_index(0))
    }

    /// Facts of the consents that agencies of the viewer's controller recorded, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consent_facts(&self, window: &Window<Uuid>) -> Result<ConsentFactPage, DbErr> {
        let mut sql = self.sql();
        sql.push(
            "SELECT c.valid_from, c.valid_until, c.withdrawn_at, c.renewed_at, c.id, p.agency_id, c.receiver_id, c.purpose, \
             c.data_protection, c.release_from_secrecy, c.release_on, c.art9, c.report_outcome, c.form, c.created_at",
        );
        self.narrow_facts(&mut sql);
        if let Some(after) = window.after {
            sql.push(" AND c.id > ").bind(after);
        }
        sql.push(" ORDER BY c.id").limit(window.fetched());
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("consent", rows.iter().map(|row| self.read_fact(row)))?, window).flat())
    }

    /// The number of consents that they recorded.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_consent_facts(&self) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*)");
        self.narrow_facts(&mut sql);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    fn narrow_facts(&self, sql: &mut Sql) {
        sql.push(" FROM consent c JOIN person p ON p.id = c.person_id JOIN agency s ON s.id = p.agency_id WHERE ");
        sql.push("s.controller = ").bind(self.viewer.agency().controller.as_str());
        self.narrow_consents(sql);
    }

    /// Limits consents to the purposes of the token.
    fn narrow_consents(&self, sql: &mut Sql) {
        if let Some(purposes) = self.viewer.purposes() {
            sql.push(" AND c.purpose IN ").words(purposes.iter().copied());
        }
    }

    fn read_fact(&self, row: &QueryResult) -> Result<ConsentFactRow, DbErr> {
        let mut columns = Columns::of(row);
        let (valid_from, valid_until) = (columns.next()?, columns.next()?);
        let (withdrawn_at, renewed_at): (Option<i64>, Option<i64>) = (columns.next()?, columns.next()?);
        let (withdrawn, renewed) = (withdrawn_at.is_some(), renewed_at.is_some());
        Ok(ConsentFactRow {
            id: columns.next()?,
            sender_id: columns.next()?,
            receiver_id: columns.next()?,
            purpose: columns.word()?,
            data_protection: columns.next()?,
            release_from_secrecy: columns.next()?,
            release_on: columns.next()?,
            art9: columns.next()?,
            report_outcome: columns.next()?,
            form: columns.word()?,
            valid_from,
            valid_until,
            withdrawn_at,
            created_at: columns.next()?,
            state: state(valid_from, valid_until, withdrawn, renewed, self.today),
        })
    }
}
