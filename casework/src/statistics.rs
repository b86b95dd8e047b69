//! Logs a coordination's statistics requests before they are answered. The server does not evaluate the log: people check
//! it for series of tables that together reveal exact counts (docs/privacy.md).

use kim_domain::id::new_uuid;
use kim_domain::period::Period;
use kim_domain::statistics::StatisticsDimension;
use kim_entity::DbErr;
use kim_entity::code::Code;
use kim_entity::log::Log;
use kim_entity::statistics_log;

use crate::work::WorkContext;

/// Logs one request.
///
/// # Errors
/// The log cannot be written. Then nothing may be shown.
pub async fn record(context: WorkContext<'_>, period: Period, by: &[StatisticsDimension]) -> Result<(), DbErr> {
    let viewer = context.viewer;
    let row = statistics_log::Model {
        id: new_uuid(),
        at: context.clock.now_micros(),
        agency_id: viewer.agency().id,
        agency: viewer.agency().slug.clone(),
        role: Code(viewer.role()),
        subject: viewer.subject().to_owned(),
        acting_for: viewer.acting_for().map(str::to_owned),
        period: period.to_string(),
        dimensions: by.iter().map(|one| one.code()).collect::<Vec<_>>().join(","),
    };
    Log::write_statistics_request(context.database, row).await
}
