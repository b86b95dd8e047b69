//! Handover fields in GraphQL: one typed field for each handover field of the domain's list.

pub(crate) mod display;
pub(crate) mod value;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{CacheControl, Deprecation, MetaField, MetaType, MetaTypeName, Registry};
use async_graphql::{Context, OutputType, ServerResult, Value};
use kim_domain::audience::Audience;
use kim_domain::field::{BIRTH_DATE_PART, HandoverField, ValueType};
use kim_domain::value::{TargetGroup, Value as Stored, as_text};
use kim_entity::read::Values;

use crate::error::unreadable;
use crate::field::value::{
    Document, GermanCertificate, HouseholdMember, IntegrationAchievement, LegalRepresentative, Nationality, PlanStep,
    Wohnsitzauflage,
};
use crate::json;
use crate::run::write_object::{WriteList, WriteObject};
use crate::schema::declaration::tags;
use crate::schema::scalar::{BirthDatePart, Date};
use crate::schema::word_enum::WordEnum;

/// A match over stored values with one arm for all values that are a word.
macro_rules! match_value {
    ($stored:expr, $word:ident => $of_word:expr, { $($arms:tt)* }) => {
        match $stored {
            kim_domain::value::Value::Procedure($word) => $of_word,
            kim_domain::value::Value::Gender($word) => $of_word,
            kim_domain::value::Value::Language($word) => $of_word,
            kim_domain::value::Value::ContactRestriction($word) => $of_word,
            kim_domain::value::Value::Aufenthaltstitel($word) => $of_word,
            kim_domain::value::Value::WorkPermission($word) => $of_word,
            kim_domain::value::Value::MaritalStatus($word) => $of_word,
            kim_domain::value::Value::Accommodation($word) => $of_word,
            kim_domain::value::Value::GermanLevel($word) => $of_word,
            kim_domain::value::Value::IntegrationskursState($word) => $of_word,
            kim_domain::value::Value::SchoolDegree($word) => $of_word,
            kim_domain::value::Value::AnerkennungState($word) => $of_word,
            kim_domain::value::Value::Employment($word) => $of_word,
            kim_domain::value::Value::Benefit($word) => $of_word,
            $($arms)*
        }
    };
}
pub(crate) use match_value;

/// A match over value types with one arm for all types that are a word. The arm gets the word's enum and the constructor
/// of its value.
macro_rules! match_type {
    ($value_type:expr, $word_type:ident, $of_word:ident => $arm:expr, { $($arms:tt)* }) => {
        match_type!(@ $value_type, $word_type, $of_word => $arm, { $($arms)* }:
            Procedure Gender Language ContactRestriction Aufenthaltstitel WorkPermission MaritalStatus Accommodation
            GermanLevel IntegrationskursState SchoolDegree AnerkennungState Employment Benefit)
    };
    (@ $value_type:expr, $word_type:ident, $of_word:ident => $arm:expr, $arms:tt: $($word:ident)+) => {
        match_type!(@@ $value_type, $arms, $($word => {
            type $word_type = kim_domain::value::$word;
            let $of_word = kim_domain::value::Value::$word;
            $arm
        })+)
    };
    (@@ $value_type:expr, { $($arms:tt)* }, $($word:ident => $of_word:block)+) => {
        match $value_type {
            $(kim_domain::field::ValueType::$word => $of_word)+
            $($arms)*
        }
    };
}
pub(crate) use match_type;

const ABOUT_BIRTH_DATE: &str =
    "Geburtsdatum; null auch, wenn es nicht auf den Tag bekannt ist: dann steht in `birthDatePart`, was bekannt ist.";
const ABOUT_BIRTH_DATE_PART: &str = "Was von einem Geburtsdatum bekannt ist, das nur zum Teil bekannt ist; gehört zum Feld `birthDate` und wird mit ihm gezeigt.";

/// The GraphQL value of a field; null if it was not released, has no value, or was not selected.
pub(crate) async fn resolve(ctx: &Context<'_>, field: HandoverField, values: &Values) -> ServerResult<Option<Value>> {
    let Some(text) = values.get(field) else { return Ok(Some(Value::Null)) };
    let Some(stored) = Stored::parse(field.value_type(), text) else {
        // The field is nullable: only it is null, and the other rows keep their values.
        return Ok(Some(unreadable(ctx, field.name())));
    };
    let mut json = Vec::new();
    if write_stored(ctx.item.node.name.node.as_str(), &stored, &mut json) {
        return Ok(Some(json::written(json)));
    }
    let value = match_value!(stored, _word => Value::Null, {
        Stored::PlanSteps(list) => resolve_selected(ctx, &to_list::<_, PlanStep>(list)).await?,
        Stored::Documents(list) => resolve_selected(ctx, &to_list::<_, Document>(list)).await?,
        Stored::Nationalities(list) => resolve_selected(ctx, &to_list::<_, Nationality>(list)).await?,
        Stored::HouseholdMembers(list) => resolve_selected(ctx, &to_list::<_, HouseholdMember>(list)).await?,
        Stored::IntegrationAchievements(list) => resolve_selected(ctx, &to_list::<_, IntegrationAchievement>(list)).await?,
        Stored::LegalRepresentative(one) => resolve_selected(ctx, &WriteObject(LegalRepresentative::from(one))).await?,
        Stored::Wohnsitzauflage(one) => resolve_selected(ctx, &WriteObject(Wohnsitzauflage::from(one))).await?,
        Stored::GermanCertificate(one) => resolve_selected(ctx, &WriteObject(GermanCertificate::from(one))).await?,
        // Written above, like words.
        Stored::Text(_) | Stored::Line(_) | Stored::Lines(_) | Stored::Date(_) | Stored::BirthDate(_) | Stored::Int(_) | Stored::Boolean(_)
        | Stored::TargetGroups(_) => Value::Null,
    });
    Ok(Some(value))
}

/// Writes the value of a field of a scalar or enum type, under this name. Returns false and writes nothing if the field has another type, or
/// if the stored value is not of the field's type; [`resolve`] reports this error.
pub(crate) fn write(name: &str, field: HandoverField, values: &Values, json: &mut Vec<u8>) -> bool {
    let value_type = field.value_type();
    let Some(stored) = values.get(field) else {
        json::null(json);
        return true;
    };
    match as_text(value_type, stored) {
        Some(text) => {
            json::text(text, json);
            true
        }
        None => Stored::parse(value_type, stored).is_some_and(|stored| write_stored(name, &stored, json)),
    }
}

/// Writes a value of a scalar or enum type. Returns false for other types.
fn write_stored(name: &str, stored: &Stored, json: &mut Vec<u8>) -> bool {
    match_value!(stored, word => json::text(word.code(), json), {
        Stored::Text(text) | Stored::Line(text) => json::text(text, json),
        Stored::Lines(lines) => json::list(lines, |line, json| json::text(line, json), json),
        Stored::Date(day) => json::day(*day, json),
        Stored::BirthDate(born) if name == BIRTH_DATE_PART => {
            match born.part() {
                Some(part) => json::text(&part, json),
                None => json::null(json),
            }
        }
        Stored::BirthDate(born) => match born.day() {
            Some(day) => json::day(day, json),
            None => json::null(json),
        },
        Stored::Int(number) => json::write(&Value::from(*number), json),
        Stored::Boolean(yes) => json::write(&Value::Boolean(*yes), json),
        Stored::TargetGroups(words) => json::list(words, |word, json| json::text(word.code(), json), json),
        Stored::PlanSteps(_) | Stored::Documents(_) | Stored::Nationalities(_) | Stored::HouseholdMembers(_)
        | Stored::IntegrationAchievements(_) | Stored::LegalRepresentative(_) | Stored::Wohnsitzauflage(_)
        | Stored::GermanCertificate(_) => return false,
    });
    true
}

fn to_list<T, U: From<T>>(list: Vec<T>) -> WriteList<Vec<U>> {
    WriteList(list.into_iter().map(U::from).collect())
}

/// Resolves a value with the selection of the current field.
async fn resolve_selected(ctx: &Context<'_>, value: &impl OutputType) -> ServerResult<Value> {
    value.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
}

/// Registers the nullable type of a value and returns its name.
fn type_of(value_type: ValueType, registry: &mut Registry) -> String {
    match_type!(value_type, Word, _of_word => <Option<WordEnum<Word>> as OutputType>::create_type_info(registry), {
        ValueType::Text | ValueType::Line => <Option<String>>::create_type_info(registry),
        ValueType::Lines => <Option<Vec<String>>>::create_type_info(registry),
        ValueType::Date | ValueType::BirthDate => <Option<Date> as OutputType>::create_type_info(registry),
        ValueType::Int => <Option<i32> as OutputType>::create_type_info(registry),
        ValueType::Boolean => <Option<bool> as OutputType>::create_type_info(registry),
        ValueType::TargetGroups => <Option<Vec<WordEnum<TargetGroup>>> as OutputType>::create_type_info(registry),
        ValueType::PlanSteps => <Option<Vec<PlanStep>>>::create_type_info(registry),
        ValueType::Documents => <Option<Vec<Document>>>::create_type_info(registry),
        ValueType::Nationalities => <Option<Vec<Nationality>>>::create_type_info(registry),
        ValueType::HouseholdMembers => <Option<Vec<HouseholdMember>>>::create_type_info(registry),
        ValueType::IntegrationAchievements => <Option<Vec<IntegrationAchievement>>>::create_type_info(registry),
        ValueType::LegalRepresentative => <Option<LegalRepresentative>>::create_type_info(registry),
        ValueType::Wohnsitzauflage => <Option<Wohnsitzauflage>>::create_type_info(registry),
        ValueType::GermanCertificate => <Option<GermanCertificate>>::create_type_info(registry),
    })
}

/// An object type with these tags and one field for each handover field. `of_field` gives the audience of a field if it
/// differs from that of the type.
pub(crate) fn meta_object<T: OutputType>(
    description: &str,
    declared: &[&str],
    of_field: impl Fn(HandoverField) -> Option<Audience>,
    registry: &mut Registry,
) -> MetaType {
    let mut fields = IndexMap::new();
    for &field in HandoverField::ALL {
        let mut add = |name: &str, about: &str, ty: String| {
            let mut meta = meta_field(name, about, ty, &[]);
            meta.tags = tags(of_field(field).as_slice());
            if MetaTypeName::create(&meta.ty).is_list() {
                // A person has few certificates, nationalities, or members of the household.
                meta.tags.push("list 4".to_owned());
            }
            fields.insert(name.to_owned(), meta);
        };
        if field == HandoverField::BirthDate {
            add(field.name(), ABOUT_BIRTH_DATE, type_of(field.value_type(), registry));
            add(
                BIRTH_DATE_PART,
                ABOUT_BIRTH_DATE_PART,
                <Option<BirthDatePart> as OutputType>::create_type_info(registry),
            );
        } else {
            add(field.name(), field.label(), type_of(field.value_type(), registry));
        }
    }
    MetaType::Object {
        name: T::type_name().into_owned(),
        description: Some(description.to_owned()),
        fields,
        cache_control: CacheControl::default(),
        extends: false,
        shareable: false,
        resolvable: true,
        keys: None,
        visible: None,
        inaccessible: false,
        interface_object: false,
        tags: declared.iter().copied().map(str::to_owned).collect(),
        is_subscription: false,
        rust_typename: Some(std::any::type_name::<T>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// A field without arguments, with these tags.
pub(crate) fn meta_field(name: &str, description: &str, ty: String, declared: &[&str]) -> MetaField {
    MetaField {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        args: IndexMap::new(),
        ty,
        deprecation: Deprecation::NoDeprecated,
        cache_control: CacheControl::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: declared.iter().copied().map(str::to_owned).collect(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}
