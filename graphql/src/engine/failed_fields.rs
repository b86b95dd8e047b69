//! Gap: a failed field is missing from its object, even if the field is not nullable. Upstream: since PR #1746 (7.1.0),
//! undone by PR #1806 (8.0.0-rc.3).

use async_graphql::{Response, Value};

use crate::json;

/// Removes the data of a response if the value at the path of an error is not null. Without data nothing is disclosed,
/// and nothing is logged as disclosed.
pub(crate) fn remove_data(response: &mut Response) {
    if !response.errors.iter().all(|error| json::is_null_at(&response.data, &error.path)) {
        response.data = Value::Null;
    }
}
