//! Checks an answer field by field: it has exactly what the viewer may see.

use std::collections::BTreeSet;

use kim_domain::field::BIRTH_DATE_PART;
use serde_json::{Map, Value, json};

use super::arguments::list_of;
use super::document::{Document, Item, Node, asked};
use super::facts::Facts;
use super::generator::{Cursors, type_of_id};
use super::rights::Side;
use super::rule;
use super::schema::{Kind as Type, QUERY, Schema};
use super::table::{Cell, DeniedCell, Stage, code_of};
use super::viewers::Viewer;
use super::{lists, values};

/// What the answers showed so far.
#[derive(Default)]
pub(crate) struct Seen {
    /// Cells of the rule's table of which a value was shown to a receiver.
    pub(crate) cells: BTreeSet<Cell>,
    /// Cells that a receiver requested without getting a value.
    pub(crate) denied: BTreeSet<DeniedCell>,
    /// The lengths of birth dates that were shown: of days, months and years.
    pub(crate) birth_dates: BTreeSet<usize>,
    /// Cursors of lists.
    pub(crate) cursors: Cursors,
}

/// Checks one answer.
pub(crate) struct Check<'c> {
    pub(crate) facts: &'c Facts,
    pub(crate) viewer: &'c Viewer,
    pub(crate) schema: &'c Schema,
    pub(crate) seen: &'c mut Seen,
    /// Paths of errors, where null is not checked.
    pub(crate) failed: Vec<String>,
}

/// A place in an answer.
#[derive(Clone, Default)]
pub(crate) struct Place {
    path: String,
    /// The referral or case of the object at this place.
    pub(crate) referral: Option<usize>,
    pub(crate) case: Option<usize>,
    /// The place in the innermost list.
    pub(crate) index: usize,
    /// The known properties of the page at this place.
    pub(crate) page: lists::Page,
    /// Referrals in the input of a bulk mutation.
    items: Vec<Option<usize>>,
}

/// The result of a check: an error says what is wrong.
pub(crate) type Checked = Result<(), String>;

impl Check<'_> {
    /// Checks the data of an answer.
    pub(crate) fn data(&mut self, document: &Document, data: &Value) -> Checked {
        if data.is_null() {
            return if self.failed.is_empty() { Err("no data and no error".to_owned()) } else { Ok(()) };
        }
        let root = if document.is_mutation { self.schema.mutation.clone() } else { None };
        let root = root.unwrap_or_else(|| QUERY.to_owned());
        self.object(&root, &document.root, data, &Place::default())
    }

    fn object(&mut self, ty: &str, items: &[Item], value: &Value, place: &Place) -> Checked {
        let Some(object) = value.as_object() else { return Err(format!("{}: no object", place.path)) };
        let concrete = self.concrete(ty, items, object)?;
        let nodes = asked(items, &concrete, self.schema);
        let keys: BTreeSet<&str> = nodes.iter().map(|node| node.key.as_str()).collect();
        let answered: BTreeSet<&str> = object.keys().map(String::as_str).collect();
        if keys != answered {
            return Err(format!("{}: {answered:?} are answered, {keys:?} were asked for", place.path));
        }
        let place = self.identify(&concrete, &nodes, object, place)?;
        for node in nodes {
            let value = &object[&node.key];
            let mut below = Place { path: format!("{}/{}", place.path, node.key), ..place.clone() };
            if value.is_null() && self.failed.contains(&below.path) {
                continue;
            }
            self.field(&concrete, node, value, &place).map_err(|wrong| format!("{}: {wrong}: {value}", below.path))?;
            if node.name == "pageInfo" {
                self.remember(value, &place.page.list);
            }
            if lists::is_counted(&node.ty) {
                let total = lists::total(self.facts, self.viewer, &concrete, node, &place);
                below.page = lists::Page::new(list_of(&node.name, &node.arguments), total, node);
            }
            if node.name.starts_with("bulk") {
                below.items = self.items(node);
            }
            self.inside(node, value, below)?;
        }
        Ok(())
    }

    /// Checks the object of a field, or the objects of a list.
    fn inside(&mut self, node: &Node, value: &Value, place: Place) -> Checked {
        if node.inner.is_empty() || value.is_null() {
            return Ok(());
        }
        let Some(list) = value.as_array() else { return self.object(&node.ty, &node.inner, value, &place) };
        list.iter().enumerate().try_for_each(|(index, value)| {
            self.inside(node, value, Place { path: format!("{}/{index}", place.path), index, ..place.clone() })
        })
    }

    /// The type of an object. For an interface it follows from the id.
    fn concrete(&self, ty: &str, items: &[Item], object: &Map<String, Value>) -> Result<String, String> {
        if matches!(self.schema.kind(ty), Type::Object(_)) {
            return Ok(ty.to_owned());
        }
        let id = asked(items, ty, self.schema).into_iter().find(|node| node.name == "id");
        let id = id.and_then(|node| object.get(&node.key)).and_then(Value::as_str);
        id.and_then(type_of_id).map(str::to_owned).ok_or_else(|| format!("{ty} without a type"))
    }

    /// Finds the row of an object.
    fn identify(&self, ty: &str, nodes: &[&Node], object: &Map<String, Value>, place: &Place) -> Result<Place, String> {
        let id = nodes.iter().find(|node| node.name == "id").and_then(|node| object[&node.key].as_str());
        let (facts, viewer) = (self.facts, self.viewer);
        match (ty, id) {
            ("Referral", Some(id)) => {
                let may = |referral: &usize| {
                    viewer.sees(facts, *referral).is_some() && place.page.may_have(facts, viewer, *referral)
                };
                let referral = facts.referral(id).filter(may);
                let referral = Some(referral.ok_or_else(|| format!("{}: another's referral {id}", place.path))?);
                Ok(Place { referral, case: None, page: lists::Page::default(), ..place.clone() })
            }
            ("Case", Some(id)) => {
                let case = facts.case(id).filter(|case| viewer.has_case(facts, *case));
                let case = Some(case.ok_or_else(|| format!("{}: another's case {id}", place.path))?);
                Ok(Place { case, referral: None, ..place.clone() })
            }
            _ => Ok(place.clone()),
        }
    }

    /// Checks the value of one field.
    fn field(&mut self, ty: &str, node: &Node, value: &Value, place: &Place) -> Checked {
        if node.name == "__typename" {
            return is(value, &json!(ty));
        }
        if lists::is_counted(ty) {
            return place.page.check(node, value);
        }
        match (ty, place.referral, place.case) {
            (QUERY, ..) => self.root(node, value),
            ("Referral", Some(referral), _) => self.of_referral(referral, node, value),
            ("Handover", Some(referral), _) => self.of_handover(referral, node, value),
            ("HandoverEntry", Some(referral), _) => self.of_entry(referral, node, value, place.index),
            ("WithheldField", Some(referral), _) => self.of_withheld(referral, node, value, place.index),
            ("ReferralEvent", Some(referral), _) if node.name == "declineReason" && !value.is_null() => {
                if self.viewer.is_told(self.facts, referral) { Ok(()) } else { Err("it is not told".to_owned()) }
            }
            ("CaseRecord", _, Some(case)) => self.of_record(case, node, value),
            ("BulkResult", ..) if matches!(&*node.name, "status" | "version") && !value.is_null() => {
                let own = place.items.get(place.index).copied().flatten();
                let own = own.filter(|referral| self.viewer.sees(self.facts, *referral).is_some());
                own.map(drop).ok_or_else(|| "of another's referral".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Checks a field that finds objects by their ids: each is non-null exactly if the viewer may see the object.
    fn root(&self, node: &Node, value: &Value) -> Checked {
        match &*node.name {
            "referral" => self.found(node.argument("id"), "Referral", value),
            "case" => self.found(node.argument("id"), "Case", value),
            "node" => {
                let ty = node.argument("id").as_str().and_then(type_of_id);
                self.found(node.argument("id"), ty.unwrap_or_default(), value)
            }
            "referralsById" => {
                let ids = node.argument("ids").as_array().map_or(&[][..], Vec::as_slice);
                length(value, ids.len())?;
                ids.iter().enumerate().try_for_each(|(place, id)| self.found(id, "Referral", &value[place]))
            }
            _ => Ok(()),
        }
    }

    fn found(&self, id: &Value, ty: &str, value: &Value) -> Checked {
        let id = id.as_str().filter(|id| type_of_id(id) == Some(ty));
        let named = id.and_then(|id| self.facts.ids.get(id));
        let found = named.is_some_and(|named| self.viewer.finds_by_id(self.facts, named));
        if found == value.is_null() { Err(format!("found: {found}")) } else { Ok(()) }
    }

    fn of_referral(&self, referral: usize, node: &Node, value: &Value) -> Checked {
        let (facts, viewer, row) = (self.facts, self.viewer, &self.facts.referrals[referral]);
        let side = viewer.sees(facts, referral);
        let is_sender = side == Some(Side::Sender);
        let say = |class: &str| Some(crate::support::world::canary(row.number, class));
        let reason =
            |status: &str, may: bool| super::texts::reason(row.status).filter(|_| may && row.status.code() == status);
        let told = viewer.is_told(facts, referral);
        let there = |is: bool| if is == value.is_null() { Err(format!("there: {is}")) } else { Ok(()) };
        match &*node.name {
            "status" => is(value, &json!(row.status.code())),
            "ownReference" => is(value, &json!(say(if is_sender { "senderReference" } else { "receiverReference" }))),
            "outcome" => is(value, &json!(reason("COMPLETED", told))),
            "declineReason" => is(value, &json!(reason("DECLINED", told))),
            "failReason" => is(value, &json!(reason("FAILED", told))),
            "returnReason" => is(value, &json!(reason("RETURNED", told))),
            "withdrawalReason" => is(value, &json!(reason("WITHDRAWN", is_sender))),
            "case" => there(is_sender && viewer.has_case(facts, row.case_of)),
            "consent" => there(is_sender && row.consent.is_some() && viewer.sees_consent(facts, referral)),
            "previous" => there(row.previous.is_some_and(|previous| viewer.sees(facts, previous).is_some())),
            "offerCheck" => there(is_sender && row.status.code() == "DRAFT"),
            "disclosure" if is_sender => {
                let if_accepted = node.argument("ifAccepted") == true;
                let stage = if if_accepted { Stage::Full } else { rule::stage(facts, referral) };
                is(value, &json!(facts.table.codes(&rule::at(facts, referral, stage))))
            }
            "disclosure" => there(false),
            "appointments" | "talks" => {
                let (texts, drafted) = (viewer.reads_texts(facts, referral), row.status.code() == "DRAFT");
                let both = if node.name == "talks" || !told { 1 } else { 2 };
                length(value, if texts && !drafted { both } else { 0 })
            }
            _ => Ok(()),
        }
    }

    fn of_handover(&mut self, referral: usize, node: &Node, value: &Value) -> Checked {
        let (facts, viewer) = (self.facts, self.viewer);
        match &*node.name {
            "withheld" => {
                let known = facts.table.known(viewer.kind).iter();
                length(value, known.filter(|field| !facts.gives(referral, field)).count())
            }
            "disputed" => is(value, &json!(facts.table.codes(&viewer.disputed(facts, referral)))),
            "entries" => length(value, facts.table.known(viewer.kind).len()),
            name => {
                // Both show one field.
                let field = if name == BIRTH_DATE_PART { "birthDate" } else { name };
                let Some(&field) = facts.table.fields.iter().find(|known| **known == field) else { return Ok(()) };
                self.note(referral, field);
                if !viewer.is_shown(facts, referral, field) {
                    return is(value, &Value::Null);
                }
                if field == "birthDate" {
                    self.seen.birth_dates.extend(value.as_str().map(str::len));
                }
                values::check(facts.referrals[referral].number, node, value, self.schema)
            }
        }
    }

    fn of_entry(&mut self, referral: usize, node: &Node, value: &Value, index: usize) -> Checked {
        let (facts, viewer) = (self.facts, self.viewer);
        let field = facts.table.known(viewer.kind)[index];
        let shown = viewer.is_shown(facts, referral, field);
        if node.name == "value" {
            self.note(referral, field);
        }
        match &*node.name {
            "field" => is(value, &json!(code_of(field))),
            "value" if shown => {
                if value.is_null() {
                    Err("it is shown and null".to_owned())
                } else {
                    Ok(())
                }
            }
            "value" => is(value, &Value::Null),
            "disputed" => is(value, &json!(viewer.disputed(facts, referral).contains(field))),
            "withheld" => is(value, &json!(facts.withheld[referral].get(field))),
            _ => Ok(()),
        }
    }

    fn of_withheld(&self, referral: usize, node: &Node, value: &Value, index: usize) -> Checked {
        let known = self.facts.table.known(self.viewer.kind).iter();
        let mut withheld = known.filter_map(|field| self.facts.withheld[referral].get_key_value(field));
        let (field, reason) = withheld.nth(index).ok_or("one too many")?;
        match &*node.name {
            "field" => is(value, &json!(code_of(field))),
            "reason" => is(value, &json!(reason)),
            _ => Ok(()),
        }
    }

    /// A case's record shows every value. Computed values, and values that differ from the handover, are canaries.
    fn of_record(&self, case: usize, node: &Node, value: &Value) -> Checked {
        match &*node.name {
            "concern" | "age" | "householdMembers" | "disputed" => Ok(()),
            _ => values::check(self.facts.referrals[case].number, node, value, self.schema),
        }
    }

    /// Records that a receiver requested a value.
    fn note(&mut self, referral: usize, field: &'static str) {
        let facts = self.facts;
        if self.viewer.sees(facts, referral) != Some(Side::Receiver) {
            return;
        }
        let kind = facts.kind_of_receiver(referral);
        if facts.gives(referral, field) {
            self.seen.cells.insert((field, kind, rule::stage(facts, referral)));
        } else if let Some(denial) = facts.denied[referral].get(field) {
            self.seen.denied.insert((field, kind, *denial));
        }
    }

    /// Stores the cursors of a page.
    fn remember(&mut self, value: &Value, list: &str) {
        let all = self.seen.cursors.entry(list.to_owned()).or_default();
        all.extend(value.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str).map(str::to_owned));
        let surplus = all.len().saturating_sub(40);
        all.drain(..surplus);
    }

    fn items(&self, node: &Node) -> Vec<Option<usize>> {
        let items = node.argument("input")["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| self.facts.referral(item["referralId"].as_str()?)).collect()
    }
}

/// Whether a value is what it should be.
pub(crate) fn is(value: &Value, expected: &Value) -> Checked {
    if value == expected { Ok(()) } else { Err(format!("it should be {expected}")) }
}

/// Whether a list is as long as it should be.
pub(crate) fn length(value: &Value, expected: usize) -> Checked {
    let length = value.as_array().map(Vec::len);
    if length == Some(expected) { Ok(()) } else { Err(format!("it should have {expected} rows")) }
}
