//! Does a request once: the same one again, under the same key, gets the same ids and codes and changes nothing.

use kim_entity::DbErr;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::refusal::{Because, Refusal, Refused};
use crate::work::{Work, WorkContext};

/// The longest key, in characters.
pub const LONGEST_KEY: usize = 200;

/// How a client names a request that changes something.
#[derive(Clone, Debug)]
pub struct Request {
    /// The mutation's name.
    pub mutation: &'static str,
    /// The client's key, different for each thing it wants done.
    pub key: String,
    /// A hash of the input without the key.
    pub hash: String,
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
enum Answer<T> {
    #[serde(rename = "done")]
    Done(T),
    #[serde(rename = "refused")]
    Refused(Refused),
}

/// Does it, or tells again what became of it. A refusal is kept like a success, but for one that only says to come back
/// later; that the database did not answer is not kept either.
///
/// # Errors
/// What the work refuses, or the database does.
pub async fn once<T: Serialize + DeserializeOwned>(
    context: WorkContext<'_>,
    request: &Request,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if request.key.trim().is_empty() || request.key.chars().count() > LONGEST_KEY {
        return Err(Refusal::bad_input(format!("„idempotencyKey“ braucht 1 bis {LONGEST_KEY} Zeichen.")));
    }
    let mut unit = Work::begin(context).await?;
    if !claim(&unit, request).await? {
        let known = known(&unit, request).await;
        unit.give_up().await?;
        return known?;
    }
    match Box::pin(work(&mut unit)).await {
        Ok(done) => {
            keep(&unit, request, &Answer::Done(&done)).await?;
            unit.finish().await?;
            Ok(done)
        }
        Err(Refusal::Refused(refused)) => {
            unit.give_up().await?;
            if refused.because == Because::RateLimited {
                return Err(Refusal::Refused(refused));
            }
            let unit = Work::begin(context).await?;
            // Two at once that are refused alike: the first is kept.
            if claim(&unit, request).await? {
                keep::<()>(&unit, request, &Answer::Refused(refused.clone())).await?;
            }
            unit.finish().await?;
            Err(Refusal::Refused(refused))
        }
        Err(failed) => Err(failed),
    }
}

/// Takes the key. Another who takes it at the same time waits for this transaction to end.
async fn claim(unit: &Work<'_>, request: &Request) -> Result<bool, DbErr> {
    unit.writes().claim_request(&request.key, request.mutation, &request.hash, unit.now()).await
}

/// What became of the request, if it is the same.
async fn known<T: DeserializeOwned>(unit: &Work<'_>, request: &Request) -> Result<Result<T, Refusal>, Refusal> {
    let kept = unit.writes().find_request(&request.key).await?;
    if kept.mutation != request.mutation || kept.request_hash != request.hash {
        let text = "Dieser „idempotencyKey“ wurde schon für eine andere Anfrage benutzt. Bitte einen neuen nehmen.";
        return Err(Refusal::because(Because::IdempotencyMismatch, text));
    }
    match serde_json::from_str(&kept.result) {
        Ok(Answer::Done(done)) => Ok(Ok(done)),
        Ok(Answer::Refused(refused)) => Ok(Err(Refusal::Refused(refused))),
        Err(_) => Err(DbErr::Type("an answer that was kept cannot be read".into()).into()),
    }
}

async fn keep<T: Serialize>(unit: &Work<'_>, request: &Request, answer: &Answer<T>) -> Result<(), DbErr> {
    let text = serde_json::to_string(answer).map_err(|error| DbErr::Type(error.to_string()))?;
    unit.writes().store_answer(&request.key, text).await
}
