//! A long file is imported in many batches and one transaction. `KIM_TEST_ROWS` sets its length.

use std::fmt::Write as _;

use super::*;
use crate::support::database::{Backend, fresh};

/// A list of this length, made from the valid rows of Köln's list.
fn long_list(rows: usize) -> Vec<u8> {
    let text: String = KOELN.iter().map(|&byte| char::from(byte)).collect();
    let lines: Vec<&str> = text.lines().collect();
    let right: Vec<&str> = lines[1..].iter().copied().filter(|line| line.contains("traeger-nippes")).skip(1).collect();
    let mut file = format!("{}\n", lines[0]);
    for number in 0..rows {
        let (_, rest) = right[number % right.len()].split_once(';').expect("cells");
        let _ = writeln!(file, "N-{number};{rest}");
    }
    file.chars().map(|letter| u8::try_from(letter).expect("Windows-1252")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_imported_completely_and_a_second_import_changes_nothing() {
    let rows = std::env::var("KIM_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(2_000);
    let db = fresh(Backend::Sqlite).await;
    prepare(&db.database).await;
    let file = long_list(rows);
    let report = imported(&db.database, &file).await;
    assert_eq!(report.accepted as usize, rows, "{}", report.refused.len());
    let report = imported(&db.database, &file).await;
    assert_eq!((report.accepted, report.unchanged as usize), (0, rows));
}
