//! Whose database it is. The demo empties what a demo filled, fills what is empty, and touches nothing else.

use kim_entity::database::Database;
use kim_entity::{
    agency, agreement, case_file, consent, disclosed, disclosure_log, district, handover, household_member, message,
    municipality, person, referral, referral_event, setting,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, PaginatorTrait, QuerySelect};

use crate::commands::migrate;
use crate::failure::Failure;

/// The setting by which a demo knows its own.
const MARK: (&str, &str) = ("demo", "yes");

/// What stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No agency, and so nothing that hangs on one; perhaps no table.
    Nothing,
    /// What a demo wrote.
    Demo,
}

/// Finds out what stands there, brings it to this version, and marks it as a demo's.
///
/// # Errors
/// [`Failure::Usage`] if the data is not a demo's: nothing was changed. [`Failure::Failed`] as the database says.
pub(super) async fn claim(database: &Database) -> Result<Content, Failure> {
    // Asked before the first step is done, since the steps alone would already change somebody's database.
    look(database, true).await?;
    migrate::up(database).await?;
    let content = look(database, false).await?;
    let (name, value) = (MARK.0.to_owned(), MARK.1.to_owned());
    let mark = setting::ActiveModel { name: Set(name), value: Set(value) };
    setting::Entity::insert(mark)
        .on_conflict(OnConflict::column(setting::Column::Name).do_nothing().to_owned())
        .exec_without_returning(&database.main)
        .await
        .map_err(Failure::failed)?;
    Ok(content)
}

async fn look(database: &Database, tables_may_lack: bool) -> Result<Content, Failure> {
    let mark = setting::Entity::find_by_id(MARK.0)
        .one(&database.main)
        .await
        .or_else(|error| missing(error, tables_may_lack))?;
    if mark.is_some_and(|mark| mark.value == MARK.1) {
        return Ok(Content::Demo);
    }
    let agencies = agency::Entity::find().select_only().column(agency::Column::Id);
    match agencies.count(&database.main).await.map(Some).or_else(|error| missing(error, tables_may_lack))? {
        None | Some(0) => Ok(Content::Nothing),
        Some(_) => Err(Failure::usage(
            "this database holds data that no demo made, so `kim demo` does not touch it: name another with --database\n     \
             In dieser Datenbank stehen Daten, die nicht aus einer Demo stammen. Sie bleiben unberührt; bitte mit \
             --database eine andere nennen.",
        )),
    }
}

/// A table that cannot be read is one that is not there, before the first step.
fn missing<T>(error: DbErr, may_lack: bool) -> Result<Option<T>, Failure> {
    if may_lack { Ok(None) } else { Err(Failure::failed(error)) }
}

/// Takes everything out but the mark, so that an interrupted start leaves a database that the next one knows.
pub(super) async fn empty(database: &Database) -> Result<(), DbErr> {
    let tx = database.write().await?;
    message::Entity::delete_many().exec(&tx).await?;
    referral_event::Entity::delete_many().exec(&tx).await?;
    handover::Entity::delete_many().exec(&tx).await?;
    referral::Entity::delete_many().exec(&tx).await?;
    consent::Entity::delete_many().exec(&tx).await?;
    case_file::Entity::delete_many().exec(&tx).await?;
    household_member::Entity::delete_many().exec(&tx).await?;
    person::Entity::delete_many().exec(&tx).await?;
    agreement::Entity::delete_many().exec(&tx).await?;
    agency::Entity::delete_many().exec(&tx).await?;
    district::Entity::delete_many().exec(&tx).await?;
    municipality::Entity::delete_many().exec(&tx).await?;
    tx.commit().await?;
    disclosure_log::Entity::delete_many().exec(&database.log).await?;
    disclosed::Entity::delete_many().exec(&database.log).await?;
    Ok(())
}
