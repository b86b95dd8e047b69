//! Parses one row of a case list, without database access.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::nationality;
use kim_domain::person_name::person_name;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_domain::value::{
    Accommodation, AnerkennungState, Benefit, CasePhase, Employment, Gender, GermanLevel, HouseholdMember,
    IntegrationskursState, Language, MaritalStatus, Procedure, Relation, SchoolDegree, TargetGroup, Value,
    Wohnsitzauflage, WorkPermission,
};

use super::cells::Cells;
use super::report::{RefusalCode, RefusedCell};
use super::sheet::{Column, Row, Sheet, consent, consent_end, optional, required};
use super::spelling::status::{Standing, standing};
use super::spelling::{Spelled, cell, fold, purpose, title::title};
use crate::refusal::WorkError;
use crate::{telephone, text};

pub(crate) const COLUMNS: &[Column] = &[
    required("Fallnummer"),
    required("Träger"),
    optional("Stadtbezirk"),
    required("Nachname"),
    optional("Vorname"),
    required("Geburtsdatum"),
    optional("Geschlecht"),
    optional("Staatsangehörigkeit"),
    optional("Aufenthaltstitel"),
    optional("Titel gültig bis"),
    optional("Arbeitserlaubnis"),
    optional("Wohnsitzauflage"),
    optional("In Deutschland seit"),
    optional("Sprachniveau"),
    optional("Integrationskurs"),
    optional("Schulabschluss"),
    optional("Berufsabschluss"),
    optional("Anerkennung"),
    optional("Beschäftigung"),
    optional("Familienstand"),
    optional("Kinder"),
    optional("Straße"),
    optional("PLZ"),
    optional("Ort"),
    optional("Telefon"),
    optional("E-Mail"),
    optional("Sprache"),
    optional("Dolmetscher"),
    optional("Zielgruppe"),
    optional("Behinderung"),
    required("Aufnahme am"),
    required("Phase"),
    optional("Anliegen"),
    optional("Übergabe an"),
    optional("Zweck"),
    optional("Übergeben am"),
    optional("Frist"),
    optional("Status"),
    optional("Erledigt am"),
    consent("Einwilligung vom"),
    consent_end("Einwilligung bis"),
    consent("Schweigepflichtentbindung vom"),
    consent("Zusätzlich eingewilligt"),
    // Whether the receiver may report the outcome; no, if the column is missing.
    consent("Rückmeldung"),
    optional("Notiz"),
    // Missing in the first lists.
    optional("Unterkunft"),
    optional("Leistung"),
];

/// A parsed row. `None` in a required value means that its cell was refused.
#[derive(Debug)]
pub(crate) struct CaseRow {
    pub(crate) line: u64,
    pub(crate) case_number: Option<String>,
    /// Slug of the Träger.
    pub(crate) agency: Option<String>,
    /// Name or code of the district.
    pub(crate) district: Option<String>,
    pub(crate) phase: Option<CasePhase>,
    pub(crate) opened_on: Option<NaiveDate>,
    pub(crate) family_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) birth_date: Option<BirthDate>,
    pub(crate) children: u32,
    /// Stored values of person and case by field. `Concern` is the client's own words and stays in the case.
    pub(crate) values: BTreeMap<F, String>,
    /// Values that the first version of the hash had in another form.
    pub(crate) first_values: BTreeMap<F, String>,
    pub(crate) referral: Option<ReferralRow>,
    pub(crate) refused: Vec<RefusedCell>,
}

/// The referral and the consent of a row.
#[derive(Debug)]
pub(crate) struct ReferralRow {
    /// Slug of the receiver.
    pub(crate) receiver: String,
    pub(crate) purpose: Option<(ReferralPurpose, Option<Procedure>)>,
    pub(crate) standing: Option<Standing>,
    pub(crate) offered_on: Option<NaiveDate>,
    pub(crate) due_on: Option<NaiveDate>,
    pub(crate) closed_on: Option<NaiveDate>,
    pub(crate) consent_from: Option<NaiveDate>,
    pub(crate) consent_until: Option<NaiveDate>,
    pub(crate) release_on: Option<NaiveDate>,
    pub(crate) ticked: FieldSet,
    /// Whether the client allows the receiver to report the outcome.
    pub(crate) report_outcome: bool,
}

impl CaseRow {
    /// Parses a row. `today` is the current day.
    pub(crate) fn read(sheet: &Sheet, row: &Row, today: NaiveDate) -> Self {
        let mut cells = Cells::new(sheet, row);
        let case_number = case_number(&mut cells);
        let agency = cells.required_line("Träger").map(|slug| slug.to_lowercase());
        cells.require("Nachname");
        let family_name = name(&mut cells, "Nachname");
        let given_name = name(&mut cells, "Vorname");
        cells.require("Geburtsdatum");
        cells.require("Aufnahme am");
        cells.require("Phase");
        let birth_date = cells.birth_date("Geburtsdatum", today);
        let mut read = Self {
            line: row.line,
            case_number,
            agency,
            district: cells.line("Stadtbezirk"),
            phase: cells.read("Phase", CasePhase::find),
            opened_on: cells.past_day("Aufnahme am", today),
            family_name: family_name.as_ref().map(|own| own.text.clone()),
            given_name: given_name.as_ref().map(|own| own.text.clone()),
            birth_date,
            children: cells.read("Kinder", cell::count).unwrap_or(0),
            values: BTreeMap::new(),
            first_values: BTreeMap::new(),
            referral: None,
            refused: Vec::new(),
        };
        read.set_own(F::FamilyName, family_name, Value::Line);
        read.set_own(F::GivenName, given_name, Value::Line);
        read.person(&mut cells, today);
        read.case(&mut cells);
        read.referral = referral(&mut cells, today);
        if let Some((_, Some(procedure))) = read.referral.as_ref().and_then(|referral| referral.purpose) {
            read.set(F::RequestedProcedure, Some(Value::Procedure(procedure)));
        }
        read.refused = cells.into_refused();
        read
    }

    fn set(&mut self, field: F, value: Option<Value>) {
        if let Some(value) = value {
            debug_assert_eq!(value.value_type(), field.value_type(), "{field:?}");
            self.values.insert(field, value.encode());
        }
    }

    /// Sets a value in the Träger's own words.
    fn set_own(&mut self, field: F, own: Option<Own>, wrap: fn(String) -> Value) {
        let Some(own) = own else { return };
        self.set(field, Some(wrap(own.text)));
        if let Some(first) = own.first {
            self.first_values.insert(field, wrap(first).encode());
        }
    }

    fn person(&mut self, cells: &mut Cells<'_>, today: NaiveDate) {
        self.set(F::BirthDate, self.birth_date.map(Value::BirthDate));
        self.set(F::Gender, cells.read("Geschlecht", Gender::find).map(Value::Gender));
        self.set_own(F::Street, own_line(cells, "Straße"), Value::Line);
        let hint = "fünf Ziffern von 01001 bis 99998, auch mit Null am Anfang";
        let postal_code = cells.read_or("PLZ", RefusalCode::UnknownCode, Some(hint), cell::postal_code);
        self.set(F::PostalCode, postal_code.map(Value::Line));
        self.set_own(F::City, own_line(cells, "Ort"), Value::Line);
        let phone = cells.read_or("Telefon", RefusalCode::UnknownCode, Some(telephone::HINT), cell::phone);
        // Earlier versions had a blank before an extension.
        let first = |number: &String| number.contains('-').then(|| number.replace('-', " "));
        self.set_own(F::Phone, phone.map(|text| Own { first: first(&text), text }), Value::Line);
        let hint = "eine Adresse wie name@example.org, höchstens 200 Zeichen";
        let line = cells.line("E-Mail").and_then(|line| own_words(cells, "E-Mail", line, text::line));
        let email = line.and_then(|_| cells.read_or("E-Mail", RefusalCode::UnknownCode, Some(hint), cell::email));
        self.set(F::Email, email.map(Value::Line));
        self.set(F::PreferredLanguage, cells.read("Sprache", Language::find).map(Value::Language));
        self.set(F::InterpreterNeeded, cells.read("Dolmetscher", cell::yes_or_no).map(Value::Boolean));
        self.set(F::Nationalities, list(cells, "Staatsangehörigkeit", nationality::find).map(Value::Nationalities));
        let hint = "Titel mit Paragraf und Absatz, etwa „§ 25 Abs. 2 AufenthG“; ungeklärt: leer lassen";
        let title = cells.read_or("Aufenthaltstitel", RefusalCode::UnknownCode, Some(hint), title);
        self.set(F::Aufenthaltstitel, title.map(Value::Aufenthaltstitel));
        self.set(F::AufenthaltstitelValidUntil, cells.day("Titel gültig bis").map(Value::Date));
        self.set(F::WorkPermission, cells.read("Arbeitserlaubnis", WorkPermission::find).map(Value::WorkPermission));
        let place = wohnsitzauflage(cells);
        self.set_own(F::Wohnsitzauflage, place, |place| Value::Wohnsitzauflage(Wohnsitzauflage { place }));
        self.set(F::InGermanySince, cells.past_day("In Deutschland seit", today).map(Value::Date));
        self.set(F::MaritalStatus, cells.read("Familienstand", MaritalStatus::find).map(Value::MaritalStatus));
        if !cells.is_empty("Kinder") {
            self.set(F::MinorChildInHousehold, Some(Value::Boolean(self.children > 0)));
        }
        let child =
            HouseholdMember { relation: Relation::Child, given_name: None, family_name: None, birth_date: None };
        let members = vec![child; self.children as usize];
        self.set(F::HouseholdMembers, (!members.is_empty()).then_some(Value::HouseholdMembers(members)));
        self.set(F::Accommodation, cells.read("Unterkunft", Accommodation::find).map(Value::Accommodation));
        self.set(F::GermanLevel, cells.read("Sprachniveau", GermanLevel::find).map(Value::GermanLevel));
        let course = cells.read("Integrationskurs", IntegrationskursState::find);
        self.set(F::Integrationskurs, course.map(Value::IntegrationskursState));
        self.set(F::SchoolDegree, cells.read("Schulabschluss", SchoolDegree::find).map(Value::SchoolDegree));
        self.set_own(F::VocationalQualification, own_line(cells, "Berufsabschluss"), Value::Line);
        self.set(F::Anerkennung, cells.read("Anerkennung", AnerkennungState::find).map(Value::AnerkennungState));
        self.set(F::Employment, cells.read("Beschäftigung", Employment::find).map(Value::Employment));
        self.set(F::CurrentBenefit, cells.read("Leistung", Benefit::find).map(Value::Benefit));
        self.set_own(F::Disability, own_line(cells, "Behinderung"), Value::Line);
    }

    fn case(&mut self, cells: &mut Cells<'_>) {
        self.set(F::TargetGroup, list(cells, "Zielgruppe", TargetGroup::find).map(Value::TargetGroups));
        self.set_own(F::Concern, own_text(cells, "Anliegen"), Value::Text);
        self.set_own(F::CounsellingNotes, own_text(cells, "Notiz"), Value::Text);
    }
}

fn case_number(cells: &mut Cells<'_>) -> Option<String> {
    cells.require("Fallnummer");
    let line = cells.line("Fallnummer")?;
    own_words(cells, "Fallnummer", line, text::number).map(|own| own.text)
}

/// Cells that say that there is no residence obligation, folded.
const NO_OBLIGATION: [&str; 8] = [
    "keineauflage",
    "keinewohnsitzauflage",
    "ohne",
    "ohneauflage",
    "bestehtnicht",
    "entfaellt",
    "entfallen",
    "aufgehoben",
];

/// The place of a residence obligation; `None` for a no.
fn wohnsitzauflage(cells: &mut Cells<'_>) -> Option<Own> {
    const COLUMN: &str = "Wohnsitzauflage";
    let is_none = |place: &str| cell::yes_or_no(place) == Some(false) || NO_OBLIGATION.contains(&fold(place).as_str());
    let place = cells.line(COLUMN).filter(|place| !is_none(place))?;
    own_words(cells, COLUMN, place, text::place)
}

/// A text in the Träger's own words.
struct Own {
    text: String,
    /// The text before normalisation, which the first version of the hash used, if it differs.
    first: Option<String>,
}

/// A person's name. Its signs are checked as the file has them, before blanks are unified.
fn name(cells: &mut Cells<'_>, column: &str) -> Option<Own> {
    let written = cells.line(column)?;
    match person_name(cells.raw(column)) {
        Ok(text) => Some(Own { first: (text != written).then_some(written), text }),
        Err(why) => {
            cells.refuse(column, RefusalCode::UnknownCode, Some(&why.to_string()));
            None
        }
    }
}

/// A line in the Träger's own words.
fn own_line(cells: &mut Cells<'_>, column: &str) -> Option<Own> {
    let line = cells.line(column)?;
    own_words(cells, column, line, text::line)
}

/// A text in the Träger's own words, of one or more lines.
fn own_text(cells: &mut Cells<'_>, column: &str) -> Option<Own> {
    let written = cells.text(column)?;
    own_words(cells, column, written, text::text)
}

/// Checks a text like one that is entered in the program: for length, invisible characters, and numbers of other
/// registers (§ 51a SGB II, § 10(4) AZRG).
fn own_words(
    cells: &mut Cells<'_>,
    column: &str,
    written: String,
    check: fn(&str, &str) -> Result<String, WorkError>,
) -> Option<Own> {
    let text = cells.checked(column, check(column, &written))?;
    let first = (text != written).then_some(written);
    Some(Own { text, first })
}

/// A list of words, separated by commas or semicolons. Each unknown word is refused separately.
fn list<W: PartialEq>(cells: &mut Cells<'_>, column: &str, find: fn(&str) -> Option<W>) -> Option<Vec<W>> {
    let text = cells.plain(column)?;
    let mut words = Vec::new();
    let whole = find(text);
    let parts = if whole.is_some() { vec![text] } else { text.split([',', ';']).collect() };
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        match find(part) {
            Some(word) if words.contains(&word) => {}
            Some(word) => words.push(word),
            None => cells.refuse_value(column, part, RefusalCode::UnknownCode, None),
        }
    }
    (!words.is_empty()).then_some(words)
}

/// The referral of a row. The cells of a consent are checked in every row: a sign such as `?` may say that it ended.
fn referral(cells: &mut Cells<'_>, today: NaiveDate) -> Option<ReferralRow> {
    let receiver = cells.line("Übergabe an");
    let is_referral = ["Zweck", "Übergeben am", "Status"].iter().any(|column| !cells.is_empty(column));
    if is_referral && cells.is_empty("Übergabe an") {
        cells.refuse("Übergabe an", RefusalCode::MissingRequired, Some("Zweck, Datum oder Status sind angegeben"));
    }
    if receiver.is_some() {
        cells.require("Zweck");
        cells.require("Status");
    }
    let standing = cells.read("Status", standing);
    let status = standing.map(|standing| standing.status).filter(|_| receiver.is_some());
    if status.is_some_and(|status| status != ReferralStatus::Draft) {
        cells.require("Übergeben am");
        cells.require("Frist");
    }
    // Required, because the receiver's access ends some days after this day.
    if matches!(status, Some(ReferralStatus::Completed | ReferralStatus::Failed)) {
        cells.require("Erledigt am");
    }
    if status.is_some_and(|status| status.is_open() || status == ReferralStatus::Draft)
        && !cells.is_empty("Erledigt am")
    {
        cells.refuse("Erledigt am", RefusalCode::UnknownCode, Some("„Status“ nennt kein Ende: was gilt?"));
    }
    let referral = ReferralRow {
        receiver: receiver.clone().unwrap_or_default().to_lowercase(),
        purpose: cells.read("Zweck", purpose::purpose),
        standing,
        offered_on: cells.past_day("Übergeben am", today),
        due_on: cells.day("Frist"),
        closed_on: cells.past_day("Erledigt am", today),
        consent_from: cells.past_day("Einwilligung vom", today),
        consent_until: cells.day("Einwilligung bis"),
        release_on: cells.past_day("Schweigepflichtentbindung vom", today),
        ticked: list(cells, "Zusätzlich eingewilligt", purpose::field).unwrap_or_default().into_iter().collect(),
        report_outcome: cells.read("Rückmeldung", cell::yes_or_no).unwrap_or(false),
    };
    if !cells.is_empty("Einwilligung bis") && cells.is_empty("Einwilligung vom") {
        let hint = "„Einwilligung bis“ ist angegeben: seit wann gilt die Einwilligung?";
        cells.refuse("Einwilligung vom", RefusalCode::MissingRequired, Some(hint));
    }
    in_order(cells, "Frist", referral.offered_on, referral.due_on, "liegt vor „Übergeben am“");
    in_order(cells, "Erledigt am", referral.offered_on, referral.closed_on, "liegt vor „Übergeben am“");
    in_order(cells, "Einwilligung bis", referral.consent_from, referral.consent_until, "liegt vor „Einwilligung vom“");
    receiver.map(|_| referral)
}

fn in_order(cells: &mut Cells<'_>, column: &str, first: Option<NaiveDate>, then: Option<NaiveDate>, hint: &str) {
    if let (Some(first), Some(then)) = (first, then)
        && then < first
    {
        cells.refuse(column, RefusalCode::InvalidDate, Some(hint));
    }
}

#[cfg(test)]
mod tests;
