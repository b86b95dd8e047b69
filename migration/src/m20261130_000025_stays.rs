//! One row for each stay of a referral in a state that it has left, so that the times in the statistics are read and not
//! computed from all events. Filled once from the events.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::column::{code, reference};

const TABLE: &str = "referral_stay";

/// Indexes: name, key columns, and read columns.
const INDEXES: [(&str, &str, &str); 3] = [
    ("referral_stay_receiver", "receiver_id, offered_at", "status, micros, purpose, sender_id"),
    ("referral_stay_sender", "sender_id, offered_at", "status, micros, purpose, receiver_id"),
    ("referral_stay_ended", "ended_at", "status, micros, purpose, receiver_id"),
];

/// A stay lasts from a move to the next one. It is unknown if one of them was imported, because then only the day is known.
const FILL: &str = "INSERT INTO referral_stay \
    (id, referral_id, sender_id, receiver_id, purpose, offered_at, status, ended_at, micros) \
    SELECT s.id, s.referral_id, r.sender_id, r.receiver_id, r.purpose, r.offered_at, s.status, s.ended_at, s.ended_at - s.began \
    FROM (SELECT LEAD(e.id) OVER w AS id, e.referral_id, e.to_status AS status, e.at AS began, LEAD(e.at) OVER w AS ended_at, \
          e.imported AS began_imported, LEAD(e.imported) OVER w AS ended_imported FROM referral_event e \
          WHERE e.from_status IS NULL OR e.from_status <> e.to_status \
          WINDOW w AS (PARTITION BY e.referral_id ORDER BY e.at, e.id)) s JOIN referral r ON r.id = s.referral_id \
    WHERE s.id IS NOT NULL AND NOT s.began_imported AND NOT s.ended_imported AND s.ended_at > s.began AND s.status <> 'DRAFT'";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(uuid("sender_id"))
                    .col(uuid("receiver_id"))
                    .col(code("purpose"))
                    .col(big_integer("offered_at"))
                    .col(code("status"))
                    .col(big_integer("ended_at"))
                    .col(big_integer("micros"))
                    .foreign_key(&mut reference(TABLE, "id", "referral_event", "id"))
                    .foreign_key(&mut reference(TABLE, "referral_id", "referral", "id"))
                    .foreign_key(&mut reference(TABLE, "sender_id", "agency", "id"))
                    .foreign_key(&mut reference(TABLE, "receiver_id", "agency", "id"))
                    .take(),
            )
            .await?;
        let connection = manager.get_connection();
        connection.execute_unprepared(FILL).await?;
        for (name, key, read) in INDEXES {
            let on = match manager.get_database_backend() {
                DbBackend::Postgres => format!("({key}) INCLUDE ({read})"),
                // SQLite has no INCLUDE columns.
                DbBackend::Sqlite | _ => format!("({key}, {read})"),
            };
            connection.execute_unprepared(&format!("CREATE INDEX {name} ON {TABLE} {on}")).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            connection.execute_unprepared("ANALYZE referral_stay").await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
