//! The text that the demo prints when it is ready: a URL, the users with their tokens, and an example request.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::data::Filled;
use super::users::DemoUser;
use crate::http::graphiql;

pub(super) fn text(address: SocketAddr, users: &[DemoUser], filled: Option<&Filled>) -> String {
    let mut text = String::new();
    // Writing to a String never fails.
    let _ = write_text(&mut text, address, users, filled);
    text
}

fn write_text(text: &mut String, address: SocketAddr, users: &[DemoUser], filled: Option<&Filled>) -> std::fmt::Result {
    writeln!(text, "http://{address}/graphiql\n")?;
    match filled {
        Some(Filled { agencies, agreements, cases, refused }) => writeln!(
            text,
            "{agencies} agencies, {agreements} agreements, {cases} cases of invented people. The import refused {refused} \
             rows of the list of Köln on purpose: they contain mistakes that real lists have."
        )?,
        None => writeln!(text, "The data of the last demo was kept, including its dates.")?,
    }
    if !graphiql::is_built_in() {
        writeln!(
            text,
            "GraphiQL is not part of this build; `make graphiql` and a new build add it. The API works without it."
        )?;
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
            clerk.token, EXAMPLE_REQUEST
        )?;
    }
    // The path of this process, because `make demo` does not install kim.
    let kim = std::env::args().next().unwrap_or_else(|| "kim".to_owned());
    writeln!(
        text,
        "\nA token of another agency: {kim} token --agency jugendamt-koeln --role CLERK. Ctrl-C stops the demo."
    )
}

const EXAMPLE_REQUEST: &str = r#"{"query":"{ referrals(filter: {pending: true}, first: 3) { totalCount nodes { reference status dueOn sender { name } handover { familyName givenName concern } } } }"}"#;
