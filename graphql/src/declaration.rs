//! What the parts of the schema declare of themselves, beside their code: `#[graphql(tag = "for work")]`.
//!
//! The engine keeps tags in its registry and prints them nowhere. They are read once, when a schema is built; a tag that
//! cannot be read, or one that is missing, ends the building.
//!
//! | tag | on | says |
//! |---|---|---|
//! | `for work` | everything | for whom it exists: an [`Audience`], or several (`for work\|coordination`) |
//! | `list 5` | a list | how many items it usually has at the most |
//! | `rows 20` | a list | the same, of rows of the database |
//! | `bulk` | a list | as many rows as a bulk may bring |
//! | `page` | a connection | as many rows as its arguments say |
//! | `in page` | `nodes` and `edges` | as many as the field that leads to the connection |
//! | `plan referral` | a type | which plan fetches what its fields need |
//! | `needs parties` | a field | what that plan fetches for it: one or several [`Need`]s |
//! | `logged` | a field | a text that was shown is logged |
//!
//! A type's declaration holds for its fields, its values and its input fields, and a field's for its arguments, unless they
//! declare their own. The root's fields each declare their own.

use std::collections::BTreeMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, Registry};
use kim_domain::audience::Audience;
use kim_domain::bulk::MOST_ROWS;

use crate::needs::Need;

/// What one part declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declaration {
    /// For whom the part exists.
    pub(crate) audiences: Vec<Audience>,
    /// How long it is.
    pub(crate) weight: Weight,
    /// The plan that knows the needs of its fields.
    pub(crate) plan: String,
    /// What that plan fetches for it.
    pub(crate) needs: Vec<Need>,
    /// Whether it is logged that it was shown.
    pub(crate) is_logged: bool,
}

/// How many items a field has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It is no list.
    #[default]
    One,
    /// Usually at most so many.
    List(u64),
    /// Usually at most so many rows of the database.
    Rows(u64),
    /// As many rows of the database as its arguments say.
    Page,
    /// Counted by the field that leads to the page.
    InPage,
}

impl Declaration {
    /// Reads the tags of a part of something that declares more.
    fn read(tags: &[String], of: &Self) -> Result<Self, String> {
        let mut read = Self::default();
        for tag in tags {
            match tag.split_once(' ').unwrap_or((tag, "")) {
                ("for", names) => read.audiences = audiences(names)?,
                ("list", most) => read.weight = Weight::List(number(most)?),
                ("rows", most) => read.weight = Weight::Rows(number(most)?),
                ("bulk", "") => read.weight = Weight::Rows(MOST_ROWS as u64),
                ("page", "") => read.weight = Weight::Page,
                _ if tag == IN_PAGE => read.weight = Weight::InPage,
                ("plan", name) => name.clone_into(&mut read.plan),
                ("needs", words) => {
                    let need = |word| Need::read(&of.plan, word).ok_or_else(|| format!("no need \"{word}\""));
                    read.needs = words.split(", ").map(need).collect::<Result<_, _>>()?;
                }
                ("logged", "") => read.is_logged = true,
                _ => return Err(format!("\"{tag}\" declares nothing")),
            }
        }
        if read.audiences.is_empty() {
            read.audiences.clone_from(&of.audiences);
        }
        Ok(read)
    }
}

fn audiences(names: &str) -> Result<Vec<Audience>, String> {
    names.split('|').map(|name| Audience::from_name(name).ok_or_else(|| format!("no audience \"{name}\""))).collect()
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("\"{text}\" is no number"))
}

/// The tags of a part whose declaration the domain makes; none if it inherits.
pub(crate) fn tags(audiences: &[Audience]) -> Vec<String> {
    let names: Vec<String> = audiences.iter().map(Audience::to_string).collect();
    if names.is_empty() { Vec::new() } else { vec![format!("for {}", names.join("|"))] }
}

/// A type, and its fields, input fields or values.
#[derive(Debug)]
pub(crate) struct DeclaredType {
    /// For whom the type exists.
    pub(crate) audiences: Vec<Audience>,
    pub(crate) parts: BTreeMap<String, DeclaredPart>,
}

/// A field, an input field or a value, and its arguments.
#[derive(Debug)]
pub(crate) struct DeclaredPart {
    pub(crate) own: Declaration,
    pub(crate) arguments: BTreeMap<String, Declaration>,
}

/// Reads what every type declares, but for the engine's own; or says what is missing or cannot be read.
pub(crate) fn read(registry: &Registry) -> Result<BTreeMap<String, DeclaredType>, Vec<String>> {
    let mut reading = Reading { registry, problems: Vec::new() };
    let types = registry.types.iter().filter(|(name, _)| !is_of_the_engine(name));
    let read = types.map(|(name, ty)| (name.clone(), reading.of_type(name, ty))).collect();
    if reading.problems.is_empty() { Ok(read) } else { Err(reading.problems) }
}

/// What a connection's own lists declare.
const IN_PAGE: &str = "in page";

/// Whether the engine brought this type or field.
pub(crate) fn is_of_the_engine(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "Boolean" | "Int" | "Float" | "String" | "ID")
}

struct Reading<'r> {
    registry: &'r Registry,
    problems: Vec<String>,
}

impl Reading<'_> {
    fn of_type(&mut self, name: &str, ty: &MetaType) -> DeclaredType {
        let own = self.part(name, tags_of(ty), &Declaration::default());
        let is_root = name == self.registry.query_type || Some(name) == self.registry.mutation_type.as_deref();
        let (none, audiences) = (Declaration::default(), own.audiences.clone());
        let of = if is_root { &none } else { &own };
        let parts = match ty {
            MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => {
                let fields = fields.values().filter(|field| !is_of_the_engine(&field.name));
                let read = fields.map(|field| {
                    let place = format!("{name}.{}", field.name);
                    let own = self.part(&place, &field.tags, of);
                    self.weigh(&place, field, own.weight);
                    let arguments = self.inputs(&place, &field.args, &own);
                    (field.name.clone(), DeclaredPart { own, arguments })
                });
                read.collect()
            }
            MetaType::InputObject { input_fields, .. } => {
                let read = self.inputs(name, input_fields, of);
                read.into_iter().map(|(name, own)| (name, DeclaredPart::plain(own))).collect()
            }
            MetaType::Enum { enum_values, .. } => {
                let read = enum_values.values().map(|value| {
                    let own = self.part(&format!("{name}.{}", value.name), &value.tags, of);
                    (value.name.clone(), DeclaredPart::plain(own))
                });
                read.collect()
            }
            MetaType::Scalar { .. } | MetaType::Union { .. } => BTreeMap::new(),
        };
        DeclaredType { audiences, parts }
    }

    /// Finds lists that do not declare how long they are, and declarations that fit no list.
    fn weigh(&mut self, place: &str, field: &MetaField, weight: Weight) {
        let leads_to = self.registry.concrete_type_by_name(&field.ty).and_then(MetaType::fields);
        let is_page =
            leads_to.is_some_and(|fields| fields.values().any(|field| field.tags.iter().any(|tag| tag == IN_PAGE)));
        let has_size = ["first", "last"].into_iter().any(|argument| field.args.contains_key(argument));
        let problem = match weight {
            Weight::One if is_page => "is a connection and does not declare `page`",
            Weight::One if field.ty.contains('[') => "is a list and does not declare how long",
            Weight::Page if !is_page || !has_size => "declares `page`, and is no connection or takes no size",
            Weight::List(_) | Weight::Rows(_) | Weight::InPage if !field.ty.contains('[') => "is no list",
            Weight::One | Weight::Page | Weight::List(_) | Weight::Rows(_) | Weight::InPage => return,
        };
        self.problems.push(format!("{place} {problem}"));
    }

    fn inputs(
        &mut self,
        place: &str,
        inputs: &IndexMap<String, MetaInputValue>,
        of: &Declaration,
    ) -> BTreeMap<String, Declaration> {
        let read = |input: &MetaInputValue| {
            (input.name.clone(), self.part(&format!("{place}.{}", input.name), &input.tags, of))
        };
        inputs.values().map(read).collect()
    }

    fn part(&mut self, place: &str, tags: &[String], of: &Declaration) -> Declaration {
        match Declaration::read(tags, of) {
            Err(problem) => self.problems.push(format!("{place}: {problem}")),
            Ok(read) if read.audiences.is_empty() => {
                self.problems.push(format!("{place} does not declare for whom it exists"));
            }
            Ok(read) => return read,
        }
        Declaration::default()
    }
}

impl DeclaredPart {
    fn plain(own: Declaration) -> Self {
        Self { own, arguments: BTreeMap::new() }
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
mod tests {
    use async_graphql::{Object, OutputType, SimpleObject, Union};

    use super::*;

    /// What is wrong with the declarations of a root and all that it leads to.
    fn problems<Q: OutputType>() -> Vec<String> {
        let mut registry = Registry { query_type: Q::type_name().into_owned(), ..Registry::default() };
        Q::create_type_info(&mut registry);
        read(&registry).err().unwrap_or_default()
    }

    #[derive(SimpleObject)]
    struct Undeclared {
        id: i32,
    }

    #[derive(SimpleObject)]
    #[graphql(tag = "for all")]
    struct Declared {
        id: i32,
        #[graphql(tag = "for nobody")]
        unknown: i32,
        #[graphql(tag = "four all")]
        unreadable: i32,
        #[graphql(tag = "needs parties")]
        planless: i32,
    }

    #[derive(Union)]
    #[graphql(tag = "for all")]
    enum Either {
        Declared(Declared),
        Undeclared(Undeclared),
    }

    struct Page;

    #[Object(tag = "for all")]
    impl Page {
        #[graphql(tag = "in page")]
        async fn nodes(&self) -> Vec<i32> {
            Vec::new()
        }
    }

    struct Root;

    #[Object(tag = "for all")]
    impl Root {
        async fn undeclared(&self) -> i32 {
            1
        }
        #[graphql(tag = "for all")]
        async fn either(&self) -> Either {
            Either::Undeclared(Undeclared { id: 1 })
        }
        #[graphql(tag = "for all", tag = "list 2")]
        async fn list(&self) -> Vec<i32> {
            Vec::new()
        }
        #[graphql(tag = "for all")]
        async fn endless(&self) -> Option<Vec<i32>> {
            None
        }
        #[graphql(tag = "for all", tag = "rows 2")]
        async fn single(&self) -> i32 {
            1
        }
        #[graphql(tag = "for all", tag = "page")]
        async fn page(&self, first: i32) -> Option<Page> {
            Some(Page).filter(|_| first > 0)
        }
        #[graphql(tag = "for all", tag = "page")]
        async fn sizeless(&self) -> Page {
            Page
        }
        #[graphql(tag = "for all")]
        async fn unpaged(&self, first: i32) -> Option<Page> {
            Some(Page).filter(|_| first > 0)
        }
    }

    #[test]
    fn what_is_not_declared_or_cannot_be_read_is_an_error() {
        assert_eq!(
            problems::<Root>(),
            [
                "Declared.unknown: no audience \"nobody\"",
                "Declared.unreadable: \"four all\" declares nothing",
                "Declared.planless: no need \"parties\"",
                "Root.undeclared does not declare for whom it exists",
                "Root.endless is a list and does not declare how long",
                "Root.single is no list",
                "Root.sizeless declares `page`, and is no connection or takes no size",
                "Root.unpaged is a connection and does not declare `page`",
                "Undeclared does not declare for whom it exists",
                "Undeclared.id does not declare for whom it exists",
            ]
        );
    }
}
