//! Splits selections: the changed document selects some objects twice, so that the engine must merge the answer.

use super::document::{Condition, Document, Fragment, Item};
use super::random::Random;

/// Splits one to three selections. Returns none if the document selects no object.
///
/// The additional selection is directly before the complete one and has the same keys in the same order, so that the order
/// of the answer does not change.
pub(crate) fn split_selections(document: &Document, random: &mut Random) -> Option<Document> {
    let mut pieces = document.clone();
    // A repeated mutation field would be executed twice.
    let places = if document.is_mutation { inside(&mut pieces.root) } else { Some(&mut pieces.root) };
    let places = places?;
    let mut done = false;
    for _ in 0..1 + random.below(3) {
        done |= split_one(places, random);
    }
    done.then_some(pieces)
}

fn inside(items: &mut [Item]) -> Option<&mut Vec<Item>> {
    items.iter_mut().find_map(|item| match item {
        Item::Field(node) => Some(&mut node.inner),
        Item::Fragment(_) => None,
    })
}

/// Splits one selection here or below.
fn split_one(items: &mut Vec<Item>, random: &mut Random) -> bool {
    let with_selection: Vec<usize> = (0..items.len()).filter(|&place| has_selection(&items[place])).collect();
    if with_selection.is_empty() {
        return false;
    }
    let place = *random.pick(&with_selection);
    if random.percent(60)
        && let Item::Field(node) = &mut items[place]
        && split_one(&mut node.inner, random)
    {
        return true;
    }
    let Some(piece) = piece_of(&items[place], random) else { return false };
    let condition = random.percent(30).then(|| Condition { text: "@include(if: true)".to_owned(), keeps: true });
    let fragment = Fragment { name: None, on: None, condition, inner: vec![piece] };
    items.insert(place, Item::Fragment(fragment));
    true
}

fn has_selection(item: &Item) -> bool {
    matches!(item, Item::Field(node) if !node.inner.is_empty())
}

/// A field with the first part of its selection, or with all of it.
fn piece_of(item: &Item, random: &mut Random) -> Option<Item> {
    let Item::Field(node) = item else { return None };
    let mut node = node.clone();
    let length = 1 + random.below(node.inner.len());
    node.inner.truncate(length);
    if random.percent(50)
        && let Some(last) = node.inner.pop()
    {
        // The last subfield may be shortened too.
        let shorter = if has_selection(&last) { piece_of(&last, random) } else { None };
        node.inner.push(shorter.unwrap_or(last));
    }
    Some(Item::Field(node))
}
