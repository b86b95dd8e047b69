//! The log of disclosures is written for many requests at once, and what one of them has wrong or waits for is its own.

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

/// A process of its own, with clerks of two offices, and the statements that it makes.
struct Office {
    ledger: DisclosureLog,
    clerks: [Arc<Viewer>; 2],
    statements: Arc<Mutex<Vec<String>>>,
}

impl Office {
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
        Self { ledger: DisclosureLog::open(Arc::new(database), Clock::on(today())), clerks, statements }
    }

    /// Shows a clerk a referral that the log alone knows.
    async fn show(&self, clerk: usize, request: &str, referral: Uuid) -> Option<LogOutcome> {
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
        self.ledger.record(viewer, &reader, vec![shown], start).await.ok()
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
    async fn requests_at_the_same_time_are_written_together(db: TestDatabase) {
        let office = Arc::new(Office::open(&db).await);
        let requests: Vec<_> = (0..200)
            .map(|number| {
                let office = Arc::clone(&office);
                tokio::spawn(async move { office.show(number % 2, &format!("request-{number}"), new_uuid()).await })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.expect("an end"), Some(LogOutcome::Written));
        }
        for number in 0..200 {
            assert_eq!(logged(&db, &format!("request-{number}")).await, 1);
        }
        assert!(office.commits() <= 50, "{} transactions for 200 requests", office.commits());
    }

    async fn a_referral_that_two_show_at_once_is_one_fact(db: TestDatabase) {
        let office = Arc::new(Office::open(&db).await);
        let referral = new_uuid();
        let shows: Vec<_> = (0..50)
            .map(|_| {
                let office = Arc::clone(&office);
                tokio::spawn(async move { office.show(0, "a-request", referral).await })
            })
            .collect();
        for show in shows {
            assert_eq!(show.await.expect("an end"), Some(LogOutcome::Written));
        }
        assert_eq!(logged(&db, "a-request").await, 50);
        let facts = kim_entity::disclosed::Entity::find().count(db.database.raw_log()).await.expect("facts");
        assert_eq!(facts, 1);
    }

    async fn an_office_to_which_something_is_being_closed_holds_up_no_other(db: TestDatabase) {
        let office = Arc::new(Office::open(&db).await);
        if db.database.backend() == DbBackend::Sqlite {
            // There all disclosures share one lock.
            return;
        }
        let held = office.clerks[0].agency().id;
        let closing = db.database.raw_closing(&[held].into()).await.expect("the lock of a closing");
        let waiting = tokio::spawn({
            let office = Arc::clone(&office);
            async move { office.show(0, "held", new_uuid()).await }
        });
        for _ in 0..20 {
            assert_eq!(office.show(1, "free", new_uuid()).await, Some(LogOutcome::Written));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waiting.is_finished(), "it was logged while something was being closed");
        closing.commit().await.expect("closed");
        // Nothing that the rule still releases was to be shown: there is no such referral.
        assert_eq!(waiting.await.expect("an end"), Some(LogOutcome::Outdated(1)));
        assert_eq!((logged(&db, "held").await, logged(&db, "free").await), (0, 20));
    }

    async fn what_cannot_be_written_fails_alone(db: TestDatabase) {
        let office = Arc::new(Office::open(&db).await);
        if db.database.backend() == DbBackend::Sqlite {
            // It keeps any text.
            return;
        }
        let requests: Vec<_> = (0..40)
            .map(|number| {
                let office = Arc::clone(&office);
                // PostgreSQL keeps no NUL.
                let request = if number == 7 { "nul\0".to_owned() } else { format!("request-{number}") };
                tokio::spawn(async move { office.show(0, &request, new_uuid()).await })
            })
            .collect();
        for (number, request) in requests.into_iter().enumerate() {
            let expected = (number != 7).then_some(LogOutcome::Written);
            assert_eq!(request.await.expect("an end"), expected, "request {number}");
        }
    }
}
