//! Use cases of referrals. `domain/src/life.rs` decides which side may take which action, and what state follows.

mod again;
mod answer;
mod bulk;
mod change;
mod copy;
mod correct;
mod corrected;
mod draft;
mod duty;
mod forward;
mod ground;
mod meeting;
mod message;
mod offer;
mod question;
mod withdraw;

pub use again::offer_again;
pub use answer::{Answer, accept, acknowledge, complete, decline, fail, give_back, start};
pub use bulk::{BulkOffer, BulkOutcome, RowOutcome, bulk_answer, bulk_offer, require_size};
pub use change::{ChangeHandover, change_handover};
pub use correct::{Decide, Report, decide_correction, report_wrong_value};
pub(crate) use corrected::value_mark;
pub use draft::{Contact, Draft, discard, draft};
pub use duty::needs_acknowledgement;
pub use forward::{Forward, forward};
pub use ground::{resume, suspend, suspend_with_reason};
pub use meeting::{Appointment, Talk, record_appointment, record_talk};
pub use message::post;
pub use offer::{Offer, offer};
pub use question::{ask, reply};
pub use withdraw::withdraw;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A referral, and the version that the client saw.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Id of the referral; `None` for an id that cannot belong to a referral.
    pub id: Option<Uuid>,
    /// The version that the client saw.
    pub expected_version: i32,
}

/// The changed referral. Stored for repeats of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralResult {
    /// Id of the referral.
    pub referral: Uuid,
}
