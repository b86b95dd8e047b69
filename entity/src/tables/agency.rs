//! Agencies: the organisational units that do a task (§ 67(4) SGB X), not whole authorities.

use kim_domain::agency::{AgencyKind, DataProtectionLaw, LegalForm};
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One agency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name in tokens and on the command line; unique.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// The name as an office prints it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Its kind.
    pub kind: Code<AgencyKind>,
    /// The municipality it belongs to.
    #[sea_orm(column_type = "Text")]
    pub ags: String,
    /// Its legal form (§ 87 AufenthG).
    pub legal_form: Code<LegalForm>,
    /// Whether its staff are bound by § 203 StGB.
    pub bound_by_203: bool,
    /// The data protection law that binds it.
    pub data_protection_law: Code<DataProtectionLaw>,
    /// The controller of its data (Verantwortlicher), as `controller/unit`.
    #[sea_orm(column_type = "Text")]
    pub controller: String,
    /// The welfare association of a Träger.
    #[sea_orm(column_type = "Text", nullable)]
    pub association: Option<String>,
    /// The district it works in.
    #[sea_orm(column_type = "Text", nullable)]
    pub district: Option<String>,
    /// The KIM Baustein that pays it: 1, 2 or 3.
    pub baustein: Option<i16>,
    /// How many posts it has, in hundredths of one; unknown counts as too few for a time in state
    /// ([`kim_domain::statistics::MIN_POSTS`]).
    pub posts: Option<i32>,
    /// Its specialisation. It may reveal Art. 9 data of its clients, so no other agency gets it.
    #[sea_orm(column_type = "Text", nullable)]
    pub internal_specialisation: Option<String>,
    /// Whether its tokens are accepted.
    pub enabled: bool,
    /// Counts closings for this agency: an answer that was prepared before a closing is computed again (docs/adr/0007).
    pub closings: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
