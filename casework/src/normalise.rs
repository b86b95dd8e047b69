//! Brings stored text to the form of this version, and renews the clients' fingerprints. For an upgrade from a version with
//! other rules, and safe to repeat.

mod key;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField as F;
use kim_domain::fingerprint::{FingerprintKey, can_be_found};
use kim_domain::matching::{Person, fingerprints};
use kim_domain::value::{Value, nfc, office_number};
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::person::Fingerprints;
use kim_entity::unscoped::{TEXT_TABLES, TextRow, TextTable, Unscoped};
use uuid::Uuid;

use crate::case::clean;
use crate::referral::value_mark;
use crate::text::number;

/// Number of rows that are read and written in one transaction.
const BATCH: i64 = 400;

/// What was done with a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normalised {
    /// The table.
    pub table: &'static str,
    /// Rows that were read.
    pub rows: u64,
    /// Texts that are NFC now.
    pub texts: u64,
    /// Rows whose fingerprints are renewed.
    pub fingerprints: u64,
    /// Values that the rules of this version refuse, by row and column. They stay as they are.
    pub refused: BTreeSet<(Uuid, &'static str)>,
}

/// The key with which fingerprints are renewed.
#[derive(Clone, Copy, Debug)]
pub enum Key<'k> {
    /// The one with which the stored fingerprints were made. That is checked before anything changes.
    Known(&'k FingerprintKey),
    /// Another one, because the former key is lost or known to others.
    New(&'k FingerprintKey),
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum NormaliseError {
    /// The key made none of this many stored fingerprints, which were compared. Nothing was changed.
    #[error(
        "the fingerprint key is not the one with which the stored fingerprints were made: of {0} clients it reproduces none"
    )]
    WrongKey(usize),
    /// The database does not answer. What was committed before remains, and another run continues.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Goes through all tables. `progress` is called after each transaction, with the state of the table.
///
/// # Errors
/// [`NormaliseError`]
#[expect(clippy::disallowed_methods, reason = "an operator upgrades the data of all agencies")]
pub async fn normalise(
    db: &Database,
    clock: &Clock,
    key: Key<'_>,
    mut progress: impl FnMut(&Normalised),
) -> Result<Vec<Normalised>, NormaliseError> {
    let key = match key {
        Key::Known(key) => {
            key::refuse_wrong(&db.unscoped().begin_reading(clock.today()).await?, key).await?;
            key
        }
        Key::New(key) => key,
    };
    let mut done = Vec::with_capacity(TEXT_TABLES.len());
    for table in TEXT_TABLES {
        let mut state = Normalised { table: table.name, ..Normalised::default() };
        let mut after = None;
        loop {
            let all = db.unscoped().begin(clock.today()).await?;
            let rows = all.text_rows(table, after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key);
            for row in rows {
                state.rows += 1;
                one(&all, (key, clock.today()), table, row, &mut state).await?;
            }
            all.into_tx().commit().await?;
            progress(&state);
        }
        done.push(state);
    }
    Ok(done)
}

async fn one(
    all: &Unscoped,
    (key, today): (&FingerprintKey, NaiveDate),
    table: &TextTable,
    mut row: TextRow,
    state: &mut Normalised,
) -> Result<(), DbErr> {
    for (&column, text) in &mut row.texts {
        let new = stored_form(column, text);
        if new == *text {
            continue;
        }
        // The same number in the other form: two cases, of which the agency has to rename one.
        if column == "case_number" && all.is_case_number_taken(row.key, &new).await? {
            state.refused.insert((row.key, column));
            continue;
        }
        if all.replace_text(table, row.key, column, (text, &new)).await? {
            state.texts += 1;
        }
        if table.is_copy() {
            renew_marks(all, key, row.key, text, &new).await?;
        }
        *text = new;
    }
    if table.is_record() {
        let refused = row.texts.iter().filter(|(column, text)| is_refused(column, text, today));
        state.refused.extend(refused.map(|(&column, _)| (row.key, column)));
    }
    if table.has_fingerprints() && renew(all, key, table, &row).await? {
        state.fingerprints += 1;
    }
    Ok(())
}

/// Renews the marks of a disputed value, by which a decision finds out whether the case has another value by now.
async fn renew_marks(all: &Unscoped, key: &FingerprintKey, referral: Uuid, old: &str, new: &str) -> Result<(), DbErr> {
    for (correction, mark) in all.correction_marks(referral).await? {
        if mark == value_mark(key, correction, old) {
            all.replace_correction_mark(correction, &value_mark(key, correction, new)).await?;
        }
    }
    Ok(())
}

fn stored_form(column: &str, text: &str) -> String {
    match column {
        "case_number" | "sender_reference" | "receiver_reference" => office_number(text),
        _ => nfc(text),
    }
}

/// Whether the value of a column could not be written today.
fn is_refused(column: &str, text: &str, today: NaiveDate) -> bool {
    if column == "case_number" {
        return number(column, text).is_err();
    }
    let Some(&field) = F::ALL.iter().find(|field| field.column() == column) else { return false };
    Value::parse(field.value_type(), text).is_none_or(|value| clean(field, &value, today).is_err())
}

/// Renews the fingerprints of a row; whether they changed.
async fn renew(all: &Unscoped, key: &FingerprintKey, table: &TextTable, row: &TextRow) -> Result<bool, DbErr> {
    let text = |field: F| row.texts.get(field.column()).map(String::as_str);
    let born: Option<BirthDate> = text(F::BirthDate).and_then(|day| day.parse().ok());
    let found = text(F::FamilyName).filter(|name| can_be_found(name)).zip(born);
    let given_name = text(F::GivenName).unwrap_or_default();
    let is_person = table.is_record();
    let made = found.map(|(name, born)| Fingerprints {
        exact: key.client_name(name, born),
        phonetic: is_person.then(|| key.probable(name, given_name, born)),
    });
    let new = made.clone().map_or((None, None), |made| (Some(made.exact), made.phonetic));
    let mut is_changed = new.0 != row.client || new.1 != row.phonetic;
    if is_changed {
        all.replace_client_fingerprints(table, row.key, made).await?;
    }
    if is_person && let Some((family_name, birth_date)) = found {
        let person = Person { family_name, given_name, birth_date, phone: text(F::Phone), email: text(F::Email) };
        is_changed |= all.replace_matching_fingerprints(row.key, &fingerprints(key, &person)).await?;
    }
    Ok(is_changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_earlier_versions_are_refused_only_if_they_could_not_be_written() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
        for (column, text) in [
            ("family_name", "Y?ld?z"),
            ("given_name", "#NV"),
            ("name_variants", r#"["Al-Haddad","."]"#),
            ("phone", "2215550123"),
            ("phone", "0221 5550123 0 0 0 0 0 0"),
            ("legal_representative", r#"{"name":"=1+1"}"#),
            ("street", "?"),
            ("city", "K?ln"),
            ("city", "KÃ¶ln"),
            ("wohnsitzauflage", r#"{"place":"Köln?"}"#),
            ("case_number", "#NV"),
            ("concern", "M\u{fffd}ller"),
            ("legal_representative", r#"{"name":"Amt","phone":"+0221"}"#),
        ] {
            assert!(is_refused(column, text, today), "{column} {text}");
        }
        for (column, text) in [
            ("family_name", "Yıldız"),
            ("name_variants", r#"["Al-Haddad"]"#),
            ("phone", "0221 555 057 12"),
            ("legal_representative", r#"{"name":"Amt Köln 3","phone":"0221 221 0"}"#),
            ("street", "Straße des 17. Juni"),
            ("birth_date", "1990-05"),
            ("gender", "FEMALE"),
            ("concern", "Wo?"),
            ("pending", "?"),
        ] {
            assert!(!is_refused(column, text, today), "{column} {text}");
        }
    }

    #[test]
    fn a_number_of_an_office_has_the_hyphen_and_the_blanks_of_a_keyboard() {
        for column in ["case_number", "sender_reference", "receiver_reference"] {
            assert_eq!(stored_form(column, "K\u{2011}1\u{a0}2"), "K-1 2");
        }
        assert_eq!(stored_form("street", "Ko\u{308}ln \u{2013} Su\u{308}d"), "Köln – Süd");
    }
}
