//! The rule's table (domain/data/disclosure.csv), read without code of the domain.

use std::collections::{BTreeMap, BTreeSet};

/// Names of handover fields.
pub(crate) type Fields = BTreeSet<&'static str>;

/// The only kind of agency that sends.
pub(crate) const SENDS: &str = "TRAEGER";

/// The table: field → kind of agency → letter.
pub(crate) struct Table {
    cells: BTreeMap<&'static str, BTreeMap<&'static str, char>>,
    known: BTreeMap<&'static str, Vec<&'static str>>,
    /// The fields in their order.
    pub(crate) fields: Vec<&'static str>,
}

/// The stage of a referral for its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Closed,
    Preview,
    Full,
}

/// Why the table denies a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denial {
    /// The referral is not accepted yet.
    NotYet,
    /// The client did not tick the field separately.
    NotTicked,
}

impl Table {
    pub(crate) fn read() -> Self {
        let mut lines = include_str!("../../domain/data/disclosure.csv").lines();
        let header: Vec<&'static str> = lines.next().expect("a header").split(';').collect();
        let (mut cells, mut fields) = (BTreeMap::new(), Vec::new());
        for line in lines {
            let row: Vec<&'static str> = line.split(';').collect();
            let letters =
                (4..header.len() - 1).map(|column| (header[column], row[column].chars().next().expect("a letter")));
            fields.push(row[0]);
            cells.insert(row[0], letters.collect());
        }
        let mut table = Self { cells, fields, known: BTreeMap::new() };
        for kind in &header[4..header.len() - 1] {
            let known = table.fields.iter().copied().filter(|field| table.exists(field, kind)).collect();
            table.known.insert(kind, known);
        }
        table
    }

    fn letter(&self, field: &str, kind: &str) -> char {
        self.cells[field][kind]
    }

    /// Whether it is a field of the table.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.cells.contains_key(name)
    }

    /// The fields that a kind may see at most at this stage.
    pub(crate) fn most(&self, kind: &str, stage: Stage) -> Fields {
        let may = |field: &&str| match self.letter(field, kind) {
            'P' => stage != Stage::Closed,
            'A' | 'C' => stage == Stage::Full,
            _ => false,
        };
        self.fields.iter().copied().filter(may).collect()
    }

    /// The fields that a kind may see only if the client ticked them separately.
    pub(crate) fn ticked_only(&self, kind: &str) -> Fields {
        self.fields.iter().copied().filter(|field| self.letter(field, kind) == 'C').collect()
    }

    /// The fields of a kind's schema, in their order.
    pub(crate) fn known(&self, kind: &str) -> &[&'static str] {
        &self.known[kind]
    }

    /// For a sender, every field exists that anyone may receive.
    fn exists(&self, field: &str, kind: &str) -> bool {
        self.letter(field, kind) != '-' || kind == SENDS && self.cells[field].values().any(|&letter| letter != '-')
    }

    /// The codes of these fields, in their order.
    pub(crate) fn codes(&self, fields: &Fields) -> Vec<String> {
        self.fields.iter().filter(|field| fields.contains(*field)).map(|field| code_of(field)).collect()
    }

    /// Every cell that allows a field.
    pub(crate) fn allowed(&self) -> BTreeSet<Cell> {
        let both = [Stage::Preview, Stage::Full];
        let of = |kind, stage| self.most(kind, stage).into_iter().map(move |field| (field, kind, stage));
        self.known.keys().flat_map(|kind| both.into_iter().flat_map(move |stage| of(*kind, stage))).collect()
    }

    /// Every cell that denies a field of a kind's schema.
    pub(crate) fn denied(&self) -> BTreeSet<DeniedCell> {
        let of = |kind: &'static str| {
            let (now, later) = (self.most(kind, Stage::Preview), self.most(kind, Stage::Full));
            let not_yet = later.into_iter().filter(move |field| !now.contains(field));
            let not_yet = not_yet.map(move |field| (field, kind, Denial::NotYet));
            not_yet.chain(self.ticked_only(kind).into_iter().map(move |field| (field, kind, Denial::NotTicked)))
        };
        self.known.keys().flat_map(|kind| of(kind)).collect()
    }
}

/// A field of the schema, a kind of agency, and why it is denied.
pub(crate) type DeniedCell = (&'static str, &'static str, Denial);

/// A field, a kind of agency, and the stage.
pub(crate) type Cell = (&'static str, &'static str, Stage);

/// A field as an enum value of the schema.
pub(crate) fn code_of(field: &str) -> String {
    let mut code = String::new();
    for letter in field.chars() {
        if letter.is_ascii_uppercase() {
            code.push('_');
        }
        code.push(letter.to_ascii_uppercase());
    }
    code
}
