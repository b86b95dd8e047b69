//! Imports agencies. An existing agency with different content is reported and not changed.

use std::collections::HashMap;

use kim_domain::Word;
use kim_domain::agency::{AgencyKind, DataProtectionLaw, LegalForm};
use kim_domain::calendar::Clock;
use kim_domain::id::new_uuid;
use kim_entity::DbErr;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::unscoped::Unscoped;
use kim_entity::{agency, district};

use super::cells::Cells;
use super::districts;
use super::report::{RefusalCode, Report};
use super::sheet::{Column, Row, Sheet, optional, required};
use super::spelling::cell;
use super::{ImportError, Options, Progress, begun, places};

const COLUMNS: &[Column] = &[
    required("slug"),
    required("name"),
    required("kind"),
    required("ags"),
    required("legal_form"),
    required("bound_by_203"),
    required("data_protection_law"),
    required("controller"),
    optional("association"),
    optional("district"),
    optional("baustein"),
    optional("posts"),
    optional("internal_specialisation"),
];

/// Imports agencies with their municipalities and districts.
///
/// # Errors
/// [`ImportError`] if the file is no list of agencies or the database fails.
#[expect(clippy::disallowed_methods, reason = "an operator imports all agencies")]
pub async fn agencies(
    db: &Database,
    clock: &Clock,
    file: &[u8],
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, ImportError> {
    let sheet = Sheet::read(file, COLUMNS)?;
    let mut report = begun(&sheet);
    let all = match options.dry_run {
        true => db.unscoped().begin_reading(clock.today()).await?,
        false => db.unscoped().begin(clock.today()).await?,
    };
    let stored = all.agencies().await?;
    let districts = districts::known(&all).await?;
    let mut known: HashMap<String, agency::Model> = stored.into_iter().map(|row| (row.slug.clone(), row)).collect();
    let mut new = Vec::new();
    for row in &sheet.rows {
        let mut cells = Cells::new(&sheet, row);
        let read = read(&sheet, row, &mut cells, options, &districts);
        if let Some(read) = &read
            && read.district.is_none()
            && let Some(note) = unread_district(&cells, row.line, &read.ags)
        {
            report.notes.push(note);
        }
        let changed = read.as_ref().and_then(|read| Some(difference(known.get(&read.slug)?, read)));
        match (read, changed) {
            (Some(_), Some(None)) => report.unchanged += 1,
            (Some(_), Some(Some(column))) => cells.refuse(column, RefusalCode::Changed, None),
            (Some(read), None) => {
                known.insert(read.slug.clone(), read.clone());
                new.push(read);
            }
            (None, _) => {}
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

/// Reads a row. `None` if a cell was refused.
fn read(
    sheet: &Sheet,
    row: &Row,
    cells: &mut Cells<'_>,
    options: &Options,
    districts: &HashMap<String, Vec<district::Model>>,
) -> Option<agency::Model> {
    let slug = sheet.cell(row, "slug");
    if options.agency.as_deref().is_some_and(|only| only != slug) {
        cells.refuse("slug", RefusalCode::ForeignAgency, None);
        return None;
    }
    for column in COLUMNS.iter().filter(|column| column.required) {
        cells.require(column.name);
    }
    let hint = "Kleinbuchstaben, Ziffern und Bindestriche";
    let slug = cells.read_or("slug", RefusalCode::UnknownCode, Some(hint), slug_of);
    let kind = cells.read("kind", AgencyKind::from_code);
    let ags = cells.read_or("ags", RefusalCode::UnknownCode, Some(places::AGS_HINT), |ags| {
        places::municipality(ags).map(|_| ags.to_owned())
    });
    let legal_form = cells.read("legal_form", LegalForm::from_code);
    let bound_by_203 = cells.read("bound_by_203", cell::yes_or_no);
    let law = cells.read("data_protection_law", DataProtectionLaw::from_code);
    let baustein =
        cells.read("baustein", |text| cell::whole::<i16>(text).filter(|baustein| (1..=3).contains(baustein)));
    let posts = cells.read_or("posts", RefusalCode::UnknownCode, Some("Stellen, zum Beispiel 2,5"), posts_of);
    // Without a list of the municipality's districts no code is wrong.
    let own = ags.as_deref().and_then(|ags| districts.get(ags));
    let district = own.and_then(|own| {
        cells.read("district", |code| own.iter().find(|district| district.code == code).map(|_| code.to_owned()))
    });
    let (name, controller) = (cells.line("name"), cells.line("controller"));
    let (association, internal_specialisation) = (cells.line("association"), cells.line("internal_specialisation"));
    if cells.has_refused() {
        return None;
    }
    Some(agency::Model {
        id: new_uuid(),
        slug: slug?,
        name: name?,
        kind: Code(kind?),
        ags: ags?,
        legal_form: Code(legal_form?),
        bound_by_203: bound_by_203?,
        data_protection_law: Code(law?),
        controller: controller?,
        association,
        district,
        baustein,
        posts,
        internal_specialisation,
        enabled: true,
        closings: 0,
    })
}

fn slug_of(text: &str) -> Option<String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_plain && text.starts_with(|letter: char| letter.is_ascii_lowercase())).then(|| text.to_owned())
}

/// Hundredths of a post: `2,5` and `2.5` are 250.
fn posts_of(text: &str) -> Option<i32> {
    let (whole, part) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 4) || !digits(part, 2) {
        return None;
    }
    let hundredths = part.parse::<i32>().ok()? * if part.len() == 1 { 10 } else { 1 };
    Some(whole.parse::<i32>().ok()? * 100 + hundredths)
}

/// The first column in which two rows with the same slug differ. `enabled` is not compared, because lists do not
/// contain it.
fn difference(stored: &agency::Model, read: &agency::Model) -> Option<&'static str> {
    let same = [
        ("name", stored.name == read.name),
        ("kind", stored.kind == read.kind),
        ("ags", stored.ags == read.ags),
        ("legal_form", stored.legal_form == read.legal_form),
        ("bound_by_203", stored.bound_by_203 == read.bound_by_203),
        ("data_protection_law", stored.data_protection_law == read.data_protection_law),
        ("controller", stored.controller == read.controller),
        ("association", stored.association == read.association),
        ("district", stored.district == read.district),
        ("baustein", stored.baustein == read.baustein),
        // A list without the column does not change the value.
        ("posts", read.posts.is_none() || stored.posts == read.posts),
        ("internal_specialisation", stored.internal_specialisation == read.internal_specialisation),
    ];
    same.into_iter().find_map(|(column, same)| (!same).then_some(column))
}

/// Writes agencies, and before them their missing municipalities and districts.
async fn write(all: &Unscoped, new: Vec<agency::Model>) -> Result<(), DbErr> {
    let (cities, parts) = districts::missing(all, new.iter().map(|agency| agency.ags.as_str())).await?;
    all.insert_agencies(cities, parts, new).await
}

/// Note about a district that is not stored, because the municipality's districts are unknown.
fn unread_district(cells: &Cells<'_>, line: u64, ags: &str) -> Option<String> {
    (!cells.is_empty("district")).then(|| places::unknown_districts(line, "district", ags))
}

#[cfg(test)]
mod tests {
    use super::posts_of;

    #[test]
    fn posts_are_written_with_a_comma_or_a_point() {
        let read = ["3", "2,5", "2.5", "0,75", "10,0"].map(posts_of);
        assert_eq!(read, [Some(300), Some(250), Some(250), Some(75), Some(1000)]);
        for wrong in ["", "-1", "2,", ",5", "2,555", "drei", "99999"] {
            assert_eq!(posts_of(wrong), None, "{wrong}");
        }
    }
}
