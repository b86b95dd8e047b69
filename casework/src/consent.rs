//! Use cases of consents: record, renew, withdraw. `domain/src/consent.rs` decides what a valid consent is, and the
//! disclosure rule what it opens.
//!
//! A client has at most one consent in force for a receiver and purpose; a further one renews it. A withdrawal
//! withdraws all consents for that receiver and purpose, so that no older consent comes into force again.

mod declared;
mod record;
mod referral_base;
mod withdraw;

pub use declared::DeclaredConsent;
pub use record::{Record, record, renew};
pub use withdraw::withdraw;

use kim_domain::consent::ConsentStep;
use kim_domain::field::FieldSet;
use kim_entity::keys::ConsentKey;
use kim_entity::read::OwnConsent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::WorkError;
use crate::work::Work;

/// The changed consent and the affected referrals. Stored for repeats of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentResult {
    /// Id of the consent. For a renewal, the id of the new one.
    pub consent: Uuid,
    /// Referrals that are based on the consent now, were resumed or suspended, or show fewer fields.
    pub referrals: Vec<Uuid>,
}

/// The viewer's own consent with this id.
async fn own(work: &Work<'_>, id: Option<Uuid>) -> Result<OwnConsent, WorkError> {
    let found = match id {
        Some(id) => work.writes().consent(id).await?,
        None => None,
    };
    found.ok_or_else(WorkError::not_found)
}

/// Writes an event to the consent's history and returns its id. The consent must be locked, so that the event is the
/// latest.
async fn write_event(
    work: &Work<'_>,
    consent: ConsentKey,
    step: ConsentStep,
    fields: FieldSet,
) -> Result<Uuid, WorkError> {
    Ok(work.writes().insert_consent_event(consent, step, fields, work.instant()).await?)
}
