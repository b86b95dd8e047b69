//! Waiting for SQLite without going to sleep at once.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use sea_orm::DbBackend;

/// So long one looks before one sleeps: longer than most statements take.
const AWAKE: Duration = Duration::from_micros(400);

static SQLITE: Waiting = Waiting(AtomicU32::new(0));

/// Waits for a statement. A connection to SQLite is a thread, which hands over its rows one by one; to be woken for each
/// of them would take longer than most statements.
pub(crate) async fn eagerly<T>(backend: DbBackend, statement: impl Future<Output = T>) -> T {
    match backend {
        DbBackend::Sqlite => SQLITE.eagerly(statement).await,
        DbBackend::Postgres | _ => statement.await,
    }
}

/// How many wait here just now.
struct Waiting(AtomicU32);

impl Waiting {
    /// Whoever waits alone looks again and again before it sleeps; where several wait, it leaves them the core.
    async fn eagerly<T>(&self, doing: impl Future<Output = T>) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted(self);
        let mut doing = pin!(doing);
        poll_fn(|context| {
            let began = Instant::now();
            while self.0.load(Ordering::Relaxed) == 1 && began.elapsed() < AWAKE {
                // Who is awake need not be woken.
                let done = doing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if done.is_ready() {
                    return done;
                }
                thread::yield_now();
            }
            doing.as_mut().poll(context)
        })
        .await
    }
}

/// One of them, until it is dropped.
struct Counted<'w>(&'w Waiting);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// What `polls` polls do not finish, and nobody wakes.
    async fn after(polls: u32) -> u32 {
        let mut polled = 0;
        poll_fn(|_| {
            polled += 1;
            if polled > polls { Poll::Ready(polled) } else { Poll::Pending }
        })
        .await
    }

    #[tokio::test]
    async fn who_waits_alone_finds_what_comes_without_being_woken() {
        let waiting = Waiting(AtomicU32::new(0));
        assert_eq!(waiting.eagerly(after(10)).await, 11);
        assert_eq!(waiting.0.into_inner(), 0);
    }

    #[tokio::test]
    async fn who_waits_among_others_sleeps_at_once() {
        let waiting = Waiting(AtomicU32::new(1));
        let limit = Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, waiting.eagerly(after(3))).await.is_err(), "nobody woke it");
        assert_eq!(waiting.0.into_inner(), 1, "who gives up waits no more");
    }

    #[tokio::test]
    async fn who_sleeps_is_woken() {
        let waiting = Waiting(AtomicU32::new(0));
        let (tell, told) = tokio::sync::oneshot::channel();
        let teller = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            tell.send(7)
        });
        assert_eq!(waiting.eagerly(told).await, Ok(7));
        assert_eq!(teller.join().expect("it told"), Ok(()));
    }
}
