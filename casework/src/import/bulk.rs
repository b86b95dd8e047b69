//! Many rows in few statements, within what one statement may bind.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, Iterable};

/// SQLite binds 32,766 values at most, PostgreSQL 65,535.
const MOST_VALUES: usize = 32_000;
/// Longer statements are no faster.
const MOST_ROWS: usize = 400;

/// Inserts the rows in their order.
pub(crate) async fn insert<A>(tx: &DatabaseTransaction, rows: Vec<A>) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    let size = (MOST_VALUES / columns.max(1)).clamp(1, MOST_ROWS);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<A> = rows.by_ref().take(size).collect();
        <A::Entity as EntityTrait>::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}
