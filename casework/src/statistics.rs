//! Writes down what a coordination asks of the statistics, before it is answered: a series of questions that circles one
//! person can be seen afterwards.

use kim_domain::id::new_uuid;
use kim_domain::period::Period;
use kim_domain::statistics::StatisticsDimension;
use kim_entity::code::Code;
use kim_entity::statistics_log;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _};

use crate::work::Desk;

/// Writes one request.
///
/// # Errors
/// The log cannot be written; then nothing may be shown.
pub async fn record(desk: Desk<'_>, period: Period, by: &[StatisticsDimension]) -> Result<(), DbErr> {
    let viewer = desk.viewer;
    let row = statistics_log::ActiveModel {
        id: Set(new_uuid()),
        at: Set(desk.clock.now_micros()),
        agency_id: Set(viewer.agency().id),
        agency: Set(viewer.agency().slug.clone()),
        role: Set(Code(viewer.role())),
        subject: Set(viewer.subject().to_owned()),
        acting_for: Set(viewer.acting_for().map(str::to_owned)),
        period: Set(period.to_string()),
        dimensions: Set(by.iter().map(|one| one.code()).collect::<Vec<_>>().join(",")),
    };
    statistics_log::Entity::insert(row).exec_without_returning(&desk.database.log).await.map(drop)
}
