//! Per referral and field, when it was first and last disclosed: answers Art. 15 DSGVO, kept as long as the data.

use std::collections::HashMap;

use kim_domain::Word as _;
use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, DbBackend};

use crate::database::Database;

/// What `field` says where messages were disclosed.
pub const MESSAGES: &str = "MESSAGES";

/// One field of one referral.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// Code of the handover field, or [`MESSAGES`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub field: String,
    /// Who got it.
    pub receiver_id: Uuid,
    /// Microseconds since 1970.
    pub first_at: i64,
    /// Microseconds since 1970.
    pub last_at: i64,
    /// Under which ground, at the last time.
    #[sea_orm(column_type = "Text")]
    pub ground: String,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Which of these fields these referrals showed their receivers, ever; only those that showed one. `tx` is for PostgreSQL, where the log lies
/// in the main database: there a transaction asks for no second connection.
///
/// # Errors
/// The database does not answer.
pub async fn shown(
    database: &Database,
    tx: &DatabaseTransaction,
    referrals: &[Uuid],
    fields: FieldSet,
) -> Result<HashMap<Uuid, FieldSet>, DbErr> {
    let facts = Entity::find()
        .filter(Column::ReferralId.is_in(referrals.iter().copied()))
        .filter(Column::Field.is_in(fields.iter().map(HandoverField::code)));
    let facts = match database.backend() {
        DbBackend::Sqlite => facts.all(&database.log).await?,
        DbBackend::Postgres | _ => facts.all(tx).await?,
    };
    let mut shown: HashMap<Uuid, FieldSet> = HashMap::new();
    for fact in facts {
        if let Some(field) = HandoverField::from_code(&fact.field) {
            shown.entry(fact.referral_id).or_default().insert(field);
        }
    }
    Ok(shown)
}
