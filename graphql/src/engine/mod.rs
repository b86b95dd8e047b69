//! Gaps and bugs of async-graphql 7.2.1, and the file that works around each. Those that belong to a step of a request
//! are worked around in its file, where a comment names the gap.
//!
//! After an upgrade run `cargo test -p kim-graphql engine::tests`. For each gap it has a test of the engine alone. The
//! test fails as soon as the gap is closed, and its message names the file or the place that can be deleted.
//!
//! | gap | file | upstream |
//! |---|---|---|
//! | the type of a variable is not compared with the types of its uses | `variable_positions.rs` | none found |
//! | a default value in a list of an unknown type panics | `variable_types.rs` | PR #795 fixed half of it |
//! | directives of variables are not validated | `variable_directives.rs` | none found |
//! | a missing variable is detected only after fields were resolved | `required_variables.rs` | none found |
//! | an omitted variable is null instead of absent | `omitted_variables.rs` | none found |
//! | a null that is an error of a field refuses the request | `null_arguments.rs` | none found |
//! | `__typename` is not validated | `typename.rs` | none found |
//! | a string literal is accepted as an enum value | `enum_literals.rs` | none found |
//! | a list or a scalar is accepted as an input object | `input_objects.rs` | issue #1261 |
//! | a repeated field is resolved repeatedly | `repeated_fields.rs` | none found; it causes issue #1840 |
//! | an object with no resolved field is null | `empty_objects.rs` | PR #1746, undone in 8.0 by PR #1806 |
//! | root fields are in the order of completion | `root_order.rs` | PR #1746, undone in 8.0 by PR #1806 |
//! | a failed field is missing from its object | `failed_fields.rs` | PR #1746, undone in 8.0 by PR #1806 |
//! | `@skip` and `@include` ignore the defaults of variables | `skip_defaults.rs` | PR #1827 |
//! | a conflict of arguments names the argument | `conflicting_arguments.rs` | issue #943 |
//! | error messages repeat the refused input | `error_text.rs` | none found |
//! | the number of suggestions is unbounded | `suggestions.rs` | issue #1101 |
//! | surrogate pairs and `\u{…}` are refused in strings | `unicode_escapes.rs` | none found |
//! | each field is a future on the heap | `../run/write_object.rs` | issue #1842 |
//! | each expansion of a fragment is validated | `../document/limits.rs` | none found |
//! | two rules report the same error | `../api.rs` | none found |
//! | the error for an unknown operation repeats its name | `../document/prepared.rs` | none found |
//!
//! `rewrite.rs`, `validation.rs` and `partial_document.rs` are not gaps: each is one walk over the document that is shared
//! by several files of the table. `usage.rs` has what the checks share.
//!
//! A known gap without a workaround: two fields with the same response key may differ if one of them is in a fragment
//! on the type of the selection itself. The response has the first of them.

mod conflicting_arguments;
pub(crate) mod empty_objects;
mod enum_literals;
pub(crate) mod error_text;
pub(crate) mod failed_fields;
mod input_objects;
pub(crate) mod null_arguments;
pub(crate) mod omitted_variables;
mod partial_document;
pub(crate) mod repeated_fields;
pub(crate) mod required_variables;
pub(crate) mod rewrite;
pub(crate) mod root_order;
pub(crate) mod skip_defaults;
mod suggestions;
#[cfg(test)]
mod tests;
mod typename;
pub(crate) mod unicode_escapes;
mod usage;
pub(crate) mod validation;
mod variable_directives;
mod variable_positions;
mod variable_types;
