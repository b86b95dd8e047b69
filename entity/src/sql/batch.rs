//! Many rows in few statements, within what one statement may bind.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable as _, ModelTrait, Value,
};

use crate::sql::Sql;

/// SQLite binds 32,766 values at most, PostgreSQL 65,535.
const MOST_VALUES: usize = 32_000;
/// Longer statements are no faster.
const MOST_ROWS: usize = 400;

/// How many keys one `IN (…)` asks for.
pub(crate) const KEYS: usize = 1_000;

/// A row as its table's codec stores it.
pub trait Stored {
    /// The table.
    fn table() -> &'static str;

    /// The names of all columns.
    fn columns() -> Vec<&'static str>;

    /// The cells, in the order of the columns. A column that the row does not speak of is null.
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

/// How many rows of so many columns one statement takes.
fn rows_at_once(columns: usize) -> usize {
    (MOST_VALUES / columns.max(1)).clamp(1, MOST_ROWS)
}

/// Inserts whole rows in their order.
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
