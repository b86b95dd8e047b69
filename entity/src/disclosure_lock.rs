//! The lock between disclosures and closings: a disclosure is logged under it, and whoever closes something to an agency
//! waits for those that are being logged and holds back those that come (docs/adr/0007).

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::database::begin_alone;
use crate::database::tx::Tx;
use crate::sql::Sql;
use crate::tables::agency;

/// Disclosures that wait for a closing.
#[derive(Debug)]
#[must_use]
pub(crate) struct Held(Option<DatabaseTransaction>);

impl Held {
    /// Counts a closing for these agencies, waits for disclosures to them that are being logged, and holds back those that
    /// come, until the closing is committed. The last thing that a transaction does before its commit.
    pub(crate) async fn back(closing: &Tx, agencies: &BTreeSet<Uuid>) -> Result<Self, DbErr> {
        // In one order for all, so that two closings never wait for each other crosswise.
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

    /// Makes the closing last, and lets them go on: they find what was closed. What was begun here is finished even if the
    /// request that wanted it is gone: on SQLite the disclosures must not be let go before the closing is there. If the
    /// database does not answer, nothing was closed.
    pub(crate) async fn commit(self, closing: Tx) -> Result<(), DbErr> {
        let closing = tokio::spawn(async move {
            closing.into_connection().commit().await?;
            if let Some(log) = self.0
                && log.rollback().await.is_err()
            {
                // It is closed; the connection that held the log ends, and with it the hold.
                tracing::debug!("held disclosures were not let go cleanly");
            }
            Ok(())
        });
        closing.await.map_err(|_| DbErr::Custom("a closing broke off".into()))?
    }
}

/// Takes PostgreSQL's lock that stands for disclosures to an agency; it ends with the transaction.
pub(crate) async fn lock(transaction: &DatabaseTransaction, function: &str, agency: Uuid) -> Result<(), DbErr> {
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT ").push(function).push("(").bind(lock_key(agency)).push(")");
    sql.one(transaction).await.map(drop)
}

/// The number of an agency's lock.
pub(crate) fn lock_key(agency: Uuid) -> i64 {
    let (high, low) = agency.as_u64_pair();
    (high ^ low).cast_signed()
}
