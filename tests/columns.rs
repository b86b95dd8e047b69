//! Every column of the database is classified, and each codec writes all columns of its table.

use std::collections::BTreeSet;

use kim_entity::case_file::NewCase;
use kim_entity::classification::TABLES;
use kim_entity::handover::HandoverRow;
use kim_entity::household_member::NewMember;
use kim_entity::message::NewMessage;
use kim_entity::name_part::NamePart;
use kim_entity::note::NewNote;
use kim_entity::person::PersonRow;
use kim_entity::raw::Stored;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::support::on_both;

/// `table.column` of every table, without the migrators' tables.
async fn columns(db: &DatabaseConnection) -> BTreeSet<String> {
    let query = if db.get_database_backend() == DbBackend::Sqlite {
        "SELECT t.name || '.' || c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             AND t.name NOT LIKE 'kim\\_%' ESCAPE '\\'"
    } else {
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name NOT LIKE 'kim\\_%'"
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.expect("a catalogue");
    rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect()
}

on_both! {
    async fn every_database_column_is_classified(db: TestDatabase) {
        let mut found = columns(db.database.raw()).await;
        found.extend(columns(db.database.raw_log()).await);
        let answered: BTreeSet<String> = TABLES
            .iter()
            .flat_map(|table| table.columns().map(|(column, _)| format!("{}.{column}", table.name)))
            .collect();
        assert!(found.len() > 200, "the catalogue was read");
        let without_answer: Vec<_> = found.difference(&answered).collect();
        let without_column: Vec<_> = answered.difference(&found).collect();
        assert!(without_answer.is_empty(), "no answer in entity/src/tables/classification.rs: {without_answer:?}");
        assert!(without_column.is_empty(), "answers without a column: {without_column:?}");
    }

    async fn whoever_is_recorded_is_recorded_with_the_person_for_whom_a_service_acts(db: TestDatabase) {
        let found = columns(db.database.raw()).await;
        // No service may propose, sign, reject or end an agreement, or give an opinion (`kim_domain::agreement::Position`).
        let by_people = |table: &str| table.starts_with("agreement_");
        let mut recorded = 0;
        for name in &found {
            let (table, column) = name.split_once('.').expect("a table and a column");
            let beside = match column.strip_suffix("staff") {
                Some(prefix) if !by_people(table) => format!("{table}.{prefix}acting_for"),
                _ => continue,
            };
            recorded += 1;
            assert!(found.contains(&beside), "{name} stands without {beside}");
        }
        assert_eq!(recorded, 12, "columns of people");
    }

    async fn a_codec_writes_every_column_of_its_table(db: TestDatabase) {
        let found = columns(db.database.raw()).await;
        let codecs = [
            stored::<HandoverRow>(),
            stored::<NewMessage>(),
            stored::<PersonRow>(),
            stored::<NewCase>(),
            stored::<NewNote>(),
            stored::<NewMember>(),
            stored::<NamePart<PersonRow>>(),
            stored::<NamePart<HandoverRow>>(),
        ];
        for (table, written) in codecs {
            let there: BTreeSet<_> = found.iter().filter(|name| name.starts_with(&format!("{table}."))).cloned().collect();
            assert_eq!(written, there, "{table}");
        }
    }
}

/// A table and its columns, as its codec names them.
fn stored<S: Stored>() -> (&'static str, BTreeSet<String>) {
    let table = S::table();
    let columns = S::columns().into_iter().map(|column| format!("{table}.{column}")).collect();
    (table, columns)
}
