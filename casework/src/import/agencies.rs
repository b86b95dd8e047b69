//! Imports agencies. An existing agency with different content is reported, and changed only if the operator says so.

use std::collections::{HashMap, HashSet};

use kim_domain::Word;
use kim_domain::agency::{AgencyField, AgencyKind, DataProtectionLaw, LegalForm};
use kim_domain::calendar::Clock;
use kim_domain::id::new_uuid;
use kim_entity::DbErr;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::unscoped::Unscoped;
use kim_entity::{agency, district};

use super::cells::Cells;
use super::districts;
use super::master_data::master_data;
use super::report::{ChangedCell, RefusalCode, Report};
use super::sheet::{Column, Row, Sheet, optional, required};
use super::spelling::cell;
use super::{ImportError, Options, Progress, begun, places};
use crate::refusal::WorkError;

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
    optional("street"),
    optional("postal_code"),
    optional("city"),
    optional("phone"),
    optional("email"),
    optional("opening_hours"),
];

const NEVER: &str = "Kurzname, Art und Gemeinde einer Stelle ändern sich nie";
const TWICE: &str = "steht in dieser Datei schon mit anderem Inhalt";
const BY_OPERATOR: &str = "ändern: mit --update";
const BY_BOTH: &str = "ändern: die Administration mit updateAgency, oder mit --update";

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
    let sheet = Sheet::read(file, COLUMNS, &options.ignored_columns)?;
    let mut report = begun(&sheet);
    let all = match options.dry_run {
        true => db.unscoped().begin_reading(clock.today()).await?,
        false => db.unscoped().begin(clock.today()).await?,
    };
    let stored = all.agencies().await?;
    let districts = districts::known(&all).await?;
    let mut known: HashMap<String, agency::Model> = stored.into_iter().map(|row| (row.slug.clone(), row)).collect();
    let (mut new, mut updates, mut written) = (Vec::new(), Vec::new(), HashSet::new());
    for row in &sheet.rows {
        let mut cells = Cells::new(&sheet, row);
        if let Some(read) = read(&sheet, row, &mut cells, options, &districts) {
            if read.district.is_none()
                && let Some(note) = unread_district(&cells, row.line, &read.ags)
            {
                report.notes.push(note);
            }
            let stored = known.get(&read.slug).cloned();
            let read = stored.iter().fold(read, |read, stored| completed(&sheet, read, stored));
            let is_twice = written.contains(&read.slug);
            match stored.map(|stored| (difference(&stored, &read, is_twice, options), stored)) {
                Some((Compared::Same, _)) => report.unchanged += 1,
                Some((Compared::Refused(column, why), _)) => cells.refuse(column, RefusalCode::Changed, Some(why)),
                compared @ (None | Some((Compared::Different, _))) => {
                    written.insert(read.slug.clone());
                    known.insert(read.slug.clone(), read.clone());
                    match compared {
                        Some((_, stored)) => {
                            report.changes.extend(changes(row, &stored, &read));
                            updates.push((stored, read));
                        }
                        None => new.push(read),
                    }
                }
            }
        }
        report.refused.extend(cells.into_refused());
    }
    (report.accepted, report.updated) = (new.len() as u64, updates.len() as u64);
    if options.dry_run {
        return Ok(report);
    }
    write(&all, new).await?;
    // In the order in which closings lock agencies.
    updates.sort_unstable_by_key(|(old, _)| old.id);
    let now = clock.now_micros().max(all.tx().latest() + 1);
    for (old, new) in updates {
        if !all.update_agency(&old, new, now).await? {
            return Err(ImportError::Outdated(old.slug));
        }
    }
    all.into_tx().commit().await?;
    progress(report.accepted + report.updated, report.accepted + report.updated);
    Ok(report)
}

/// A row compared with the agency that has its slug.
enum Compared {
    Same,
    Different,
    /// The column and the reason.
    Refused(&'static str, &'static str),
}

fn difference(stored: &agency::Model, read: &agency::Model, is_twice: bool, options: &Options) -> Compared {
    if stored.kind != read.kind {
        return Compared::Refused("kind", NEVER);
    }
    if stored.ags != read.ags {
        return Compared::Refused("ags", NEVER);
    }
    let differences = stored.differences(read);
    let Some(&(field, ..)) = differences.first() else { return Compared::Same };
    if is_twice {
        return Compared::Refused(field.column(), TWICE);
    }
    match (options.update, is_own(field)) {
        (true, _) => Compared::Different,
        (false, true) => Compared::Refused(field.column(), BY_BOTH),
        (false, false) => Compared::Refused(field.column(), BY_OPERATOR),
    }
}

/// Whether the agency's own administration can change it.
fn is_own(field: AgencyField) -> bool {
    match field {
        AgencyField::Name
        | AgencyField::Street
        | AgencyField::PostalCode
        | AgencyField::City
        | AgencyField::Phone
        | AgencyField::Email
        | AgencyField::OpeningHours
        | AgencyField::District => true,
        AgencyField::LegalForm
        | AgencyField::BoundBy203
        | AgencyField::DataProtectionLaw
        | AgencyField::Controller
        | AgencyField::Association
        | AgencyField::Baustein
        | AgencyField::Posts
        | AgencyField::InternalSpecialisation => false,
    }
}

/// The row, with the stored values of columns that the list does not have: it does not change them.
fn completed(sheet: &Sheet, read: agency::Model, stored: &agency::Model) -> agency::Model {
    let of = |column, read, stored: &Option<String>| if sheet.has(column) { read } else { stored.clone() };
    agency::Model {
        association: of("association", read.association, &stored.association),
        district: of("district", read.district, &stored.district),
        baustein: if sheet.has("baustein") { read.baustein } else { stored.baustein },
        posts: if sheet.has("posts") { read.posts } else { stored.posts },
        internal_specialisation: of(
            "internal_specialisation",
            read.internal_specialisation,
            &stored.internal_specialisation,
        ),
        street: of("street", read.street, &stored.street),
        postal_code: of("postal_code", read.postal_code, &stored.postal_code),
        city: of("city", read.city, &stored.city),
        phone: of("phone", read.phone, &stored.phone),
        email: of("email", read.email, &stored.email),
        opening_hours: of("opening_hours", read.opening_hours, &stored.opening_hours),
        ..read
    }
}

/// What the report says of a changed agency.
fn changes(row: &Row, old: &agency::Model, new: &agency::Model) -> Vec<ChangedCell> {
    let cell = |(field, old, new): agency::Difference| ChangedCell {
        line: row.line,
        column: field.column().to_owned(),
        old,
        new,
    };
    old.differences(new).into_iter().map(cell).collect()
}

/// A value that the agency's administration can change too, with the same check.
fn value(cells: &mut Cells<'_>, field: AgencyField) -> Option<String> {
    let column = field.column();
    let text = cells.raw(column);
    if text.is_empty() {
        return None;
    }
    match master_data(column, field, text) {
        Ok(value) => Some(value),
        Err(WorkError::Refused(refused)) => {
            cells.refuse(column, RefusalCode::UnknownCode, Some(refused.text.trim_end_matches('.')));
            None
        }
        Err(WorkError::Database(_)) => None,
    }
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
    let (name, controller) = (value(cells, AgencyField::Name), cells.line("controller"));
    let (association, internal_specialisation) = (cells.line("association"), cells.line("internal_specialisation"));
    let (street, city) = (value(cells, AgencyField::Street), value(cells, AgencyField::City));
    let postal_code = value(cells, AgencyField::PostalCode);
    let (phone, email) = (value(cells, AgencyField::Phone), value(cells, AgencyField::Email));
    let opening_hours = value(cells, AgencyField::OpeningHours);
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
        street,
        postal_code,
        city,
        phone,
        email,
        opening_hours,
        version: 1,
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
