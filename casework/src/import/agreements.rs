//! Imports agreements (Schnittstellenvereinbarungen). A version never changes; a change is a new version.

use std::collections::HashMap;

use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::Clock;
use kim_domain::disclosure::{Level, level};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::DbErr;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::read::ReferralRow;
use kim_entity::{agency, agreement};
use uuid::Uuid;

use super::cells::Cells;
use super::report::{RefusalCode, Report};
use super::sheet::{Column, Narrows, Sheet, consent, consent_end, required};
use super::spelling::cell;
use super::{ImportError, Options, Progress, begun};
use crate::agreement::narrow::Running;
use crate::work::{TimerWork, Work};

const COLUMNS: &[Column] = &[
    required("ags"),
    required("receiver"),
    required("purpose"),
    required("version"),
    Column { narrows: Narrows::Permission, ..required("valid_from") },
    consent_end("valid_until"),
    required("respond_working_days"),
    required("access_days"),
    required("contact"),
    required("legal_ground"),
    required("fields"),
    consent("narrows_running"),
];

/// Imports agreements.
///
/// # Errors
/// [`ImportError`] if the file is no list of agreements or the database fails.
#[expect(clippy::disallowed_methods, reason = "an operator imports the agreements of all agencies")]
pub async fn agreements(
    db: &Database,
    clock: &Clock,
    file: &[u8],
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, ImportError> {
    let sheet = Sheet::read(file, COLUMNS, &options.ignored_columns)?;
    let mut report = begun(&sheet);
    let work = if options.dry_run { None } else { Some(Work::for_timer(db, clock).await?) };
    let looking = if options.dry_run { Some(db.unscoped().begin_reading(clock.today()).await?) } else { None };
    let Some(all) = looking.as_ref().or(work.as_ref().map(Work::unscoped)) else { return Ok(report) };
    let agencies = all.agencies().await?.into_iter().map(|row| (row.slug.clone(), row)).collect();
    let stored = all.agreements().await?;
    let mut known: HashMap<_, agreement::Model> = stored.into_iter().map(|row| (name(&row), row)).collect();
    let mut new = Vec::new();
    for row in &sheet.rows {
        let mut cells = Cells::new(&sheet, row);
        let read = read(&mut cells, &agencies, options, clock.now_micros());
        let changed = read.as_ref().and_then(|read| Some(difference(known.get(&name(read))?, read)));
        match (read, changed) {
            (Some(_), Some(None)) => report.unchanged += 1,
            (Some(_), Some(Some(column))) => {
                cells.refuse(
                    column,
                    RefusalCode::Changed,
                    Some("eine Version ändert sich nicht: bitte eine neue Version anlegen"),
                );
            }
            (Some(read), None) => {
                known.insert(name(&read), read.clone());
                new.push(read);
            }
            (None, _) => {}
        }
        report.refused.extend(cells.into_refused());
    }
    report.accepted = new.len() as u64;
    if let Some(work) = work {
        write(work, new).await?;
        progress(report.accepted, report.accepted);
    }
    Ok(report)
}

/// Writes versions. If one closes fields today, disclosures to the receiver are held back until the commit, and both
/// sides are notified.
async fn write(mut work: Work<'_, TimerWork>, new: Vec<agreement::Model>) -> Result<(), DbErr> {
    // All referrals are locked before the first version is written. Writing a version locks the directory's version,
    // and a termination waits for that while it holds locks of its referrals.
    for row in new.iter().filter(|row| row.narrows_running) {
        Running::find_for_import(&work, row.receiver_id, row.purpose.0).await?;
    }
    for row in new {
        let running = match row.narrows_running {
            true => Some(Running::find_for_import(&work, row.receiver_id, row.purpose.0).await?),
            false => None,
        };
        work.unscoped().insert_agreement(row.clone()).await?;
        let Some(running) = running else { continue };
        if row.valid_from <= work.today() {
            work.mark_closed_to(row.receiver_id);
        }
        let earlier = work.unscoped().earlier_agreements(row.receiver_id, row.purpose.0, row.version).await?;
        let then = |referral: &ReferralRow| match referral.rest.agreement_id {
            Some(id) if earlier.contains(&id) => referral.terms.agreement.narrowed_by((&row).into()),
            // The referral was offered under a later version.
            Some(_) | None => referral.terms.agreement,
        };
        running.narrow(&mut work, row.valid_from, then).await?;
    }
    work.finish().await
}

/// The key of a version.
fn name(row: &agreement::Model) -> (Uuid, ReferralPurpose, i32) {
    (row.receiver_id, row.purpose.0, row.version)
}

/// Reads a row. `None` if a cell was refused.
fn read(
    cells: &mut Cells<'_>,
    agencies: &HashMap<String, agency::Model>,
    options: &Options,
    now: i64,
) -> Option<agreement::Model> {
    if options.agency.as_deref().is_some_and(|only| only != cells.raw("receiver")) {
        cells.refuse("receiver", RefusalCode::ForeignAgency, None);
        return None;
    }
    for column in COLUMNS.iter().filter(|column| column.required) {
        cells.require(column.name);
    }
    let ags = cells.line("ags");
    let is_receiver = |row: &&agency::Model| row.kind.0.receives() && ags.as_deref().is_none_or(|ags| ags == row.ags);
    let hint = "keine Stelle dieser Kommune, die Übergaben annimmt";
    let receiver = cells.read_or("receiver", RefusalCode::UnknownAgency, Some(hint), |slug| {
        agencies.get(slug).filter(is_receiver).cloned()
    });
    let kind = receiver.as_ref().map(|receiver| receiver.kind.0);
    let purpose = cells.read("purpose", ReferralPurpose::from_code);
    if let (Some(kind), Some(purpose)) = (kind, purpose)
        && purpose.receiver_kind() != kind
    {
        cells.refuse("purpose", RefusalCode::UnknownCode, Some("diese Art von Stelle kann das nicht leisten"));
    }
    let version = cells.read("version", |text| cell::whole(text).filter(|version| *version >= 1_i32));
    let valid_from = cells.day("valid_from");
    let valid_until = cells.day("valid_until");
    if let (Some(from), Some(until)) = (valid_from, valid_until)
        && until < from
    {
        cells.refuse("valid_until", RefusalCode::InvalidDate, Some("liegt vor „valid_from“"));
    }
    let respond =
        cells.read("respond_working_days", |text| cell::whole(text).filter(|days| (1..=250_i16).contains(days)));
    let access = cells.read("access_days", |text| cell::whole(text).filter(|days| (0..=3_650_i16).contains(days)));
    let narrows_running = cells.read("narrows_running", cell::yes_or_no).unwrap_or(false);
    let (contact, legal_ground) = (cells.line("contact"), cells.line("legal_ground"));
    let (fields, ticked_only) = fields(cells, kind);
    if cells.has_refused() {
        return None;
    }
    Some(agreement::Model {
        id: new_uuid(),
        ags: ags?,
        receiver_id: receiver?.id,
        purpose: Code(purpose?),
        version: version?,
        valid_from: valid_from?,
        valid_until,
        respond_working_days: respond?,
        access_days: access?,
        contact: contact?,
        legal_ground: legal_ground?,
        fields: fields.to_i64(),
        ticked_only: ticked_only.to_i64(),
        // The senders are Träger, whose data has no statutory ground.
        statutory_fields: FieldSet::EMPTY.to_i64(),
        narrows_running,
        terminated_for_cause_on: None,
        created_at: now,
    })
}

/// The fields, and those of them that must be ticked (`field?`). Each field beyond the receiver's ceiling is refused
/// separately.
fn fields(cells: &mut Cells<'_>, receiver: Option<AgencyKind>) -> (FieldSet, FieldSet) {
    let (mut fields, mut ticked_only) = (FieldSet::EMPTY, FieldSet::EMPTY);
    for text in cells.raw("fields").split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let (name, is_ticked) = text.strip_suffix('?').map_or((text, false), |name| (name.trim(), true));
        let mut refuse = |hint| cells.refuse_value("fields", text, RefusalCode::UnknownCode, Some(hint));
        let Some(field) = HandoverField::from_name(name) else {
            refuse("kein Feld der Übergabe");
            continue;
        };
        match receiver.map(|kind| level(kind, field)) {
            Some(Level::Never) => refuse("diese Art von Stelle darf das Feld nie sehen"),
            Some(Level::Ticked) if !is_ticked => refuse("das Feld muss einzeln angekreuzt werden: mit „?“ dahinter"),
            Some(Level::Preview | Level::Accepted | Level::Ticked) | None if fields.contains(field) => {
                refuse("kommt doppelt vor")
            }
            Some(Level::Preview | Level::Accepted | Level::Ticked) | None => {
                fields.insert(field);
                if is_ticked {
                    ticked_only.insert(field);
                }
            }
        }
    }
    (fields, ticked_only)
}

/// The first column in which two rows of the same version differ.
fn difference(stored: &agreement::Model, read: &agreement::Model) -> Option<&'static str> {
    let same = [
        ("ags", stored.ags == read.ags),
        ("valid_from", stored.valid_from == read.valid_from),
        ("valid_until", stored.valid_until == read.valid_until),
        ("respond_working_days", stored.respond_working_days == read.respond_working_days),
        ("access_days", stored.access_days == read.access_days),
        ("contact", stored.contact == read.contact),
        ("legal_ground", stored.legal_ground == read.legal_ground),
        ("fields", stored.fields == read.fields && stored.ticked_only == read.ticked_only),
        ("narrows_running", stored.narrows_running == read.narrows_running),
    ];
    same.into_iter().find_map(|(column, same)| (!same).then_some(column))
}
