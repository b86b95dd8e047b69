//! The fuzzer: asks the server random documents of every viewer, and checks what it answers.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kim_domain::calendar::Clock;
use serde_json::Value;

use super::answer::{Check, Seen};
use super::canaries::{self, Classes};
use super::changes::{self, Repeat};
use super::document::{Document, Item};
use super::facts::Facts;
use super::generator::{Generator, Pool};
use super::pools;
use super::random::{Random, seed};
use super::schema::Schema;
use super::setup;
use super::split_selection::split_selections;
use super::table::{Cell, DeniedCell};
use super::viewers::{Viewer, viewers};
use super::world;
use crate::support::database::TestDatabase;
use crate::support::server::TestServer;
use crate::support::world::today;

/// Maximum number of additional documents to find missing cells.
const MAX_MORE: usize = 5_000;
/// Error codes with which a valid document may be answered.
const CODES: [&str; 9] = [
    "FORBIDDEN",
    "BAD_INPUT",
    "LIMIT_EXCEEDED",
    "NOT_FOUND",
    "CONFLICT",
    "ACTION_NOT_ALLOWED",
    "ILLEGAL_TRANSITION",
    "NO_AGREEMENT",
    "NO_LEGAL_GROUND",
];

/// A server over the test's rows, and everything that its answers showed.
pub(crate) struct Fuzz {
    pub(crate) seed: u64,
    pub(crate) facts: Facts,
    pub(crate) seen: Seen,
    pub(crate) classes: Classes,
    /// Number of documents.
    pub(crate) asked: usize,
    /// Number of documents that were answered with errors only.
    pub(crate) unanswered: usize,
    random: Random,
    server: TestServer,
    viewers: Vec<(Viewer, Pool)>,
    schemas: BTreeMap<(&'static str, &'static str), Schema>,
    repeats: Vec<Repeat>,
}

/// Cells and texts that were not shown, or not denied, to anybody yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Cells of the table of which a receiver must be shown a value.
    shown: Vec<Cell>,
    /// Cells that a receiver must request without getting a value.
    denied: Vec<DeniedCell>,
    /// Classes of canaries that must be shown to somebody.
    texts: Vec<String>,
    /// Lengths of birth dates, known to the day or in part, that must be shown to somebody.
    birth_dates: Vec<usize>,
}

impl Missing {
    /// Whether some of it can be shown or denied to this viewer.
    fn concerns(&self, facts: &Facts, viewer: &Viewer) -> bool {
        let of_kind = self.shown.iter().any(|(_, kind, _)| *kind == viewer.kind)
            || self.denied.iter().any(|(_, kind, _)| *kind == viewer.kind);
        let sees_all = viewer.works_on_referrals() && viewer.lacks.is_empty() && viewer.purposes.is_none();
        (of_kind || !self.birth_dates.is_empty()) && sees_all
            || self.texts.iter().any(|class| viewer.may_read_some(facts, class))
    }
}

/// An answer.
struct Answer {
    body: String,
    json: Value,
}

impl Fuzz {
    pub(crate) async fn begin(db: TestDatabase) -> Self {
        let seed = seed();
        println!("KIM_TEST_SEED={seed}");
        let mut facts = world::build(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let repeats = changes::change(&server, &facts).await;
        setup::register(world::raw(&server.database), &mut facts).await;
        let names = Arc::new(pools::names(&facts));
        let with_pool = |viewer: Viewer| {
            let pool = pools::pool(&facts, &viewer, &names);
            (viewer, pool)
        };
        let viewers: Vec<(Viewer, Pool)> = viewers(&facts).into_iter().map(with_pool).collect();
        let mut schemas = BTreeMap::new();
        for (viewer, _) in &viewers {
            if let Entry::Vacant(place) = schemas.entry(viewer.pair()) {
                place.insert(setup::schema(&server, &facts, viewer).await);
            }
        }
        let (seen, classes, random) = (Seen::default(), Classes::new(), Random::new(seed, 0));
        Self { seed, facts, seen, classes, asked: 0, unanswered: 0, random, server, viewers, schemas, repeats }
    }

    /// Sends a document of a random viewer and checks the answer.
    pub(crate) async fn ask_and_check(&mut self) {
        let places: Vec<usize> = (0..self.viewers.len()).collect();
        let place = *self.random.weighed(&places, |place| self.viewers[*place].0.weight);
        self.ask_of(place).await;
    }

    async fn ask_of(&mut self, place: usize) {
        let document = self.document(place);
        // Some documents are split, so that the engine merges the answer.
        let pieces = if self.random.percent(30) { split_selections(&document, &mut self.random) } else { None };
        let sent = pieces.as_ref().unwrap_or(&document);
        let answer = self.ask(place, sent).await;
        self.check(place, &document, sent, &answer);
    }

    /// Closes some consents and agreements, while the server keeps its caches.
    pub(crate) async fn close_some(&mut self) {
        changes::close(&self.server, &mut self.facts).await;
        setup::register(world::raw(&self.server.database), &mut self.facts).await;
    }

    /// Continues with viewers for whom something is still missing.
    pub(crate) async fn ask_for_the_rest(&mut self) {
        for _ in 0..MAX_MORE {
            let missing = self.missing();
            if missing == Missing::default() {
                return;
            }
            let facts = &self.facts;
            let may = |(viewer, _): &(Viewer, Pool)| missing.concerns(facts, viewer);
            let places: Vec<usize> = (0..self.viewers.len()).filter(|place| may(&self.viewers[*place])).collect();
            let place = *self.random.weighed(&places, |place| self.viewers[*place].0.weight);
            self.ask_of(place).await;
        }
    }

    /// Everything that was not shown or denied yet. Must be empty at the end.
    pub(crate) fn missing(&self) -> Missing {
        let (table, seen) = (&self.facts.table, &self.seen);
        Missing {
            shown: table.allowed().difference(&seen.cells).copied().collect(),
            denied: table.denied().difference(&seen.denied).copied().collect(),
            texts: pools::classes(&self.facts).difference(&self.classes).cloned().collect(),
            birth_dates: ["1990-05-17", "1990-05", "1990"]
                .map(str::len)
                .into_iter()
                .filter(|one| !seen.birth_dates.contains(one))
                .collect(),
        }
    }

    /// Sends a document of each viewer in turn, as it is and split, and compares the answers. Returns whether there were two.
    pub(crate) async fn ask_both_ways(&mut self, turn: usize) -> bool {
        let place = turn % self.viewers.len();
        let document = self.document(place);
        let Some(pieces) = split_selections(&document, &mut self.random) else { return false };
        let (whole, merged) = (self.ask(place, &document).await, self.ask(place, &pieces).await);
        self.check(place, &document, &document, &whole);
        if whole.is_too_large() || merged.is_too_large() {
            return false;
        }
        if whole.data() != merged.data() || whole.errors() != merged.errors() {
            let others = format!("\nsplit:\n{}\n{}", pieces.text(), merged.body);
            self.fail(place, &document, &whole, &format!("two answers{others}"));
        }
        true
    }

    pub(crate) async fn end(self) {
        println!("{} documents, {} of them without data", self.asked, self.unanswered);
        self.server.stop().await;
    }

    /// A random document of a viewer: a query, or rarely a mutation without effect, which is refused or repeated.
    fn document(&mut self, place: usize) -> Document {
        let (viewer, pool) = &self.viewers[place];
        let schema = &self.schemas[&viewer.pair()];
        let repeats: Vec<&Repeat> = self.repeats.iter().filter(|repeat| repeat.slug == viewer.slug).collect();
        let harmless = schema.harmless();
        let mutation = match self.random.below(100) {
            0..3 if !repeats.is_empty() && viewer.works_on_referrals() => {
                let repeat = *self.random.pick(&repeats);
                Some((schema.mutation(repeat.mutation), Some(repeat.input.clone())))
            }
            3..5 if !harmless.is_empty() => Some((*self.random.pick(&harmless), None)),
            _ => None,
        };
        let generator = Generator::new(schema, &mut self.random, pool, &self.seen.cursors);
        match mutation {
            Some((field, input)) => generator.mutation(field, input),
            None => generator.query(),
        }
    }

    async fn ask(&mut self, place: usize, document: &Document) -> Answer {
        self.asked += 1;
        let token = self.viewers[place].0.token();
        let request = self.server.post(&document.text(), &document.given()).bearer_auth(token);
        let body = request.send().await.expect("an answer").text().await.expect("a body");
        let json = serde_json::from_str(&body).unwrap_or_else(|_| panic!("not JSON: {body}"));
        Answer { body, json }
    }

    /// Checks the answer to a document, which may have been sent after a split.
    fn check(&mut self, place: usize, document: &Document, sent: &Document, answer: &Answer) {
        self.unanswered += usize::from(answer.json["data"].is_null());
        let (facts, viewer) = (&self.facts, &self.viewers[place].0);
        let failed = answer.errors();
        let is_wrong = |code: &str| !CODES.contains(&code) || code == "FORBIDDEN" && viewer.lacks.is_empty();
        let wrong =
            failed.iter().find(|(code, _)| is_wrong(code)).map(|(code, path)| format!("the error {code} at {path}"));
        let checked = wrong.map_or(Ok(()), Err);
        let checked = checked
            .and_then(|()| canaries::check(facts, viewer, &answer.body, &echoed(document), &mut self.classes))
            .and_then(|()| {
                let (failed, schema) =
                    (failed.into_iter().map(|(_, path)| path).collect(), &self.schemas[&viewer.pair()]);
                Check { facts, viewer, schema, seen: &mut self.seen, failed }.data(document, &answer.json["data"])
            });
        if let Err(wrong) = checked {
            self.fail(place, sent, answer, &wrong);
        }
    }

    fn fail(&self, place: usize, sent: &Document, answer: &Answer, wrong: &str) -> ! {
        let viewer = self.viewers[place].0.name();
        panic!(
            "{wrong}\nKIM_TEST_SEED={} document {} of {viewer}:\n{}\nvariables: {}\nanswer: {}",
            self.seed,
            self.asked,
            sent.text(),
            sent.given(),
            answer.body
        );
    }
}

impl Answer {
    /// Whether the whole document was refused as too large.
    fn is_too_large(&self) -> bool {
        let errors = self.json["errors"].as_array().map_or(&[][..], Vec::as_slice);
        self.json.get("data").is_none() && errors.iter().any(|error| error["extensions"]["code"] == "LIMIT_EXCEEDED")
    }

    /// The bytes of `data`.
    fn data(&self) -> &str {
        let from = self.body.find("\"data\":").map_or(self.body.len(), |at| at + "\"data\":".len());
        let rest = &self.body[from..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
        let _value = values.next();
        &rest[..values.byte_offset()]
    }

    /// Codes and paths of its errors, each once.
    fn errors(&self) -> BTreeSet<(String, String)> {
        let errors = self.json["errors"].as_array().into_iter().flatten();
        let path = |error: &Value| {
            let parts = error["path"].as_array().into_iter().flatten();
            parts.map(|part| format!("/{}", part.as_str().map_or_else(|| part.to_string(), str::to_owned))).collect()
        };
        errors.map(|error| (error["extensions"]["code"].as_str().unwrap_or_default().to_owned(), path(error))).collect()
    }
}

/// Ids that an answer repeats because the request named them.
fn echoed(document: &Document) -> Vec<String> {
    let inputs = document.root.iter().filter_map(|item| match item {
        Item::Field(node) if node.name.starts_with("bulk") => Some(node.argument("input")),
        Item::Field(_) | Item::Fragment(_) => None,
    });
    let items = inputs.flat_map(|input| input["items"].as_array().into_iter().flatten());
    items.filter_map(|item| item["referralId"].as_str()).map(str::to_owned).collect()
}
