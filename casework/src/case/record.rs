//! Checks the values of a case record, each by its field.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use kim_domain::birth_date::BirthDate;
use kim_domain::field::HandoverField as F;
use kim_domain::value::{
    Document, GermanCertificate, HouseholdMember, IntegrationAchievement, LegalRepresentative, Value, Wohnsitzauflage,
};
use kim_entity::keys::ClientKey;
use kim_entity::person::Fingerprints;
use kim_entity::values::{Changes, Values};

use crate::import::{email, postal_code};
use crate::refusal::WorkError;
use crate::text::{line, office, person, place, text};
use crate::work::Work;

/// Fields with their new values; `None` deletes the value.
pub type Record = BTreeMap<F, Option<Value>>;

/// Maximum length of a list in a record.
const MAX_ITEMS: usize = 30;

/// A record with valid values.
#[derive(Debug)]
pub(super) struct Checked {
    texts: Vec<(F, Option<String>)>,
    household: Option<Vec<HouseholdMember>>,
}

/// Checks every value. An empty list counts as no value.
pub(super) fn checked(record: &Record, today: NaiveDate) -> Result<Checked, WorkError> {
    let mut checked = Checked { texts: Vec::with_capacity(record.len()), household: None };
    for (&field, value) in record {
        refuse_unwritten(field)?;
        let value = match value {
            Some(value) => clean(field, value, today)?,
            None => None,
        };
        // They are needed to find the client again and to compute the age.
        if value.is_none() && matches!(field, F::FamilyName | F::BirthDate) {
            return Err(WorkError::bad_input(format!("„{}“ kann nicht leer sein.", field.name())));
        }
        if field == F::HouseholdMembers {
            let members = if let Some(Value::HouseholdMembers(members)) = value { members } else { Vec::new() };
            checked.household = Some(members);
        } else {
            checked.texts.push((field, value.map(|value| value.encode())));
        }
    }
    Ok(checked)
}

/// Refuses fields that cannot be written to a record.
fn refuse_unwritten(field: F) -> Result<(), WorkError> {
    let why = if field == F::Age {
        "„age“ wird aus dem Geburtsdatum berechnet."
    } else if field == F::PlanSteps {
        "„planSteps“ folgt aus dem Hilfeplan: bitte „setPlan“ benutzen."
    } else if field == F::CounsellingNotes {
        "Notizen werden mit „addNote“ geschrieben."
    } else {
        return Ok(());
    };
    Err(WorkError::bad_input(why))
}

impl Checked {
    /// Whether a field changes that is part of the client's fingerprints.
    pub(super) fn renames(&self) -> bool {
        self.texts.iter().any(|(field, _)| matches!(field, F::FamilyName | F::GivenName | F::BirthDate))
    }

    /// The new value of a field: `None` if the record does not contain it, `Some(None)` if it is deleted.
    pub(super) fn get(&self, field: F) -> Option<Option<&str>> {
        self.texts.iter().find(|(has, _)| *has == field).map(|(_, text)| text.as_deref())
    }

    /// The new values without the household members.
    pub(super) fn changes(&self) -> &Changes {
        &self.texts
    }

    /// The values of a new record without the household members.
    pub(super) fn values(&self) -> Values {
        self.texts.iter().filter_map(|(field, text)| Some((*field, text.clone()?))).collect()
    }

    /// Replaces the household members, if the record contains them.
    pub(super) async fn write_household(&self, work: &Work<'_>, client: ClientKey) -> Result<(), WorkError> {
        let Some(members) = &self.household else { return Ok(()) };
        Ok(work.writes().replace_household(client, members).await?)
    }
}

/// The fingerprints by which the client is found again.
pub(super) fn fingerprints(
    work: &Work<'_>,
    family_name: &str,
    given_name: Option<&str>,
    birth_date: BirthDate,
) -> Fingerprints {
    let key = work.key();
    Fingerprints {
        exact: key.client_name(family_name, birth_date),
        phonetic: Some(key.probable(family_name, given_name.unwrap_or_default(), birth_date)),
    }
}

/// The value in its stored form; `None` for an empty list.
pub(crate) fn clean(field: F, value: &Value, today: NaiveDate) -> Result<Option<Value>, WorkError> {
    let name = field.name();
    Ok(Some(match value {
        Value::Text(one) => Value::Text(text(name, one)?),
        Value::Line(one) => Value::Line(one_line(field, one)?),
        Value::BirthDate(born) => Value::BirthDate(one_birth_date(name, *born, today)?),
        Value::Date(day) => Value::Date(one_day(name, *day, is_past(field).then_some(today))?),
        Value::Lines(list) if field == F::NameVariants => {
            return some_of(name, list, |one| person(name, one), Value::Lines);
        }
        Value::Lines(list) => return some_of(name, list, |one| line(name, one), Value::Lines),
        Value::Nationalities(list) => return some_of(name, list, |one| Ok(*one), Value::Nationalities),
        Value::TargetGroups(list) => return some_of(name, list, |one| Ok(*one), Value::TargetGroups),
        Value::Documents(list) => return some_of(name, list, |one| document(name, one), Value::Documents),
        Value::HouseholdMembers(list) => {
            many(name, list)?;
            let members = list.iter().map(|one| member(name, one, today)).collect::<Result<Vec<_>, _>>()?;
            return Ok((!members.is_empty()).then_some(Value::HouseholdMembers(members)));
        }
        Value::IntegrationAchievements(list) => {
            return some_of(name, list, |one| achievement(name, one, today), Value::IntegrationAchievements);
        }
        Value::LegalRepresentative(one) => Value::LegalRepresentative(LegalRepresentative {
            name: office(name, &one.name)?,
            relation: optional(name, one.relation.as_deref())?,
            phone: one.phone.as_deref().map(|number| telephone(name, number)).transpose()?,
        }),
        Value::Wohnsitzauflage(one) => Value::Wohnsitzauflage(Wohnsitzauflage { place: place(name, &one.place)? }),
        Value::GermanCertificate(one) => Value::GermanCertificate(GermanCertificate {
            level: one.level,
            issued_on: one.issued_on.map(|day| one_day(name, day, Some(today))).transpose()?,
            institute: optional(name, one.institute.as_deref())?,
        }),
        // Refused before, because of their fields.
        Value::PlanSteps(_) | Value::Int(_) => return Ok(None),
        Value::Procedure(_)
        | Value::Gender(_)
        | Value::Language(_)
        | Value::Boolean(_)
        | Value::ContactRestriction(_)
        | Value::Aufenthaltstitel(_)
        | Value::WorkPermission(_)
        | Value::MaritalStatus(_)
        | Value::Accommodation(_)
        | Value::GermanLevel(_)
        | Value::IntegrationskursState(_)
        | Value::SchoolDegree(_)
        | Value::AnerkennungState(_)
        | Value::Employment(_)
        | Value::Benefit(_) => value.clone(),
    }))
}

fn one_line(field: F, text: &str) -> Result<String, WorkError> {
    let name = field.name();
    if field == F::Phone {
        return telephone(name, text);
    }
    if matches!(field, F::FamilyName | F::GivenName) {
        return person(name, text);
    }
    if field == F::PostalCode {
        let hint = || WorkError::bad_input(format!("„{name}“ braucht fünf Ziffern, auch mit Null am Anfang."));
        return postal_code(text.trim()).ok_or_else(hint);
    }
    let text = line(name, text)?;
    if field == F::Email {
        let hint = || WorkError::bad_input(format!("„{name}“ ist keine Adresse wie name@example.org."));
        return email(&text).ok_or_else(hint);
    }
    Ok(text)
}

fn telephone(name: &str, number: &str) -> Result<String, WorkError> {
    crate::telephone::checked(name, number)
}

fn optional(name: &str, text: Option<&str>) -> Result<Option<String>, WorkError> {
    crate::text::optional_line(name, text)
}

/// Whether the field's day cannot be in the future.
fn is_past(field: F) -> bool {
    matches!(field, F::InGermanySince | F::NeedSince)
}

fn one_day(name: &str, day: NaiveDate, not_after: Option<NaiveDate>) -> Result<NaiveDate, WorkError> {
    if !(1900..=2200).contains(&day.year()) {
        return Err(WorkError::bad_input(format!("„{name}“ enthält ein Jahr, das nicht stimmen kann.")));
    }
    if not_after.is_some_and(|today| today < day) {
        return Err(WorkError::bad_input(format!("„{name}“ liegt in der Zukunft.")));
    }
    Ok(day)
}

/// A birth date of which no possible day lies in the past is refused.
fn one_birth_date(name: &str, born: BirthDate, today: NaiveDate) -> Result<BirthDate, WorkError> {
    one_day(name, born.first(), Some(today)).map(|_| born)
}

fn many<T>(name: &str, list: &[T]) -> Result<(), WorkError> {
    match list.len() > MAX_ITEMS {
        true => Err(WorkError::bad_input(format!("„{name}“ hat mehr als {MAX_ITEMS} Einträge."))),
        false => Ok(()),
    }
}

/// A list without duplicates; `None` if it is empty.
fn some_of<T: PartialEq>(
    name: &str,
    list: &[T],
    clean: impl Fn(&T) -> Result<T, WorkError>,
    wrap: impl Fn(Vec<T>) -> Value,
) -> Result<Option<Value>, WorkError> {
    many(name, list)?;
    let mut all = Vec::with_capacity(list.len());
    for one in list {
        let one = clean(one)?;
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Ok((!all.is_empty()).then(|| wrap(all)))
}

fn document(name: &str, one: &Document) -> Result<Document, WorkError> {
    Ok(Document { name: line(name, &one.name)?, state: optional(name, one.state.as_deref())? })
}

fn member(name: &str, one: &HouseholdMember, today: NaiveDate) -> Result<HouseholdMember, WorkError> {
    Ok(HouseholdMember {
        relation: one.relation,
        given_name: crate::text::optional(one.given_name.as_deref(), |given| person(name, given))?,
        family_name: crate::text::optional(one.family_name.as_deref(), |family| person(name, family))?,
        birth_date: one.birth_date.map(|born| one_birth_date(name, born, today)).transpose()?,
    })
}

fn achievement(
    name: &str,
    one: &IntegrationAchievement,
    today: NaiveDate,
) -> Result<IntegrationAchievement, WorkError> {
    Ok(IntegrationAchievement {
        kind: line(name, &one.kind)?,
        achieved_on: one.achieved_on.map(|day| one_day(name, day, Some(today))).transpose()?,
        note: optional(name, one.note.as_deref())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kim_domain::value::{Relation, TargetGroup};

    fn today() -> NaiveDate {
        "2026-11-20".parse().expect("a day")
    }

    fn refused(field: F, value: Option<Value>) -> String {
        match checked(&Record::from([(field, value)]), today()) {
            Err(WorkError::Refused(refused)) => refused.text,
            other => panic!("{field:?}: {other:?}"),
        }
    }

    fn named(given: &str, family: &str) -> HouseholdMember {
        let (given_name, family_name) = (Some(given.into()), Some(family.into()));
        HouseholdMember { relation: Relation::Child, given_name, family_name, birth_date: None }
    }

    fn represented_by(name: &str) -> LegalRepresentative {
        LegalRepresentative { name: name.into(), relation: None, phone: None }
    }

    #[test]
    fn a_wrong_value_is_refused_by_the_name_of_its_field() {
        let line = |text: &str| Some(Value::Line(text.into()));
        let day = |text: &str| Some(Value::Date(text.parse().expect("a day")));
        let born = |text: &str| Some(Value::BirthDate(text.parse().expect("a birth date")));
        for (field, value) in [
            (F::FamilyName, line("  ")),
            (F::FamilyName, None),
            (F::FamilyName, line("Y?ld?z")),
            (F::FamilyName, line("M\u{fffd}ller")),
            (F::GivenName, line("MÃ¼ller")),
            (F::GivenName, line("#NV")),
            (F::NameVariants, Some(Value::Lines(vec!["=1+1".into()]))),
            (F::HouseholdMembers, Some(Value::HouseholdMembers(vec![named("Mia", "Y?ld?z")]))),
            (F::HouseholdMembers, Some(Value::HouseholdMembers(vec![named(".", "Yıldız")]))),
            (F::LegalRepresentative, Some(Value::LegalRepresentative(represented_by("#NV")))),
            (F::BirthDate, None),
            (F::BirthDate, born("2026-11-21")),
            (F::BirthDate, born("0202-01-01")),
            (F::BirthDate, born("2026-12")),
            (F::BirthDate, born("2027")),
            (F::BirthDate, born("0202")),
            (F::InGermanySince, day("2027-01-01")),
            (F::PostalCode, line("5066")),
            (F::Phone, line("anrufen")),
            (F::Phone, line("0221 5550123.0")),
            (F::Phone, line("2215550123")),
            (F::Email, line("name(at)example.org")),
            (F::Street, line("a\nb")),
            (F::OccupationWish, line("12345BG0123456")),
            (F::NameVariants, Some(Value::Lines(vec!["".into()]))),
            (F::Documents, Some(Value::Documents(vec![Document { name: "".into(), state: None }; 2]))),
            (F::NameVariants, Some(Value::Lines(vec!["a".into(); MAX_ITEMS + 1]))),
            (F::Age, Some(Value::Int(3))),
            (F::PlanSteps, None),
        ] {
            let text = refused(field, value);
            assert!(text.contains(field.name()), "{text}");
        }
        refused(F::CounsellingNotes, None);
    }

    #[test]
    fn valid_values_are_stored_in_one_spelling() {
        let child = HouseholdMember {
            relation: Relation::Child,
            given_name: Some(" Mia ".into()),
            family_name: None,
            birth_date: None,
        };
        let record = Record::from([
            (F::Phone, Some(Value::Line("0221/555-123".into()))),
            (F::TargetGroup, Some(Value::TargetGroups(vec![TargetGroup::Lsbti, TargetGroup::Lsbti]))),
            (F::Documents, Some(Value::Documents(vec![]))),
            (F::Street, None),
            (F::HouseholdMembers, Some(Value::HouseholdMembers(vec![child.clone(), child]))),
        ]);
        let checked = checked(&record, today()).expect("a record");
        assert_eq!(checked.get(F::Phone), Some(Some("0221 555-123")));
        assert_eq!(checked.get(F::TargetGroup), Some(Some(r#"["LSBTI"]"#)));
        assert_eq!((checked.get(F::Documents), checked.get(F::Street)), (Some(None), Some(None)));
        assert_eq!(checked.get(F::City), None);
        // Two children without names are two people.
        assert_eq!(checked.household.map(|members| members.len()), Some(2));
    }
}
