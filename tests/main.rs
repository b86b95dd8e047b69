//! End to end: one file per promise, on SQLite and on PostgreSQL.
//!
//! `make test` runs everything; `tests/with-postgres.sh cargo test --test main NAME` runs one.

mod columns;
mod database;
mod import;
mod indexes;
mod matrix;
mod migrations;
mod process;
mod support;
mod tokens;
