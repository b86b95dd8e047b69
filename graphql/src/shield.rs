//! Refuses documents that are small to send and dear to answer, before validation walks them.
//!
//! The engine's own checks visit every expansion of every fragment: 24 chained fragments of two spreads each are 826
//! bytes and seconds of work. Here each fragment is measured once and remembered.

use std::collections::HashMap;

use async_graphql::parser::types::FragmentDefinition;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};

use crate::error::Code;

/// What a document may cost. The standard introspection query takes 130 fields, 15 deep.
const FIELDS: u64 = 2_000;
const DEEPEST: u64 = 24;
const ROOT_FIELDS: u64 = 30;
const ALIASES: u64 = 300;
const DIRECTIVES: u64 = 100;
const DEFINITIONS: usize = 60;

/// What a selection costs once every fragment is put in its place.
#[derive(Clone, Copy, Default)]
struct Cost {
    fields: u64,
    depth: u64,
    aliases: u64,
    directives: u64,
    /// Fields at the top of the selection.
    top: u64,
}

impl Cost {
    /// Both side by side. Saturating: what is beyond counting is beyond the limits.
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            top: self.top.saturating_add(other.top),
        }
    }
}

/// Refuses a document that is too large once expanded, or whose fragments go round in circles.
pub(crate) fn check(document: &ExecutableDocument) -> Result<(), ServerError> {
    if document.fragments.len() > DEFINITIONS || document.operations.iter().count() > DEFINITIONS {
        return Err(refused("Operationen oder Fragmente", DEFINITIONS as u64, None));
    }
    let mut measure = Measure { fragments: &document.fragments, known: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let at = Some(operation.pos);
        let own = operation.node.directives.len() as u64;
        let cost = measure.selection(&operation.node.selection_set.node)?;
        for (what, is, most) in [
            ("Felder", cost.fields, FIELDS),
            ("Ebenen", cost.depth, DEEPEST),
            ("Felder auf der ersten Ebene", cost.top, ROOT_FIELDS),
            ("Aliasse", cost.aliases, ALIASES),
            ("Direktiven", cost.directives.saturating_add(own), DIRECTIVES),
        ] {
            if is > most {
                return Err(refused(what, most, at));
            }
        }
    }
    // A fragment that nothing uses is validated all the same.
    for fragment in document.fragments.keys() {
        let cost = measure.fragment(fragment)?;
        if cost.fields > FIELDS || cost.depth > DEEPEST || cost.directives > DIRECTIVES {
            return Err(refused("Felder, Ebenen oder Direktiven", FIELDS, None));
        }
    }
    Ok(())
}

fn refused(what: &str, most: u64, at: Option<Pos>) -> ServerError {
    crate::error::coded(
        ServerError::new(format!("Die Anfrage ist zu groß: höchstens {most} {what}."), at),
        Code::LimitExceeded,
    )
}

struct Measure<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured: to meet it again is a circle.
    known: HashMap<&'d Name, Option<Cost>>,
}

impl<'d> Measure<'d> {
    /// Selections nest no deeper than the brackets of the text, which were counted before it was parsed.
    fn selection(&mut self, selection: &'d SelectionSet) -> Result<Cost, ServerError> {
        let mut cost = Cost::default();
        for item in &selection.items {
            let (inner, directives) = match &item.node {
                Selection::Field(field) => {
                    let below = self.selection(&field.node.selection_set.node)?;
                    let one = Cost {
                        fields: below.fields.saturating_add(1),
                        depth: below.depth.saturating_add(1),
                        aliases: below.aliases.saturating_add(field.node.alias.is_some().into()),
                        top: 1,
                        ..below
                    };
                    (one, &field.node.directives)
                }
                Selection::InlineFragment(inline) => {
                    (self.selection(&inline.node.selection_set.node)?, &inline.node.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let name = self.fragments.get_key_value(&spread.node.fragment_name.node).map(|(name, _)| name);
                    // A fragment that is not there is validation's to refuse.
                    let cost = name.map_or(Ok(Cost::default()), |name| self.fragment(name))?;
                    (cost, &spread.node.directives)
                }
            };
            cost = cost.beside(inner).beside(Cost { directives: directives.len() as u64, ..Cost::default() });
        }
        Ok(cost)
    }

    fn fragment(&mut self, name: &'d Name) -> Result<Cost, ServerError> {
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                let at = self.fragments.get(name).map(|fragment| fragment.pos);
                let error = ServerError::new("Fragmente dürfen sich nicht im Kreis verwenden.", at);
                return Err(crate::error::coded(error, Code::ValidationFailed));
            }
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else { return Ok(Cost::default()) };
        self.known.insert(name, None);
        let own = Cost { directives: fragment.node.directives.len() as u64, ..Cost::default() };
        let cost = self.selection(&fragment.node.selection_set.node)?.beside(own);
        self.known.insert(name, Some(cost));
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(document: &str) -> Option<String> {
        let document = async_graphql::parser::parse_query(document).expect("a document");
        let error = check(&document).err()?;
        error.extensions?.get("code").map(|code| code.to_string())
    }

    /// Each fragment spreads the next one twice.
    fn bomb(links: usize) -> String {
        let mut document = "{ ...f0 }".to_owned();
        for link in 0..links {
            document.push_str(&format!("fragment f{link} on Query {{ ...f{0} ...f{0} }}", link + 1));
        }
        document + &format!("fragment f{links} on Query {{ viewer {{ role }} }}")
    }

    #[test]
    fn what_a_client_writes_passes() {
        assert_eq!(code("{ viewer { role agency { name } } }"), None);
        assert_eq!(code("{ ...f ...f } fragment f on Query { viewer { role } }"), None);
        assert_eq!(code(&bomb(5)), Some("\"LIMIT_EXCEEDED\"".to_owned()), "64 root fields");
        assert_eq!(code(&bomb(3)), None);
    }

    #[test]
    fn a_fragment_bomb_of_any_length_is_measured_once_per_fragment() {
        // 2^55 expansions: this returns at once, or not in a lifetime.
        assert_eq!(code(&bomb(55)), Some("\"LIMIT_EXCEEDED\"".to_owned()));
    }

    #[test]
    fn circles_are_refused() {
        for document in [
            "{ ...f } fragment f on Query { ...f }",
            "{ ...f } fragment f on Query { viewer { role } ...g } fragment g on Query { ... on Query { ...f } }",
            "{ viewer { role } } fragment f on Query { ...f }",
        ] {
            assert_eq!(code(document), Some("\"GRAPHQL_VALIDATION_FAILED\"".to_owned()), "{document}");
        }
    }

    #[test]
    fn too_much_of_anything_is_refused() {
        let limit = Some("\"LIMIT_EXCEEDED\"".to_owned());
        let nested = |depth: usize| format!("{}a{}", "{ a ".repeat(depth), " }".repeat(depth));
        assert_eq!(code(&nested(23).replacen('a', "b", 1)), None);
        assert_eq!(code(&nested(25)), limit);
        let aliases: String = (0..=ALIASES).map(|n| format!("a{n}: role ")).collect();
        assert_eq!(code(&format!("{{ viewer {{ {aliases} }} }}")), limit);
        assert_eq!(code(&format!("{{ viewer {{ {} }} }}", "role ".repeat(2_001))), limit);
        assert_eq!(code(&format!("{{ {} }}", "viewer { role } ".repeat(31))), limit);
        assert_eq!(code(&format!("{{ viewer {{ role {} }} }}", "@a ".repeat(101))), limit);
        let fragments: String = (0..61).map(|n| format!("fragment f{n} on Query {{ a }} ")).collect();
        assert_eq!(code(&format!("{{ a }} {fragments}")), limit);
        let unused = format!("{{ a }} fragment f on Query {{ {} }}", "a ".repeat(2_001));
        assert_eq!(code(&unused), limit);
    }
}
