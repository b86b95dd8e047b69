//! The record of a case as an input: one typed input field for each handover field that a case manager may write.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{Deprecation, MetaInputValue, MetaType, MetaTypeId, Registry};
use async_graphql::{InputObject, InputType, InputValueError, InputValueResult, Value};
use chrono::NaiveDate;
use kim_casework::case::Record;
use kim_casework::refusal::WorkError;
use kim_domain::audience::Audience;
use kim_domain::birth_date::BirthDate;
use kim_domain::field::{BIRTH_DATE_PART, FieldSet, HandoverField, ValueType};
use kim_domain::nationality::Nationality;
use kim_domain::value::{self, Value as Stored};

use crate::field::match_type;
use crate::schema::declaration::tags;
use crate::schema::scalar::{BirthDatePart, Date};
use crate::schema::word_enum::WordEnum;

/// Fields that are not written here: the age is computed, plan steps follow from the plan, and notes have their own mutation.
const NOT_WRITTEN: FieldSet =
    FieldSet::of(&[HandoverField::Age, HandoverField::PlanSteps, HandoverField::CounsellingNotes]);

/// The error text for two birth dates.
const ONE_BIRTH_DATE: &str = "„birthDate“ oder „birthDatePart“: bitte nur eines von beiden nennen.";

/// Values of a record by field; null deletes the stored value.
#[derive(Default)]
pub(crate) struct CaseRecordInput {
    values: Record,
    /// The error text of a value that has the right type and is invalid.
    error: Option<String>,
}

impl CaseRecordInput {
    /// The values, or a refusal if one of them is invalid.
    pub(crate) fn record(self) -> Result<Record, WorkError> {
        self.error.map_or(Ok(self.values), |text| Err(WorkError::bad_input(text)))
    }

    fn read(&mut self, field: HandoverField, given: Value) -> Result<(), InputValueError<Self>> {
        let value = match_type!(field.value_type(), Word, of_word => of_word(plain::<WordEnum<Word>>(given)?.0), {
            ValueType::Text => Stored::Text(plain(given)?),
            ValueType::Line => Stored::Line(plain(given)?),
            ValueType::Lines => Stored::Lines(plain(given)?),
            ValueType::Boolean => Stored::Boolean(plain(given)?),
            ValueType::Int => Stored::Int(plain(given)?),
            ValueType::Date => Stored::Date(plain::<Date>(given)?.0),
            ValueType::BirthDate => Stored::BirthDate(BirthDate::Day(plain::<Date>(given)?.0)),
            ValueType::TargetGroups => Stored::TargetGroups(
                plain::<Vec<WordEnum<value::TargetGroup>>>(given)?.into_iter().map(|group| group.0).collect(),
            ),
            ValueType::Nationalities => {
                let codes: Vec<String> = plain(given)?;
                let found: Option<Vec<Nationality>> = codes.iter().map(|code| Nationality::from_code(code)).collect();
                match found {
                    Some(list) => Stored::Nationalities(list),
                    None => {
                        self.error = Some(format!(
                            "„{}“ enthält etwas, das kein Ländercode ist. Codes sehen so aus: SY.",
                            field.name()
                        ));
                        return Ok(());
                    }
                }
            }
            ValueType::Documents => Stored::Documents(list::<DocumentInput, _>(given)?),
            ValueType::HouseholdMembers => {
                let members = plain::<Vec<HouseholdMemberInput>>(given)?.into_iter().map(HouseholdMemberInput::member);
                match members.collect() {
                    Ok(members) => Stored::HouseholdMembers(members),
                    Err(text) => {
                        self.error = Some(text);
                        return Ok(());
                    }
                }
            }
            ValueType::IntegrationAchievements => {
                Stored::IntegrationAchievements(list::<IntegrationAchievementInput, _>(given)?)
            }
            ValueType::LegalRepresentative => {
                Stored::LegalRepresentative(plain::<LegalRepresentativeInput>(given)?.into())
            }
            ValueType::Wohnsitzauflage => Stored::Wohnsitzauflage(plain::<WohnsitzauflageInput>(given)?.into()),
            ValueType::GermanCertificate => Stored::GermanCertificate(plain::<GermanCertificateInput>(given)?.into()),
            // Not reached: the input type does not have this field.
            ValueType::PlanSteps => return Err(InputValueError::custom("no such field")),
        });
        self.values.insert(field, Some(value));
        Ok(())
    }
}

fn plain<T: InputType>(value: Value) -> Result<T, InputValueError<CaseRecordInput>> {
    T::parse(Some(value)).map_err(InputValueError::propagate)
}

fn list<I: InputType + Into<T>, T>(value: Value) -> Result<Vec<T>, InputValueError<CaseRecordInput>> {
    Ok(plain::<Vec<I>>(value)?.into_iter().map(Into::into).collect())
}

/// Registers the nullable input type of a value and returns its name.
fn type_of(value_type: ValueType, registry: &mut Registry) -> String {
    match_type!(value_type, Word, _of_word => optional::<WordEnum<Word>>(registry), {
        ValueType::Text | ValueType::Line => optional::<String>(registry),
        ValueType::Lines | ValueType::Nationalities => optional::<Vec<String>>(registry),
        ValueType::Date | ValueType::BirthDate => optional::<Date>(registry),
        ValueType::Int => optional::<i32>(registry),
        ValueType::Boolean => optional::<bool>(registry),
        ValueType::TargetGroups => optional::<Vec<WordEnum<value::TargetGroup>>>(registry),
        ValueType::Documents => optional::<Vec<DocumentInput>>(registry),
        ValueType::HouseholdMembers => optional::<Vec<HouseholdMemberInput>>(registry),
        ValueType::IntegrationAchievements => optional::<Vec<IntegrationAchievementInput>>(registry),
        ValueType::LegalRepresentative => optional::<LegalRepresentativeInput>(registry),
        ValueType::Wohnsitzauflage => optional::<WohnsitzauflageInput>(registry),
        ValueType::GermanCertificate => optional::<GermanCertificateInput>(registry),
        // Not registered: plan steps are in `NOT_WRITTEN`.
        ValueType::PlanSteps => optional::<String>(registry),
    })
}

fn optional<T: InputType>(registry: &mut Registry) -> String {
    <Option<T> as InputType>::create_type_info(registry)
}

impl InputType for CaseRecordInput {
    type RawValueType = Self;
    fn type_name() -> Cow<'static, str> {
        "CaseRecordInput".into()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            let fields = FieldSet::ALL.without(NOT_WRITTEN).iter().map(|field| {
                let is_coded = field == HandoverField::Nationalities;
                let about =
                    if is_coded { "Staatsangehörigkeiten: Ländercodes (ISO 3166-1 alpha-2)." } else { field.label() };
                let ty = type_of(field.value_type(), registry);
                (field.name().to_owned(), meta_field(field.name(), about, ty))
            });
            let mut input_fields: IndexMap<_, _> = fields.collect();
            let about = "Geburtsdatum, das nur zum Teil bekannt ist, statt `birthDate`.";
            let part = meta_field(BIRTH_DATE_PART, about, optional::<BirthDatePart>(registry));
            input_fields.insert(BIRTH_DATE_PART.to_owned(), part);
            MetaType::InputObject {
                name: Self::type_name().into_owned(),
                description: Some("Falldaten: Was nicht genannt ist, bleibt; null löscht.".to_owned()),
                input_fields,
                visible: None,
                inaccessible: false,
                tags: tags(&[Audience::Senders]),
                rust_typename: Some(std::any::type_name::<Self>()),
                oneof: false,
                directive_invocations: Vec::new(),
            }
        })
    }
    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let Value::Object(given) = value else { return Err(InputValueError::expected_type(value)) };
        let mut record = Self { values: BTreeMap::new(), error: None };
        let is_given = |name: &str| given.get(name).is_some_and(|value| *value != Value::Null);
        if is_given(HandoverField::BirthDate.name()) && is_given(BIRTH_DATE_PART) {
            record.error = Some(ONE_BIRTH_DATE.to_owned());
        }
        let has_part = is_given(BIRTH_DATE_PART);
        for (name, value) in given {
            if name == BIRTH_DATE_PART {
                if value != Value::Null {
                    let part = plain::<BirthDatePart>(value)?;
                    record.values.insert(HandoverField::BirthDate, Some(Stored::BirthDate(part.0)));
                }
                continue;
            }
            // It is replaced and not deleted.
            if has_part && name == HandoverField::BirthDate.name() {
                continue;
            }
            let field = HandoverField::from_name(name.as_str()).filter(|field| !NOT_WRITTEN.contains(*field));
            let field = field.ok_or_else(|| InputValueError::custom("no such field"))?;
            if value == Value::Null {
                record.values.insert(field, None);
            } else {
                record.read(field, value)?;
            }
        }
        Ok(record)
    }
    fn to_value(&self) -> Value {
        // The engine calls this only for default values, and this input has none.
        Value::Null
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

fn meta_field(name: &str, description: &str, ty: String) -> MetaInputValue {
    MetaInputValue {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ty,
        deprecation: Deprecation::NoDeprecated,
        default_value: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        is_secret: false,
        directive_invocations: Vec::new(),
    }
}

/// Ein Haushaltsmitglied.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct HouseholdMemberInput {
    /// Beziehung zur Klientin oder zum Klienten.
    relation: WordEnum<value::Relation>,
    /// Vorname.
    given_name: Option<String>,
    /// Familienname.
    family_name: Option<String>,
    /// Geburtsdatum.
    birth_date: Option<Date>,
    /// Geburtsdatum, das nur zum Teil bekannt ist, statt `birthDate`.
    birth_date_part: Option<BirthDatePart>,
}

impl HouseholdMemberInput {
    /// The member, or the error text.
    fn member(self) -> Result<value::HouseholdMember, String> {
        let Self { relation, given_name, family_name, birth_date, birth_date_part } = self;
        let birth_date = match (birth_date, birth_date_part) {
            (Some(_), Some(_)) => return Err(ONE_BIRTH_DATE.to_owned()),
            (day, part) => day.map(|day| BirthDate::Day(day.0)).or(part.map(|part| part.0)),
        };
        Ok(value::HouseholdMember { relation: relation.0, given_name, family_name, birth_date })
    }
}

/// Declares the input types of values that are objects. A field is copied, or converted with the function after `=>`.
macro_rules! value_inputs {
    ($($(#[doc = $about:literal])+ $name:ident for $value:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $ty:ty $(=> $convert:expr)?,)+
    })+) => { $(
        $(#[doc = $about])+
        #[derive(InputObject)]
        #[graphql(tag = "for senders")]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ $field: $ty,)+
        }
        impl From<$name> for value::$value {
            fn from($name { $($field,)+ }: $name) -> Self {
                $($(let $field = ($convert)($field);)?)+
                Self { $($field,)+ }
            }
        }
    )+ };
}

fn day(date: Option<Date>) -> Option<NaiveDate> {
    date.map(|day| day.0)
}

value_inputs! {
    /// Eine Unterlage: was vorliegt oder noch fehlt.
    DocumentInput for Document {
        /// Bezeichnung der Unterlage.
        name: String,
        /// Stand: ob sie vorliegt.
        state: Option<String>,
    }

    /// Gesetzliche Vertretung.
    LegalRepresentativeInput for LegalRepresentative {
        /// Name.
        name: String,
        /// Verhältnis zur vertretenen Person.
        relation: Option<String>,
        /// Telefon.
        phone: Option<String>,
    }

    /// Ein Sprachzertifikat.
    GermanCertificateInput for GermanCertificate {
        /// Nachgewiesenes Niveau (GER).
        level: WordEnum<value::GermanLevel> => |word: WordEnum<_>| word.0,
        /// Ausgestellt am.
        issued_on: Option<Date> => day,
        /// Ausstellende Einrichtung.
        institute: Option<String>,
    }

    /// Eine Integrationsleistung (§§ 25a, 25b AufenthG).
    IntegrationAchievementInput for IntegrationAchievement {
        /// Art der Leistung.
        kind: String,
        /// Erreicht am.
        achieved_on: Option<Date> => day,
        /// Bemerkung.
        note: Option<String>,
    }

    /// Wohnsitzauflage (§ 12a AufenthG).
    WohnsitzauflageInput for Wohnsitzauflage {
        /// Der Ort, auf den sie lautet.
        place: String,
    }
}
