//! The migrations of the schema, up and down. A migration is never edited after its release, and imports no other crate
//! of this workspace.

use sea_orm_migration::prelude::*;

mod column;
mod m20261122_000001_places;
mod m20261122_000002_agencies;
mod m20261122_000003_agreements;
mod m20261122_000004_cases;
mod m20261122_000005_consents;
mod m20261122_000006_referrals;
mod m20261122_000007_handovers;
mod m20261122_000008_events_and_messages;
mod m20261122_000009_settings;
mod m20261122_000010_indexes;
mod m20261122_100001_disclosures;
mod m20261124_000011_work;
mod m20261124_000012_consent_history;
mod m20261124_000013_agreements;
mod m20261124_000014_case_work;
mod m20261124_000015_clock;
mod m20261124_000016_corrections;
mod m20261124_000017_statistics_and_support;
mod m20261124_000019_outdated_copies;
mod m20261124_000020_senders_steps;
mod m20261124_000021_directory;
mod m20261124_000022_consent_rule;
mod m20261124_100017_statistics_log;
mod m20261124_100022_log_in_line;
mod m20261126_000023_counted_in_the_index;
mod m20261126_000024_consent_rule_in_sqlite;
mod m20261130_000025_stays;
mod m20261130_000026_feed_instant;
mod m20261130_000027_acting_persons;
mod m20261201_000028_agency_master_data;
mod m20261201_000029_name_parts;
mod m20261201_000030_browser_sessions;

pub use sea_orm_migration::MigratorTrait;

/// Migrations of the main database: agencies, cases, referrals.
#[derive(Debug)]
pub struct MainMigrator;

/// Migrations of the disclosure log. On SQLite the log is a file of its own, on PostgreSQL it is in the main database.
#[derive(Debug)]
pub struct LogMigrator;

#[async_trait::async_trait]
impl MigratorTrait for MainMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_places::Migration),
            Box::new(m20261122_000002_agencies::Migration),
            Box::new(m20261122_000003_agreements::Migration),
            Box::new(m20261122_000004_cases::Migration),
            Box::new(m20261122_000005_consents::Migration),
            Box::new(m20261122_000006_referrals::Migration),
            Box::new(m20261122_000007_handovers::Migration),
            Box::new(m20261122_000008_events_and_messages::Migration),
            Box::new(m20261122_000009_settings::Migration),
            Box::new(m20261122_000010_indexes::Migration),
            Box::new(m20261124_000011_work::Migration),
            Box::new(m20261124_000016_corrections::Migration),
            Box::new(m20261124_000012_consent_history::Migration),
            Box::new(m20261124_000013_agreements::Migration),
            Box::new(m20261124_000015_clock::Migration),
            Box::new(m20261124_000014_case_work::Migration),
            Box::new(m20261124_000017_statistics_and_support::Migration),
            Box::new(m20261124_000019_outdated_copies::Migration),
            Box::new(m20261124_000020_senders_steps::Migration),
            Box::new(m20261124_000021_directory::Migration),
            Box::new(m20261124_000022_consent_rule::Migration),
            Box::new(m20261126_000023_counted_in_the_index::Migration),
            Box::new(m20261126_000024_consent_rule_in_sqlite::Migration),
            Box::new(m20261130_000025_stays::Migration),
            Box::new(m20261130_000026_feed_instant::Migration),
            Box::new(m20261130_000027_acting_persons::Migration),
            Box::new(m20261201_000028_agency_master_data::Migration),
            Box::new(m20261201_000029_name_parts::Migration),
            Box::new(m20261201_000030_browser_sessions::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "kim_migration".into_iden()
    }
}

#[async_trait::async_trait]
impl MigratorTrait for LogMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_100001_disclosures::Migration),
            Box::new(m20261124_100017_statistics_log::Migration),
            Box::new(m20261124_100022_log_in_line::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        "kim_log_migration".into_iden()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of the main database's migrations from which on the list is in the order of the numbers. The earlier ones are
    /// in the order in which they were written, which a released list keeps.
    const ORDERED_FROM: u32 = 17;
    /// The first number of the log's migrations.
    const OF_LOG: u32 = 100_000;

    /// The days and numbers in the names.
    fn numbers(migrations: Vec<Box<dyn MigrationTrait>>) -> Vec<(u32, u32)> {
        let parsed = |name: &str| {
            let (day, number) = name.strip_prefix('m')?.split_once('_')?;
            Some((day.parse().ok()?, number.split_once('_')?.0.parse().ok()?))
        };
        migrations.iter().map(|one| parsed(one.name()).unwrap_or_else(|| panic!("{}", one.name()))).collect()
    }

    #[test]
    fn numbers_of_migrations_are_unique_and_ascend() {
        let (main, log) = (numbers(MainMigrator::migrations()), numbers(LogMigrator::migrations()));
        let (early, ordered): (Vec<_>, Vec<_>) = main.into_iter().partition(|(_, number)| *number < ORDERED_FROM);
        let mut all: Vec<u32> = early.iter().chain(&ordered).chain(&log).map(|(_, number)| *number).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a number is used twice");
        for list in [&ordered, &log] {
            let ascends = |pair: &[(u32, u32)]| pair[0].0 <= pair[1].0 && pair[0].1 < pair[1].1;
            assert!(list.windows(2).all(ascends), "a new migration has the next number: {list:?}");
        }
        assert!(early.iter().chain(&ordered).all(|(_, number)| *number < OF_LOG), "{ordered:?}");
        assert!(log.iter().all(|(_, number)| *number >= OF_LOG), "{log:?}");
    }
}
