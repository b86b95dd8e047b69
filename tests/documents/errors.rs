//! docs/errors.md: every code has a section with examples, and the server answers them as documented.

use std::collections::BTreeSet;
use std::time::Duration;

use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_graphql::Code;
use sea_orm::{ConnectionTrait, TransactionTrait};

use super::example::examples;
use super::root;
use crate::support::database::{Backend, fresh};
use crate::support::server::TestServer;

fn document() -> String {
    std::fs::read_to_string(root().join("docs/errors.md")).expect("docs/errors.md")
}

#[test]
fn every_error_code_has_a_section_with_an_example() {
    let document = document();
    let sections: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(sections, Code::ALL.iter().map(|code| code.code()).collect::<Vec<_>>());
    let with_example: BTreeSet<&str> = examples(&document).iter().map(|example| example.heading).collect();
    assert_eq!(with_example, sections.into_iter().collect());
}

/// On SQLite, where a writer blocks other writers, so that the test can delay a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_of_an_error_is_answered_as_documented() {
    let db = fresh(Backend::Sqlite).await;
    let clock = Clock::on("2026-11-20".parse().expect("a day"));
    kim::demo::prepare(&db.database, &clock, &FingerprintKey::new([0x5a; 32]), false).await.expect("filled");
    let server = TestServer::start_with(db, clock, |config| {
        config.max_requests = 1;
        config.deadline_seconds = 2;
    })
    .await;
    let url = server.url("");
    let log = server.database.database.raw_log();

    let mut executed = 0;
    let document = document();
    let all = examples(&document);
    let of = |code: Code| all.iter().filter(move |example| example.heading == code.code());
    for &code in Code::ALL {
        match code {
            // These two need a busy server.
            Code::RateLimited => {}
            Code::Timeout => {
                let busy = log.begin().await.expect("a transaction");
                busy.execute_unprepared("DELETE FROM disclosure_log WHERE false").await.expect("a lock");
                for (late, one_more) in of(Code::Timeout).zip(of(Code::RateLimited)) {
                    executed += 2;
                    let one_more = async {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        one_more.check(&url).await;
                    };
                    tokio::join!(late.check(&url), one_more);
                }
                busy.rollback().await.expect("the lock is gone");
            }
            Code::Internal => {
                log.execute_unprepared("ALTER TABLE disclosed RENAME TO elsewhere").await.expect("a broken log");
                for example in of(code) {
                    executed += 1;
                    example.check(&url).await;
                }
                log.execute_unprepared("ALTER TABLE elsewhere RENAME TO disclosed").await.expect("a whole log");
            }
            // These two need ended agreements or consents.
            Code::NoAgreement => {
                let main = server.database.database.raw();
                main.execute_unprepared("UPDATE agreement SET purpose = 'X' || purpose").await.expect("no agreement");
                for example in of(code) {
                    executed += 1;
                    example.check(&url).await;
                }
                main.execute_unprepared("UPDATE agreement SET purpose = substr(purpose, 2)").await.expect("as before");
            }
            Code::NoLegalGround => {
                let main = server.database.database.raw();
                main.execute_unprepared("UPDATE consent SET withdrawn_at = 1").await.expect("no consent");
                for example in of(code) {
                    executed += 1;
                    example.check(&url).await;
                }
                main.execute_unprepared("UPDATE consent SET withdrawn_at = NULL").await.expect("as before");
            }
            Code::Unauthenticated
            | Code::Forbidden
            | Code::BadInput
            | Code::NotFound
            | Code::ActionNotAllowed
            | Code::IllegalTransition
            | Code::Conflict
            | Code::IdempotencyMismatch
            | Code::LimitExceeded
            | Code::ParseFailed
            | Code::ValidationFailed
            | Code::OperationNotAllowed => {
                for example in of(code) {
                    executed += 1;
                    example.check(&url).await;
                }
            }
        }
    }
    assert_eq!(executed, all.len());
    server.stop().await;
}
