//! Counselling notes: written once, and never leaving their Träger.

use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_entity::note;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use uuid::Uuid;

use super::{Done, own};
use crate::refusal::Refusal;
use crate::text::text;
use crate::work::Work;

/// Adds a note, to a closed case too. Nothing else changes, so no version is expected and none counted.
///
/// # Errors
/// NOT_FOUND, BAD_INPUT.
pub async fn add_note(work: &mut Work<'_>, case: Option<Uuid>, body: &str) -> Result<Done, Refusal> {
    let case = own(work, case, FieldSet::EMPTY).await?;
    let note = note::ActiveModel {
        id: Set(new_uuid()),
        case_id: Set(case.id),
        agency_id: Set(work.own_id()),
        staff: Set(Some(work.viewer().subject().to_owned())),
        at: Set(work.now()),
        body: Set(text("text", body)?),
    };
    note::Entity::insert(note).exec_without_returning(work.legacy_tx()).await?;
    Ok(Done { case: case.id })
}
