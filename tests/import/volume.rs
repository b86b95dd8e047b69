//! How long a long file takes. By hand: `cargo test --release --test main -- --ignored volume`.

use std::fmt::Write as _;
use std::time::Instant;

use super::*;
use crate::support::database::{Backend, fresh};

/// As many rows as a municipality will ever have, made from the rows of Köln's list that are right.
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
#[ignore = "a measurement, not a promise of the test suite"]
async fn a_hundred_thousand_rows_import_in_two_minutes() {
    let rows = std::env::var("KIM_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let db = fresh(Backend::Sqlite).await;
    prepare(&db.database).await;
    let file = long_list(rows);
    let begin = Instant::now();
    let report = imported(&db.database, &file).await;
    println!("{} of {} rows written in {:?}", report.accepted, report.rows, begin.elapsed());
    assert_eq!(report.accepted as usize, rows, "{}", report.refused.len());
    assert!(begin.elapsed().as_secs() < 120);
    let begin = Instant::now();
    let report = imported(&db.database, &file).await;
    println!("{} rows unchanged in {:?}", report.unchanged, begin.elapsed());
    assert_eq!(report.unchanged as usize, rows);
}
