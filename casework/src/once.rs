//! Does a request once: the same one again, under the same key, gets the same ids and codes and changes nothing.

use kim_entity::idempotency;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::refusal::{Because, Refusal, Refused};
use crate::work::{Desk, Work};

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
    desk: Desk<'_>,
    request: &Request,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if request.key.trim().is_empty() || request.key.chars().count() > LONGEST_KEY {
        return Err(Refusal::bad_input(format!("„idempotencyKey“ braucht 1 bis {LONGEST_KEY} Zeichen.")));
    }
    let mut unit = Work::begin(desk).await?;
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
            let unit = Work::begin(desk).await?;
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
    let row = idempotency::ActiveModel {
        agency_id: Set(unit.own_id()),
        subject: Set(unit.viewer().subject().to_owned()),
        key: Set(request.key.clone()),
        mutation: Set(request.mutation.to_owned()),
        request_hash: Set(request.hash.clone()),
        result: Set(String::new()),
        at: Set(unit.now()),
    };
    let taken = idempotency::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(unit.tx())
        .await?;
    Ok(taken == 1)
}

/// What became of the request, if it is the same.
async fn known<T: DeserializeOwned>(unit: &Work<'_>, request: &Request) -> Result<Result<T, Refusal>, Refusal> {
    let id = (unit.own_id(), unit.viewer().subject().to_owned(), request.key.clone());
    let kept = idempotency::Entity::find_by_id(id).one(unit.tx()).await?;
    let kept = kept.ok_or_else(|| DbErr::RecordNotFound("a request that was answered".into()))?;
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
    let of_request = idempotency::Column::AgencyId
        .eq(unit.own_id())
        .and(idempotency::Column::Subject.eq(unit.viewer().subject()))
        .and(idempotency::Column::Key.eq(request.key.as_str()));
    idempotency::Entity::update_many()
        .set(idempotency::ActiveModel { result: Set(text), ..Default::default() })
        .filter(of_request)
        .exec(unit.tx())
        .await
        .map(drop)
}
