//! Consents of a client: for one receiver and purpose.

use kim_domain::consent::{ConsentForm, ConsentState, state};
use kim_domain::disclosure;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::value::Language;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{Condition, ExprTrait as _, QueryOrder as _, QuerySelect as _};

use super::code::Code;

/// One consent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: Code<ReferralPurpose>,
    /// Every field consented to: a stored `FieldSet`.
    pub fields: i64,
    /// Those ticked by themselves: a stored `FieldSet`.
    pub ticked: i64,
    /// Consent under data protection law was given.
    pub data_protection: bool,
    /// Release from secrecy (Schweigepflichtentbindung, § 203 StGB) was given.
    pub release_from_secrecy: bool,
    /// Day of the release.
    pub release_on: Option<Date>,
    /// Consent to the special categories that the purpose itself reveals (Art. 9 DSGVO).
    pub art9: bool,
    /// First day.
    pub valid_from: Date,
    /// Last day; open if none.
    pub valid_until: Option<Date>,
    /// Instant of the withdrawal as a whole, microseconds since 1970.
    pub withdrawn_at: Option<i64>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Whether the receiver may report the outcome to the sender.
    pub report_outcome: bool,
    /// How it was given.
    pub form: Code<ConsentForm>,
    /// The language in which it was explained.
    pub language: Option<Code<Language>>,
    /// Whether there was an interpreter.
    pub interpreter: bool,
    /// The version of the text that was explained.
    #[sea_orm(column_type = "Text", nullable)]
    pub text_version: Option<String>,
    /// The guardian who consented for the client.
    #[sea_orm(column_type = "Text", nullable)]
    pub guardian: Option<String>,
    /// The witness.
    #[sea_orm(column_type = "Text", nullable)]
    pub witness: Option<String>,
    /// SHA-256 of the signed paper's scan, hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub scan_sha256: Option<String>,
    /// The consent that this one renews.
    pub renews_id: Option<Uuid>,
    /// Subject of the token that recorded it.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// The reason why it is not in writing.
    #[sea_orm(column_type = "Text", nullable)]
    pub form_reason: Option<String>,
    /// Whether the person who recorded it confirmed that the client, a minor, understands it.
    pub understands: bool,
    /// Instant at which another consent replaced it, microseconds since 1970.
    pub renewed_at: Option<i64>,
}

impl Model {
    /// Its state on a day.
    #[must_use]
    pub fn state(&self, today: Date) -> ConsentState {
        let (withdrawn, renewed) = (self.withdrawn_at.is_some(), self.renewed_at.is_some());
        state(self.valid_from, self.valid_until, withdrawn, renewed, today)
    }

    /// All fields that the client consented to, in either way.
    #[must_use]
    pub fn all_fields(&self) -> FieldSet {
        FieldSet::from_i64(self.fields).or(FieldSet::from_i64(self.ticked))
    }
}

impl From<&Model> for disclosure::Consent {
    /// The inputs of the rule.
    fn from(row: &Model) -> Self {
        Self {
            fields: FieldSet::from_i64(row.fields),
            ticked: FieldSet::from_i64(row.ticked),
            data_protection: row.data_protection,
            release_from_secrecy: row.release_from_secrecy,
            art9: row.art9,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            withdrawn: row.withdrawn_at.is_some(),
        }
    }
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The consent of a case's client for a receiver and purpose that is in force on a day; of several the one that was recorded last.
pub(crate) async fn in_force(
    connection: &impl ConnectionTrait,
    case_id: Uuid,
    receiver_id: Uuid,
    purpose: ReferralPurpose,
    today: Date,
) -> Result<Option<Model>, DbErr> {
    let client = Query::select().column("person_id").from("case").and_where(Expr::col("id").eq(case_id)).take();
    Entity::find()
        .filter(Column::PersonId.in_subquery(client))
        .filter(Column::ReceiverId.eq(receiver_id))
        .filter(Column::Purpose.eq(purpose.code()))
        .filter(is_in_force(today))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        // After waiting for a withdrawal to commit, PostgreSQL evaluates the condition on the row again.
        .lock_shared()
        .one(connection)
        .await
}

/// The condition that a consent is in force on a day.
pub(crate) fn is_in_force(today: Date) -> Condition {
    Condition::all()
        .add(Column::WithdrawnAt.is_null())
        .add(Column::RenewedAt.is_null())
        .add(Column::ValidFrom.lte(today))
        .add(Column::ValidUntil.is_null().or(Column::ValidUntil.gte(today)))
}
