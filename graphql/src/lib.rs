//! The GraphQL API: the schema of each viewer, and the execution of requests.
//!
//! Start reading at [`Api::execute`]. It executes a parsed request on the viewer's schema and snapshot, writes the
//! disclosure log, and then returns the response.
//!
//! A request passes through `document` (text, limits, cost), `root` (the viewer's schema) and `run` (plan, load, write
//! JSON). Each concept of the schema has a folder with its objects, plans, loading, queries and mutations.

mod agency;
mod agreement;
mod api;
mod case;
mod consent;
mod document;
mod engine;
mod error;
mod feed;
mod field;
mod json;
mod referral;
mod root;
mod run;
mod schema;
mod statistics;
mod support;

pub use api::{Api, ApiError, WeighedRequest};
pub use document::ParsedRequest;
pub use document::prepared::{DocumentCounts, document_counts};
pub use engine::error_text::unreadable;
pub use error::limit::{ExceededLimit, Limit};
pub use error::{Code, TIMEOUT_MESSAGE};
pub use json::write as write_json;
pub use root::schemas::sdl;
