//! Gap: an object is null if none of its selected fields is resolved, because all are skipped or in fragments on other
//! types. Upstream: since PR #1746 (7.1.0), undone by PR #1806 (8.0.0-rc.3).

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

use crate::engine::typename;
use crate::json::PLACEHOLDER;

/// Adds a `__typename` to a selection in which every field may be left out.
pub(crate) fn add_placeholder(set: &mut SelectionSet) {
    let is_certain = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    let Some(pos) = set.items.first().map(|item| item.pos).filter(|_| !set.items.iter().any(is_certain)) else {
        return;
    };
    let named = |name| Positioned::new(Name::new(name), pos);
    let placeholder = Field {
        alias: Some(named(PLACEHOLDER)),
        name: named(typename::FIELD),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), pos),
    };
    set.items.push(Positioned::new(Selection::Field(Positioned::new(placeholder, pos)), pos));
}
