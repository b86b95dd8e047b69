//! The demo's users, each with a token and GraphiQL tabs.

use chrono::NaiveDate;
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use super::data;
use crate::development::{self, TokenSpec};
use crate::failure::Failure;
use crate::http::graphiql::Tab;

/// Lifetime of the tokens in seconds. Longer than a demo usually runs.
const TOKEN_LIFETIME: u64 = 30 * 86_400;

/// A user of the demo.
#[derive(Clone, Debug)]
pub struct DemoUser {
    /// The role.
    pub role: Role,
    /// The agency's slug.
    pub agency: &'static str,
    /// A token that the demo accepts.
    pub token: String,
    /// The user's GraphiQL tabs.
    pub tabs: Vec<Tab>,
}

/// All users, the clerk first.
///
/// # Errors
/// [`Failure::Failed`] if tokens cannot be signed on this machine.
pub fn users(clock: &Clock) -> Result<Vec<DemoUser>, Failure> {
    let no_variables = json!({});
    // The client of DEMO-K-01 in cases_demo.csv.
    let birth_date = NaiveDate::from_ymd_opt(1996, 3, 14).map(|day| day + data::shift_of(clock));
    let client = json!({"client": {"familyName": "Haddad-Muster", "birthDate": birth_date}});
    let pending = (include_str!("tabs/pending.graphql"), &no_variables);
    let desk = (include_str!("tabs/desk.graphql"), &client);
    let software = (include_str!("tabs/software.graphql"), &no_variables);
    let outgoing = (include_str!("tabs/outgoing.graphql"), &no_variables);
    let dashboard = (include_str!("tabs/dashboard.graphql"), &no_variables);
    let duisburg = (include_str!("tabs/duisburg.graphql"), &no_variables);
    let agreements = (include_str!("tabs/agreements.graphql"), &no_variables);
    [
        user(Role::Clerk, "abh-koeln", &[pending, desk]),
        user(Role::Service, "jobcenter-koeln", &[software]),
        user(Role::CaseManager, "traeger-ehrenfeld", &[outgoing]),
        user(Role::Clerk, "jobcenter-koeln", &[dashboard]),
        user(Role::Clerk, "abh-duisburg", &[duisburg]),
        user(Role::Coordinator, "ki-koeln", &[agreements]),
        user(Role::DataProtectionOfficer, "abh-koeln", &[]),
        user(Role::Administrator, "jobcenter-koeln", &[]),
    ]
    .into_iter()
    .collect()
}

fn user(role: Role, agency: &'static str, queries: &[(&str, &Value)]) -> Result<DemoUser, Failure> {
    let token = token(role, agency)?;
    let tabs = queries.iter().map(|(query, variables)| with_token(&token, query, variables)).collect();
    Ok(DemoUser { role, agency, token, tabs })
}

/// A tab with a token of this role and agency.
pub(super) fn tab(role: Role, agency: &'static str, query: &str, variables: &Value) -> Result<Tab, Failure> {
    Ok(with_token(&token(role, agency)?, query, variables))
}

fn token(role: Role, agency: &'static str) -> Result<String, Failure> {
    let acting_for = (role == Role::Service).then(|| "sachbearbeitung-17".to_owned());
    development::sign(&TokenSpec { ttl: TOKEN_LIFETIME, acting_for, ..TokenSpec::usual(agency, role) })
}

fn with_token(token: &str, query: &str, variables: &Value) -> Tab {
    let headers = format!("{:#}", json!({"Authorization": format!("Bearer {token}")}));
    Tab { query: query.to_owned(), variables: format!("{variables:#}"), headers }
}
