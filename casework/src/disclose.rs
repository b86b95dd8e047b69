//! Writes down what was disclosed, before it leaves: the log of requests, and per referral and field the first and
//! last time.

mod known;
mod log_writer;

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::field::FieldSet;
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::viewer::Viewer;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use log_writer::LogWriter;

/// What was shown of one referral in one request.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The referral.
    pub referral_id: Uuid,
    /// Its receiver.
    pub receiver_id: Uuid,
    /// Shown to the agency that handed it over.
    pub own: bool,
    /// Fields that a statute lets pass.
    pub statutory: FieldSet,
    /// Fields that the client consented to.
    pub consented: FieldSet,
    /// Fields that were asked for and visible, also where the value is null.
    pub fields: FieldSet,
    /// Whether messages were shown.
    pub messages: bool,
}

/// Who read, in which request, by which operation.
#[derive(Clone, Debug)]
pub struct Reader {
    agency_id: Uuid,
    agency: String,
    role: Role,
    subject: String,
    acting_for: Option<String>,
    request_id: String,
    operation: String,
}

impl Reader {
    /// The viewer, the request's id, and the hash of the operation's document.
    #[must_use]
    pub fn of(viewer: &Viewer, request_id: &str, operation: &str) -> Self {
        Self {
            agency_id: viewer.agency().id,
            agency: viewer.agency().slug.clone(),
            role: viewer.role(),
            subject: viewer.subject().to_owned(),
            acting_for: viewer.acting_for().map(str::to_owned),
            request_id: request_id.to_owned(),
            operation: operation.to_owned(),
        }
    }
}

/// What became of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// It is there: the answer may leave.
    Written,
    /// Something was closed to the agency since the answer was begun: it is to be made anew, and this is the count now.
    Overtaken(i64),
}

/// When an answer was begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// How often something was closed to the viewer's agency before.
    pub closings: i64,
    /// The day for which the rule was asked.
    pub today: NaiveDate,
}

/// What of one request is to be written, and who waits for it.
struct Entry {
    viewer: Arc<Viewer>,
    reader: Reader,
    shown: Vec<Shown>,
    begun: Begun,
    told: oneshot::Sender<Result<Recorded, Arc<DbErr>>>,
}

/// So many entries wait at most; who comes then waits for a place.
const QUEUE: usize = 1_024;

/// The log of one process. What requests show at the same time is written in one transaction: the disk is waited for
/// once.
#[derive(Clone, Debug)]
pub struct DisclosureLog {
    queue: mpsc::Sender<Entry>,
}

impl DisclosureLog {
    /// Opens it, inside a runtime. What is queued is written until the last clone is dropped.
    #[must_use]
    pub fn open(database: Arc<Database>, clock: Clock) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(LogWriter::new(database, clock).run(waiting));
        Self { queue }
    }

    /// Writes the log of one request: all of it or nothing. A disclosure happens when this commits, and no closing can
    /// commit between the look at what was closed and that. If something was closed since the answer was begun, the rule
    /// is asked again for what it shows: what it still releases may go, so that a busy day of withdrawals stops nobody's
    /// reading.
    ///
    /// # Errors
    /// The log cannot be written; then nothing may be shown.
    pub async fn record(
        &self,
        viewer: &Arc<Viewer>,
        reader: &Reader,
        shown: Vec<Shown>,
        begun: Begun,
    ) -> Result<Recorded, Arc<DbErr>> {
        let broken = || Arc::new(DbErr::Custom("the log's writer broke off".into()));
        let (told, answer) = oneshot::channel();
        let entry = Entry { viewer: Arc::clone(viewer), reader: reader.clone(), shown, begun, told };
        self.queue.send(entry).await.map_err(|_| broken())?;
        answer.await.map_err(|_| broken())?
    }
}
