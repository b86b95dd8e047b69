//! The lock of an agency between disclosures and closings. A disclosure is logged while its transaction shares the lock. A
//! closing takes it exclusively: it waits for disclosures that are being logged, and blocks later ones until it has committed
//! (docs/adr/0007).

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::database::begin_alone;
use crate::database::tx::Tx;
use crate::sql::Sql;
use crate::tables::agency;

/// The lock that a closing holds. On SQLite it is the one transaction of the log.
#[derive(Debug)]
#[must_use]
pub(crate) struct ClosingLock(Option<DatabaseTransaction>);

impl ClosingLock {
    /// Counts a closing for these agencies, waits for disclosures to them that are being logged, and blocks later ones until the
    /// closing is committed. It is the last step of a transaction before its commit.
    pub(crate) async fn take(closing: &Tx, agencies: &BTreeSet<Uuid>) -> Result<Self, DbErr> {
        // Every closing takes the agencies in the same order, so that two closings cannot deadlock.
        for &id in agencies {
            agency::Entity::update_many()
                .col_expr(agency::Column::Closings, Expr::cust("closings + 1"))
                .filter(agency::Column::Id.eq(id))
                .exec(closing.connection())
                .await?;
        }
        if let Some(log) = closing.log() {
            return begin_alone(log).await.map(|log| Self(Some(log)));
        }
        for &agency in agencies {
            lock(closing.connection(), "pg_advisory_xact_lock", agency).await?;
        }
        Ok(Self(None))
    }

    /// Commits the closing and releases the lock. It runs to its end even if the request is cancelled: on SQLite the lock must
    /// not be released before the closing is committed. On a database error nothing was closed.
    pub(crate) async fn commit(self, closing: Tx) -> Result<(), DbErr> {
        let closing = tokio::spawn(async move {
            closing.into_connection().commit().await?;
            if let Some(log) = self.0
                && log.rollback().await.is_err()
            {
                // The closing is committed. The connection that held the lock ends, and the lock with it.
                tracing::debug!("the lock of a closing was not released cleanly");
            }
            Ok(())
        });
        closing.await.map_err(|_| DbErr::Custom("the task of a closing ended early".into()))?
    }
}

/// Takes PostgreSQL's advisory lock for disclosures to an agency, until the transaction ends.
pub(crate) async fn lock(transaction: &DatabaseTransaction, function: &str, agency: Uuid) -> Result<(), DbErr> {
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT ").push(function).push("(").bind(lock_key(agency)).push(")");
    sql.one(transaction).await.map(drop)
}

/// The key of an agency's advisory lock.
pub(crate) fn lock_key(agency: Uuid) -> i64 {
    let (high, low) = agency.as_u64_pair();
    (high ^ low).cast_signed()
}
