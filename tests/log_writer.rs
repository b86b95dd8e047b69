//! The writer of the disclosure log combines concurrent requests. A request that fails or waits does not affect the others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kim_casework::disclose::{AnswerStart, DisclosureLog, LogOutcome, Reader, Shown};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_entity::database::Database;
use kim_entity::disclosure_log;
use kim_entity::read::Reads;
use kim_entity::viewer::Viewer;
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::on_both;
use crate::support::server::{token, verified};
use crate::support::world::{self, today};

const AGS: &str = "05315000";

/// A second process with clerks of two agencies. It records its statements.
struct Process {
    log: DisclosureLog,
    clerks: [Arc<Viewer>; 2],
    statements: Arc<Mutex<Vec<String>>>,
}

impl Process {
    async fn open(db: &TestDatabase) -> Self {
        world::add_municipality(db.database.raw(), AGS).await;
        for slug in ["jobcenter", "other"] {
            world::add_agency(db.database.raw(), AGS, slug, AgencyKind::Jobcenter).await;
        }
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&statements);
        let mut database = Database::open(&db.url).await.expect("a process of its own");
        database.observe(move |text| seen.lock().expect("a list").push(text.to_owned()));
        let clerk = async |slug| {
            let admitted = Reads::admit(&database, verified(&token(slug, Role::Clerk)), today()).await;
            Arc::clone(admitted.expect("a database").expect("a clerk").viewer())
        };
        let clerks = [clerk("jobcenter").await, clerk("other").await];
        Self { log: DisclosureLog::open(Arc::new(database), Clock::on(today())), clerks, statements }
    }

    /// Records that a clerk was shown a referral. The referral exists only in the log.
    async fn disclose(&self, clerk: usize, request: &str, referral: Uuid) -> Option<LogOutcome> {
        let viewer = &self.clerks[clerk];
        let fields = FieldSet::of(&[HandoverField::FamilyName]);
        let shown = Shown {
            referral_id: referral,
            receiver_id: viewer.agency().id,
            own: false,
            statutory: FieldSet::EMPTY,
            consented: fields,
            fields,
            messages: false,
        };
        let start = AnswerStart { closings: viewer.closings(), today: today() };
        let reader = Reader::of(viewer, request, "an-operation");
        self.log.record(viewer, &reader, vec![shown], start).await.ok()
    }

    fn commits(&self) -> usize {
        let statements = self.statements.lock().expect("a list");
        statements.iter().filter(|text| text.contains("INTO \"disclosure_log\"")).count()
    }
}

async fn logged(db: &TestDatabase, request: &str) -> u64 {
    let rows = disclosure_log::Entity::find().filter(disclosure_log::Column::RequestId.eq(request));
    rows.count(db.database.raw_log()).await.expect("the log")
}

on_both! {
    async fn concurrent_requests_are_logged_in_shared_transactions(db: TestDatabase) {
        let process = Arc::new(Process::open(&db).await);
        let requests: Vec<_> = (0..200)
            .map(|number| {
                let process = Arc::clone(&process);
                tokio::spawn(async move { process.disclose(number % 2, &format!("request-{number}"), new_uuid()).await })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.expect("an end"), Some(LogOutcome::Written));
        }
        for number in 0..200 {
            assert_eq!(logged(&db, &format!("request-{number}")).await, 1);
        }
        assert!(process.commits() <= 50, "{} transactions for 200 requests", process.commits());
    }

    async fn simultaneous_disclosures_of_a_referral_are_one_fact(db: TestDatabase) {
        let process = Arc::new(Process::open(&db).await);
        let referral = new_uuid();
        let shows: Vec<_> = (0..50)
            .map(|_| {
                let process = Arc::clone(&process);
                tokio::spawn(async move { process.disclose(0, "a-request", referral).await })
            })
            .collect();
        for show in shows {
            assert_eq!(show.await.expect("an end"), Some(LogOutcome::Written));
        }
        assert_eq!(logged(&db, "a-request").await, 50);
        let facts = kim_entity::disclosed::Entity::find().count(db.database.raw_log()).await.expect("facts");
        assert_eq!(facts, 1);
    }

    async fn a_closing_for_one_agency_does_not_delay_the_log_of_another(db: TestDatabase) {
        let process = Arc::new(Process::open(&db).await);
        if db.database.backend() == DbBackend::Sqlite {
            // On SQLite all disclosures share one lock.
            return;
        }
        let held = process.clerks[0].agency().id;
        let closing = db.database.raw_closing(&[held].into()).await.expect("the lock of a closing");
        let waiting = tokio::spawn({
            let process = Arc::clone(&process);
            async move { process.disclose(0, "held", new_uuid()).await }
        });
        for _ in 0..20 {
            assert_eq!(process.disclose(1, "free", new_uuid()).await, Some(LogOutcome::Written));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waiting.is_finished(), "it was logged while something was being closed");
        closing.commit().await.expect("closed");
        // The rule releases no field, because the referral does not exist.
        assert_eq!(waiting.await.expect("an end"), Some(LogOutcome::Outdated(1)));
        assert_eq!((logged(&db, "held").await, logged(&db, "free").await), (0, 20));
    }

    async fn an_entry_that_cannot_be_written_fails_alone(db: TestDatabase) {
        let process = Arc::new(Process::open(&db).await);
        if db.database.backend() == DbBackend::Sqlite {
            // SQLite stores any text.
            return;
        }
        let requests: Vec<_> = (0..40)
            .map(|number| {
                let process = Arc::clone(&process);
                // PostgreSQL cannot store NUL.
                let request = if number == 7 { "nul\0".to_owned() } else { format!("request-{number}") };
                tokio::spawn(async move { process.disclose(0, &request, new_uuid()).await })
            })
            .collect();
        for (number, request) in requests.into_iter().enumerate() {
            let expected = (number != 7).then_some(LogOutcome::Written);
            assert_eq!(request.await.expect("an end"), expected, "request {number}");
        }
    }
}
