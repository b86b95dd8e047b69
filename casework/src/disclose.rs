//! Logs disclosures before the answer leaves: one row per request and set of fields, and per referral and field the
//! first time and the last day.

mod log_writer;
mod written_today;

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

/// The disclosure of one referral in one request.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The referral.
    pub referral_id: Uuid,
    /// Its receiver.
    pub receiver_id: Uuid,
    /// Whether the viewer's agency is the sender.
    pub own: bool,
    /// Fields with a statutory ground.
    pub statutory: FieldSet,
    /// Fields with the client's consent as ground.
    pub consented: FieldSet,
    /// Fields that were requested and visible, including null values.
    pub fields: FieldSet,
    /// Whether messages were disclosed.
    pub messages: bool,
}

/// The reader, the request and its operation.
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
    /// `operation` is the hash of the operation's document.
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

/// Result of logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum LogOutcome {
    /// The disclosures are logged: the answer may leave.
    Written,
    /// A field was closed for the agency since the answer was started, so the answer must be computed again. Contains
    /// the current number of closings.
    Outdated(i64),
}

/// State at the start of an answer.
#[derive(Clone, Copy, Debug)]
pub struct AnswerStart {
    /// Number of closings for the viewer's agency before the start.
    pub closings: i64,
    /// Day for which the rule was evaluated.
    pub today: NaiveDate,
}

/// The disclosures of one request, and the channel on which it waits for the result.
struct Entry {
    viewer: Arc<Viewer>,
    reader: Reader,
    shown: Vec<Shown>,
    start: AnswerStart,
    result_sender: oneshot::Sender<Result<LogOutcome, Arc<DbErr>>>,
}

/// Maximum number of waiting entries. Further senders wait for a free place.
const QUEUE_CAPACITY: usize = 1_024;

/// The disclosure log of one process. Entries that arrive at the same time are written in one transaction, so that the
/// disk is synced once.
#[derive(Clone, Debug)]
pub struct DisclosureLog {
    queue: mpsc::Sender<Entry>,
}

impl DisclosureLog {
    /// Starts the writer in the current runtime. It runs until the last clone is dropped and the queue is empty.
    #[must_use]
    pub fn open(database: Arc<Database>, clock: Clock) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(LogWriter::new(database, clock).run(waiting));
        Self { queue }
    }

    /// Logs the disclosures of one request, all or none. The commit is the moment of disclosure, and no field can be
    /// closed between the check for closings and the commit. If a field was closed since the answer was started, the
    /// rule is evaluated again; if it still releases everything that is to be shown, the answer may leave. Therefore
    /// many withdrawals on one day do not stop readers.
    ///
    /// # Errors
    /// The log cannot be written. Then nothing may be shown.
    pub async fn record(
        &self,
        viewer: &Arc<Viewer>,
        reader: &Reader,
        shown: Vec<Shown>,
        start: AnswerStart,
    ) -> Result<LogOutcome, Arc<DbErr>> {
        let broken = || Arc::new(DbErr::Custom("the log writer stopped".into()));
        let (result_sender, answer) = oneshot::channel();
        let entry = Entry { viewer: Arc::clone(viewer), reader: reader.clone(), shown, start, result_sender };
        self.queue.send(entry).await.map_err(|_| broken())?;
        answer.await.map_err(|_| broken())?
    }
}
