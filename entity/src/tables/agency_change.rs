//! The history of an agency's master data, written with each change. Rows are only added.

use kim_domain::agency::AgencyField;
use kim_domain::id::new_uuid;
use sea_orm::ActiveValue::Set;
use sea_orm::ExprTrait as _;
use sea_orm::entity::prelude::*;

use super::agency;
use super::code::Code;
use crate::sql::batch::insert;

/// One changed value.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_change")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The agency.
    pub agency_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// The part of the master data.
    pub field: Code<AgencyField>,
    /// The value before.
    #[sea_orm(column_type = "Text", nullable)]
    pub old_value: Option<String>,
    /// The value after.
    #[sea_orm(column_type = "Text", nullable)]
    pub new_value: Option<String>,
    /// Subject of the token; `None`: the operator imported a list.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// The person for whom a program acted.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Writes what is different, and a row of the history for each difference. Without `staff` an operator imported it. `false` if
/// the agency has another version by now.
///
/// # Errors
/// The database does not answer.
pub(crate) async fn update(
    connection: &impl ConnectionTrait,
    old: &agency::Model,
    new: agency::Model,
    (staff, acting_for): (Option<String>, Option<String>),
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
    let row = |(field, old_value, new_value)| Model {
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
