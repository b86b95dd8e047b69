//! Progress of an import: a bar on a terminal, and a line every 10,000 rows if standard error is no terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::output::note;

/// Number of rows between two lines.
const ROWS_PER_LINE: u64 = 10_000;

/// The progress display.
pub(super) enum Progress {
    Bar(ProgressBar),
    /// Number of rows in the last line.
    Lines(u64),
}

impl Progress {
    pub(super) fn start() -> Result<Self, Failure> {
        if !std::io::stderr().is_terminal() {
            return Ok(Self::Lines(0));
        }
        let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} Zeilen, noch {eta}");
        Ok(Self::Bar(ProgressBar::new(0).with_style(style.map_err(Failure::failed)?)))
    }

    pub(super) fn update(&mut self, done: u64, total: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(total);
                bar.set_position(done);
            }
            Self::Lines(last) => {
                for rows in due_lines(*last, done) {
                    note(&format!("{rows} von {total} Zeilen"));
                    *last = rows;
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

/// The multiples of [`ROWS_PER_LINE`] that were reached since the last line.
fn due_lines(last: u64, done: u64) -> impl Iterator<Item = u64> {
    (last / ROWS_PER_LINE + 1..=done / ROWS_PER_LINE).map(|lines| lines * ROWS_PER_LINE)
}

#[cfg(test)]
mod tests {
    use super::due_lines;

    #[test]
    fn a_line_is_due_for_each_ten_thousand_rows() {
        let mut last = 0;
        let mut lines = Vec::new();
        for done in [0, 800, 9_600, 10_400, 19_999, 20_000, 20_800, 41_000] {
            for rows in due_lines(last, done) {
                last = rows;
                lines.push(rows);
            }
        }
        assert_eq!(lines, [10_000, 20_000, 30_000, 40_000]);
    }
}
