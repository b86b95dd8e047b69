//! The sessions of browsers. They belong to no viewer: a session is found before its person is admitted.

use sea_orm::ExprTrait as _;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};

use crate::database::Database;
use crate::tables::browser_session::{Column, Entity, Model};

/// How long a session lasts; microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// Now.
    pub now: i64,
    /// A session whose person did nothing since then has ended.
    pub idle_since: i64,
}

/// The sessions.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'d>(&'d Database);

impl Database {
    /// Opens the sessions of browsers.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Begins a session, and ends the one that it replaces.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(self, session: Model, replaces: Option<&str>) -> Result<(), DbErr> {
        let (transaction, _) = self.0.begin_writing().await?;
        if let Some(former) = replaces {
            Entity::delete_by_id(former).exec(&transaction).await?;
        }
        Entity::insert(session.into_active_model()).exec_without_returning(&transaction).await?;
        transaction.commit().await
    }

    /// The session with this id, if it has not ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn find(self, id: &str, at: Lasting) -> Result<Option<Model>, DbErr> {
        let lasts = Column::EndsAt.gt(at.now).and(Column::ActedAt.gt(at.idle_since));
        Entity::find_by_id(id).filter(lasts).one(&self.0.main).await
    }

    /// Records that the person did something.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn acted(self, id: &str, at: i64) -> Result<(), DbErr> {
        let (transaction, _) = self.0.begin_writing().await?;
        let later = Column::Id.eq(id).and(Column::ActedAt.lt(at));
        Entity::update_many().col_expr(Column::ActedAt, Expr::value(at)).filter(later).exec(&transaction).await?;
        transaction.commit().await
    }

    /// Ends a session. `false` if there was none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn end(self, id: &str) -> Result<bool, DbErr> {
        let (transaction, _) = self.0.begin_writing().await?;
        let ended = Entity::delete_by_id(id).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(ended.rows_affected > 0)
    }

    /// Ends the sessions of a person at an issuer, or of an agency, or all, and returns how many there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn end_all(self, whose: &Whose) -> Result<u64, DbErr> {
        let (transaction, _) = self.0.begin_writing().await?;
        let sessions = match whose {
            Whose::Person { issuer, subject } => {
                Entity::delete_many().filter(Column::Issuer.eq(issuer)).filter(Column::Subject.eq(subject))
            }
            Whose::Agency(slug) => Entity::delete_many().filter(Column::Agency.eq(slug)),
            Whose::Everyone => Entity::delete_many(),
        };
        let ended = sessions.exec(&transaction).await?;
        transaction.commit().await?;
        Ok(ended.rows_affected)
    }

    /// Deletes sessions that have ended, and returns how many there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_ended(self, at: Lasting) -> Result<u64, DbErr> {
        let (transaction, _) = self.0.begin_writing().await?;
        let ended = Column::EndsAt.lte(at.now).or(Column::ActedAt.lte(at.idle_since));
        let deleted = Entity::delete_many().filter(ended).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected)
    }
}

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of one person.
    Person {
        /// The issuer.
        issuer: String,
        /// The person at this issuer.
        subject: String,
    },
    /// Those of all people of the agency with this slug.
    Agency(String),
    /// All.
    Everyone,
}
