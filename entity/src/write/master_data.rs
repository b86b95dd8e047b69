//! Writes the master data of an agency, with its history.

use kim_domain::id::new_uuid;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};

use super::Writes;
use crate::sql::batch::insert;
use crate::tables::code::Code;
use crate::tables::{agency, agency_change};
use crate::viewer::Author;

impl Writes {
    /// Changes the master data of the viewer's own agency from `old`, which [`own_agency`](Self::own_agency) found. `false` if
    /// it has another version by now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_own_agency(&self, old: &agency::Model, new: agency::Model, now: i64) -> Result<bool, DbErr> {
        let author = self.author();
        let new = agency::Model { id: author.agency_id, ..new };
        update(self.tx().connection(), old, new, Some(author), now).await
    }
}

/// Writes what is different, and a row of the history for each difference. Without an author an operator imported it.
pub(crate) async fn update(
    connection: &impl ConnectionTrait,
    old: &agency::Model,
    new: agency::Model,
    author: Option<Author>,
    now: i64,
) -> Result<bool, DbErr> {
    let differences = old.differences(&new);
    let same_version = agency::Column::Id.eq(new.id).and(agency::Column::Version.eq(old.version));
    // Neither what identifies an agency, nor what others change: whether it is enabled, and its closings.
    let columns = agency::ActiveModel {
        name: Set(new.name),
        street: Set(new.street),
        postal_code: Set(new.postal_code),
        city: Set(new.city),
        phone: Set(new.phone),
        email: Set(new.email),
        opening_hours: Set(new.opening_hours),
        district: Set(new.district),
        legal_form: Set(new.legal_form),
        bound_by_203: Set(new.bound_by_203),
        data_protection_law: Set(new.data_protection_law),
        controller: Set(new.controller),
        association: Set(new.association),
        baustein: Set(new.baustein),
        posts: Set(new.posts),
        internal_specialisation: Set(new.internal_specialisation),
        version: Set(old.version.saturating_add(1)),
        ..Default::default()
    };
    let updated = agency::Entity::update_many().set(columns).filter(same_version).exec(connection).await?;
    if updated.rows_affected == 0 {
        return Ok(false);
    }
    let (staff, acting_for) = author.map_or((None, None), |author| (Some(author.staff), author.acting_for));
    let row = |(field, old_value, new_value)| agency_change::Model {
        id: new_uuid(),
        agency_id: new.id,
        at: now,
        field: Code(field),
        old_value,
        new_value,
        staff: staff.clone(),
        acting_for: acting_for.clone(),
    };
    insert(connection, differences.into_iter().map(row).collect()).await?;
    Ok(true)
}
