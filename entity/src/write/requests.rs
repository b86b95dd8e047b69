//! Idempotency keys: a mutation runs once for each key.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use super::Writes;
use crate::tables::idempotency;

impl Writes {
    /// Inserts the key of a viewer's request. `false` if it exists. A concurrent request with the same key waits until this
    /// transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn claim_request(&self, key: &str, mutation: &str, hash: &str, now: i64) -> Result<bool, DbErr> {
        let viewer = self.reads().viewer();
        let row = idempotency::Model {
            agency_id: viewer.agency().id,
            subject: viewer.subject().to_owned(),
            key: key.to_owned(),
            mutation: mutation.to_owned(),
            request_hash: hash.to_owned(),
            result: String::new(),
            at: now,
        };
        let taken = idempotency::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(self.tx().connection())
            .await?;
        Ok(taken == 1)
    }

    /// The viewer's request with this key.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if there is none; the database does not answer.
    pub async fn find_request(&self, key: &str) -> Result<idempotency::Model, DbErr> {
        let viewer = self.reads().viewer();
        let id = (viewer.agency().id, viewer.subject().to_owned(), key.to_owned());
        let kept = idempotency::Entity::find_by_id(id).one(self.tx().connection()).await?;
        kept.ok_or_else(|| DbErr::RecordNotFound("a request that was answered".into()))
    }

    /// Stores the answer to the viewer's request with this key: ids and codes, as JSON.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn store_answer(&self, key: &str, answer: String) -> Result<(), DbErr> {
        let viewer = self.reads().viewer();
        let of_request = idempotency::Column::AgencyId
            .eq(viewer.agency().id)
            .and(idempotency::Column::Subject.eq(viewer.subject()))
            .and(idempotency::Column::Key.eq(key));
        idempotency::Entity::update_many()
            .set(idempotency::ActiveModel { result: Set(answer), ..Default::default() })
            .filter(of_request)
            .exec(self.tx().connection())
            .await
            .map(drop)
    }
}
