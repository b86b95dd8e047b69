//! A viewer's schema, read by introspection.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The types of a schema, and its roots.
pub(crate) struct Schema {
    types: BTreeMap<String, Kind>,
    pub(crate) mutation: Option<String>,
}

/// The kind of a type.
pub(crate) enum Kind {
    Scalar,
    Enum(Vec<String>),
    Input { members: Vec<Argument>, one_of: bool },
    Object(Vec<Field>),
    Interface { fields: Vec<Field>, members: Vec<String> },
}

/// A field of an object or interface.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) ty: Type,
}

/// An argument of a field, or a member of an input object.
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) has_default: bool,
}

/// A type where it is used.
pub(crate) enum Type {
    Named(String),
    List(Box<Type>),
    Required(Box<Type>),
}

impl Type {
    fn read(json: &Value) -> Self {
        let of = || Box::new(Self::read(&json["ofType"]));
        match json["kind"].as_str() {
            Some("NON_NULL") => Self::Required(of()),
            Some("LIST") => Self::List(of()),
            _ => Self::Named(text(&json["name"])),
        }
    }

    /// The name inside lists and exclamation marks.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(of) | Self::Required(of) => of.name(),
        }
    }

    pub(crate) const fn is_required(&self) -> bool {
        matches!(self, Self::Required(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(of) => write!(f, "[{of}]"),
            Self::Required(of) => write!(f, "{of}!"),
        }
    }
}

/// The root of every query.
pub(crate) const QUERY: &str = "Query";

impl Schema {
    /// Reads `__schema` of the standard introspection query.
    pub(crate) fn read(json: &Value) -> Self {
        let types = list(&json["types"], |one| (text(&one["name"]), kind(one))).into_iter().collect();
        Self { types, mutation: json["mutationType"]["name"].as_str().map(str::to_owned) }
    }

    /// A type of the schema. Panics if it does not exist.
    pub(crate) fn kind(&self, name: &str) -> &Kind {
        self.types.get(name).unwrap_or_else(|| panic!("no type {name}"))
    }

    /// The fields of an object or interface; none of any other type.
    pub(crate) fn fields(&self, name: &str) -> &[Field] {
        match self.kind(name) {
            Kind::Object(fields) | Kind::Interface { fields, .. } => fields,
            Kind::Scalar | Kind::Enum(_) | Kind::Input { .. } => &[],
        }
    }

    /// A mutation of the schema. Panics if it does not exist.
    pub(crate) fn mutation(&self, name: &str) -> &Field {
        self.mutations().iter().find(|field| field.name == name).expect("a mutation")
    }

    fn mutations(&self) -> &[Field] {
        self.mutation.as_ref().map_or(&[], |root| self.fields(root))
    }

    /// Mutations that expect a version. With a version that no row has they change nothing.
    pub(crate) fn harmless(&self) -> Vec<&Field> {
        let members = |ty: &str| match self.kind(ty) {
            Kind::Input { members, .. } => &members[..],
            Kind::Scalar | Kind::Enum(_) | Kind::Object(_) | Kind::Interface { .. } => &[],
        };
        let is_version = |member: &Argument| member.name == "expectedVersion";
        let of_items = |member: &Argument| members(member.ty.name()).iter().any(is_version);
        let expects = |argument: &Argument| {
            let members = members(argument.ty.name());
            members.iter().any(|member| is_version(member) || member.name == "items" && of_items(member))
        };
        self.mutations().iter().filter(|field| field.arguments.iter().any(expects)).collect()
    }

    /// Whether values of this type have a selection.
    pub(crate) fn has_fields(&self, name: &str) -> bool {
        !self.fields(name).is_empty()
    }

    /// Whether a value of an object type is of this object, interface or union type.
    pub(crate) fn is(&self, object: &str, of: &str) -> bool {
        object == of
            || matches!(self.types.get(of), Some(Kind::Interface { members, .. }) if members.iter().any(|one| one == object))
    }
}

fn kind(json: &Value) -> Kind {
    let fields = || {
        list(&json["fields"], |one| Field {
            name: text(&one["name"]),
            arguments: list(&one["args"], argument),
            ty: Type::read(&one["type"]),
        })
    };
    let names = |of: &str| list(&json[of], |one| text(&one["name"]));
    match json["kind"].as_str().expect("a kind") {
        "OBJECT" => Kind::Object(fields()),
        "INTERFACE" => Kind::Interface { fields: fields(), members: names("possibleTypes") },
        "ENUM" => Kind::Enum(names("enumValues")),
        "INPUT_OBJECT" => {
            Kind::Input { members: list(&json["inputFields"], argument), one_of: json["isOneOf"] == true }
        }
        "SCALAR" => Kind::Scalar,
        other => panic!("the generator knows no {other}"),
    }
}

fn argument(json: &Value) -> Argument {
    Argument { name: text(&json["name"]), ty: Type::read(&json["type"]), has_default: !json["defaultValue"].is_null() }
}

fn list<T>(json: &Value, read: impl FnMut(&Value) -> T) -> Vec<T> {
    json.as_array().into_iter().flatten().map(read).collect()
}

fn text(json: &Value) -> String {
    json.as_str().expect("a text").to_owned()
}
