//! Per referral and field, when it was first and last disclosed: answers Art. 15 DSGVO, kept as long as the data.

use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, DbBackend};

use crate::sql::{Cells, Sql};

/// The value of `field` for messages.
pub const MESSAGES: &str = "MESSAGES";

/// Maximum number of rows of one statement, within SQLite's limit of bound values.
const ROWS: usize = 4_096;

/// One field of one referral.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// Code of the handover field, or [`MESSAGES`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub field: String,
    /// The receiver.
    pub receiver_id: Uuid,
    /// Microseconds since 1970.
    pub first_at: i64,
    /// Microseconds since 1970.
    pub last_at: i64,
    /// The ground of the last disclosure.
    #[sea_orm(column_type = "Text")]
    pub ground: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One field of one referral that is disclosed now.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The referral.
    pub referral_id: Uuid,
    /// Code of the handover field, or [`MESSAGES`].
    pub field: &'static str,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The ground.
    pub ground: &'static str,
}

/// See [`Log::record`](crate::log::Log::record).
pub(crate) async fn record(tx: &DatabaseTransaction, facts: &[Fact], at: i64, day_began: i64) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    for some in facts.chunks(ROWS) {
        let rows = match backend {
            // Each number of rows is another prepared statement, so it is rounded to a power of two. Repeated rows change nothing.
            DbBackend::Sqlite => some.len().next_power_of_two(),
            DbBackend::Postgres | _ => some.len(),
        };
        let repeated = || some.iter().cycle().take(rows);
        let mut sql = Sql::new(backend);
        sql.push(
            "INSERT INTO disclosed (referral_id, field, receiver_id, first_at, last_at, ground) \
             SELECT n.referral_id, n.field, n.receiver_id, ",
        );
        sql.bind(at).push(", ").bind(at).push(", n.ground FROM ").table(
            "n",
            [
                ("referral_id", Cells::Ids(repeated().map(|fact| fact.referral_id).collect())),
                ("field", Cells::Words(repeated().map(|fact| fact.field).collect())),
                ("receiver_id", Cells::Ids(repeated().map(|fact| fact.receiver_id).collect())),
                ("ground", Cells::Words(repeated().map(|fact| fact.ground).collect())),
            ],
        );
        // Without a condition SQLite would parse ON as that of a join.
        sql.push(
            " WHERE true ON CONFLICT (referral_id, field) \
             DO UPDATE SET last_at = excluded.last_at, ground = excluded.ground WHERE disclosed.last_at < ",
        );
        sql.bind(day_began).push(" OR disclosed.ground <> excluded.ground");
        sql.run(tx).await?;
    }
    Ok(())
}
