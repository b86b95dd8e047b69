//! Gap: a field that is selected ten times is resolved ten times before the results are merged, so its rows are read
//! ten times. No upstream issue found; the gap causes issue #1840.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, ServerError};

/// Merges equal fields and equal fragment spreads of a selection.
pub(crate) fn merge(set: &mut SelectionSet) {
    if set.items.len() < 2 {
        return;
    }
    let mut kept: Vec<Positioned<Selection>> = Vec::with_capacity(set.items.len());
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut spread: HashSet<Name> = HashSet::new();
    for item in std::mem::take(&mut set.items) {
        match &item.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let key = &field.node.response_key().node;
                match places.get(key).and_then(|place| kept.get_mut(*place)) {
                    Some(Positioned { node: Selection::Field(has), .. }) if is_same(&has.node, &field.node) => {
                        has.node.selection_set.node.items.extend(field.node.selection_set.node.items.iter().cloned());
                        continue;
                    }
                    Some(_) => {}
                    None => drop(places.insert(key.clone(), kept.len())),
                }
            }
            Selection::FragmentSpread(one) if one.node.directives.is_empty() => {
                if !spread.insert(one.node.fragment_name.node.clone()) {
                    continue;
                }
            }
            Selection::Field(_) | Selection::FragmentSpread(_) | Selection::InlineFragment(_) => {}
        }
        kept.push(item);
    }
    set.items = kept;
}

/// Keeps one error per path. A field whose selections could not be merged fails once for each of them.
pub(crate) fn report_once(errors: &mut Vec<ServerError>) {
    if errors.len() > 1 {
        let mut places = HashSet::new();
        // Validation errors have no path. All of them are kept.
        errors.retain(|error| error.path.is_empty() || places.insert(format!("{:?}", error.path)));
    }
}

/// Whether two fields with the same response key can be merged. Validation refuses those that differ.
fn is_same(a: &Field, b: &Field) -> bool {
    let given = |(name, value): &(Positioned<Name>, _)| {
        b.arguments.iter().any(|(other, same)| other.node == name.node && same == value)
    };
    a.name.node == b.name.node
        && a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(given)
        && a.selection_set.node.items.is_empty() == b.selection_set.node.items.is_empty()
}

#[cfg(test)]
mod tests {
    use async_graphql::{PathSegment, Pos};

    use super::*;

    #[test]
    fn errors_are_reported_once_per_path_and_validation_errors_are_all_reported() {
        let at =
            |text: &str, path: Vec<PathSegment>| ServerError { path, ..ServerError::new(text, Some(Pos::default())) };
        let field = |name: &str| PathSegment::Field(name.to_owned());
        let mut errors = vec![
            at("refused", Vec::new()),
            at("refused too", Vec::new()),
            at("failed", vec![field("a"), PathSegment::Index(0)]),
            at("failed again", vec![field("a"), PathSegment::Index(0)]),
            at("failed", vec![field("a"), PathSegment::Index(1)]),
        ];
        report_once(&mut errors);
        let kept: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(kept, ["refused", "refused too", "failed", "failed"]);
    }
}
