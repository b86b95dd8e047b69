//! Brings stored text to the form of this version, and renews the clients' fingerprints. For an upgrade from a version with
//! other rules, and safe to repeat.

mod key;

use std::collections::BTreeSet;

use kim_domain::birth_date::BirthDate;
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField as F;
use kim_domain::fingerprint::{FingerprintKey, can_be_found};
use kim_domain::matching::{Person, fingerprints};
use kim_domain::person_name::{person_name, person_or_office};
use kim_domain::value::{LegalRepresentative, Value, nfc};
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::person::Fingerprints;
use kim_entity::unscoped::{TEXT_TABLES, TextRow, TextTable, Unscoped};
use uuid::Uuid;

use crate::referral::value_mark;
use crate::telephone::phone;

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
                one(&all, key, table, row, &mut state).await?;
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
    key: &FingerprintKey,
    table: &TextTable,
    mut row: TextRow,
    state: &mut Normalised,
) -> Result<(), DbErr> {
    for (&column, text) in &mut row.texts {
        let new = nfc(text);
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
        let refused = row.texts.iter().filter(|(column, text)| is_refused(column, text));
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

/// Whether the value of a column could not be written today.
fn is_refused(column: &str, text: &str) -> bool {
    let field = |wanted: F| column == wanted.column();
    let stored = if field(F::FamilyName) || field(F::GivenName) {
        person_name(text).ok()
    } else if field(F::Phone) {
        // Earlier versions stored other groups.
        phone(text).map(|_| text.to_owned())
    } else if field(F::NameVariants) {
        let Some(Value::Lines(names)) = Value::parse(F::NameVariants.value_type(), text) else { return true };
        return names.iter().any(|name| person_name(name).is_err());
    } else if field(F::LegalRepresentative) {
        let parsed = Value::parse(F::LegalRepresentative.value_type(), text);
        let Some(Value::LegalRepresentative(LegalRepresentative { name, phone: number, .. })) = parsed else {
            return true;
        };
        return person_or_office(&name).is_err() || number.is_some_and(|number| phone(&number).is_none());
    } else {
        return false;
    };
    stored.is_none()
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
        for (column, text) in [
            ("family_name", "Y?ld?z"),
            ("given_name", "#NV"),
            ("name_variants", r#"["Al-Haddad","."]"#),
            ("phone", "2215550123"),
            ("phone", "0221 5550123 0 0 0 0 0 0"),
            ("legal_representative", r#"{"name":"=1+1"}"#),
            ("legal_representative", r#"{"name":"Amt","phone":"+0221"}"#),
        ] {
            assert!(is_refused(column, text), "{column} {text}");
        }
        for (column, text) in [
            ("family_name", "Yıldız"),
            ("name_variants", r#"["Al-Haddad"]"#),
            ("phone", "0221 555 057 12"),
            ("legal_representative", r#"{"name":"Amt Köln 3","phone":"0221 221 0"}"#),
            ("street", "?"),
        ] {
            assert!(!is_refused(column, text), "{column} {text}");
        }
    }
}
