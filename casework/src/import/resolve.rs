//! Resolves a parsed row with the data of the database: its Träger, its agreement, and whether the case exists already.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::birth_date::is_before_birth;
use kim_domain::consent::{ConsentContext, ConsentError as E, ValidDays, check_listed};
use kim_domain::field::HandoverField as F;
use kim_domain::fingerprint::{ClientFingerprints, FingerprintKey};
use kim_domain::referral::ReferralStatus;
use kim_domain::value::CasePhase;
use kim_entity::{agency, agreement};
use uuid::Uuid;

use super::case_row::{CaseRow, ReferralRow};
use super::cells::Cells;
use super::import_plan::{Parties, Plan, declaration, plan};
use super::known::{self, Directory};
use super::report::{RefusalCode, RefusedCell};
use super::sheet::{Row, Sheet};

/// The case and the person of a row.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) line: u64,
    pub(crate) agency: &'a agency::Model,
    pub(crate) case_number: &'a str,
    pub(crate) opened_on: NaiveDate,
    pub(crate) phase: CasePhase,
    pub(crate) hash: String,
    /// The fingerprints of the client's name.
    pub(crate) client: ClientFingerprints,
    /// The client's phonetic fingerprint.
    pub(crate) sound: String,
}

/// A row with all data that writing needs.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) row: &'a CaseRow,
    pub(crate) identity: Identity<'a>,
    pub(crate) district: Option<&'a str>,
    pub(crate) referral: Option<ReadyReferral<'a>>,
}

/// The referral of a row.
#[derive(Debug)]
pub(crate) struct ReadyReferral<'a> {
    pub(crate) row: &'a ReferralRow,
    pub(crate) receiver: &'a agency::Model,
    pub(crate) agreement: &'a agreement::Model,
    pub(crate) plan: Plan,
}

/// The outcome of a row.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    New(Box<Ready<'a>>),
    /// The case exists with the same content.
    Unchanged(Box<Identity<'a>>),
    Refused(Vec<RefusedCell>),
}

/// Resolves the rows of a file.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) key: &'a FingerprintKey,
    /// The only Träger whose rows are imported.
    pub(crate) only: Option<&'a str>,
    pub(crate) now: i64,
    pub(crate) today: NaiveDate,
    /// Import hashes by agency and case number. The rows of this file are added one by one.
    pub(crate) known: HashMap<(Uuid, String), Option<String>>,
}

impl<'a> Resolver<'a> {
    /// Resolves a parsed row. `written` is the row as it is in the file: refused cells are reported with that content,
    /// because the user searches for it.
    pub(crate) fn resolve(&mut self, row: &'a CaseRow, sheet: &Sheet, written: &Row) -> Outcome<'a> {
        if let (Some(only), Some(agency)) = (self.only, row.agency.as_deref())
            && only != agency
        {
            let mut cells = Cells::resume(sheet, written, Vec::new());
            cells.refuse("Träger", RefusalCode::ForeignAgency, None);
            return Outcome::Refused(cells.into_refused());
        }
        let mut cells = Cells::resume(sheet, written, row.refused.clone());
        let agency = self.agency(row, &mut cells);
        let identity = agency.filter(|_| !cells.has_refused()).and_then(|agency| self.identity(row, agency));
        let name = identity.as_ref().map(|identity| (identity.agency.id, identity.case_number.to_owned()));
        let known = name.as_ref().and_then(|name| self.known.get(name));
        match (known, identity) {
            (Some(Some(hash)), Some(identity)) if row.has_hash(self.key, hash, &identity.hash) => {
                Outcome::Unchanged(Box::new(identity))
            }
            (known, identity) => {
                if known.is_some() {
                    cells.refuse("Fallnummer", RefusalCode::Changed, None);
                }
                let in_germany_since = row.values.get(&F::InGermanySince).and_then(|day| day.parse().ok());
                for (column, day) in [("Aufnahme am", row.opened_on), ("In Deutschland seit", in_germany_since)] {
                    if is_before_birth(row.birth_date, day) {
                        cells.refuse(column, RefusalCode::InvalidDate, Some("liegt vor dem Geburtsdatum"));
                    }
                }
                let district = self.district(row, agency, &mut cells);
                let referral = self.referral(row, agency, &mut cells);
                match (identity, name) {
                    (Some(identity), Some(name)) if !cells.has_refused() => {
                        self.known.insert(name, Some(identity.hash.clone()));
                        Outcome::New(Box::new(Ready { row, identity, district, referral }))
                    }
                    _ => Outcome::Refused(cells.into_refused()),
                }
            }
        }
    }

    fn agency(&self, row: &CaseRow, cells: &mut Cells<'_>) -> Option<&'a agency::Model> {
        let agency = self.directory.sender(row.agency.as_deref()?);
        if agency.is_none() {
            cells.refuse("Träger", RefusalCode::UnknownAgency, None);
        }
        agency
    }

    fn identity(&self, row: &'a CaseRow, agency: &'a agency::Model) -> Option<Identity<'a>> {
        let (family_name, birth_date) = (row.family_name.as_deref()?, row.birth_date?);
        Some(Identity {
            line: row.line,
            agency,
            case_number: row.case_number.as_deref()?,
            opened_on: row.opened_on?,
            phase: row.phase?,
            hash: row.hash(self.key),
            client: self.key.client_name(family_name, birth_date),
            sound: self.key.probable(family_name, row.given_name.as_deref().unwrap_or_default(), birth_date),
        })
    }

    fn district(&self, row: &CaseRow, agency: Option<&agency::Model>, cells: &mut Cells<'_>) -> Option<&'a str> {
        let (ags, name) = (&agency?.ags, row.district.as_deref()?);
        // Without a list of the municipality's districts no district is wrong. The report tells that it is not stored.
        if !self.directory.has_districts(ags) {
            return None;
        }
        let district = self.directory.district(ags, name);
        if district.is_none() {
            cells.refuse("Stadtbezirk", RefusalCode::UnknownCode, None);
        }
        district
    }

    /// Resolves the referral. Values that depend on a refused cell are not refused again.
    fn referral(
        &self,
        row: &'a CaseRow,
        agency: Option<&'a agency::Model>,
        cells: &mut Cells<'_>,
    ) -> Option<ReadyReferral<'a>> {
        let referral = row.referral.as_ref()?;
        let Some(receiver) = self.directory.agency(&referral.receiver).filter(|receiver| receiver.kind.0.receives())
        else {
            cells.refuse("Übergabe an", RefusalCode::UnknownAgency, None);
            return None;
        };
        let (sender, (purpose, _), standing) = (agency?, referral.purpose?, referral.standing?);
        let is_draft = standing.status == ReferralStatus::Draft;
        let offered_on = if is_draft { referral.offered_on.unwrap_or(self.today) } else { referral.offered_on? };
        let in_force = self.directory.agreement(&sender.ags, receiver.id, purpose, offered_on);
        let Some(agreement) = in_force.filter(|_| receiver.id != sender.id) else {
            let hint = format!("{}, {}, {}", receiver.slug, purpose.label(), offered_on.format("%d.%m.%Y"));
            cells.refuse("Zweck", RefusalCode::NoAgreement, Some(&hint));
            return None;
        };
        let parties = Parties {
            sender: sender.kind.0,
            sender_bound_by_203: sender.bound_by_203,
            receiver: receiver.kind.0,
            purpose,
            agreement: known::terms(agreement),
        };
        let days = consent_days(row, referral, &parties, self.today, cells)?;
        let plan = plan(referral, standing, &parties, days, self.now, self.today);
        Some(ReadyReferral { row: referral, receiver, agreement, plan })
    }
}

/// Columns on which the check of a consent depends.
const CONSENT: [&str; 5] = [
    "Geburtsdatum",
    "Einwilligung vom",
    "Einwilligung bis",
    "Schweigepflichtentbindung vom",
    "Zusätzlich eingewilligt",
];

/// The days of the row's consent, by the rules of a consent that is recorded in the program. `None` if it was refused.
fn consent_days(
    row: &CaseRow,
    referral: &ReferralRow,
    parties: &Parties,
    today: NaiveDate,
    cells: &mut Cells<'_>,
) -> Option<Option<ValidDays>> {
    let depends = |refused: &RefusedCell| CONSENT.contains(&refused.column.as_str());
    let Some(declaration) = declaration(referral, parties).filter(|_| !row.refused.iter().any(depends)) else {
        return Some(None);
    };
    let context = ConsentContext {
        receiver: parties.receiver,
        purpose: parties.purpose,
        ticked_only: parties.agreement.ticked_only,
        birth_date: row.birth_date,
        today,
    };
    let error = match check_listed(&declaration, &context) {
        Ok(days) => return Some(Some(days)),
        Err(error) => error,
    };
    let first = if referral.consent_from.is_some() { "Einwilligung vom" } else { "Schweigepflichtentbindung vom" };
    let minor = "minderjährig: bitte ohne Einwilligung einlesen und sie im Programm mit der sorgeberechtigten Person \
                 erfassen (recordConsent, „guardian“ oder „understands“)";
    let before_birth = "liegt vor dem Geburtsdatum";
    let (column, code, hint) = match error {
        E::BeforeBirth("validFrom") => (first, RefusalCode::InvalidDate, before_birth),
        E::BeforeBirth(_) => ("Schweigepflichtentbindung vom", RefusalCode::InvalidDate, before_birth),
        E::TooLong => {
            let hint = "mehr als 24 Monate nach „Einwilligung vom“: so lange gilt keine Einwilligung";
            ("Einwilligung bis", RefusalCode::InvalidDate, hint)
        }
        E::Over | E::OverByNow => ("Einwilligung bis", RefusalCode::InvalidDate, "liegt vor dem Beginn"),
        E::Minor | E::Child => (first, RefusalCode::UnknownCode, minor),
        E::NoField
        | E::Nothing
        | E::Never(_)
        | E::OnlyTicked(_)
        | E::Art9
        | E::OralForHealth
        | E::OralWithoutReason
        | E::Future(_)
        | E::DayWithoutRelease => {
            let hint = "die Vereinbarung lässt hier nur Angekreuztes zu, und angekreuzt ist nichts davon";
            ("Zusätzlich eingewilligt", RefusalCode::UnknownCode, hint)
        }
    };
    cells.refuse(column, code, Some(hint));
    None
}
