//! A login of PostgreSQL without the documented grants: the commands name what is missing, and the grants are enough.

use sea_orm::ConnectionTrait;

use crate::process::{Served, configured, kim};
use crate::support::database::{Backend, TestDatabase, fresh};

const GUIDE: &str = include_str!("../docs/operation.md");

/// The statements of the guide that follow this sentence, for another login than the guide's.
fn documented(sentence: &str, login: &str) -> String {
    let (_, rest) = GUIDE.split_once(sentence).expect("the sentence");
    let (_, rest) = rest.split_once("```sql\n").expect("statements");
    rest.split_once("```").expect("their end").0.replace("kim_server", login)
}

/// A login without privileges on this database, and the URL for it.
async fn login(db: &TestDatabase) -> (String, String) {
    let main = db.database.raw();
    let row = main.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Postgres,
        "SELECT current_database()::text",
    ));
    let name: String = row.await.expect("an answer").expect("a row").try_get_by_index(0).expect("a name");
    let login = format!("login_of_{name}");
    let create =
        format!("DROP ROLE IF EXISTS {login}; CREATE ROLE {login} LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC");
    main.execute_unprepared(&create).await.expect("a role");
    let (_, server) = db.url.split_once('@').expect("a login in the URL");
    (login.clone(), format!("postgres://{login}@{server}"))
}

/// Exit code and standard error of a command.
fn run(folder: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = kim(folder).args(arguments).output().expect("kim runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_without_the_documented_grants_is_told_which_are_missing() {
    let db = fresh(Backend::Postgres).await;
    let main = db.database.raw();
    let (login, url) = login(&db).await;
    let folder = configured(&url);
    std::fs::write(folder.path().join("a.csv"), "slug;name\n").expect("a file");
    let commands = [
        &["serve"][..],
        &["tick"],
        &["import", "agencies", "a.csv"],
        &["agreement", "export", "--receiver", "a", "--purpose", "NATURALISATION"],
    ];
    for command in commands {
        let (code, words) = run(folder.path(), command);
        assert_eq!(code, Some(1), "{command:?}: {words}");
        for part in [
            &format!("the login \"{login}\""),
            "USAGE on schema public",
            "DELETE on agency, agreement, agreement_opinion,",
            "kim_log_migration, kim_migration",
            "\"PostgreSQL\" of docs/operation.md",
        ] {
            assert!(words.contains(part), "{command:?}: {part}: {words}");
        }
        assert!(!words.contains("permission denied"), "{command:?}: {words}");
    }

    main.execute_unprepared(&format!("GRANT USAGE, CREATE ON SCHEMA public TO {login}")).await.expect("granted");
    main.execute_unprepared(&documented("Then, as kim_owner", &login)).await.expect("the documented statements");
    let served = Served::start(folder.path());
    served.terminate();
    assert_eq!(served.end().0, Some(0));

    main.execute_unprepared(&format!("REVOKE INSERT, DELETE ON handover FROM {login}")).await.expect("revoked");
    let (code, words) = run(folder.path(), &["serve"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("\n  DELETE on handover\n  INSERT on handover\n"), "{words}");

    // The server's login may not migrate.
    let (code, words) = run(folder.path(), &["migrate"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("OWNER on agency, agency_change, agreement, agreement_opinion,")
            && !words.contains("permission denied"),
        "{words}"
    );

    main.execute_unprepared(&format!("DROP OWNED BY {login}; DROP ROLE {login}")).await.expect("dropped");
}
