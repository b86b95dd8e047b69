//! Makes random documents that are valid on a viewer's schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document::{Condition, Document, Fragment, Item, Node, Variable};
use super::random::Random;
use super::schema::{Field, Kind, QUERY, Schema};

/// Values for the arguments of a viewer.
pub(crate) struct Pool {
    /// Ids by prefix, and texts by the argument's name, of rows that the viewer sees.
    pub(crate) own: BTreeMap<String, Vec<String>>,
    /// The same for all rows.
    pub(crate) all: Arc<BTreeMap<String, Vec<String>>>,
    /// Searches for clients by name and birth date.
    pub(crate) clients: Vec<Value>,
}

/// Cursors from earlier answers, by their list.
pub(crate) type Cursors = BTreeMap<String, Vec<String>>;

/// Remaining depth of a selection, and the number of rows for which it is answered.
#[derive(Clone, Copy)]
pub(super) struct Room {
    depth: usize,
    pub(super) rows: usize,
}

/// Makes one document.
pub(crate) struct Generator<'g> {
    pub(super) schema: &'g Schema,
    pub(super) random: &'g mut Random,
    pub(super) pool: &'g Pool,
    pub(super) cursors: &'g Cursors,
    pub(super) variables: Vec<Variable>,
    names: usize,
    /// Remaining number of fields, without those that complete a selection.
    left: usize,
}

impl<'g> Generator<'g> {
    pub(crate) fn new(schema: &'g Schema, random: &'g mut Random, pool: &'g Pool, cursors: &'g Cursors) -> Self {
        let left = *random.pick(&[10, 25, 45, 80]);
        Self { schema, random, pool, cursors, variables: Vec::new(), names: 0, left }
    }

    /// A query with one to three root fields.
    pub(crate) fn query(mut self) -> Document {
        let fields: Vec<&Field> = self.schema.fields(QUERY).iter().collect();
        let mut root = Vec::new();
        for _ in 0..*self.random.pick(&[1, 1, 2, 3]) {
            let field = *self.random.weighed(&fields, |field| weight(&field.name));
            let key = self.key(&field.name, root.iter().any(|item| has_key(item, &field.name)));
            root.push(self.field(field, key, Room { depth: 7, rows: 1 }));
        }
        let root = self.in_fragments(QUERY, root);
        Document { is_mutation: false, root, variables: self.variables }
    }

    /// A mutation with this input, or with a random one.
    pub(crate) fn mutation(mut self, field: &Field, input: Option<Value>) -> Document {
        let room = Room { depth: 6, rows: 1 };
        let arguments = match input {
            Some(input) => vec![self.given(&field.arguments[0], input)],
            None => self.arguments(field, room).0,
        };
        let ty = field.ty.name().to_owned();
        let inner = self.selection(&ty, room);
        let key = self.key(&field.name, false);
        let node = Node { key, name: field.name.clone(), ty, arguments, condition: None, inner };
        Document { is_mutation: true, root: vec![Item::Field(node)], variables: self.variables }
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn key(&mut self, name: &str, taken: bool) -> String {
        if taken || self.random.percent(15) { self.name("a") } else { name.to_owned() }
    }

    fn field(&mut self, field: &Field, key: String, room: Room) -> Item {
        self.left = self.left.saturating_sub(1);
        let (arguments, length) = self.arguments(field, room);
        let ty = field.ty.name().to_owned();
        let room = Room { depth: room.depth.saturating_sub(1), rows: room.rows * length };
        let inner = match self.schema.kind(&ty) {
            Kind::Object(_) => self.selection(&ty, room),
            Kind::Interface { members, .. } => {
                let id = arguments.iter().find(|given| given.name == "id").and_then(|given| given.value.as_str());
                self.of_members(&ty, members, id.and_then(type_of_id), room)
            }
            Kind::Scalar | Kind::Enum(_) | Kind::Input { .. } => Vec::new(),
        };
        // Every object is selected with its id.
        let condition = if field.name == "id" { None } else { self.condition(6) };
        Item::Field(Node { key, name: field.name.clone(), ty, arguments, condition, inner })
    }

    /// A selection of an object.
    fn selection(&mut self, ty: &str, room: Room) -> Vec<Item> {
        let fields = self.schema.fields(ty);
        let (objects, leaves): (Vec<&Field>, Vec<&Field>) =
            fields.iter().partition(|field| self.schema.has_fields(field.ty.name()));
        // A handover or a record: select most fields.
        let is_record = leaves.len() > 30;
        let share = *self.random.pick(if is_record { &[25, 60, 100] } else { &[15, 35, 70] });
        let mut chosen: Vec<&Field> =
            leaves.into_iter().filter(|field| field.name == "id" || self.random.percent(share)).collect();
        if self.left > 0 && room.depth > 0 && !objects.is_empty() {
            for _ in 0..*self.random.pick(if is_record { &[3, 5, 8] } else { &[1, 2, 3] }) {
                chosen.push(*self.random.weighed(&objects, |field| weight(&field.name)));
            }
        }
        let mut items: Vec<Item> = Vec::new();
        for field in chosen {
            let taken = items.iter().any(|item| has_key(item, &field.name));
            // Repeating an object would repeat its answer. Only another page differs.
            if taken && field.arguments.is_empty() {
                continue;
            }
            let key = self.key(&field.name, taken);
            let item = self.field(field, key, room);
            let place = self.random.below(items.len() + 1);
            items.insert(place, item);
        }
        if items.is_empty() || self.random.percent(15) {
            let key = self.key("__typename", false);
            let (name, ty) = ("__typename".to_owned(), "String".to_owned());
            let node = Node { key, name, ty, arguments: Vec::new(), condition: None, inner: Vec::new() };
            items.push(Item::Field(node));
        }
        self.in_fragments(ty, items)
    }

    /// A selection of an interface: for the expected type, and for another one.
    fn of_members(&mut self, ty: &str, members: &[String], expected: Option<&str>, room: Room) -> Vec<Item> {
        let mut items = self.selection(ty, room);
        let other = self.random.pick(members).clone();
        let expected = expected.filter(|expected| members.iter().any(|member| member == expected));
        for member in expected.into_iter().map(str::to_owned).chain([other]) {
            let inner = self.selection(&member, room).into_iter().map(|item| self.renamed(item)).collect();
            let name = if self.random.percent(30) { Some(self.name("F")) } else { None };
            items.push(Item::Fragment(Fragment { name, on: Some(member), condition: None, inner }));
        }
        items
    }

    /// The field under a key that no other type's fragment has. Below it keys may repeat.
    fn renamed(&mut self, item: Item) -> Item {
        match item {
            Item::Field(node) => Item::Field(Node { key: self.name("a"), ..node }),
            Item::Fragment(fragment) => {
                let inner = fragment.inner.into_iter().map(|item| self.renamed(item)).collect();
                Item::Fragment(Fragment { inner, ..fragment })
            }
        }
    }

    /// Puts some of a selection into fragments.
    fn in_fragments(&mut self, ty: &str, mut items: Vec<Item>) -> Vec<Item> {
        while self.random.percent(20) {
            let from = self.random.below(items.len());
            let to = from + 1 + self.random.below(items.len() - from);
            let inner: Vec<Item> = items.drain(from..to).collect();
            let name = if self.random.percent(40) { Some(self.name("F")) } else { None };
            let on = if name.is_some() || self.random.percent(50) { Some(ty.to_owned()) } else { None };
            let condition = if inner.iter().any(names_its_object) { None } else { self.condition(15) };
            items.insert(from, Item::Fragment(Fragment { name, on, condition, inner }));
        }
        items
    }

    /// A directive, with this probability in percent.
    fn condition(&mut self, chance: usize) -> Option<Condition> {
        if !self.random.percent(chance) {
            return None;
        }
        let (skips, value) = (self.random.percent(50), self.random.percent(50));
        let text = if self.random.percent(50) { self.variable("Boolean!", &value.into()) } else { value.to_string() };
        let directive = if skips { "skip" } else { "include" };
        Some(Condition { text: format!("@{directive}(if: {text})"), keeps: skips != value })
    }

    /// A new variable of a value.
    pub(super) fn variable(&mut self, ty: &str, value: &Value) -> String {
        let name = self.name("v");
        let given = Some(value.clone());
        self.variables.push(Variable { name: name.clone(), ty: ty.to_owned(), default: None, given });
        format!("${name}")
    }
}

/// The type of an id, by its prefix.
pub(crate) fn type_of_id(id: &str) -> Option<&'static str> {
    match id.split_once('_')?.0 {
        "referral" => Some("Referral"),
        "case" => Some("Case"),
        "consent" => Some("Consent"),
        "agency" => Some("Agency"),
        "agreement" => Some("Agreement"),
        "proposal" => Some("AgreementProposal"),
        _ => None,
    }
}

/// The weight of a field among its siblings. Fields that lead to handovers have a higher weight.
fn weight(name: &str) -> usize {
    match name {
        "handover" => 10,
        "referrals" | "referral" | "referralsById" | "nodes" => 6,
        "node" | "cases" | "case" | "record" | "edges" => 4,
        "messages" | "previous" | "consents" => 2,
        _ => 1,
    }
}

fn has_key(item: &Item, key: &str) -> bool {
    matches!(item, Item::Field(node) if node.key == key)
}

fn names_its_object(item: &Item) -> bool {
    match item {
        Item::Field(node) => node.name == "id",
        Item::Fragment(fragment) => fragment.inner.iter().any(names_its_object),
    }
}
