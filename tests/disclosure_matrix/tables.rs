//! The tables of the rule as text: `domain/data/disclosure.csv` and the demo's agreements, read without the domain's help.

use std::collections::{BTreeMap, BTreeSet};

/// Köln.
pub(super) const AGS: &str = "05315000";

/// The parsed tables.
pub(super) struct Tables {
    /// field → kind → level.
    pub(super) ceiling: BTreeMap<String, BTreeMap<String, char>>,
    pub(super) order: Vec<String>,
    /// purpose → (fields, ticked only), of Köln.
    pub(super) agreements: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Tables {
    pub(super) fn read() -> Self {
        let mut lines = include_str!("../../domain/data/disclosure.csv").lines();
        let header: Vec<&str> = lines.next().expect("a header").split(';').collect();
        let mut ceiling = BTreeMap::new();
        let mut order = Vec::new();
        for line in lines {
            let cells: Vec<&str> = line.split(';').collect();
            let levels = (4..header.len() - 1)
                .map(|column| (header[column].to_owned(), cells[column].chars().next().expect("a level")))
                .collect();
            order.push(cells[0].to_owned());
            ceiling.insert(cells[0].to_owned(), levels);
        }
        let mut agreements = BTreeMap::new();
        for line in
            include_str!("../../src/demo/data/agreements.csv").lines().skip(1).filter(|line| line.starts_with(AGS))
        {
            let mut cells = line.split(';');
            let purpose = cells.nth(2).expect("a purpose").to_owned();
            let fields = line.rsplit(';').next().expect("fields").split(',');
            let (mut all, mut ticked) = (BTreeSet::new(), BTreeSet::new());
            for field in fields {
                let name = field.trim_end_matches('?');
                if name != field {
                    ticked.insert(name.to_owned());
                }
                all.insert(name.to_owned());
            }
            agreements.insert(purpose, (all, ticked));
        }
        Self { ceiling, order, agreements }
    }

    pub(super) fn level(&self, field: &str, kind: &str) -> char {
        self.ceiling[field][kind]
    }

    /// Fields of the kind's schema. A Träger also sends, so every field that anyone may receive exists for it.
    pub(super) fn known(&self, kind: &str) -> Vec<String> {
        let exists = |field: &&String| {
            self.level(field, kind) != '-'
                || kind == "TRAEGER" && self.ceiling[*field].values().any(|level| *level != '-')
        };
        self.order.iter().filter(exists).cloned().collect()
    }
}
