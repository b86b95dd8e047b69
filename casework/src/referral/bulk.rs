//! Changes many referrals in one call. Each row is done or refused separately and has its own result.
//!
//! All rows are locked first, in the order of their ids, so that two calls cannot deadlock.

use std::collections::{BTreeSet, HashMap};

use kim_domain::bulk::MAX_ROWS;
use kim_entity::read::ReferralRow;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Target;
use super::answer::{Answer, answer_row};
use super::offer::{self, Grounds};
use crate::refusal::{Refused, WorkError};
use crate::work::{Work, at_version};

/// Result of one row: done, or refused. Contains only ids and codes, so that a repeat gets the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOutcome {
    /// The referral; `None` for an id that cannot belong to a referral.
    pub referral: Option<Uuid>,
    /// The refusal; `None` if the row was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// Results of all rows, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOutcome {
    /// The rows.
    pub rows: Vec<RowOutcome>,
}

/// One of the drafts to offer.
#[derive(Clone, Copy, Debug)]
pub struct BulkOffer {
    /// The draft.
    pub target: Target,
    /// Whether the sender acknowledges the reporting duty of public bodies (§ 87 AufenthG).
    pub acknowledge_reporting_duty: bool,
}

/// Refuses too many rows. Checked before the rows are read, so that an error in one of them does not hide it.
///
/// # Errors
/// LIMIT_EXCEEDED
pub fn require_size(rows: usize) -> Result<(), WorkError> {
    if rows > MAX_ROWS {
        return Err(WorkError::too_much(format!(
            "„items“ hat {} Zeilen: höchstens {MAX_ROWS} auf einmal. Bitte aufteilen.",
            rows
        )));
    }
    Ok(())
}

/// Offers drafts. Rows that cannot be offered are refused before anything is written; the others are written together.
///
/// # Errors
/// LIMIT_EXCEEDED for too many rows; BAD_INPUT for no rows or a referral that is listed twice. All other refusals are
/// results of rows.
pub async fn bulk_offer(work: &mut Work<'_>, offers: &[BulkOffer]) -> Result<BulkOutcome, WorkError> {
    let targets: Vec<Target> = offers.iter().map(|offer| offer.target).collect();
    let found = find(work, &targets).await?;
    let drafts: Vec<_> = found.iter().flatten().map(|row| (row, None)).collect();
    let grounds = Grounds::find(work, &drafts).await?;
    let (mut accepted, mut rows) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(offers.len()));
    for (offer, found) in offers.iter().zip(&found) {
        let prepared = match found {
            Ok(row) => split_refusal(grounds.prepare(work, row, None, offer.acknowledge_reporting_duty))?,
            Err(refused) => Err(refused.clone()),
        };
        let refused = prepared.map(|one| accepted.push(one)).err();
        rows.push(RowOutcome { referral: offer.target.id, refused });
    }
    offer::write(work, accepted).await?;
    Ok(BulkOutcome { rows })
}

/// Gives the same answer to many referrals. A refused row is rolled back; the others stay.
///
/// # Errors
/// As [`bulk_offer`].
pub async fn bulk_answer(work: &mut Work<'_>, answer: Answer, targets: &[Target]) -> Result<BulkOutcome, WorkError> {
    let found = find(work, targets).await?;
    let mut rows = Vec::with_capacity(targets.len());
    for (target, found) in targets.iter().zip(found) {
        let refused = match found {
            Ok(row) => {
                let part = work.begin_part().await?;
                let result = answer_row(work, &row, answer).await;
                split_refusal(work.end_part(part, result).await)?.err()
            }
            Err(refused) => Some(refused),
        };
        rows.push(RowOutcome { referral: target.id, refused });
    }
    Ok(BulkOutcome { rows })
}

/// The viewer's referrals among the targets, locked, in the order of the request; or the refusal of the row.
async fn find(work: &Work<'_>, targets: &[Target]) -> Result<Vec<Result<ReferralRow, Refused>>, WorkError> {
    if targets.is_empty() {
        return Err(WorkError::bad_input("„items“ ist leer."));
    }
    require_size(targets.len())?;
    let ids: Vec<Uuid> = targets.iter().filter_map(|target| target.id).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(WorkError::bad_input("Eine Übergabe steht zweimal in „items“. Bitte jede nur einmal nennen."));
    }
    let rows = work.writes().referrals(&ids).await?;
    let mut rows: HashMap<Uuid, ReferralRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let find =
        |target: &Target| split_refusal(at_version(target.id.and_then(|id| rows.remove(&id)), target.expected_version));
    targets.iter().map(find).collect()
}

/// Separates refusals of a row from database errors, which fail the whole call.
fn split_refusal<T>(result: Result<T, WorkError>) -> Result<Result<T, Refused>, WorkError> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(WorkError::Refused(refused)) => Ok(Err(refused)),
        Err(WorkError::Database(error)) => Err(WorkError::Database(error)),
    }
}
