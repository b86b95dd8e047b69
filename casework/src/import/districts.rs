//! Imports the districts of municipalities. A known district with different content is reported and not changed.

use std::collections::{BTreeSet, HashMap};

use kim_domain::calendar::Clock;
use kim_entity::database::Database;
use kim_entity::unscoped::Unscoped;
use kim_entity::{DbErr, district, municipality};

use super::cells::Cells;
use super::report::{RefusalCode, Report};
use super::sheet::{Column, Sheet, required};
use super::spelling::fold;
use super::{ImportError, Options, Progress, begun, places};
use crate::text;

const COLUMNS: &[Column] = &[required("ags"), required("code"), required("name"), required("kind")];

/// Imports districts.
///
/// # Errors
/// [`ImportError`] if the file is no list of districts or the database fails.
#[expect(clippy::disallowed_methods, reason = "an operator imports the districts of all municipalities")]
pub async fn districts(
    db: &Database,
    clock: &Clock,
    file: &[u8],
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, ImportError> {
    let sheet = Sheet::read(file, COLUMNS, &options.ignored_columns)?;
    let mut report = begun(&sheet);
    let all = match options.dry_run {
        true => db.unscoped().begin_reading(clock.today()).await?,
        false => db.unscoped().begin(clock.today()).await?,
    };
    let mut known = known(&all).await?;
    let mut new = Vec::new();
    for row in &sheet.rows {
        let mut cells = Cells::new(&sheet, row);
        if options.agency.is_some() {
            cells.refuse("ags", RefusalCode::ForeignAgency, None);
        } else if let Some(read) = read(&mut cells) {
            let own = known.entry(read.ags.clone()).or_default();
            let stored = own.iter().find(|stored| stored.code == read.code);
            let names = |one: &district::Model| [fold(&one.code), fold(&one.name)];
            match stored {
                Some(stored) if *stored == read => report.unchanged += 1,
                Some(stored) => {
                    let column = if stored.name == read.name { "kind" } else { "name" };
                    cells.refuse(column, RefusalCode::Changed, None);
                }
                // A list of cases may name a district by its code or its name.
                None if own.iter().any(|one| names(one).iter().any(|name| names(&read).contains(name))) => {
                    cells.refuse("name", RefusalCode::UnknownCode, Some("ein anderer Bezirk heißt schon so"));
                }
                None => {
                    own.push(read.clone());
                    new.push(read);
                }
            }
        }
        report.refused.extend(cells.into_refused());
    }
    report.accepted = new.len() as u64;
    if options.dry_run {
        return Ok(report);
    }
    write(&all, new).await?;
    all.into_tx().commit().await?;
    progress(report.accepted, report.accepted);
    Ok(report)
}

/// The districts of each municipality: those of the database, and those that come with its first agency.
pub(crate) async fn known(all: &Unscoped) -> Result<HashMap<String, Vec<district::Model>>, DbErr> {
    let mut known: HashMap<String, Vec<district::Model>> = HashMap::new();
    for row in all.districts().await? {
        known.entry(row.ags.clone()).or_default().push(row);
    }
    let municipalities = all.municipalities().await?;
    for row in places::all_districts().filter(|row| !municipalities.contains(&row.ags)) {
        known.entry(row.ags.clone()).or_default().push(row);
    }
    Ok(known)
}

/// Writes districts, and before them their missing municipalities.
async fn write(all: &Unscoped, new: Vec<district::Model>) -> Result<(), DbErr> {
    let (cities, mut parts) = missing(all, new.iter().map(|row| row.ags.as_str())).await?;
    parts.extend(new);
    all.insert_agencies(cities, parts, Vec::new()).await
}

/// Those of these municipalities that the database lacks, with the districts that the program knows.
pub(crate) async fn missing(
    all: &Unscoped,
    wanted: impl Iterator<Item = &str>,
) -> Result<(Vec<municipality::Model>, Vec<district::Model>), DbErr> {
    let known = all.municipalities().await?;
    let wanted: BTreeSet<&str> = wanted.filter(|ags| !known.contains(*ags)).collect();
    let name = |ags: &str| places::municipality(ags).unwrap_or_default().to_owned();
    let cities = wanted.iter().map(|ags| municipality::Model { ags: (*ags).to_owned(), name: name(ags) }).collect();
    let parts = places::all_districts().filter(|row| wanted.contains(row.ags.as_str())).collect();
    Ok((cities, parts))
}

/// A line that is checked like one that is entered in the program.
fn own_line(cells: &mut Cells<'_>, column: &str) -> Option<String> {
    let line = cells.line(column)?;
    cells.checked(column, text::line(column, &line))
}

/// Reads a row. `None` if a cell was refused.
fn read(cells: &mut Cells<'_>) -> Option<district::Model> {
    for column in COLUMNS {
        cells.require(column.name);
    }
    let ags = cells.read_or("ags", RefusalCode::UnknownCode, Some(places::AGS_HINT), |ags| {
        places::municipality(ags).map(|_| ags.to_owned())
    });
    let code = own_line(cells, "code");
    let name = own_line(cells, "name");
    let hint = "Großbuchstaben, etwa STADTBEZIRK";
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let kind =
        cells.read_or("kind", RefusalCode::UnknownCode, Some(hint), |text| is_word(text).then(|| text.to_owned()));
    if cells.has_refused() {
        return None;
    }
    Some(district::Model { ags: ags?, code: code?, name: name?, kind: kind? })
}
