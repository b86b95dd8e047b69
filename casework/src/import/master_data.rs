//! Checks values of an agency's master data, for lists and for the mutation of its administration.

use kim_domain::agency::AgencyField;

use super::spelling::cell::{email, phone, postal_code};
use crate::refusal::WorkError;
use crate::text::{line, text};

/// Maximum length of the opening hours, in characters.
const MAX_OPENING_HOURS: usize = 1_000;

/// Checks a value of the master data and returns its one form. `name` is the name of the input or of the column.
pub(crate) fn master_data(name: &str, field: AgencyField, value: &str) -> Result<String, WorkError> {
    let of_form = |read: Option<String>, is_not: &str| {
        read.ok_or_else(|| WorkError::bad_input(format!("„{name}“ ist {is_not}.")))
    };
    if field == AgencyField::OpeningHours {
        let hours = text(name, value)?;
        return match hours.chars().count() > MAX_OPENING_HOURS {
            true => Err(WorkError::bad_input(format!("„{name}“ ist zu lang: höchstens {MAX_OPENING_HOURS} Zeichen."))),
            false => Ok(hours),
        };
    }
    let one_line = line(name, value)?.split_whitespace().collect::<Vec<_>>().join(" ");
    match field {
        AgencyField::PostalCode => of_form(postal_code(&one_line), "keine Postleitzahl"),
        AgencyField::Phone => of_form(phone(&one_line), "keine Telefonnummer"),
        AgencyField::Email => of_form(email(&one_line), "keine E-Mail-Adresse"),
        AgencyField::Name
        | AgencyField::Street
        | AgencyField::City
        | AgencyField::OpeningHours
        | AgencyField::District
        | AgencyField::LegalForm
        | AgencyField::BoundBy203
        | AgencyField::DataProtectionLaw
        | AgencyField::Controller
        | AgencyField::Association
        | AgencyField::Baustein
        | AgencyField::Posts
        | AgencyField::InternalSpecialisation => Ok(one_line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_or_is_refused_by_name() {
        for (field, value, form) in [
            (AgencyField::Name, "  Jobcenter   Köln ", "Jobcenter Köln"),
            (AgencyField::PostalCode, "50667", "50667"),
            (AgencyField::Phone, "0221/5550", "0221 5550"),
            (AgencyField::Email, "post@jobcenter.example", "post@jobcenter.example"),
            (AgencyField::OpeningHours, "Mo 8–12 Uhr\r\nDi zu", "Mo 8–12 Uhr\nDi zu"),
        ] {
            assert_eq!(master_data("x", field, value).expect(value), form);
        }
        for (field, value) in [
            (AgencyField::Name, " "),
            (AgencyField::Name, "a\nb"),
            (AgencyField::City, "K\u{202e}öln"),
            (AgencyField::PostalCode, "5066"),
            (AgencyField::Phone, "siehe Netz"),
            (AgencyField::Email, "post"),
            (AgencyField::OpeningHours, &*"x".repeat(1_001)),
            (AgencyField::Street, &*"x".repeat(201)),
        ] {
            let Err(WorkError::Refused(refused)) = master_data("dieses", field, value) else { panic!("{value}") };
            assert!(refused.text.contains("„dieses“"), "{}", refused.text);
        }
    }
}
