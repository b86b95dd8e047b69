//! Writes the master data of an agency, with its history.

use sea_orm::DbErr;

use super::Writes;
use crate::tables::{agency, agency_change};
use crate::viewer::Author;

impl Writes {
    /// Changes the master data of the viewer's own agency from `old`, which [`own_agency`](Self::own_agency) found. `false` if
    /// it has another version by now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_own_agency(&self, old: &agency::Model, new: agency::Model, now: i64) -> Result<bool, DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let new = agency::Model { id: agency_id, ..new };
        agency_change::update(self.tx().connection(), old, new, (Some(staff), acting_for), now).await
    }
}
