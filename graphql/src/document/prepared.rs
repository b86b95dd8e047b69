//! Prepared documents: what no variable changes is found out once for each schema, document and operation.
//!
//! The engine validates again whenever it executes (docs/adr/0010-the-engine-stays.md).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::parser::types::{OperationType, VariableDefinition};
use async_graphql::{Name, Positioned, Request, ServerError, Variables};
use kim_domain::agency::{AgencyKind, Role};

use crate::document::cache::Cache;
use crate::document::inputs::VariableSizes;
use crate::document::limits;
use crate::document::{Document, ParsedRequest};
use crate::engine::validation::{self, Findings};
use crate::engine::{error_text, required_variables, root_order, skip_defaults};
use crate::error::{Code, MAX_ERRORS, coded};
use crate::schema::visible_schema::VisibleSchema;

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(Documents::default);

/// Checks a request on the schema of a kind and role, whose words are `known`.
///
/// # Errors
/// What is refused before the engine validates.
pub(crate) fn prepare(
    asked: ParsedRequest,
    schema: (AgencyKind, Role),
    known: &VisibleSchema,
) -> Result<Ready<'static>, Vec<ServerError>> {
    DOCUMENTS.prepare(asked, schema, known)
}

/// How many requests of this process found their document prepared.
#[must_use]
pub fn document_counts() -> DocumentCounts {
    DOCUMENTS.counts()
}

/// Requests, by whether their document was prepared before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentCounts {
    /// It was.
    pub hits: u64,
    /// It was not, and is kept if it was answered.
    pub misses: u64,
    /// It is too long, or has a string or a comment: it is never kept.
    pub never_kept: u64,
}

/// A document and an operation of it that may be executed on a schema.
#[derive(Debug)]
pub(crate) struct Prepared {
    document: Arc<Document>,
    operation_name: Option<String>,
    variables: Vec<Positioned<VariableDefinition>>,
    findings: Findings,
    /// The variables with which its cost was last measured and within the limits.
    affordable: Mutex<VariableSizes>,
    /// Whether it changes anything.
    pub(crate) changes: bool,
    /// The response keys of its fields, in their order.
    pub(crate) root_keys: Vec<Name>,
}

impl Prepared {
    /// Refuses subscriptions, which come later, and requests that do not say which operation they mean.
    fn of(
        document: Arc<Document>,
        operation_name: Option<String>,
        affordable: VariableSizes,
        known: &VisibleSchema,
    ) -> Result<Self, ServerError> {
        let is_subscription = |ty| ty == OperationType::Subscription;
        if let Some((_, one)) = document.sent.operations.iter().find(|(_, one)| is_subscription(one.node.ty)) {
            let error = ServerError::new("Abonnements gibt es hier nicht.", Some(one.pos));
            return Err(coded(error, Code::OperationNotAllowed));
        }
        let Some(operation) = document.operation(operation_name.as_deref()) else {
            // The engine would repeat the name, whatever its size.
            let text = match operation_name {
                Some(_) => "Unknown operation: the document has none of the name in \"operationName\".",
                None => "The document has several operations: \"operationName\" must say which one.",
            };
            let error = ServerError { locations: Vec::new(), ..ServerError::new(text, None) };
            return Err(coded(error, Code::ValidationFailed));
        };
        Ok(Self {
            variables: operation.node.variable_definitions.clone(),
            affordable: Mutex::new(affordable),
            findings: validation::find(&document.rewritten, operation, known),
            changes: operation.node.ty == OperationType::Mutation,
            root_keys: root_order::root_keys(&document.rewritten, &operation.node),
            operation_name,
            document,
        })
    }

    /// Measures the cost again, unless no variable is larger than when it was last within the limits.
    fn check_cost(&self, variables: &Variables, known: &VisibleSchema) -> Result<(), ServerError> {
        let sizes = VariableSizes::of(variables);
        if !sizes.is_within(&self.affordable.lock().unwrap_or_else(PoisonError::into_inner)) {
            limits::check(&self.document.sent, variables, known)?;
            *self.affordable.lock().unwrap_or_else(PoisonError::into_inner) = sizes;
        }
        Ok(())
    }

    /// Completes the variables of a request, and refuses what is wrong with them or with the document.
    fn check(&self, variables: &mut Variables, known: &VisibleSchema) -> Result<(), Vec<ServerError>> {
        skip_defaults::add(&self.variables, variables);
        required_variables::check(&self.variables, variables).map_err(|error| vec![error])?;
        let mut wrong = self.findings.errors(variables, known);
        wrong.truncate(MAX_ERRORS);
        wrong.iter_mut().for_each(|error| error_text::shorten(&mut error.message));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// A request that passed the checks that come before the engine's.
pub(crate) struct Ready<'c> {
    pub(crate) prepared: Arc<Prepared>,
    variables: Variables,
    /// Where the document is kept once it was answered.
    keep: Option<(&'c Cache<Key, Prepared>, Key)>,
}

impl Ready<'_> {
    pub(crate) fn document(&self) -> &Document {
        &self.prepared.document
    }

    /// What the engine gets.
    pub(crate) fn request(&self) -> Request {
        self.document().request(self.prepared.operation_name.as_deref(), &self.variables)
    }

    /// Keeps the document: the engine found nothing wrong with it either.
    pub(crate) fn keep(&mut self) {
        if let Some((cache, key)) = self.keep.take() {
            let bytes = key.text.len() + key.operation_name.as_deref().map_or(0, str::len);
            cache.keep(key, bytes, Arc::clone(&self.prepared));
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    schema: (AgencyKind, Role),
    text: String,
    operation_name: Option<String>,
}

/// The prepared documents of a process.
#[derive(Debug, Default)]
struct Documents {
    cache: Cache<Key, Prepared>,
    hits: AtomicU64,
    misses: AtomicU64,
    never_kept: AtomicU64,
}

impl Documents {
    fn prepare(
        &self,
        asked: ParsedRequest,
        schema: (AgencyKind, Role),
        known: &VisibleSchema,
    ) -> Result<Ready<'_>, Vec<ServerError>> {
        let ParsedRequest { document, text, operation_name, mut variables } = asked;
        let key = text.map(|text| Key { schema, text, operation_name: operation_name.clone() });
        let kept = key.as_ref().and_then(|key| self.cache.get(key));
        let count = match (&key, &kept) {
            (Some(_), Some(_)) => &self.hits,
            (Some(_), None) => &self.misses,
            (None, _) => &self.never_kept,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let (prepared, key) = match kept {
            Some(prepared) => {
                prepared.check_cost(&variables, known).map_err(|error| vec![error])?;
                (prepared, None)
            }
            None => {
                // Before anything that expands fragments.
                limits::check(&document.sent, &variables, known).map_err(|error| vec![error])?;
                let sizes = VariableSizes::of(&variables);
                let prepared = Prepared::of(document, operation_name, sizes, known).map_err(|error| vec![error])?;
                (Arc::new(prepared), key)
            }
        };
        prepared.check(&mut variables, known)?;
        Ok(Ready { prepared, variables, keep: key.map(|key| (&self.cache, key)) })
    }

    fn counts(&self) -> DocumentCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        DocumentCounts { hits: read(&self.hits), misses: read(&self.misses), never_kept: read(&self.never_kept) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::schemas;

    const CLERK: (AgencyKind, Role) = (AgencyKind::Jobcenter, Role::Clerk);

    /// Asks, and keeps the document as if it was answered.
    fn ask(documents: &Documents, pair: (AgencyKind, Role), request: impl Into<Request>) -> Arc<Prepared> {
        let asked = ParsedRequest::read(request.into()).expect("a document");
        let mut ready =
            documents.prepare(asked, pair, schemas::known(schemas::of(pair.0, pair.1))).expect("nothing is wrong");
        ready.keep();
        ready.prepared
    }

    fn refused(documents: &Documents, request: Request) -> Vec<String> {
        let asked = ParsedRequest::read(request).expect("a document");
        let errors = documents.prepare(asked, CLERK, schemas::known(schemas::of(CLERK.0, CLERK.1))).err();
        errors.expect("refused").into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_document_is_prepared_once_for_each_schema_and_operation() {
        let documents = Documents::default();
        let text = "query A { viewer { role } } query B { agencies { totalCount } viewer { role } }";
        let named = |name: &str| Request::new(text).operation_name(name);
        let first = ask(&documents, CLERK, named("A"));
        assert_eq!(documents.counts(), DocumentCounts { misses: 1, ..DocumentCounts::default() });
        assert!(Arc::ptr_eq(&first, &ask(&documents, CLERK, named("A"))));
        let other_operation = ask(&documents, CLERK, named("B"));
        let other_schema = ask(&documents, (AgencyKind::Traeger, Role::CaseManager), named("A"));
        assert!(!Arc::ptr_eq(&first, &other_operation) && !Arc::ptr_eq(&first, &other_schema));
        assert_eq!((first.root_keys.len(), other_operation.root_keys.len()), (1, 2));
        assert_eq!(documents.counts(), DocumentCounts { hits: 1, misses: 3, never_kept: 0 });
    }

    #[test]
    fn what_was_not_answered_or_has_a_string_is_prepared_anew() {
        let documents = Documents::default();
        let known = schemas::known(schemas::of(CLERK.0, CLERK.1));
        let asked = ParsedRequest::read(Request::new("{ viewer { rolle } }")).expect("a document");
        drop(documents.prepare(asked, CLERK, known).expect("the engine's to refuse"));
        refused(&documents, Request::new("{ __typename(a: 1) }"));
        refused(&documents, Request::new("query A { __typename } query B { __typename }"));
        assert_eq!(documents.cache.len(), 0);
        ask(&documents, CLERK, "{ agencies(after: \"a\") { totalCount } }");
        assert_eq!(documents.cache.len(), 0);
        assert_eq!(documents.counts(), DocumentCounts { hits: 0, misses: 3, never_kept: 1 });
    }

    #[test]
    fn the_variables_of_a_prepared_document_are_checked_each_time() {
        let documents = Documents::default();
        let text = "query($f: ReferralFilter, $n: Int!) { referrals(filter: $f, first: $n) { totalCount } }";
        let with = |variables| Request::new(text).variables(Variables::from_json(variables));
        ask(&documents, CLERK, with(serde_json::json!({"n": 1})));
        for (variables, says) in [
            (serde_json::json!({}), "Variable \"$n\" of type \"Int!\" is required but not provided."),
            (serde_json::json!({"n": null}), "Variable \"$n\" of type \"Int!\" is required but not provided."),
            (
                serde_json::json!({"n": 1, "f": []}),
                "Invalid value for argument \"filter\", expected type \"ReferralFilter\"",
            ),
            (
                serde_json::json!({"n": 1, "f": {"reference": "x".repeat(20_001)}}),
                "Die Anfrage ist zu groß: höchstens 20000 Bytes in einem Text.",
            ),
        ] {
            assert_eq!(refused(&documents, with(variables)), [says]);
        }
        ask(&documents, CLERK, with(serde_json::json!({"n": 1, "f": {}})));
        assert_eq!(documents.counts().misses, 1);
    }

    #[test]
    fn the_cost_of_a_prepared_document_is_measured_again_for_larger_variables() {
        let documents = Documents::default();
        let text = "query($outer: Int, $inner: Int = 100) \
                    { referrals(first: $outer) { nodes { messages(first: $inner) { nodes { id } } } } }";
        let with = |variables| Request::new(text).variables(Variables::from_json(variables));
        for affordable in [
            serde_json::json!({"outer": 10}),
            serde_json::json!({"outer": 9}),
            serde_json::json!({"outer": 99}),
            serde_json::json!({"outer": 100, "inner": 10}),
        ] {
            ask(&documents, CLERK, with(affordable));
        }
        for too_much in [serde_json::json!({"outer": 100}), serde_json::json!({"outer": 100, "inner": 100})] {
            let says = "Die Anfrage ist zu groß: höchstens 10000 Zeilen, die Seitengrößen miteinander multipliziert.";
            assert_eq!(refused(&documents, with(too_much)), [says]);
        }
        assert_eq!(documents.counts().misses, 1);
    }

    #[test]
    fn the_variables_of_a_request_are_those_of_its_operation() {
        let documents = Documents::default();
        let text = "query A($a: Int) { ...F } fragment F on Query { referrals(first: $a) { totalCount } } \
                    query B($a: ReferralFilter) { ...G } fragment G on Query { referrals(filter: $a) { totalCount } }";
        let with = |name: &str| {
            Request::new(text).operation_name(name).variables(Variables::from_json(serde_json::json!({"a": 1})))
        };
        ask(&documents, CLERK, with("A"));
        assert_eq!(refused(&documents, with("B")).len(), 1);
    }
}
