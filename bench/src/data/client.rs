//! What is known of a client: one value for every handover field, as an office would have it.

use chrono::{Days, NaiveDate};
use kim_domain::field::{HandoverField, ValueType};
use kim_domain::value::{
    Accommodation, AnerkennungState, Aufenthaltstitel, Benefit, ContactRestriction, Employment, Gender, GermanLevel,
    IntegrationskursState, Language, MaritalStatus, Procedure, SchoolDegree, WorkPermission,
};
use serde_json::json;

use super::dice::Dice;

/// The stream of a client's values.
const CLIENTS: u64 = 1;

const FAMILY_NAMES: [&str; 24] = [
    "Rahimi",
    "Al-Hassan",
    "Yılmaz",
    "Kovalenko",
    "Nguyen",
    "Haddad",
    "Traoré",
    "Tesfaye",
    "Popescu",
    "Shevchenko",
    "Öztürk",
    "Mohammadi",
    "Diallo",
    "Ibrahim",
    "Petrović",
    "Sharifi",
    "Bondarenko",
    "Abdullahi",
    "Kaya",
    "Melnyk",
    "Osman",
    "Ahmadi",
    "Hoxha",
    "Demir",
];
const GIVEN_NAMES: [&str; 24] = [
    "Amina",
    "Yusuf",
    "Olena",
    "Mehmet",
    "Fatima",
    "Ali",
    "Iryna",
    "Selam",
    "Omar",
    "Maryam",
    "Andrii",
    "Zeynep",
    "Ibrahima",
    "Layla",
    "Mykola",
    "Samira",
    "Hassan",
    "Elif",
    "Daniel",
    "Nour",
    "Viktoriia",
    "Bilal",
    "Arta",
    "Reza",
];
const CITIES: [&str; 12] = [
    "Köln",
    "Dortmund",
    "Bielefeld",
    "Münster",
    "Aachen",
    "Hamm",
    "Herne",
    "Solingen",
    "Düren",
    "Siegen",
    "Minden",
    "Gütersloh",
];
const STREETS: [&str; 8] =
    ["Hauptstraße", "Bahnhofstraße", "Gartenweg", "Schulstraße", "Lindenallee", "Am Markt", "Ringstraße", "Kirchgasse"];
const NATIONALITIES: [&str; 10] = ["SY", "AF", "UA", "TR", "IQ", "IR", "ER", "SO", "GN", "XK"];
const CONCERNS: [&str; 6] = [
    "Der Aufenthaltstitel läuft in wenigen Wochen ab; ein Termin zur Verlängerung wird gebraucht. Die Arbeitsstelle hängt daran.",
    "Bitte um Prüfung, ob ein Aufenthalt wegen guter Integration in Betracht kommt. Alle Nachweise liegen vor und werden auf Wunsch nachgereicht.",
    "Die Klientin hat eine Zusage für eine Ausbildung ab September und braucht dafür die Erlaubnis zur Beschäftigung.",
    "Leistungen sind seit dem letzten Monat eingestellt, der Grund ist der Familie nicht klar. Bitte um Rückruf beim Träger.",
    "Beratung zu Sprachkurs und Anerkennung des Abschlusses als Krankenpfleger; die Urkunden sind übersetzt.",
    "Umzug in die Kommune wegen einer Arbeitsstelle; die Wohnsitzauflage steht dem noch entgegen.",
];
const TEXTS: [&str; 5] = [
    "Pflegehelfer, zwei Jahre Berufserfahrung",
    "Ausbildung zur Elektronikerin begonnen",
    "vormittags, solange die Kinder in der Kita sind",
    "Ehrenamt in der Nachbarschaftshilfe",
    "Kurs beim Bildungswerk abgeschlossen",
];

/// A field's value for one client, in the encoding of its type; none where nobody asked or it does not apply.
pub(crate) fn value(client: u64, field: HandoverField, today: NaiveDate) -> Option<String> {
    let mut dice = Dice::of(CLIENTS + ((field as u64) << 8), client);
    // What is asked at the door is always there, the rest in nine of ten cases.
    if !at_the_door(field) && dice.percent(10) {
        return None;
    }
    let dice = &mut dice;
    Some(match field.value_type() {
        ValueType::Text => (*dice.one(&CONCERNS)).to_owned(),
        ValueType::Line => line(field, client, dice),
        ValueType::Lines => json!([dice.one(&FAMILY_NAMES)]).to_string(),
        ValueType::Date => date(field, dice, today).to_string(),
        ValueType::Int => (18 + dice.below(50)).to_string(),
        ValueType::Boolean => dice.percent(40).to_string(),
        ValueType::PlanSteps => {
            json!([{"goal": dice.one(&CONCERNS), "step": dice.one(&TEXTS), "responsible": "Case Management"}])
                .to_string()
        }
        ValueType::Documents => json!([{"name": "Pass", "state": "liegt vor"}, {"name": "Mietvertrag"}]).to_string(),
        ValueType::LegalRepresentative => json!({"name": dice.one(&GIVEN_NAMES), "relation": "Mutter"}).to_string(),
        ValueType::HouseholdMembers => {
            json!([{"relation": "CHILD", "givenName": dice.one(&GIVEN_NAMES)}, {"relation": "SPOUSE"}]).to_string()
        }
        ValueType::GermanCertificate => json!({"level": "B1", "institute": "Volkshochschule"}).to_string(),
        ValueType::IntegrationAchievements => json!([{"kind": dice.one(&TEXTS)}]).to_string(),
        ValueType::Wohnsitzauflage => json!({"place": dice.one(&CITIES)}).to_string(),
        ValueType::Nationalities => json!([dice.one(&NATIONALITIES)]).to_string(),
        ValueType::TargetGroups => json!(["LSBTI"]).to_string(),
        ValueType::Procedure => dice.one(Procedure::ALL).code().to_owned(),
        ValueType::Gender => dice.one(Gender::ALL).code().to_owned(),
        ValueType::Language => dice.one(Language::ALL).code().to_owned(),
        ValueType::ContactRestriction => dice.one(ContactRestriction::ALL).code().to_owned(),
        ValueType::Aufenthaltstitel => dice.one(Aufenthaltstitel::ALL).code().to_owned(),
        ValueType::WorkPermission => dice.one(WorkPermission::ALL).code().to_owned(),
        ValueType::MaritalStatus => dice.one(MaritalStatus::ALL).code().to_owned(),
        ValueType::Accommodation => dice.one(Accommodation::ALL).code().to_owned(),
        ValueType::GermanLevel => dice.one(GermanLevel::ALL).code().to_owned(),
        ValueType::IntegrationskursState => dice.one(IntegrationskursState::ALL).code().to_owned(),
        ValueType::SchoolDegree => dice.one(SchoolDegree::ALL).code().to_owned(),
        ValueType::AnerkennungState => dice.one(AnerkennungState::ALL).code().to_owned(),
        ValueType::Employment => dice.one(Employment::ALL).code().to_owned(),
        ValueType::Benefit => dice.one(Benefit::ALL).code().to_owned(),
    })
}

/// Who answers for a case, the messages' and moves' author: one of some dozens at each agency.
pub(crate) fn staff(dice: &mut Dice) -> String {
    format!("{}.{}", dice.one(&GIVEN_NAMES).to_lowercase(), dice.one(&FAMILY_NAMES).to_lowercase())
}

fn at_the_door(field: HandoverField) -> bool {
    use HandoverField as F;
    matches!(field, F::Concern | F::FamilyName | F::GivenName | F::BirthDate | F::PostalCode | F::City)
}

fn line(field: HandoverField, client: u64, dice: &mut Dice) -> String {
    use HandoverField as F;
    if field == F::FamilyName {
        return (*dice.one(&FAMILY_NAMES)).to_owned();
    }
    if field == F::GivenName {
        return (*dice.one(&GIVEN_NAMES)).to_owned();
    }
    if field == F::Street {
        return format!("{} {}", dice.one(&STREETS), 1 + dice.below(120));
    }
    if field == F::PostalCode {
        return format!("{}", 32_000 + dice.below(27_000));
    }
    if matches!(field, F::City | F::BirthPlace) {
        return (*dice.one(&CITIES)).to_owned();
    }
    if field == F::Phone {
        return format!("+49 15{} {:07}", dice.below(10), dice.below(10_000_000));
    }
    if field == F::Email {
        return format!("klient.{client}@post.example");
    }
    if field == F::AuslaenderbehoerdeFileNumber {
        return format!("33-{}/{:05}", 1 + dice.below(9), dice.below(100_000));
    }
    (*dice.one(&TEXTS)).to_owned()
}

fn date(field: HandoverField, dice: &mut Dice, today: NaiveDate) -> NaiveDate {
    use HandoverField as F;
    let past = |days| today - Days::new(days);
    if field == F::BirthDate {
        past(18 * 365 + dice.below(50 * 365))
    } else if matches!(field, F::AufenthaltstitelValidUntil | F::BenefitEndsOn) {
        today + Days::new(dice.below(700))
    } else {
        past(dice.below(3_000))
    }
}
