//! Where rows go: PostgreSQL by COPY, SQLite by prepared inserts. Both take any table.

use kim_entity::database::Database;
use kim_entity::raw::Stored;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Executor as _, Postgres};
use sea_orm::{DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait as _, Value};

use crate::failure::Failure;

/// So many bytes are sent at once.
const CHUNK: usize = 256 * 1024;

/// An open database that is being filled.
pub(crate) enum Sink {
    /// One connection that takes the foreign keys for right: a test looked at them in a smaller number of rows, and three
    /// million would take it minutes. Whatever else is constrained is looked at.
    Postgres(PoolConnection<Postgres>),
    /// One transaction.
    Sqlite(DatabaseTransaction),
}

impl Sink {
    /// Begins to fill this database.
    pub(crate) async fn open(database: &Database) -> Result<Self, Failure> {
        if database.backend() == DbBackend::Sqlite {
            return Ok(Self::Sqlite(database.raw().begin().await?));
        }
        let mut connection = database.raw().get_postgres_connection_pool().acquire().await?;
        connection.execute("SET session_replication_role = replica").await?;
        Ok(Self::Postgres(connection))
    }

    /// Writes these rows of one table.
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

    /// Keeps what was written.
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

/// A value in COPY's text format.
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
    fn what_copy_takes_for_its_own_signs_is_escaped() {
        let mut text = String::new();
        write_text(&mut text, &Value::from("a\tb\\c\nd")).expect("text");
        write_text(&mut text, &Value::String(None)).expect("null");
        assert_eq!(text, "a\\tb\\\\c\\nd\\N");
    }
}
