//! End-to-end tests, one subject per file, on SQLite and on PostgreSQL. `docs/promises.md` lists them by promise.
//!
//! `make test` runs everything; `tests/with-postgres.sh cargo test --test main NAME` runs one.

mod agreements;
mod availability;
mod bulk;
mod cases;
mod clients;
mod columns;
mod consents;
mod corrections;
mod crash;
mod database;
mod demo;
mod directory;
mod disclosure_log;
mod disclosure_matrix;
mod documents;
mod error_messages;
mod expensive_requests;
mod feed;
mod fragments;
mod handover_changes;
mod import;
mod imports;
mod indexes;
mod lists;
mod log_writer;
mod migrations;
mod payload_scopes;
mod plan;
mod process;
mod queries;
mod race;
mod random_documents;
mod referral_life;
mod root_fields;
mod statistics;
mod support;
mod support_check;
mod table_scans;
mod telemetry;
mod timer;
mod tokens;
mod unseen_fields;
mod validation;
mod withdrawal;
