//! Many referrals in one call: what can be done is done, and each row says what became of it.
//!
//! All rows are locked first, in the order of their ids, so that two such calls never wait for each other crosswise.

use std::collections::{BTreeSet, HashMap};

use kim_domain::bulk::MOST_ROWS;
use kim_entity::read::ReferralRow;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Target;
use super::answer::{Answer, answer_row};
use super::offer::{self, Grounds};
use crate::refusal::{Refusal, Refused};
use crate::work::{Work, seen};

/// What became of one row: done, unless it was refused. Ids and codes alone, so that a repeat is told the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDone {
    /// The referral; none for an id that cannot be a referral's.
    pub referral: Option<Uuid>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// What became of each row, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkDone {
    /// The rows.
    pub rows: Vec<RowDone>,
}

/// One draft among many.
#[derive(Clone, Copy, Debug)]
pub struct BulkOffer {
    /// The draft.
    pub target: Target,
    /// The sender knows what § 87 AufenthG makes public bodies tell.
    pub acknowledge_reporting_duty: bool,
}

/// Offers drafts. A row that may not be offered is refused before anything of it is written; the others are written
/// together.
///
/// # Errors
/// LIMIT_EXCEEDED, BAD_INPUT for no row or a referral twice; all else a row's own.
pub async fn bulk_offer(work: &mut Work<'_>, offers: &[BulkOffer]) -> Result<BulkDone, Refusal> {
    let targets: Vec<Target> = offers.iter().map(|offer| offer.target).collect();
    let found = find(work, &targets).await?;
    let drafts: Vec<_> = found.iter().flatten().map(|row| (row, None)).collect();
    let grounds = Grounds::find(work, &drafts).await?;
    let (mut ready, mut rows) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(offers.len()));
    for (offer, found) in offers.iter().zip(&found) {
        let prepared = match found {
            Ok(row) => told(grounds.prepare(work, row, None, offer.acknowledge_reporting_duty))?,
            Err(refused) => Err(refused.clone()),
        };
        let refused = prepared.map(|one| ready.push(one)).err();
        rows.push(RowDone { referral: offer.target.id, refused });
    }
    offer::write(work, ready).await?;
    Ok(BulkDone { rows })
}

/// Gives one answer to referrals. What is refused leaves nothing, and the rest stays.
///
/// # Errors
/// As [`bulk_offer`].
pub async fn bulk_answer(work: &mut Work<'_>, answer: Answer, targets: &[Target]) -> Result<BulkDone, Refusal> {
    let found = find(work, targets).await?;
    let mut rows = Vec::with_capacity(targets.len());
    for (target, found) in targets.iter().zip(found) {
        let refused = match found {
            Ok(row) => {
                let part = work.begin_part().await?;
                let result = answer_row(work, &row, answer).await;
                told(work.end_part(part, result).await)?.err()
            }
            Err(refused) => Some(refused),
        };
        rows.push(RowDone { referral: target.id, refused });
    }
    Ok(BulkDone { rows })
}

/// The viewer's own among these, locked, in the order of the request; or why not.
async fn find(work: &Work<'_>, targets: &[Target]) -> Result<Vec<Result<ReferralRow, Refused>>, Refusal> {
    if targets.is_empty() {
        return Err(Refusal::bad_input("„items“ ist leer."));
    }
    if targets.len() > MOST_ROWS {
        return Err(Refusal::too_much(format!("Höchstens {MOST_ROWS} Zeilen auf einmal; bitte aufteilen.")));
    }
    let ids: Vec<Uuid> = targets.iter().filter_map(|target| target.id).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(Refusal::bad_input("Eine Übergabe steht zweimal in „items“. Bitte jede nur einmal nennen."));
    }
    let rows = work.writes().referrals(&ids).await?;
    let mut rows: HashMap<Uuid, ReferralRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let find = |target: &Target| told(seen(target.id.and_then(|id| rows.remove(&id)), target.expected_version));
    targets.iter().map(find).collect()
}

/// Tells a refusal apart from a database that does not answer.
fn told<T>(result: Result<T, Refusal>) -> Result<Result<T, Refused>, Refusal> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Refusal::Refused(refused)) => Ok(Err(refused)),
        Err(Refusal::Database(error)) => Err(Refusal::Database(error)),
    }
}
