//! Stores a client's fingerprints for support checks, only while the client consents (Art. 5(1)(c) DSGVO).

use std::collections::BTreeSet;

use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::matching::{MatchKind, Person, fingerprints};
use kim_entity::DbErr;
use kim_entity::keys::ClientKey;
use kim_entity::read::Values;

use crate::work::Work;

/// Fields that are compared.
pub(crate) const COMPARED: FieldSet = FieldSet::of(&[F::FamilyName, F::GivenName, F::BirthDate, F::Phone, F::Email]);

/// Recomputes and returns the fingerprints of a client of the viewer's agency. There are none if the client does not
/// consent today. Must be called whenever the consent or a compared field changes.
pub(crate) async fn refresh(work: &Work<'_>, client: ClientKey) -> Result<Vec<String>, DbErr> {
    work.writes().delete_fingerprints(client).await?;
    if !work.reads().agrees_to_support_checks(client).await? {
        return Ok(Vec::new());
    }
    let values = work.writes().person(client, COMPARED).await?;
    let fingerprints = values.as_ref().map(|values| of(work, values)).unwrap_or_default();
    work.writes().insert_fingerprints(client, &fingerprints).await?;
    Ok(fingerprints.into_iter().map(|(_, fingerprint)| fingerprint).collect())
}

/// The fingerprints of a person. There are none without a name or a birth date.
fn of(work: &Work<'_>, client: &Values) -> BTreeSet<(MatchKind, String)> {
    let born = client.get(F::BirthDate).and_then(|day| day.parse().ok());
    let (Some(family_name), Some(birth_date)) = (client.get(F::FamilyName), born) else { return BTreeSet::new() };
    let person = Person {
        family_name,
        given_name: client.get(F::GivenName).unwrap_or_default(),
        birth_date,
        phone: client.get(F::Phone),
        email: client.get(F::Email),
    };
    fingerprints(work.key(), &person)
}
