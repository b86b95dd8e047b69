//! Shared parts of the end-to-end tests: databases, servers, tokens and rows.

pub(crate) mod canaries;
pub(crate) mod database;
pub(crate) mod demo;
pub(crate) mod keys;
pub(crate) mod logs;
pub(crate) mod office;
pub(crate) mod process;
pub(crate) mod scenario;
pub(crate) mod server;
pub(crate) mod world;

/// The data of an answer as JSON.
pub(crate) fn json_of(response: &async_graphql::Response) -> serde_json::Value {
    let mut json = Vec::new();
    kim_graphql::write_json(&response.data, &mut json);
    serde_json::from_slice(&json).expect("JSON")
}

/// Makes two tests, `name::sqlite` and `name::postgres`, from one body, each with its own migrated, empty database.
///
/// ```ignore
/// on_both! {
///     async fn a_clerk_sees_the_list(db: TestDatabase) { … }
/// }
/// ```
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($db:ident: TestDatabase) $body:block)+) => { $(
        $(#[$attribute])*
        async fn $name($db: $crate::support::database::TestDatabase) $body

        mod $name {
            use $crate::support::database::{Backend, fresh};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(fresh(Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(fresh(Backend::Postgres).await).await;
            }
        }
    )+ };
}
pub(crate) use on_both;
