//! Many rows in few statements, within what one statement may bind.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable as _, ModelTrait};

/// SQLite binds 32,766 values at most, PostgreSQL 65,535.
const MOST_VALUES: usize = 32_000;
/// Longer statements are no faster.
const MOST_ROWS: usize = 400;

/// How many keys one `IN (…)` asks for.
pub(crate) const KEYS: usize = 1_000;

/// How many rows of so many columns one statement takes.
pub(crate) fn rows_at_once(columns: usize) -> usize {
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
