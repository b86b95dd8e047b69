//! Gap: an object of which no field is left to answer, all being skipped or of other types, is null. Upstream: since PR #1746
//! (7.1.0), undone by PR #1806 (8.0.0-rc.3).

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

use crate::engine::typename;
use crate::json::KEPT;

/// Adds a field that is always left to the selection of an object.
pub(crate) fn keep(set: &mut SelectionSet) {
    let stays = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    let Some(pos) = set.items.first().map(|item| item.pos).filter(|_| !set.items.iter().any(stays)) else { return };
    let named = |name| Positioned::new(Name::new(name), pos);
    let kept = Field {
        alias: Some(named(KEPT)),
        name: named(typename::FIELD),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), pos),
    };
    set.items.push(Positioned::new(Selection::Field(Positioned::new(kept, pos)), pos));
}
