//! Formats stored values as German text.

use chrono::NaiveDate;
use kim_domain::Word;
use kim_domain::birth_date::BirthDate;
use kim_domain::value::Value;

use crate::field::match_value;

/// The value as one line of German text; the items of a list are joined with semicolons.
pub(crate) fn german(value: &Value) -> String {
    match_value!(value, word => label(*word), {
        Value::Text(text) | Value::Line(text) => text.clone(),
        Value::Lines(lines) => lines.join("; "),
        Value::Date(date) => day(*date),
        Value::BirthDate(date) => born(*date),
        Value::Int(number) => number.to_string(),
        Value::Boolean(yes) => if *yes { "ja" } else { "nein" }.to_owned(),
        Value::TargetGroups(words) => joined(words, |word| label(*word)),
        Value::Nationalities(list) => joined(list, |nationality| nationality.name().to_owned()),
        Value::Wohnsitzauflage(one) => one.place.clone(),
        Value::LegalRepresentative(one) => parts([Some(one.name.clone()), one.relation.clone(), one.phone.clone()]),
        Value::GermanCertificate(one) => parts([Some(label(one.level)), one.issued_on.map(day), one.institute.clone()]),
        Value::Documents(list) => joined(list, |one| parts([Some(one.name.clone()), one.state.clone()])),
        Value::PlanSteps(list) => joined(list, |one| {
            parts([
                Some(format!("{}: {}", one.goal, one.step)),
                Some(one.responsible.clone()),
                one.due_on.map(|date| format!("bis {}", day(date))),
            ])
        }),
        Value::HouseholdMembers(list) => joined(list, |one| {
            let name =
                [one.given_name.as_deref(), one.family_name.as_deref()].into_iter().flatten().collect::<Vec<_>>();
            let name = Some(name.join(" ")).filter(|name| !name.is_empty());
            parts([Some(label(one.relation)), name, one.birth_date.map(|date| format!("geb. {}", born(date)))])
        }),
        Value::IntegrationAchievements(list) => {
            joined(list, |one| parts([Some(one.kind.clone()), one.achieved_on.map(day), one.note.clone()]))
        }
    })
}

fn label<W: Word>(word: W) -> String {
    word.label().to_owned()
}

fn day(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

fn born(date: BirthDate) -> String {
    match date {
        BirthDate::Day(date) => day(date),
        BirthDate::Month(first) => format!("{} (Tag unbekannt)", first.format("%m.%Y")),
        BirthDate::Year(first) => format!("{} (Tag und Monat unbekannt)", first.format("%Y")),
    }
}

fn parts<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn joined<T>(list: &[T], write: impl Fn(&T) -> String) -> String {
    list.iter().map(write).collect::<Vec<_>>().join("; ")
}
