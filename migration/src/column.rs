//! Column definitions that are the same on both databases.

use sea_orm_migration::prelude::*;

/// A word of a closed list, stored by its code. The column is text and not an enum type, so that a new word needs no
/// migration. Never empty.
pub(crate) fn code(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().check(Expr::col(name).ne("")).take()
}

/// A word of a closed list, or null. Never empty.
pub(crate) fn code_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().check(Expr::col(name).ne("")).take()
}

/// A set of handover fields, stored as the bits of a positive `bigint`.
pub(crate) fn field_set(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().check(Expr::col(name).gte(0)).take()
}

/// A foreign key. Referenced rows cannot be deleted.
pub(crate) fn reference(
    table: &'static str,
    column: &'static str,
    to_table: &'static str,
    to_column: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(to_table, to_column).take()
}

/// A unique index on a set of columns.
pub(crate) fn unique(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).unique().take();
    for &column in columns {
        index.col(column);
    }
    index
}
