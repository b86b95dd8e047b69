//! Canaries: values that name their referral and their field, so that a test recognises them in any text.

use chrono::NaiveDate;
use kim_domain::field::{HandoverField, ValueType};

/// The text of one field of one referral, which occurs nowhere else.
pub(crate) fn canary(number: u32, field: &str) -> String {
    format!("Kanari{number:05}x{field}x")
}

/// The stored value of a field. It is a canary wherever the type permits it.
pub(crate) fn value(number: u32, field: HandoverField) -> String {
    let text = canary(number, field.name());
    let day = || (NaiveDate::default() + chrono::TimeDelta::days(i64::from(number) * 64 + field as i64)).to_string();
    match field.value_type() {
        ValueType::Text | ValueType::Line => text,
        ValueType::Lines => format!(r#"["{text}"]"#),
        ValueType::Date | ValueType::BirthDate => day(),
        ValueType::Int => (number % 90).to_string(),
        ValueType::Boolean => (number.is_multiple_of(2)).to_string(),
        ValueType::PlanSteps => format!(r#"[{{"goal":"{text}","step":"{text}","responsible":"{text}"}}]"#),
        ValueType::Documents => format!(r#"[{{"name":"{text}","state":"{text}"}}]"#),
        ValueType::LegalRepresentative => format!(r#"{{"name":"{text}"}}"#),
        ValueType::HouseholdMembers => format!(r#"[{{"relation":"CHILD","givenName":"{text}"}}]"#),
        ValueType::GermanCertificate => format!(r#"{{"level":"B1","institute":"{text}"}}"#),
        ValueType::IntegrationAchievements => format!(r#"[{{"kind":"{text}"}}]"#),
        ValueType::Wohnsitzauflage => format!(r#"{{"place":"{text}"}}"#),
        ValueType::Nationalities => r#"["SY"]"#.to_owned(),
        ValueType::TargetGroups => r#"["LSBTI"]"#.to_owned(),
        ValueType::Procedure => "EINBUERGERUNG".to_owned(),
        ValueType::Gender => "FEMALE".to_owned(),
        ValueType::Language => "ARABIC".to_owned(),
        ValueType::ContactRestriction => kim_domain::value::ContactRestriction::ALL[0].code().to_owned(),
        ValueType::Aufenthaltstitel => kim_domain::value::Aufenthaltstitel::ALL[0].code().to_owned(),
        ValueType::WorkPermission => kim_domain::value::WorkPermission::ALL[0].code().to_owned(),
        ValueType::MaritalStatus => kim_domain::value::MaritalStatus::ALL[0].code().to_owned(),
        ValueType::Accommodation => kim_domain::value::Accommodation::ALL[0].code().to_owned(),
        ValueType::GermanLevel => "B1".to_owned(),
        ValueType::IntegrationskursState => kim_domain::value::IntegrationskursState::ALL[0].code().to_owned(),
        ValueType::SchoolDegree => kim_domain::value::SchoolDegree::ALL[0].code().to_owned(),
        ValueType::AnerkennungState => kim_domain::value::AnerkennungState::ALL[0].code().to_owned(),
        ValueType::Employment => kim_domain::value::Employment::ALL[0].code().to_owned(),
        ValueType::Benefit => kim_domain::value::Benefit::ALL[0].code().to_owned(),
    }
}

/// The same, with birth dates that are known in part: of one client in eight the year, of another one the month. No two of them have
/// the same year, because clients known in part are told apart by it.
pub(crate) fn value_or_part(number: u32, field: HandoverField) -> String {
    let year = 1900 + number / 4;
    match number % 8 {
        0 if field.value_type() == ValueType::BirthDate => year.to_string(),
        4 if field.value_type() == ValueType::BirthDate => format!("{year}-05"),
        _ => value(number, field),
    }
}
