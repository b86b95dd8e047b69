//! Bare SQL: `pgbench` scripts, each with one statement that returns the whole answer as JSON.

use std::path::{Path, PathBuf};

use kim_entity::database::Database;
use serde_json::Value;

use crate::agency;
use crate::failure::Failure;
use crate::task::Task;

/// The script's text.
const fn text(task: Task) -> &'static str {
    match task {
        Task::Flat => include_str!("../../queries/sql/flat.sql"),
        Task::List => include_str!("../../queries/sql/list.sql"),
        Task::Messages => include_str!("../../queries/sql/messages.sql"),
        Task::Counts => include_str!("../../queries/sql/counts.sql"),
        Task::Total => include_str!("../../queries/sql/total.sql"),
        Task::One => include_str!("../../queries/sql/one.sql"),
        Task::Deep => include_str!("../../queries/sql/deep.sql"),
        Task::Accept => include_str!("../../queries/sql/accept.sql"),
    }
}

/// The script as a file.
pub(super) fn script(folder: &Path, task: Task) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("{}.sql", task.name()));
    std::fs::write(&path, text(task))?;
    Ok(path)
}

/// The answer for the first clerk.
pub(super) async fn answer(url: &str, task: Task) -> Result<Value, Failure> {
    let lines: Vec<&str> = text(task).lines().filter(|line| !line.starts_with("\\set")).collect();
    let sql = lines.join("\n").replace(":n ", "1 ").replace(":n)", "1)");
    let database = Database::open(url).await?;
    let row = agency::single_row(&database, &sql).await?;
    database.close().await?;
    Ok(row.try_get_by_index::<Option<Value>>(0)?.unwrap_or(Value::Null))
}

/// Sets the first referral of the next turn.
pub(super) async fn take_turn(url: &str, begins: usize) -> Result<(), Failure> {
    let database = Database::open(url).await?;
    agency::single_row(&database, &format!("SELECT setval('peer_rule.turn', {}, false)", begins + 1)).await?;
    Ok(database.close().await?)
}
