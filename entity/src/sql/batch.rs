//! Inserts many rows with few statements, within the limit of bound values of a statement.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable as _, ModelTrait, Value,
};

use crate::sql::Sql;

/// Maximum number of bound values: SQLite accepts 32,766, PostgreSQL 65,535.
const MAX_VALUES: usize = 32_000;
/// Maximum number of rows of a statement; longer ones are no faster.
const MAX_ROWS: usize = 400;

/// Maximum number of keys in an `IN (…)`.
pub(crate) const KEYS: usize = 1_000;

/// A row as its table's codec stores it.
pub trait Stored {
    /// The table.
    fn table() -> &'static str;

    /// The names of all columns.
    fn columns() -> Vec<&'static str>;

    /// The cells, in the order of the columns. A column for which the row has no value is null.
    fn cells(&self) -> Vec<Value>;
}

/// Inserts a codec's rows in their order.
pub(crate) async fn insert_stored<S: Stored>(connection: &impl ConnectionTrait, rows: &[S]) -> Result<(), DbErr> {
    let columns = S::columns();
    for some in rows.chunks(rows_at_once(columns.len())) {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push("INSERT INTO \"").push(S::table()).push("\" (").push(&columns.join(", ")).push(") VALUES ");
        sql.rows(some.iter().map(S::cells));
        sql.run(connection).await?;
    }
    Ok(())
}

/// How many rows with this number of columns one statement inserts.
fn rows_at_once(columns: usize) -> usize {
    (MAX_VALUES / columns.max(1)).clamp(1, MAX_ROWS)
}

/// Inserts rows of models in their order.
pub(crate) async fn insert<M, A>(connection: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity> + Send,
{
    let size = rows_at_once(<M::Entity as EntityTrait>::Column::iter().count());
    let mut rows = rows.into_iter().map(M::into_active_model).peekable();
    while rows.peek().is_some() {
        let batch: Vec<A> = rows.by_ref().take(size).collect();
        <M::Entity as EntityTrait>::insert_many(batch).exec_without_returning(connection).await?;
    }
    Ok(())
}
