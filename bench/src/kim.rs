//! kim's own files: configuration, the issuer's keys, the key of the fingerprints.

use std::fmt::Write as _;
use std::path::Path;

use crate::data::FINGERPRINT_KEY;
use crate::failure::Failure;
use crate::issuer::{AUDIENCE, ISS, Issuer};

/// Writes `kim.toml` and what it names into a folder.
pub(crate) fn configure(folder: &Path, issuer: &Issuer, database: &str, listen: &str) -> Result<(), Failure> {
    let key = FINGERPRINT_KEY.iter().try_fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}")?;
        Ok::<_, std::fmt::Error>(hex)
    })?;
    std::fs::write(folder.join("fingerprint.key"), key)?;
    std::fs::write(folder.join("jwks.json"), issuer.jwks())?;
    let text = format!(
        "database = {database:?}\nlisten = {listen:?}\nfingerprint_key_file = {:?}\n\
         # What is measured is the answering of requests.\ntimer_seconds = 0\n\
         [[issuer]]\niss = {ISS:?}\naudience = {AUDIENCE:?}\njwks = {:?}\nagencies = [\"*\"]\n",
        folder.join("fingerprint.key"),
        folder.join("jwks.json"),
    );
    Ok(std::fs::write(folder.join("kim.toml"), text)?)
}
