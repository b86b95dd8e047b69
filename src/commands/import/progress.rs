//! How far an import is: a bar on a terminal, and a plain line now and then where standard error is a file.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::note;
use crate::failure::Failure;

/// A line for so many rows.
const ROWS_PER_LINE: u64 = 10_000;

/// What is shown of a running import.
pub(super) enum Shown {
    Bar(ProgressBar),
    /// How many rows the last line told of.
    Lines(u64),
}

impl Shown {
    pub(super) fn start() -> Result<Self, Failure> {
        if !std::io::stderr().is_terminal() {
            return Ok(Self::Lines(0));
        }
        let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} Zeilen, noch {eta}");
        Ok(Self::Bar(ProgressBar::new(0).with_style(style.map_err(Failure::failed)?)))
    }

    pub(super) fn tell(&mut self, done: u64, all: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            Self::Lines(told) => {
                for rows in due(*told, done) {
                    note(&format!("{rows} von {all} Zeilen"));
                    *told = rows;
                }
            }
        }
    }

    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// The full ten thousands that have been reached since the last line.
fn due(told: u64, done: u64) -> impl Iterator<Item = u64> {
    (told / ROWS_PER_LINE + 1..=done / ROWS_PER_LINE).map(|lines| lines * ROWS_PER_LINE)
}

#[cfg(test)]
mod tests {
    use super::due;

    #[test]
    fn a_line_is_due_for_each_ten_thousand_rows() {
        let mut told = 0;
        let mut lines = Vec::new();
        for done in [0, 800, 9_600, 10_400, 19_999, 20_000, 20_800, 41_000] {
            for rows in due(told, done) {
                told = rows;
                lines.push(rows);
            }
        }
        assert_eq!(lines, [10_000, 20_000, 30_000, 40_000]);
    }
}
