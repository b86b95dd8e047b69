//! Writes the log from a thread of its own, so that a full disk, a closed pipe, or a reader that does not read neither ends a
//! request nor delays it.
//!
//! Lines are collected for some milliseconds and written together. A channel would wake the thread for each line, which cost a
//! tenth of the requests per second.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written. Further ones are lost.
const MAX_WAITING: u64 = 8_192;
/// How long lines are collected before they are written.
const COLLECTED: Duration = Duration::from_millis(10);
/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines that were lost.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines were lost, because too many waited or because they could not be written.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The lines that wait.
#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    lines: u64,
    is_ending: bool,
    has_ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Shared {
    /// No code panics while it holds the lock, so that its content is whole.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let mut text = Vec::new();
        loop {
            let waits = |waiting: &mut Waiting| waiting.lines == 0 && !waiting.is_ending;
            let begun = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
            let is_ending = begun.is_ending;
            drop(begun);
            if !is_ending {
                std::thread::sleep(COLLECTED);
            }
            let lines = {
                let mut waiting = self.lock();
                std::mem::swap(&mut waiting.text, &mut text);
                std::mem::take(&mut waiting.lines)
            };
            if out.write_all(&text).and_then(|()| out.flush()).is_err() {
                LOST.fetch_add(lines, Ordering::Relaxed);
            }
            text.clear();
            if is_ending {
                self.lock().has_ended = true;
                self.changed.notify_all();
                return;
            }
        }
    }
}

/// Where the log writes its lines.
#[derive(Clone, Debug)]
pub(super) struct LogLines(Arc<Shared>);

/// Writes the last lines when it is dropped.
#[derive(Debug)]
pub(super) struct LastLines(Arc<Shared>);

/// Begins to write lines to `out`.
///
/// # Errors
/// The system has no thread left.
pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<(LogLines, LastLines)> {
    let shared = Arc::new(Shared::default());
    let thread = Arc::clone(&shared);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || thread.write_to(out))?;
    Ok((LogLines(Arc::clone(&shared)), LastLines(shared)))
}

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.lock().is_ending = true;
        self.0.changed.notify_all();
        let writes = |waiting: &mut Waiting| !waiting.has_ended;
        drop(self.0.changed.wait_timeout_while(self.0.lock(), LAST_LINES, writes));
    }
}

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = OneLine<'a>;

    fn make_writer(&'a self) -> OneLine<'a> {
        OneLine(&self.0)
    }
}

/// Takes one line.
#[derive(Debug)]
pub(super) struct OneLine<'a>(&'a Shared);

impl Write for OneLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock();
        if waiting.lines == MAX_WAITING {
            LOST.fetch_add(1, Ordering::Relaxed);
        } else {
            waiting.text.extend_from_slice(line);
            waiting.lines += 1;
            if waiting.lines == 1 {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Hands over what is written.
    struct Sent(mpsc::Sender<Vec<u8>>);

    impl Write for Sent {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let sent = self.0.send(text.to_vec());
            sent.map(|()| text.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(lines: &LogLines, line: &str) {
        lines.make_writer().write_all(line.as_bytes()).expect("never an error");
    }

    #[test]
    fn lines_are_written_in_order_and_the_last_ones_at_the_end() {
        let (sender, written) = mpsc::channel();
        let (lines, last) = start(Sent(sender)).expect("a thread");
        write(&lines, "one\n");
        let mut text = written.recv().expect("a line");
        assert_eq!(text, b"one\n");
        for number in 0..100 {
            write(&lines, &format!("{number}\n"));
        }
        drop(last);
        text.extend(written.try_iter().flatten());
        let expected: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(text).expect("text"), format!("one\n{expected}"));
    }

    #[test]
    fn too_many_lines_and_a_closed_reader_are_counted() {
        let (sender, written) = mpsc::channel();
        drop(written);
        let (lines, last) = start(Sent(sender)).expect("a thread");
        let before = lost();
        write(&lines, "one\n");
        drop(last);
        assert!(lost() > before, "a closed reader");

        // Nothing is written while the lock is held here.
        let (lines, last) = start(io::sink()).expect("a thread");
        lines.0.lock().lines = MAX_WAITING;
        let before = lost();
        write(&lines, "one too many\n");
        drop((lines, last));
        assert!(lost() > before, "too many lines");
    }
}
