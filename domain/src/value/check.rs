//! One Rust type per value type, and its encoding as text.

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    Accommodation, AnerkennungState, Aufenthaltstitel, Benefit, ContactRestriction, Document, Employment, Gender,
    GermanCertificate, GermanLevel, HouseholdMember, IntegrationAchievement, IntegrationskursState, Language,
    LegalRepresentative, MaritalStatus, PlanStep, Procedure, SchoolDegree, TargetGroup, Wohnsitzauflage,
    WorkPermission,
};
use crate::Word;
use crate::birth_date::BirthDate;
use crate::field::ValueType;
use crate::nationality::Nationality;

macro_rules! values {
    ($($variant:ident($type:ty) = $read:expr, $write:expr;)+) => {
        /// The value of a handover field. [`ValueType`] has one entry per variant.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Value {
            $(#[doc = concat!("[`ValueType::", stringify!($variant), "`]")] $variant($type)),+
        }

        impl Value {
            /// Parses a stored value; `None` if it does not have this type.
            #[must_use]
            pub fn parse(value_type: ValueType, text: &str) -> Option<Self> {
                match value_type { $(ValueType::$variant => { let read: fn(&str) -> Option<$type> = $read; read(text).map(Self::$variant) })+ }
            }
            /// The only stored form of the value.
            #[must_use]
            pub fn encode(&self) -> String {
                match self { $(Self::$variant(value) => { let write: fn(&$type) -> String = $write; write(value) })+ }
            }
            /// The value's type.
            #[must_use]
            pub const fn value_type(&self) -> ValueType {
                match self { $(Self::$variant(_) => ValueType::$variant),+ }
            }
        }
    };
}

values! {
    Text(String) = lines, Clone::clone;
    Procedure(Procedure) = Word::from_code, code;
    PlanSteps(Vec<PlanStep>) = json, to_json;
    Documents(Vec<Document>) = json, to_json;
    Line(String) = line, Clone::clone;
    Lines(Vec<String>) = json, to_json;
    Date(NaiveDate) = date, ToString::to_string;
    BirthDate(BirthDate) = birth_date, ToString::to_string;
    Int(u32) = number, ToString::to_string;
    Gender(Gender) = Word::from_code, code;
    LegalRepresentative(LegalRepresentative) = json, to_json;
    Language(Language) = Word::from_code, code;
    Boolean(bool) = boolean, ToString::to_string;
    ContactRestriction(ContactRestriction) = Word::from_code, code;
    Nationalities(Vec<Nationality>) = json, to_json;
    Aufenthaltstitel(Aufenthaltstitel) = Word::from_code, code;
    Wohnsitzauflage(Wohnsitzauflage) = json, to_json;
    WorkPermission(WorkPermission) = Word::from_code, code;
    MaritalStatus(MaritalStatus) = Word::from_code, code;
    HouseholdMembers(Vec<HouseholdMember>) = json, to_json;
    Accommodation(Accommodation) = Word::from_code, code;
    GermanLevel(GermanLevel) = Word::from_code, code;
    GermanCertificate(GermanCertificate) = json, to_json;
    IntegrationskursState(IntegrationskursState) = Word::from_code, code;
    SchoolDegree(SchoolDegree) = Word::from_code, code;
    AnerkennungState(AnerkennungState) = Word::from_code, code;
    Employment(Employment) = Word::from_code, code;
    Benefit(Benefit) = Word::from_code, code;
    IntegrationAchievements(Vec<IntegrationAchievement>) = json, to_json;
    TargetGroups(Vec<TargetGroup>) = json, to_json;
}

/// Whether a text is exactly the stored form of a value of this type.
#[must_use]
pub fn is_valid(value_type: ValueType, text: &str) -> bool {
    Value::parse(value_type, text).is_some_and(|value| value.encode() == text)
}

/// A valid stored text that needs no decoding, i.e. of type text or line; otherwise `None`.
#[must_use]
pub fn as_text(value_type: ValueType, text: &str) -> Option<&str> {
    let is_line = || !text.contains(['\n', '\r']);
    let is_text = value_type == ValueType::Text || (value_type == ValueType::Line && is_line());
    (is_text && !text.trim().is_empty()).then_some(text)
}

fn lines(text: &str) -> Option<String> {
    as_text(ValueType::Text, text).map(str::to_owned)
}

fn line(text: &str) -> Option<String> {
    as_text(ValueType::Line, text).map(str::to_owned)
}

fn date(text: &str) -> Option<NaiveDate> {
    // Parsed by hand, because a list contains a hundred dates and chrono's pattern parser took longer than fetching
    // them.
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return None };
    let number =
        |digits: &[u8]| digits.iter().try_fold(0, |number, digit| Some(number * 10 + char::from(*digit).to_digit(10)?));
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
}

fn birth_date(text: &str) -> Option<BirthDate> {
    date(text).map(BirthDate::Day).or_else(|| text.parse().ok())
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn boolean(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn code<W: Word>(word: &W) -> String {
    word.code().to_owned()
}

fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn to_json<T: Serialize>(value: &T) -> String {
    // The values consist of strings, dates and words only, so serialisation cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Relation;

    fn round_trip(value: Value) {
        let text = value.encode();
        assert!(is_valid(value.value_type(), &text), "{text}");
        assert_eq!(Value::parse(value.value_type(), &text), Some(value));
    }

    #[test]
    fn encoded_values_can_be_parsed() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
        round_trip(Value::Date(day));
        round_trip(Value::Int(27));
        round_trip(Value::Boolean(true));
        round_trip(Value::Text("Es geht um:\nArbeit".into()));
        round_trip(Value::Lines(vec!["Al-Haddad".into(), "Alhaddad".into()]));
        round_trip(Value::Aufenthaltstitel(Aufenthaltstitel::Aufenthaltserlaubnis25Abs2));
        round_trip(Value::Wohnsitzauflage(Wohnsitzauflage { place: "Köln".into() }));
        round_trip(Value::Nationalities(crate::nationality::find("SYR").into_iter().collect()));
        round_trip(Value::TargetGroups(vec![TargetGroup::Lsbti, TargetGroup::JungeErwachsene]));
        round_trip(Value::PlanSteps(vec![PlanStep {
            goal: "B2".into(),
            step: "Kurs".into(),
            responsible: "Träger".into(),
            due_on: Some(day),
        }]));
        let child =
            HouseholdMember { relation: Relation::Child, given_name: None, family_name: None, birth_date: None };
        assert_eq!(Value::HouseholdMembers(vec![child.clone()]).encode(), r#"[{"relation":"CHILD"}]"#);
        round_trip(Value::HouseholdMembers(vec![child]));
    }

    #[test]
    fn other_spellings_are_refused() {
        for (value_type, text) in [
            (ValueType::Date, "20.11.2026"),
            (ValueType::Date, "2026-2-1"),
            (ValueType::Date, "2026-02-30"),
            (ValueType::Date, "+026-02-01"),
            (ValueType::Int, "+27"),
            (ValueType::Int, "-1"),
            (ValueType::Boolean, "ja"),
            (ValueType::Gender, "female"),
            (ValueType::Line, ""),
            (ValueType::Line, "a\nb"),
            (ValueType::Nationalities, r#"["ZZ"]"#),
            (ValueType::Nationalities, r#"["475"]"#),
            (ValueType::HouseholdMembers, r#"[{"relation":"CHILD","shoe":44}]"#),
            (ValueType::HouseholdMembers, r#"[ {"relation":"CHILD"} ]"#),
        ] {
            assert!(!is_valid(value_type, text), "{text}");
        }
    }

    #[test]
    fn no_title_value_means_having_no_title() {
        for title in Aufenthaltstitel::ALL {
            let words = format!("{} {}", title.code(), title.label()).to_lowercase();
            for forbidden in ["kein", "ohne", "illegal", "none", "unerlaubt"] {
                assert!(!words.contains(forbidden), "{words}");
            }
        }
    }

    #[test]
    fn the_codes_of_a_list_are_ascii_and_unique() {
        fn check<W: Word>() {
            let codes: std::collections::HashSet<_> = W::ALL.iter().map(|word| word.code()).collect();
            assert_eq!(codes.len(), W::ALL.len(), "{}", W::NAME);
            for code in codes {
                assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{code}");
            }
        }
        check::<Gender>();
        check::<Language>();
        check::<Aufenthaltstitel>();
        check::<WorkPermission>();
        check::<IntegrationskursState>();
        check::<Procedure>();
        check::<TargetGroup>();
        check::<Benefit>();
    }
}
