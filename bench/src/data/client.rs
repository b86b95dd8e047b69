//! The data of a client: one realistic value per handover field.

use chrono::{Days, NaiveDate};
use kim_domain::field::{HandoverField, ValueType};
use kim_domain::value::{
    Accommodation, AnerkennungState, Aufenthaltstitel, Benefit, ContactRestriction, Employment, Gender, GermanLevel,
    IntegrationskursState, Language, MaritalStatus, Procedure, SchoolDegree, WorkPermission,
};
use serde_json::json;

use super::random::Random;

/// Random stream of the clients' values.
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

/// The value of a field for one client, in the encoding of its type. `None` if unknown or not applicable.
pub(crate) fn value(client: u64, field: HandoverField, today: NaiveDate) -> Option<String> {
    let mut random = Random::of(CLIENTS + ((field as u64) << 8), client);
    // Basic data are always known, the rest in nine of ten cases.
    if !is_basic(field) && random.chance(10) {
        return None;
    }
    let random = &mut random;
    Some(match field.value_type() {
        ValueType::Text => (*random.pick(&CONCERNS)).to_owned(),
        ValueType::Line => line(field, client, random),
        ValueType::Lines => json!([random.pick(&FAMILY_NAMES)]).to_string(),
        ValueType::Date | ValueType::BirthDate => date(field, random, today).to_string(),
        ValueType::Int => (18 + random.below(50)).to_string(),
        ValueType::Boolean => random.chance(40).to_string(),
        ValueType::PlanSteps => {
            json!([{"goal": random.pick(&CONCERNS), "step": random.pick(&TEXTS), "responsible": "Case Management"}])
                .to_string()
        }
        ValueType::Documents => json!([{"name": "Pass", "state": "liegt vor"}, {"name": "Mietvertrag"}]).to_string(),
        ValueType::LegalRepresentative => json!({"name": random.pick(&GIVEN_NAMES), "relation": "Mutter"}).to_string(),
        ValueType::HouseholdMembers => {
            json!([{"relation": "CHILD", "givenName": random.pick(&GIVEN_NAMES)}, {"relation": "SPOUSE"}]).to_string()
        }
        ValueType::GermanCertificate => json!({"level": "B1", "institute": "Volkshochschule"}).to_string(),
        ValueType::IntegrationAchievements => json!([{"kind": random.pick(&TEXTS)}]).to_string(),
        ValueType::Wohnsitzauflage => json!({"place": random.pick(&CITIES)}).to_string(),
        ValueType::Nationalities => json!([random.pick(&NATIONALITIES)]).to_string(),
        ValueType::TargetGroups => json!(["LSBTI"]).to_string(),
        ValueType::Procedure => random.pick(Procedure::ALL).code().to_owned(),
        ValueType::Gender => random.pick(Gender::ALL).code().to_owned(),
        ValueType::Language => random.pick(Language::ALL).code().to_owned(),
        ValueType::ContactRestriction => random.pick(ContactRestriction::ALL).code().to_owned(),
        ValueType::Aufenthaltstitel => random.pick(Aufenthaltstitel::ALL).code().to_owned(),
        ValueType::WorkPermission => random.pick(WorkPermission::ALL).code().to_owned(),
        ValueType::MaritalStatus => random.pick(MaritalStatus::ALL).code().to_owned(),
        ValueType::Accommodation => random.pick(Accommodation::ALL).code().to_owned(),
        ValueType::GermanLevel => random.pick(GermanLevel::ALL).code().to_owned(),
        ValueType::IntegrationskursState => random.pick(IntegrationskursState::ALL).code().to_owned(),
        ValueType::SchoolDegree => random.pick(SchoolDegree::ALL).code().to_owned(),
        ValueType::AnerkennungState => random.pick(AnerkennungState::ALL).code().to_owned(),
        ValueType::Employment => random.pick(Employment::ALL).code().to_owned(),
        ValueType::Benefit => random.pick(Benefit::ALL).code().to_owned(),
    })
}

/// A staff member, the author of messages and moves: one of some dozens per agency.
pub(crate) fn staff(random: &mut Random) -> String {
    format!("{}.{}", random.pick(&GIVEN_NAMES).to_lowercase(), random.pick(&FAMILY_NAMES).to_lowercase())
}

fn is_basic(field: HandoverField) -> bool {
    use HandoverField as F;
    matches!(field, F::Concern | F::FamilyName | F::GivenName | F::BirthDate | F::PostalCode | F::City)
}

fn line(field: HandoverField, client: u64, random: &mut Random) -> String {
    use HandoverField as F;
    if field == F::FamilyName {
        return (*random.pick(&FAMILY_NAMES)).to_owned();
    }
    if field == F::GivenName {
        return (*random.pick(&GIVEN_NAMES)).to_owned();
    }
    if field == F::Street {
        return format!("{} {}", random.pick(&STREETS), 1 + random.below(120));
    }
    if field == F::PostalCode {
        return format!("{}", 32_000 + random.below(27_000));
    }
    if matches!(field, F::City | F::BirthPlace) {
        return (*random.pick(&CITIES)).to_owned();
    }
    if field == F::Phone {
        return format!("+49 15{} {:07}", random.below(10), random.below(10_000_000));
    }
    if field == F::Email {
        return format!("klient.{client}@post.example");
    }
    if field == F::AuslaenderbehoerdeFileNumber {
        return format!("33-{}/{:05}", 1 + random.below(9), random.below(100_000));
    }
    (*random.pick(&TEXTS)).to_owned()
}

fn date(field: HandoverField, random: &mut Random, today: NaiveDate) -> NaiveDate {
    use HandoverField as F;
    let past = |days| today - Days::new(days);
    if field == F::BirthDate {
        past(18 * 365 + random.below(50 * 365))
    } else if matches!(field, F::AufenthaltstitelValidUntil | F::BenefitEndsOn) {
        today + Days::new(random.below(700))
    } else {
        past(random.below(3_000))
    }
}
