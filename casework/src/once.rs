//! Idempotent requests: a repeat with the same key gets the stored result and changes nothing.

use kim_entity::DbErr;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::refusal::{ErrorCode, Refused, WorkError};
use crate::work::{Work, WorkContext};

/// Maximum length of a key, in characters.
pub const MAX_KEY_LENGTH: usize = 200;

/// Identification of a request that changes data.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// The mutation's name.
    pub mutation: &'static str,
    /// The client's key, unique for each intended change.
    pub key: String,
    /// A hash of the input without the key.
    pub hash: String,
}

/// The stored result.
#[derive(Serialize, Deserialize)]
enum StoredResult<T> {
    #[serde(rename = "done")]
    Done(T),
    #[serde(rename = "refused")]
    Refused(Refused),
}

/// Runs the use case, or returns the stored result of the first request. Refusals are stored like results, except those
/// that only ask to retry later. Database errors are not stored.
///
/// # Errors
/// The refusal of the use case, or a database error.
pub async fn once<T: Serialize + DeserializeOwned>(
    context: WorkContext<'_>,
    request: &IdempotentRequest,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    if request.key.trim().is_empty() || request.key.chars().count() > MAX_KEY_LENGTH {
        return Err(WorkError::bad_input(format!("„idempotencyKey“ braucht 1 bis {MAX_KEY_LENGTH} Zeichen.")));
    }
    let mut unit = Work::begin(context).await?;
    if !claim(&unit, request).await? {
        let stored = stored_result(&unit, request).await;
        unit.roll_back().await?;
        return stored?;
    }
    match Box::pin(work(&mut unit)).await {
        Ok(done) => {
            keep(&unit, request, &StoredResult::Done(&done)).await?;
            unit.finish().await?;
            Ok(done)
        }
        Err(WorkError::Refused(refused)) => {
            unit.roll_back().await?;
            if refused.code == ErrorCode::RateLimited {
                return Err(WorkError::Refused(refused));
            }
            let unit = Work::begin(context).await?;
            // If two equal requests are refused at the same time, the first result is stored.
            if claim(&unit, request).await? {
                keep::<()>(&unit, request, &StoredResult::Refused(refused.clone())).await?;
            }
            unit.finish().await?;
            Err(WorkError::Refused(refused))
        }
        Err(failed) => Err(failed),
    }
}

/// Inserts the key. A concurrent request with the same key waits until this transaction ends.
async fn claim(unit: &Work<'_>, request: &IdempotentRequest) -> Result<bool, DbErr> {
    unit.writes().claim_request(&request.key, request.mutation, &request.hash, unit.now()).await
}

/// The stored result, if the request is the same.
async fn stored_result<T: DeserializeOwned>(
    unit: &Work<'_>,
    request: &IdempotentRequest,
) -> Result<Result<T, WorkError>, WorkError> {
    let kept = unit.writes().find_request(&request.key).await?;
    if kept.mutation != request.mutation || kept.request_hash != request.hash {
        let text = "Dieser „idempotencyKey“ wurde schon für eine andere Anfrage benutzt. Bitte einen neuen nehmen.";
        return Err(WorkError::with_code(ErrorCode::IdempotencyMismatch, text));
    }
    match serde_json::from_str(&kept.result) {
        Ok(StoredResult::Done(done)) => Ok(Ok(done)),
        Ok(StoredResult::Refused(refused)) => Ok(Err(WorkError::Refused(refused))),
        Err(_) => Err(DbErr::Type("an answer that was kept cannot be read".into()).into()),
    }
}

async fn keep<T: Serialize>(
    unit: &Work<'_>,
    request: &IdempotentRequest,
    answer: &StoredResult<T>,
) -> Result<(), DbErr> {
    let text = serde_json::to_string(answer).map_err(|error| DbErr::Type(error.to_string()))?;
    unit.writes().store_answer(&request.key, text).await
}
