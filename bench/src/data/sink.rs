//! Writes rows of any table: with COPY on PostgreSQL, with prepared inserts on SQLite.

use kim_entity::database::Database;
use kim_entity::raw::Stored;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Executor as _, Postgres};
use sea_orm::{DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait as _, Value};

use crate::failure::Failure;

/// Number of bytes per COPY message.
const CHUNK: usize = 256 * 1024;

/// A database that is being filled.
pub(crate) enum Sink {
    /// A connection that does not check foreign keys: a test checks them on fewer rows, and checking three million rows
    /// would take minutes. All other constraints are checked.
    Postgres(PoolConnection<Postgres>),
    /// One transaction.
    Sqlite(DatabaseTransaction),
}

impl Sink {
    /// Starts filling this database.
    pub(crate) async fn open(database: &Database) -> Result<Self, Failure> {
        if database.backend() == DbBackend::Sqlite {
            return Ok(Self::Sqlite(database.raw().begin().await?));
        }
        let mut connection = database.raw().get_postgres_connection_pool().acquire().await?;
        connection.execute("SET session_replication_role = replica").await?;
        Ok(Self::Postgres(connection))
    }

    /// Writes rows of one table.
    pub(crate) async fn fill<S: Stored>(&mut self, rows: impl Iterator<Item = S>) -> Result<u64, Failure> {
        let (table, columns) = (S::table(), S::columns());
        let names = columns.join(",");
        let rows = rows.map(|row| row.cells());
        match self {
            Self::Postgres(connection) => {
                copy(connection, &format!("COPY \"{table}\" ({names}) FROM STDIN"), rows).await
            }
            Self::Sqlite(transaction) => {
                let marks = vec!["?"; columns.len()].join(",");
                insert(transaction, &format!("INSERT INTO \"{table}\" ({names}) VALUES ({marks})"), rows).await
            }
        }
    }

    /// Commits the rows.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Postgres(mut connection) => {
                connection.execute("RESET session_replication_role").await?;
            }
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

async fn insert(
    transaction: &DatabaseTransaction,
    statement: &str,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<u64, Failure> {
    use sea_orm::ConnectionTrait as _;
    let mut count = 0;
    for row in rows {
        transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, statement, row)).await?;
        count += 1;
    }
    Ok(count)
}

async fn copy(
    connection: &mut PoolConnection<Postgres>,
    statement: &str,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<u64, Failure> {
    let mut copy = connection.copy_in_raw(statement).await?;
    let mut text = String::with_capacity(2 * CHUNK);
    for row in rows {
        for (place, value) in row.iter().enumerate() {
            if place > 0 {
                text.push('\t');
            }
            write_text(&mut text, value)?;
        }
        text.push('\n');
        if text.len() >= CHUNK {
            copy.send(text.as_bytes()).await?;
            text.clear();
        }
    }
    copy.send(text.as_bytes()).await?;
    Ok(copy.finish().await?)
}

/// Writes a value in COPY's text format.
fn write_text(text: &mut String, value: &Value) -> Result<(), DbErr> {
    use std::fmt::Write as _;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the types that our tables have, among all that there are")]
    let written = match value {
        Value::Bool(Some(value)) => write!(text, "{value}"),
        Value::SmallInt(Some(value)) => write!(text, "{value}"),
        Value::Int(Some(value)) => write!(text, "{value}"),
        Value::BigInt(Some(value)) => write!(text, "{value}"),
        Value::Uuid(Some(value)) => write!(text, "{value}"),
        Value::ChronoDate(Some(value)) => write!(text, "{value}"),
        Value::String(Some(value)) => {
            for letter in value.chars() {
                match letter {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    _ => text.push(letter),
                }
            }
            Ok(())
        }
        null if null.as_null() == *null => write!(text, "\\N"),
        other => return Err(DbErr::Type(format!("no way to write {other:?}"))),
    };
    written.map_err(|error| DbErr::Custom(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_copy_are_escaped() {
        let mut text = String::new();
        write_text(&mut text, &Value::from("a\tb\\c\nd")).expect("text");
        write_text(&mut text, &Value::String(None)).expect("null");
        assert_eq!(text, "a\\tb\\\\c\\nd\\N");
    }
}
