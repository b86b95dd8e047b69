//! The same document, but one that asks for objects in pieces, so that the engine has to put its answer together.

use super::document::{Condition, Document, Fragment, Item};
use super::random::Random;

/// A document that asks for the same in pieces, in one to three places; none if there is no object to ask for.
///
/// A piece stands right before the whole and asks for the same keys in the same order: the order of the answer does not
/// change.
pub(crate) fn split_selections(document: &Document, random: &mut Random) -> Option<Document> {
    let mut pieces = document.clone();
    // A mutation that is written twice is made twice.
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

/// Splits one object here or below.
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

/// The beginning of what a field asks for, or all of it.
fn piece_of(item: &Item, random: &mut Random) -> Option<Item> {
    let Item::Field(node) = item else { return None };
    let mut node = node.clone();
    let length = 1 + random.below(node.inner.len());
    node.inner.truncate(length);
    if random.percent(50)
        && let Some(last) = node.inner.pop()
    {
        // Of the last one only the beginning too.
        let shorter = if has_selection(&last) { piece_of(&last, random) } else { None };
        node.inner.push(shorter.unwrap_or(last));
    }
    Some(Item::Field(node))
}
