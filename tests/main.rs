//! End to end: one file per promise, on SQLite and on PostgreSQL.
//!
//! `make test` runs everything; `tests/with-postgres.sh cargo test --test main NAME` runs one.

mod agreements;
mod attacks;
mod bulk;
mod cases;
mod changing;
mod clients;
mod clock;
mod columns;
mod consents;
mod corrections;
mod crash;
mod database;
mod demo;
mod directory;
mod documents;
mod explain;
mod feed;
mod front_door;
mod import;
mod indexes;
mod ledger;
mod life;
mod lists;
mod log;
mod matrix;
mod migrations;
mod narrowing;
mod pieces;
mod plan;
mod process;
mod race;
mod random_documents;
mod reading;
mod root_fields;
mod statistics;
mod support;
mod support_check;
mod telemetry;
mod tokens;
mod withdrawal;
