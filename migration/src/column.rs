//! How columns of ours are written, the same on both databases.

use sea_orm_migration::prelude::*;

/// A word of a closed list, by its code: text and not an enum type, so that a new word needs no step. Never empty.
pub(crate) fn code(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().check(Expr::col(name).ne("")).take()
}

/// A word of a closed list, or none. Never empty.
pub(crate) fn code_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().check(Expr::col(name).ne("")).take()
}

/// A set of handover fields: bits of a positive `bigint`.
pub(crate) fn field_set(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().check(Expr::col(name).gte(0)).take()
}

/// A reference to another table's row. Rows that are referred to cannot be deleted.
pub(crate) fn reference(
    table: &'static str,
    column: &'static str,
    to_table: &'static str,
    to_column: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(to_table, to_column).take()
}

/// A unique set of columns.
pub(crate) fn unique(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).unique().take();
    for &column in columns {
        index.col(column);
    }
    index
}
