//! The master data of an agency: its administration and the import change it, with the same checks.

use kim_domain::agency::AgencyField;
use kim_entity::agency::Model;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::import::master_data;
use crate::refusal::WorkError;
use crate::work::Work;

/// An agency, and the version that the client saw.
#[derive(Clone, Copy, Debug)]
pub struct AgencyTarget {
    /// Id of the agency; `None` for an id that cannot belong to an agency.
    pub id: Option<Uuid>,
    /// The version that the client saw.
    pub expected_version: i32,
}

/// The changes; what is `None` stays the same, and `Some(None)` deletes a value.
#[derive(Clone, Debug, Default)]
pub struct UpdateAgency {
    /// Name.
    pub name: Option<String>,
    /// Street and number.
    pub street: Option<Option<String>>,
    /// Postal code.
    pub postal_code: Option<Option<String>>,
    /// City.
    pub city: Option<Option<String>>,
    /// Telephone number.
    pub phone: Option<Option<String>>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// Opening hours, in words.
    pub opening_hours: Option<Option<String>>,
    /// Code of the district.
    pub district: Option<Option<String>>,
}

/// The changed agency. Stored for repeats of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyResult {
    /// Id of the agency.
    pub agency: Uuid,
}

/// Changes the master data of the viewer's own agency, and writes the history. If nothing is different, nothing is written.
///
/// # Errors
/// NOT_FOUND for another agency, CONFLICT, BAD_INPUT for an invalid value (the text names it).
pub async fn update(
    work: &mut Work<'_>,
    target: AgencyTarget,
    input: &UpdateAgency,
) -> Result<AgencyResult, WorkError> {
    if target.id != Some(work.own_id()) {
        return Err(WorkError::not_found());
    }
    let old = work.writes().own_agency().await?;
    if old.version != target.expected_version {
        return Err(WorkError::conflict(old.version));
    }
    let new = changed(work, &old, input).await?;
    if !old.differences(&new).is_empty() && !work.writes().update_own_agency(&old, new, work.now()).await? {
        // The row is locked by the commit that was faster, which has one more.
        return Err(WorkError::conflict(old.version.saturating_add(1)));
    }
    Ok(AgencyResult { agency: old.id })
}

/// The row with the checked changes.
async fn changed(work: &Work<'_>, old: &Model, input: &UpdateAgency) -> Result<Model, WorkError> {
    let mut new = old.clone();
    if let Some(name) = &input.name {
        new.name = master_data("name", AgencyField::Name, name)?;
    }
    for (name, field, input, value) in [
        ("street", AgencyField::Street, &input.street, &mut new.street),
        ("postalCode", AgencyField::PostalCode, &input.postal_code, &mut new.postal_code),
        ("city", AgencyField::City, &input.city, &mut new.city),
        ("phone", AgencyField::Phone, &input.phone, &mut new.phone),
        ("email", AgencyField::Email, &input.email, &mut new.email),
        ("openingHours", AgencyField::OpeningHours, &input.opening_hours, &mut new.opening_hours),
        ("district", AgencyField::District, &input.district, &mut new.district),
    ] {
        if let Some(input) = input {
            let filled = input.as_deref().filter(|text| !text.trim().is_empty());
            *value = filled.map(|text| master_data(name, field, text)).transpose()?;
        }
    }
    if let (true, Some(code)) = (new.district != old.district, &new.district) {
        new.district = Some(crate::case::district(work, code).await?);
    }
    Ok(new)
}
