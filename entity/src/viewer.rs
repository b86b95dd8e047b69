//! The caller of a request. A `Viewer` is created in one way only: by admitting a verified token
//! ([`Reads::admit`](crate::read::Reads::admit)).

use std::sync::Arc;

use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role, Scope};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::token::VerifiedToken;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::agency_directory::AgencyDetails;
use crate::database::session;
use crate::sql::Sql;

/// The viewer's agency, as far as requests need it.
#[derive(Clone, Debug)]
pub struct OwnAgency {
    /// Id in the database.
    pub id: Uuid,
    /// Name in tokens and URLs.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// What it does.
    pub kind: AgencyKind,
    /// Amtlicher Gemeindeschluessel, eight digits.
    pub ags: String,
    /// The body that answers for its data.
    pub controller: String,
    /// How to find and reach it.
    pub details: Arc<AgencyDetails>,
}

/// Who wrote a row. Only the own agency is shown more than the agency.
#[derive(Clone, Debug)]
pub struct Author {
    /// The agency.
    pub agency_id: Uuid,
    /// Subject of the token.
    pub staff: String,
    /// For whom a service acts.
    pub acting_for: Option<String>,
}

/// A caller whose token is verified, and whose agency is known, enabled, and can have this role.
#[derive(Clone, Debug)]
pub struct Viewer {
    agency: OwnAgency,
    closings: i64,
    token: VerifiedToken,
}

impl Viewer {
    /// Admits a verified token, for [`Reads::admit`](crate::read::Reads::admit). Also returns the version of the directory, if it
    /// has one, which would otherwise cost a round trip.
    pub(crate) async fn admit(
        connection: &impl ConnectionTrait,
        token: VerifiedToken,
    ) -> Result<Option<(Self, Option<i64>)>, DbErr> {
        let mut sql = Sql::new(connection.get_database_backend());
        let backend = connection.get_database_backend();
        sql.push("SELECT id, slug, name, kind, ags, controller, closings, (SELECT version FROM directory)");
        sql.push(session::columns(backend)).push(" FROM agency WHERE enabled AND slug = ").bind(token.agency_slug());
        let Some(row) = sql.one(connection).await? else { return Ok(None) };
        session::check(&row, backend, 8, session::Purpose::Reading)?;
        let kind: String = row.try_get_by_index(3)?;
        let Some(kind) = AgencyKind::from_code(&kind) else { return Ok(None) };
        if !token.role().exists_at(kind) {
            return Ok(None);
        }
        let agency = OwnAgency {
            id: row.try_get_by_index(0)?,
            slug: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            kind,
            ags: row.try_get_by_index(4)?,
            controller: row.try_get_by_index(5)?,
            details: Arc::default(),
        };
        let viewer = Self { agency, closings: row.try_get_by_index(6)?, token };
        Ok(Some((viewer, row.try_get_by_index(7)?)))
    }

    /// Adds how to find and reach the agency, from the directory of the same snapshot.
    pub(crate) fn with_details(mut self, details: Arc<AgencyDetails>) -> Self {
        self.agency.details = details;
        self
    }
    /// The agency it acts for.
    #[must_use]
    pub fn agency(&self) -> &OwnAgency {
        &self.agency
    }
    /// How often something had been closed to its agency when it was admitted.
    #[must_use]
    pub fn closings(&self) -> i64 {
        self.closings
    }
    /// Its role there.
    #[must_use]
    pub fn role(&self) -> Role {
        self.token.role()
    }
    /// The person or program, as the issuer names it.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.token.subject()
    }
    /// For whom a service acts.
    #[must_use]
    pub fn acting_for(&self) -> Option<&str> {
        self.token.acting_for()
    }
    /// Who is recorded beside what the viewer writes.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            agency_id: self.agency.id,
            staff: self.subject().to_owned(),
            acting_for: self.acting_for().map(str::to_owned),
        }
    }
    /// Whether the token carries this scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.token.scopes().contains(&scope)
    }
    /// The scopes of the token, in the order of the list.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        Scope::ALL.iter().copied().filter(|&scope| self.may(scope))
    }
    /// The purposes the token is limited to; `None`: all of the agency's (§ 35 SGB I binds inside an office too).
    #[must_use]
    pub fn purposes(&self) -> Option<&[ReferralPurpose]> {
        self.token.purposes()
    }
}
