//! Sessions of a browser: what begins, carries and ends them, and what does not. The demo's people sign in over HTTP.

use kim::demo::{self, DemoUser};
use kim::development;
use kim::issuers::Issuers;
use kim::serve::{self, RunningServer, ServerParts};
use kim_domain::agency::AgencyKind;
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::sessions::Whose;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::on_both;
use crate::support::world::{self, today};

const AGS: &str = "05315000";
const VIEWER: &str = "{ viewer { role agency { slug } } }";

/// A server with the page's routes, whose people are of two agencies.
struct Desk {
    running: RunningServer,
}

/// A browser: its cookie, and the session for which its page was loaded.
#[derive(Clone, Default)]
struct Browser {
    cookie: String,
    tag: String,
}

impl Desk {
    async fn start(db: &TestDatabase) -> Self {
        world::add_municipality(db.database.raw(), AGS).await;
        for (slug, kind) in [("abh-koeln", AgencyKind::Auslaenderbehoerde), ("jobcenter-koeln", AgencyKind::Jobcenter)]
        {
            world::add_agency(db.database.raw(), AGS, slug, kind).await;
        }
        let user = |agency, role| DemoUser { role, agency, token: String::new(), tabs: Vec::new() };
        let users = [
            user("abh-koeln", Role::Clerk),
            user("jobcenter-koeln", Role::Clerk),
            user("jobcenter-koeln", Role::Service),
        ];
        let running = serve::listen(ServerParts {
            listen: ([127, 0, 0, 1], 0).into(),
            database: db.database.clone(),
            clock: Clock::on(today()),
            key: FingerprintKey::new([7; 32]),
            issuers: Issuers::fixed(development::verifier().expect("a verifier")),
            jwks: None,
            graphiql: None,
            page: Some(demo::page(&db.database, &users).expect("a page")),
            limits: kim::config::Config::default().limits().expect("limits"),
            timer: None,
            metrics_listen: None,
        });
        Self { running: running.await.expect("a server") }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.running.address())
    }

    /// A request as the page sends it.
    fn post(&self, browser: &Browser, path: &str, body: &Value) -> RequestBuilder {
        with_session(Client::new().post(self.url(path)).json(body), browser)
    }

    async fn sign_in(&self, browser: &mut Browser, agency: &str, role: &str) -> Response {
        let answer = self.post(browser, "desk/sign-in/demo", &json!({"agency": agency, "role": role}));
        let answer = answer.send().await.expect("an answer");
        if let Some(cookie) = set_cookie(answer.headers()) {
            browser.cookie = cookie;
        }
        answer
    }

    async fn signed_in(&self, agency: &str) -> Browser {
        let mut browser = Browser::default();
        let answer: Value = self.sign_in(&mut browser, agency, "CLERK").await.json().await.expect("JSON");
        browser.tag = answer["tag"].as_str().expect("a tag").to_owned();
        browser
    }

    async fn viewer(&self, browser: &Browser) -> (u16, Value) {
        let answer = self.post(browser, "desk/graphql", &json!({"query": VIEWER})).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

fn with_session(request: RequestBuilder, browser: &Browser) -> RequestBuilder {
    let tag = if browser.tag.is_empty() { "-" } else { &browser.tag };
    let request = request.header("sec-fetch-site", "same-origin").header("kim-session", tag);
    if browser.cookie.is_empty() { request } else { request.header("cookie", &browser.cookie) }
}

/// The pair of name and value of a cookie that is set.
fn set_cookie(headers: &HeaderMap) -> Option<String> {
    let set = headers.get("set-cookie")?.to_str().ok()?;
    Some(set.split(';').next().unwrap_or_default().to_owned())
}

on_both! {
    async fn a_session_answers_as_a_token_of_its_person_does(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let mut browser = Browser::default();
        let answer = desk.sign_in(&mut browser, "abh-koeln", "CLERK").await;
        let set = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
        for attribute in ["__Host-kim-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(set.contains(attribute), "{set}");
        }
        assert!(!set.contains("Max-Age") && !set.contains("Expires") && !set.contains("Domain"), "{set}");
        let session: Value = answer.json().await.expect("JSON");
        browser.tag = session["tag"].as_str().expect("a tag").to_owned();
        assert!(!browser.cookie.contains(&browser.tag), "the tag gives no access");
        assert!(session["idleEndsAt"].as_i64() < session["endsAt"].as_i64());

        let (status, answer) = desk.viewer(&browser).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["data"]["viewer"], json!({"role": "CLERK", "agency": {"slug": "abh-koeln"}}));
        let read = Client::new().get(desk.url("desk/session"));
        let read: Value = with_session(read, &browser).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(read, session);
    }

    async fn nothing_but_the_page_itself_can_use_a_session(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let browser = desk.signed_in("abh-koeln").await;
        let body = json!({"query": VIEWER});
        let plain = || Client::new().post(desk.url("desk/graphql")).json(&body).header("cookie", &browser.cookie);
        let marked = || plain().header("kim-session", &browser.tag);
        for (why, request, status) in [
            ("no mark", plain().header("sec-fetch-site", "same-origin"), 403),
            ("no site", marked(), 403),
            ("another site", marked().header("sec-fetch-site", "cross-site"), 403),
            ("a sibling site", marked().header("sec-fetch-site", "same-site"), 403),
            ("typed address", marked().header("sec-fetch-site", "none"), 403),
            ("a token", marked().header("sec-fetch-site", "same-origin").header("authorization", "Bearer x"), 400),
            ("another tag", plain().header("sec-fetch-site", "same-origin").header("kim-session", "0123456789abcdef"), 409),
            ("two cookies", marked().header("sec-fetch-site", "same-origin").header("cookie", &browser.cookie), 401),
            ("the usual address", marked().header("sec-fetch-site", "same-origin"), 200),
        ] {
            assert_eq!(request.send().await.expect("an answer").status(), status, "{why}");
        }
        let bearer = Client::new().post(desk.url("graphql")).json(&body).header("cookie", &browser.cookie);
        assert_eq!(bearer.send().await.expect("an answer").status(), 401, "the API takes no cookie");
        let get = with_session(Client::new().get(desk.url("desk/graphql?query={viewer{role}}")), &browser);
        assert_eq!(get.send().await.expect("an answer").status(), 405);
    }

    async fn a_session_ends_with_sign_out_and_is_replaced_by_another_sign_in(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let first = desk.signed_in("abh-koeln").await;
        let mut second = first.clone();
        let answer: Value = desk.sign_in(&mut second, "jobcenter-koeln", "CLERK").await.json().await.expect("JSON");
        assert_ne!(first.cookie, second.cookie);
        assert_eq!(desk.viewer(&first).await.0, 401, "the former session has ended");
        // The page of the first person asks with the cookie of the second.
        let (status, refused) = desk.viewer(&Browser { tag: first.tag.clone(), ..second.clone() }).await;
        assert_eq!((status, &refused["data"]), (409, &Value::Null));
        second.tag = answer["tag"].as_str().expect("a tag").to_owned();
        assert_eq!(desk.viewer(&second).await.1["data"]["viewer"]["agency"]["slug"], "jobcenter-koeln");

        let out = desk.post(&second, "desk/sign-out", &json!({})).send().await.expect("an answer");
        assert_eq!(set_cookie(out.headers()).as_deref(), Some("__Host-kim-session="));
        assert!(out.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
        assert_eq!(desk.viewer(&second).await.0, 401, "a stolen cookie after sign-out");
        let again = desk.post(&second, "desk/sign-out", &json!({})).send().await.expect("an answer");
        assert_eq!(again.status(), 200, "whoever has no session is signed out");
    }

    async fn only_the_demos_people_can_sign_in_with_a_click(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        for (agency, role, status) in [
            ("abh-koeln", "CLERK", 200),
            ("abh-koeln", "DATA_PROTECTION_OFFICER", 404),
            ("jobcenter-koeln", "SERVICE", 404),
            ("other", "CLERK", 404),
            ("abh-koeln", "NOBODY", 400),
        ] {
            let mut browser = Browser::default();
            assert_eq!(desk.sign_in(&mut browser, agency, role).await.status(), status, "{agency} {role}");
            assert_eq!(browser.cookie.is_empty(), status != 200);
        }
        let options = with_session(Client::new().get(desk.url("desk/sign-in")), &Browser::default());
        let options: Value = options.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(options["demo"].as_array().map(Vec::len), Some(2), "{options}");
    }

    async fn the_server_ends_the_sessions_of_a_person_of_an_agency_or_of_all(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let sessions = db.database.sessions();
        let (clerk, other) = (desk.signed_in("abh-koeln").await, desk.signed_in("jobcenter-koeln").await);
        let person = Whose::Person {
            issuer: development::ISS.to_owned(),
            subject: "demo-clerk@abh-koeln".to_owned(),
        };
        assert_eq!(sessions.end_all(&person).await.expect("an answer"), 1);
        assert_eq!((desk.viewer(&clerk).await.0, desk.viewer(&other).await.0), (401, 200));
        assert_eq!(sessions.end_all(&Whose::Agency("jobcenter-koeln".to_owned())).await.expect("an answer"), 1);
        assert_eq!(desk.viewer(&other).await.0, 401);
        let again = desk.signed_in("abh-koeln").await;
        assert_eq!(sessions.end_all(&Whose::Everyone).await.expect("an answer"), 1);
        assert_eq!(desk.viewer(&again).await.0, 401);
    }
}
