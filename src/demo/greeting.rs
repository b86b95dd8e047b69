//! What the demo prints when it is ready: one URL, who can ask, and a line to paste.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::data::Filled;
use super::users::DemoUser;
use crate::http::graphiql;

pub(super) fn text(address: SocketAddr, users: &[DemoUser], filled: Option<&Filled>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut text, address, users, filled);
    text
}

fn write_text(text: &mut String, address: SocketAddr, users: &[DemoUser], filled: Option<&Filled>) -> std::fmt::Result {
    writeln!(text, "http://{address}/graphiql\n")?;
    match filled {
        Some(Filled { agencies, agreements, cases, refused }) => writeln!(
            text,
            "{agencies} agencies, {agreements} agreements, {cases} cases of invented people. The import refused {refused} \
             rows of the list of Köln, as it should: they hold the mistakes that real lists have."
        )?,
        None => writeln!(text, "The data of the last demo was kept, with its dates.")?,
    }
    if !graphiql::is_built_in() {
        writeln!(text, "GraphiQL is not part of this build (`make graphiql`, then build again); the API is.")?;
    }
    writeln!(text, "\n{:<24} {:<20} token", "role", "agency")?;
    for DemoUser { role, agency, token, .. } in users {
        writeln!(text, "{:<24} {agency:<20} {token}", role.code())?;
    }
    if let Some(clerk) = users.first() {
        writeln!(
            text,
            "\ncurl -s http://{address}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {}' \
             -d '{}'",
            clerk.token, QUESTION
        )?;
    }
    // As it was called: `make demo` installs nothing.
    let kim = std::env::args().next().unwrap_or_else(|| "kim".to_owned());
    writeln!(text, "\nAny other agency: {kim} token --agency jugendamt-koeln --role CLERK. Ctrl-C ends it.")
}

const QUESTION: &str = r#"{"query":"{ referrals(filter: {pending: true}, first: 3) { totalCount nodes { reference status dueOn sender { name } handover { familyName givenName concern } } } }"}"#;
