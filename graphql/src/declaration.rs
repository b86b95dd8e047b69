//! What the parts of the schema declare of themselves, beside their code: `#[graphql(tag = "for work")]`.
//!
//! The engine keeps tags in its registry and prints them nowhere. They are read once, when a schema is built; a tag that
//! cannot be read, or one that is missing, ends the building.
//!
//! | tag | on | says |
//! |---|---|---|
//! | `for work` | everything | for whom it exists: an [`Audience`], or several (`for work\|coordination`) |
//!
//! A type's declaration holds for its fields, its values and its input fields, and a field's for its arguments, unless they
//! declare their own. The root's fields each declare their own.

use std::collections::BTreeMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaInputValue, MetaType, Registry};
use kim_domain::audience::Audience;

/// What one part declares.
#[derive(Debug, Default)]
pub(crate) struct Declaration {
    /// For whom the part exists.
    pub(crate) audiences: Vec<Audience>,
}

impl Declaration {
    /// Reads the tags of a part that inherits from another one.
    fn read(tags: &[String], inherited: &[Audience]) -> Result<Self, String> {
        let mut read = Self::default();
        for tag in tags {
            match tag.split_once(' ').unwrap_or((tag, "")) {
                ("for", names) => read.audiences = audiences(names)?,
                _ => return Err(format!("\"{tag}\" declares nothing")),
            }
        }
        if read.audiences.is_empty() {
            read.audiences = inherited.to_vec();
        }
        Ok(read)
    }
}

fn audiences(names: &str) -> Result<Vec<Audience>, String> {
    names.split('|').map(|name| Audience::from_name(name).ok_or_else(|| format!("no audience \"{name}\""))).collect()
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
        let audiences = self.part(name, tags_of(ty), &[]).audiences;
        let is_root = name == self.registry.query_type || Some(name) == self.registry.mutation_type.as_deref();
        let inherited = if is_root { &[] } else { &audiences[..] };
        let parts = match ty {
            MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => {
                let fields = fields.values().filter(|field| !is_of_the_engine(&field.name));
                let read = fields.map(|field| {
                    let place = format!("{name}.{}", field.name);
                    let own = self.part(&place, &field.tags, inherited);
                    let arguments = self.inputs(&place, &field.args, &own.audiences);
                    (field.name.clone(), DeclaredPart { own, arguments })
                });
                read.collect()
            }
            MetaType::InputObject { input_fields, .. } => {
                let read = self.inputs(name, input_fields, inherited);
                read.into_iter().map(|(name, own)| (name, DeclaredPart::plain(own))).collect()
            }
            MetaType::Enum { enum_values, .. } => {
                let read = enum_values.values().map(|value| {
                    let own = self.part(&format!("{name}.{}", value.name), &value.tags, inherited);
                    (value.name.clone(), DeclaredPart::plain(own))
                });
                read.collect()
            }
            MetaType::Scalar { .. } | MetaType::Union { .. } => BTreeMap::new(),
        };
        DeclaredType { audiences, parts }
    }

    fn inputs(
        &mut self,
        of: &str,
        inputs: &IndexMap<String, MetaInputValue>,
        inherited: &[Audience],
    ) -> BTreeMap<String, Declaration> {
        let read = |input: &MetaInputValue| {
            (input.name.clone(), self.part(&format!("{of}.{}", input.name), &input.tags, inherited))
        };
        inputs.values().map(read).collect()
    }

    fn part(&mut self, place: &str, tags: &[String], inherited: &[Audience]) -> Declaration {
        match Declaration::read(tags, inherited) {
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
    }

    #[derive(Union)]
    #[graphql(tag = "for all")]
    enum Either {
        Declared(Declared),
        Undeclared(Undeclared),
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
    }

    #[test]
    fn what_is_not_declared_or_cannot_be_read_is_an_error() {
        assert_eq!(
            problems::<Root>(),
            [
                "Declared.unknown: no audience \"nobody\"",
                "Declared.unreadable: \"four all\" declares nothing",
                "Root.undeclared does not declare for whom it exists",
                "Undeclared does not declare for whom it exists",
                "Undeclared.id does not declare for whom it exists",
            ]
        );
    }
}
