//! Counselling notes. They cannot be changed, and never leave their Träger.

use kim_domain::field::FieldSet;
use uuid::Uuid;

use super::{CaseResult, own};
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::Work;

/// Adds a note, also to a closed case. Expects and increments no version, because nothing else changes.
///
/// # Errors
/// NOT_FOUND, BAD_INPUT.
pub async fn add_note(work: &mut Work<'_>, case: Option<Uuid>, body: &str) -> Result<CaseResult, WorkError> {
    let case = own(work, case, FieldSet::EMPTY).await?;
    work.writes().insert_note(case.key(), text("text", body)?, work.now()).await?;
    Ok(CaseResult { case: case.id })
}
