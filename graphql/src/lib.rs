//! The GraphQL API: what a viewer may ask, and one function that answers it.
//!
//! Begin with [`Api::execute`]: parse, execute on the viewer's own schema and snapshot, write the log of disclosures,
//! and only then answer.
//!
//! A request goes through `document` (its text), `root` (the schema of its viewer), and `run` (plan, load, write JSON). Each concept of the
//! schema has a room with its objects, plans, loading, queries and mutations.

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

pub use api::{Api, ApiError};
pub use document::ParsedRequest;
pub use document::prepared::{DocumentCounts, document_counts};
pub use engine::error_text::unreadable;
pub use error::limit::{ExceededLimit, Limit};
pub use error::{Code, TIMEOUT_MESSAGE};
pub use json::write as write_json;
pub use root::schemas::sdl;
