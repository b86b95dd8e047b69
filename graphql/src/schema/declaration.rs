//! Reads the declarations of the parts of the schema. They are tags beside the code: `#[graphql(tag = "for work")]`.
//!
//! The engine keeps tags in its registry and does not print them in the SDL. They are read once, when a schema is
//! built. If a tag is missing or invalid, the schema is not built.
//!
//! | tag | on | meaning |
//! |---|---|---|
//! | `for work` | every part | for whom the part exists: an [`Audience`], or several (`for work\|coordination`) |
//! | `list 5` | a list | the usual maximum number of items |
//! | `rows 20` | a list | the same, for rows of the database |
//! | `bulk` | a list | as many rows as the maximum of a bulk import |
//! | `by ids` | a list | one row for each id in the argument `ids` |
//! | `page` | a connection | as many rows as the arguments select |
//! | `in page` | `nodes` and `edges` | counted by the field of the connection |
//! | `plan referral` | a type | the plan that fetches the needs of the type's fields |
//! | `needs parties` | a field | what the plan fetches for the field: one or several [`Need`]s |
//! | `logged` | a field | a text whose disclosure is logged |
//! | `statistics` | a root field | reads many rows: one in a request, and one request at a time for an agency |
//! | `scope case:read` | a type or field | the scope that the payload of a mutation needs for the type's fields or the field |
//! | `conveyed` | a field | part of every result of a mutation: its payload needs no scope of the type for it |
//!
//! The audience of a type also applies to its fields, values and input fields, and the audience of a field to its
//! arguments, unless they declare their own. Each field of a root must declare its own. Each object in a payload declares
//! a scope, or is `conveyed`.

use std::collections::BTreeMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use kim_domain::Word as _;
use kim_domain::agency::Scope;
use kim_domain::audience::Audience;
use kim_domain::bulk::MAX_ROWS;

use crate::schema::needs::Need;

/// The tag of the lists in a connection.
const IN_PAGE: &str = "in page";
/// The tag of a list of rows by their ids.
const BY_IDS: &str = "by ids";

/// The declaration of one part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declaration {
    /// For whom the part exists.
    pub(crate) audiences: Vec<Audience>,
    /// The number of items.
    pub(crate) weight: Weight,
    /// The plan that fetches the needs of the fields, for types.
    pub(crate) plan: String,
    /// What the plan fetches for the field.
    pub(crate) needs: Vec<Need>,
    /// Whether the disclosure of the field is logged.
    pub(crate) is_logged: bool,
    /// Whether the field reads many rows for statistics.
    pub(crate) is_statistics: bool,
    /// The scopes that the payload of a mutation needs.
    pub(crate) scopes: Vec<Scope>,
    /// Whether every result of a mutation conveys the field.
    pub(crate) is_conveyed: bool,
}

/// The number of items of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Not a list.
    #[default]
    One,
    /// A list with a usual maximum number of items.
    List(u64),
    /// A list of rows of the database, with a usual maximum number.
    Rows(u64),
    /// One row of the database for each id in the argument `ids`.
    ByIds,
    /// As many rows of the database as the arguments select.
    Page,
    /// A list in a page, counted by the field of the connection.
    InPage,
}

/// The kinds of parts, as far as they have different tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Type,
    Field,
    /// An argument, an input field, or a value of an enum.
    Other,
}

impl Part {
    /// Whether a part of this kind can have a tag that begins with this word.
    fn takes(self, word: &str) -> bool {
        match word {
            "for" => true,
            "plan" => self == Self::Type,
            "scope" => self != Self::Other,
            _ => self == Self::Field,
        }
    }
}

/// The words of tags that may each stand once. All others declare a length, of which a field has one.
const SINGLE_WORDS: [&str; 7] = ["for", "plan", "needs", "logged", "scope", "conveyed", "statistics"];

impl Declaration {
    /// Reads the tags of a part. `of` is the declaration of the type or field that contains it.
    fn read(part: Part, tags: &[String], of: &Self) -> Result<Self, String> {
        let mut read = Self::default();
        let word = |tag: &str| tag.split(' ').next().unwrap_or_default().to_owned();
        for (place, tag) in tags.iter().enumerate() {
            let kind = |tag: &str| Some(word(tag)).filter(|word| SINGLE_WORDS.contains(&&**word));
            if tags[..place].iter().any(|earlier| kind(earlier) == kind(tag)) {
                return Err(format!("\"{tag}\" repeats or contradicts another tag"));
            }
            match tag.split_once(' ').unwrap_or((tag, "")) {
                ("for", names) => read.audiences = audiences(names)?,
                ("list", most) => read.weight = Weight::List(number(most)?),
                ("rows", most) => read.weight = Weight::Rows(number(most)?),
                ("bulk", "") => read.weight = Weight::Rows(MAX_ROWS as u64),
                ("page", "") => read.weight = Weight::Page,
                _ if tag == BY_IDS => read.weight = Weight::ByIds,
                _ if tag == IN_PAGE => read.weight = Weight::InPage,
                ("plan", name) if Need::has_plan(name) => name.clone_into(&mut read.plan),
                ("needs", words) => {
                    let need = |word| Need::read(&of.plan, word).ok_or_else(|| format!("unknown need \"{word}\""));
                    read.needs = words.split(", ").map(need).collect::<Result<_, _>>()?;
                }
                ("logged", "") => read.is_logged = true,
                ("statistics", "") => read.is_statistics = true,
                ("scope", code) => read.scopes.push(scope(code)?),
                ("conveyed", "") => read.is_conveyed = true,
                _ => return Err(format!("unknown tag \"{tag}\"")),
            }
            if !part.takes(&word(tag)) {
                return Err(format!("\"{tag}\" has no meaning here"));
            }
        }
        if read.audiences.is_empty() {
            read.audiences.clone_from(&of.audiences);
        }
        if !read.is_conveyed {
            read.scopes.extend(&of.scopes);
        }
        Ok(read)
    }
}

fn audiences(names: &str) -> Result<Vec<Audience>, String> {
    names
        .split('|')
        .map(|name| Audience::from_name(name).ok_or_else(|| format!("unknown audience \"{name}\"")))
        .collect()
}

fn scope(code: &str) -> Result<Scope, String> {
    Scope::from_code(code).ok_or_else(|| format!("unknown scope \"{code}\""))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a number"))
}

/// The tags of a part whose audiences are defined in the domain. Empty if the part inherits them.
pub(crate) fn tags(audiences: &[Audience]) -> Vec<String> {
    let names: Vec<String> = audiences.iter().map(Audience::to_string).collect();
    if names.is_empty() { Vec::new() } else { vec![format!("for {}", names.join("|"))] }
}

/// The declarations of all types and their parts, by path: `Case`, `Case.notes`, `Case.notes(first)`.
pub(crate) type Declarations = BTreeMap<String, Declaration>;

/// Reads all declarations. Fails with a list of missing and invalid ones. Built-in types and introspection have none.
pub(crate) fn read(registry: &Registry) -> Result<Declarations, Vec<String>> {
    let mut reading = Reading { registry, found: BTreeMap::new(), problems: Vec::new() };
    for (name, ty) in registry.types.iter().filter(|(name, _)| !is_of_the_engine(name)) {
        reading.of_type(name, ty);
    }
    reading.check_payloads();
    if reading.problems.is_empty() { Ok(reading.found) } else { Err(reading.problems) }
}

pub(super) fn is_of_the_engine(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "Boolean" | "Int" | "Float" | "String" | "ID")
}

struct Reading<'r> {
    registry: &'r Registry,
    found: Declarations,
    problems: Vec<String>,
}

impl Reading<'_> {
    fn of_type(&mut self, name: &str, ty: &MetaType) {
        let own = self.part(Part::Type, name.to_owned(), tags_of(ty), &Declaration::default());
        let is_root = name == self.registry.query_type || Some(name) == self.registry.mutation_type.as_deref();
        let of = if is_root { Declaration::default() } else { own };
        match ty {
            MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => {
                for field in fields.values().filter(|field| !is_of_the_engine(&field.name)) {
                    let place = format!("{name}.{}", field.name);
                    let own = self.part(Part::Field, place.clone(), &field.tags, &of);
                    self.check_weight(&place, field, own.weight);
                    for input in field.args.values() {
                        self.part(Part::Other, format!("{place}({})", input.name), &input.tags, &own);
                    }
                }
            }
            MetaType::InputObject { input_fields, .. } => input_fields.values().for_each(|input| {
                self.part(Part::Other, format!("{name}.{}", input.name), &input.tags, &of);
            }),
            MetaType::Enum { enum_values, .. } => enum_values.values().for_each(|value| {
                self.part(Part::Other, format!("{name}.{}", value.name), &value.tags, &of);
            }),
            MetaType::Scalar { .. } | MetaType::Union { .. } => {}
        }
    }

    fn part(&mut self, part: Part, place: String, tags: &[String], of: &Declaration) -> Declaration {
        match Declaration::read(part, tags, of) {
            Ok(read) if !read.audiences.is_empty() => {
                self.found.insert(place, read.clone());
                return read;
            }
            Ok(_) => self.problems.push(format!("{place} has no declared audience")),
            Err(problem) => self.problems.push(format!("{place}: {problem}")),
        }
        Declaration::default()
    }

    /// Finds lists without a declared length, and lengths that do not match their fields.
    fn check_weight(&mut self, place: &str, field: &MetaField, weight: Weight) {
        let mut fields =
            self.registry.concrete_type_by_name(&field.ty).and_then(MetaType::fields).into_iter().flatten();
        let is_page = fields.any(|(_, field)| field.tags.iter().any(|tag| tag == IN_PAGE));
        let is_list = field.ty.contains('[');
        let has_size = ["first", "last"].into_iter().any(|argument| field.args.contains_key(argument));
        let problem = match weight {
            Weight::One if is_page => "is a connection that does not declare `page`",
            Weight::One if is_list => "is a list without a declared length",
            Weight::Page if !is_page || !has_size => "declares `page`, but is not a connection or has no size argument",
            Weight::ByIds if !field.args.contains_key("ids") => "declares `by ids`, but has no argument `ids`",
            Weight::List(_) | Weight::Rows(_) | Weight::InPage | Weight::ByIds if !is_list => "is not a list",
            Weight::One | Weight::Page | Weight::List(_) | Weight::Rows(_) | Weight::InPage | Weight::ByIds => return,
        };
        self.problems.push(format!("{place} {problem}"));
    }
}

impl Reading<'_> {
    /// Finds objects in payloads of mutations that declare neither a scope nor that they are conveyed.
    fn check_payloads(&mut self) {
        let types = &self.registry.types;
        let fields_of = |name: &str| types.get(MetaTypeName::concrete_typename(name)).and_then(MetaType::fields);
        let mutations =
            self.registry.mutation_type.as_deref().and_then(fields_of).into_iter().flat_map(IndexMap::values);
        for payload in mutations.map(|mutation| MetaTypeName::concrete_typename(&mutation.ty)) {
            for field in fields_of(payload).into_iter().flat_map(IndexMap::values) {
                let place = format!("{payload}.{}", field.name);
                let of_type = self.found.get(MetaTypeName::concrete_typename(&field.ty));
                let declares = |one: &Declaration| one.is_conveyed || !one.scopes.is_empty();
                let is_declared = self.found.get(&place).into_iter().chain(of_type).any(declares);
                let problem = format!("{place} is an object in a payload without a declared scope");
                if fields_of(&field.ty).is_some() && !is_declared && !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
        }
    }
}

fn tags_of(ty: &MetaType) -> &[String] {
    match ty {
        MetaType::Scalar { tags, .. }
        | MetaType::Object { tags, .. }
        | MetaType::Interface { tags, .. }
        | MetaType::Union { tags, .. }
        | MetaType::Enum { tags, .. }
        | MetaType::InputObject { tags, .. } => tags,
    }
}

#[cfg(test)]
mod tests;
