//! The routes of the page: sign-in, the session, and GraphQL with a session instead of a token.
//!
//! A request of another site cannot reach them: the cookie is not sent to it (`SameSite=Strict`), `Sec-Fetch-Site` must say that the
//! page itself asks, and no form of another site can set a header.

use kim_domain::agency::Role;
use kim_graphql::Code;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, Rejection};
use super::{GraphqlBackend, HttpServer, graphql, request};
use crate::development::{self, TokenSpec};
use crate::session::{BrowserSessions, CookieText, Session, SessionError, Tokens};

/// The session's cookie. Its prefix makes browsers insist on `Secure`, `Path=/` and no domain.
const COOKIE: &str = "__Host-kim-session";
/// Names the session for which the page was loaded.
const SESSION: HeaderName = HeaderName::from_static("kim-session");
/// Says that the person did something, and not a timer of the page.
const ACT: HeaderName = HeaderName::from_static("kim-act");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the page's routes need.
#[derive(Debug)]
pub struct Page {
    pub(crate) sessions: BrowserSessions,
    /// The people of the demo, who sign in with one click.
    pub(crate) demo: Option<Vec<DemoPerson>>,
}

/// Somebody who can sign in to the demo.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// The agency's slug.
    pub agency: String,
    /// The role at the agency.
    pub role: Role,
}

/// Answers the page's routes below `/desk/`. `None` if there is no such route.
pub(super) async fn answer<B: GraphqlBackend>(
    server: &HttpServer<B>,
    page: &Page,
    http: Request,
    id: &str,
) -> Option<Response> {
    let path = http.uri().path().strip_prefix("/desk/")?.to_owned();
    let method = http.method().clone();
    let answered = match (path.as_str(), &method) {
        ("session", &Method::GET) => session(page, &http, id).await,
        ("sign-in", &Method::GET) => sign_in_options(page, &http),
        ("sign-in/demo", &Method::POST) => sign_in_to_demo(server, page, http, id).await,
        ("sign-out", &Method::POST) => sign_out(page, &http, id).await,
        ("graphql", &Method::POST) => graphql(server, page, http, id).await,
        ("session" | "sign-in", _) => Err(answer::method_not_allowed("GET")),
        ("sign-in/demo" | "sign-out" | "graphql", _) => Err(answer::method_not_allowed("POST")),
        _ => return None,
    };
    Some(answered.unwrap_or_else(Rejection::into_response))
}

/// The session of the page: until when it lasts, and its tag.
async fn session(page: &Page, http: &Request, id: &str) -> Result<Response, Rejection> {
    own_request(http)?;
    let session = found(page, http, id).await?;
    Ok(described(&session))
}

fn described(session: &Session) -> Response {
    answer::json(
        json!({"tag": session.tag, "endsAt": session.ends_at(), "idleEndsAt": session.idle_ends_at}).to_string(),
    )
}

/// Where people can sign in.
fn sign_in_options(page: &Page, http: &Request) -> Result<Response, Rejection> {
    own_request(http)?;
    let person = |person: &DemoPerson| json!({"agency": person.agency, "role": person.role});
    let demo = page.demo.as_ref().map(|people| people.iter().map(person).collect::<Vec<_>>());
    Ok(answer::json(json!({"demo": demo}).to_string()))
}

/// One of the demo's people.
#[derive(Deserialize)]
struct Chosen {
    agency: String,
    role: Role,
}

/// Signs one of the demo's people in. The token is signed here; from then on the session is like any other.
async fn sign_in_to_demo<B: GraphqlBackend>(
    server: &HttpServer<B>,
    page: &Page,
    mut http: Request,
    id: &str,
) -> Result<Response, Rejection> {
    own_request(&http)?;
    let chosen: Chosen = request::small_json(&mut http).await?;
    let is_known = |people: &Vec<DemoPerson>| {
        people.iter().any(|person| (&person.agency, person.role) == (&chosen.agency, chosen.role))
    };
    if !page.demo.as_ref().is_some_and(is_known) {
        return Err(Rejection::new(
            StatusCode::NOT_FOUND,
            Code::NotFound,
            "Diese Person gibt es in der Vorführung nicht.",
        ));
    }
    let access = development::sign(&TokenSpec::usual(&chosen.agency, chosen.role)).map_err(|error| {
        tracing::error!(error_id = id, %error, "a token of the demo cannot be signed");
        Rejection::internal(id, false)
    })?;
    let person = server.issuers.verify(&access).await.map_err(|_| Rejection::not_signed_in())?;
    let former = cookie(&http);
    let begun = page.sessions.begin(&person, Tokens { access }, former.as_ref()).await;
    let (cookie, session) = begun.map_err(|error| unavailable(&error, id))?;
    let mut response = described(&session);
    set_cookie(&mut response, &format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", cookie.as_str()));
    Ok(response)
}

/// Ends the session. Whoever has none is signed out already.
async fn sign_out(page: &Page, http: &Request, id: &str) -> Result<Response, Rejection> {
    own_request(http)?;
    if let Some(cookie) = cookie(http) {
        page.sessions.end(&cookie).await.map_err(|error| unavailable(&error, id))?;
    }
    let mut response = answer::json("{}".to_owned());
    set_cookie(&mut response, &format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
    Ok(response)
}

/// Answers a document for the session's person, like one with a bearer token.
async fn graphql<B: GraphqlBackend>(
    server: &HttpServer<B>,
    page: &Page,
    http: Request,
    id: &str,
) -> Result<Response, Rejection> {
    own_request(&http)?;
    let mut session = found(page, &http, id).await?;
    // Somebody else signed in meanwhile on the same computer.
    if http.headers().get(SESSION).is_none_or(|tag| tag.as_bytes() != session.tag.as_bytes()) {
        return Err(Rejection::other_session());
    }
    if http.headers().contains_key(ACT) {
        page.sessions.acted(&mut session).await.map_err(|error| unavailable(&error, id))?;
    }
    graphql::answer_with(server, http, id, graphql::Credentials::Session(session.tokens.access)).await
}

/// The browser's session.
async fn found(page: &Page, http: &Request, id: &str) -> Result<Session, Rejection> {
    let cookie = cookie(http).ok_or_else(Rejection::not_signed_in)?;
    let session = page.sessions.find(&cookie).await.map_err(|error| unavailable(&error, id))?;
    session.ok_or_else(Rejection::not_signed_in)
}

fn unavailable(error: &SessionError, id: &str) -> Rejection {
    tracing::error!(error_id = id, %error, "a session cannot be read or written");
    Rejection::internal(id, true)
}

/// Refuses what the page itself did not send, and a token: it belongs to `/graphql`.
fn own_request(http: &Request) -> Result<(), Rejection> {
    let headers = http.headers();
    let is_own = headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin");
    // No form can send it, and scripts of other sites only after a preflight, which is refused.
    let is_marked = headers.contains_key(SESSION);
    if !is_own || !is_marked {
        return Err(Rejection::new(
            StatusCode::FORBIDDEN,
            Code::Unauthenticated,
            "Diese Adresse ist nur für die Seite selbst.",
        ));
    }
    match headers.contains_key(header::AUTHORIZATION) {
        true => Err(Rejection::new(StatusCode::BAD_REQUEST, Code::BadInput, "Mit Token bitte an /graphql.")),
        false => Ok(()),
    }
}

/// The session's cookie. Two of them are none: one may have been planted.
fn cookie(http: &Request) -> Option<CookieText> {
    let all = http.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (Some(text), None) => CookieText::read(text),
        (_, _) => None,
    }
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
