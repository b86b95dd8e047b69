//! The GraphQL API: what a viewer may ask, and one function that answers it.
//!
//! Begin with [`Api::execute`]: parse, execute on the viewer's own schema and snapshot, write the log of disclosures,
//! and only then answer.

mod agency;
mod agreement;
mod agreement_query;
mod cache;
mod case;
mod case_parts;
mod case_query;
mod changes;
mod coded;
mod connection;
mod consent;
mod consent_facts;
mod consent_receipt;
mod correction;
mod cost;
mod counts;
mod declaration;
mod display;
mod document;
mod eligibility;
mod engine;
mod engine_merge;
mod error;
mod execute;
mod fields;
mod goal;
mod handover;
mod history;
mod inputs;
mod json;
mod limit;
mod load;
mod meeting;
mod mutation;
mod narrowing;
mod needs;
mod offer_check;
mod page;
mod plan;
mod prepared;
mod proposal;
mod query;
mod record_input;
mod referral;
mod referral_filter;
mod scalar;
pub mod schema;
mod session;
mod shield;
mod statistics;
mod straight;
mod support;
mod upcoming;
mod value;
mod vocabulary;

pub use document::ParsedRequest;
pub use engine::error_text::unreadable;
pub use error::{Code, TIMEOUT_MESSAGE};
pub use execute::{Api, ApiError};
pub use json::write as write_json;
pub use limit::{ExceededLimit, Limit};
pub use prepared::{DocumentCounts, document_counts};
