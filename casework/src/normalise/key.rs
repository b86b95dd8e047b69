//! Whether a key is the one with which the stored fingerprints were made.

use kim_domain::birth_date::BirthDate;
use kim_domain::field::HandoverField as F;
use kim_domain::fingerprint::{FingerprintKey, can_be_found};
use kim_entity::unscoped::{TextRow, Unscoped};

use super::NormaliseError;

/// Number of clients whose fingerprints are compared, the latest first.
const COMPARED: i64 = 1_000;

/// Refuses a key that reproduces no stored fingerprint of the latest clients. One is enough: another version may normalise some names
/// in another way, but no other key gives the same fingerprint. A database without fingerprints takes every key.
pub(super) async fn refuse_wrong(all: &Unscoped, key: &FingerprintKey) -> Result<(), NormaliseError> {
    let latest = all.latest_clients(COMPARED).await?;
    let compared: Vec<bool> = latest.iter().filter_map(|row| is_made_with(key, row)).collect();
    if compared.is_empty() || compared.contains(&true) { Ok(()) } else { Err(NormaliseError::WrongKey(compared.len())) }
}

/// Whether one of a client's fingerprints was made with this key by the rules of this version. `None` if the client has no name or no
/// birth date from which it could be made.
fn is_made_with(key: &FingerprintKey, row: &TextRow) -> Option<bool> {
    let text = |field: F| row.texts.get(field.column()).map(String::as_str);
    let born: BirthDate = text(F::BirthDate)?.parse().ok()?;
    let name = text(F::FamilyName).filter(|name| can_be_found(name))?;
    let has_whole = row.client.as_ref().is_some_and(|client| client.whole == key.client(name, born));
    // The sound of a name hardly depends on how its letters are normalised.
    let sound = || key.probable(name, text(F::GivenName).unwrap_or_default(), born);
    Some(has_whole || row.phonetic.as_ref().is_some_and(|phonetic| *phonetic == sound()))
}
