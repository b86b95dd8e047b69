//! What is done with consents: recorded, renewed, withdrawn. What a consent must be, `domain/src/consent.rs` says; what it
//! opens, the rule alone.
//!
//! A client has at most one consent in force for a receiver and purpose: another one renews it. So that what the client
//! withdraws is never found again in an older paper, a withdrawal takes every consent for that receiver and purpose.

mod given;
mod record;
mod rest;
mod withdraw;

pub use given::Given;
pub use record::{Record, record, renew};
pub use withdraw::withdraw;

use kim_domain::consent::ConsentStep;
use kim_domain::field::FieldSet;
use kim_entity::consent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::work::Work;

/// The consent that something was done with, and the referrals that it concerned: what a repeat is told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The consent: the new one, where there is a new one.
    pub consent: Uuid,
    /// Referrals that now rest on it, were resumed or suspended, or show less.
    pub referrals: Vec<Uuid>,
}

/// The viewer's own consent of this id.
async fn own(work: &Work<'_>, id: Option<Uuid>) -> Result<consent::Model, Refusal> {
    let found = match id {
        Some(id) => work.writes().consent(id).await?,
        None => None,
    };
    found.ok_or_else(Refusal::not_found)
}

/// Writes a step into a consent's history, and returns its id. The consent is locked: the step is later than any other.
async fn note(work: &Work<'_>, consent: Uuid, step: ConsentStep, fields: FieldSet) -> Result<Uuid, Refusal> {
    Ok(work.writes().insert_consent_event(consent, step, fields, work.instant()).await?)
}
