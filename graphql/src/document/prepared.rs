//! Prepared documents: all checks that do not depend on variables are done once for each schema, document and
//! operation.
//!
//! The engine nevertheless validates each execution (docs/adr/0010-the-engine-stays.md).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use async_graphql::parser::types::{OperationType, VariableDefinition};
use async_graphql::{Name, Positioned, Request, Response, ServerError, Variables};
use kim_domain::agency::{AgencyKind, Role};

use crate::document::cache::Cache;
use crate::document::inputs::{CheckedSizes, VariableSizes};
use crate::document::limits;
use crate::document::{Document, ParsedRequest, engine_request};
use crate::engine::null_arguments::NullArguments;
use crate::engine::validation::{self, Findings};
use crate::engine::{error_text, omitted_variables, required_variables, root_order, skip_defaults};
use crate::error::{Code, MAX_ERRORS, with_code};
use crate::schema::visible_schema::VisibleSchema;

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(Documents::default);

/// Checks a request against the schema of a kind and role.
///
/// # Errors
/// The request is refused before the engine validates it.
pub(crate) fn prepare(
    request: ParsedRequest,
    pair: (AgencyKind, Role),
    schema: &VisibleSchema,
) -> Result<PreparedRequest<'static>, Vec<ServerError>> {
    DOCUMENTS.prepare(request, pair, schema)
}

/// Counts the lookups of prepared documents in this process.
#[must_use]
pub fn document_counts() -> DocumentCounts {
    DOCUMENTS.counts()
}

/// Numbers of requests, by the result of the lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentCounts {
    /// The prepared document was in the cache.
    pub hits: u64,
    /// It was not. It is added to the cache after a successful execution.
    pub misses: u64,
    /// The document is never cached, because it is too long or has a string or a comment.
    pub never_kept: u64,
}

/// An operation of a document, prepared for one schema.
#[derive(Debug)]
pub(crate) struct Prepared {
    document: Arc<Document>,
    operation_name: Option<String>,
    variables: Vec<Positioned<VariableDefinition>>,
    findings: Findings,
    checked_sizes: CheckedSizes,
    pub(crate) is_mutation: bool,
    /// Whether an operation of the document asks for statistics.
    pub(crate) is_statistics: bool,
    /// The response keys of the root fields, in their order.
    pub(crate) root_keys: Vec<Name>,
}

impl Prepared {
    /// Refuses subscriptions, which are not implemented yet, and requests without a definite operation.
    fn of(
        document: Arc<Document>,
        operation_name: Option<String>,
        (checked_sizes, is_statistics): (VariableSizes, bool),
        schema: &VisibleSchema,
    ) -> Result<Self, ServerError> {
        let is_subscription = |ty| ty == OperationType::Subscription;
        if let Some((_, one)) = document.sent.operations.iter().find(|(_, one)| is_subscription(one.node.ty)) {
            let error = ServerError::new("Abonnements gibt es hier nicht.", Some(one.pos));
            return Err(with_code(error, Code::OperationNotAllowed));
        }
        let Some(operation) = document.operation(operation_name.as_deref()) else {
            // Gap: the engine's own error repeats the name in full length. No upstream issue found.
            let text = match operation_name {
                Some(_) => "Unknown operation: the document has none of the name in \"operationName\".",
                None => "The document has several operations: \"operationName\" must say which one.",
            };
            let error = ServerError { locations: Vec::new(), ..ServerError::new(text, None) };
            return Err(with_code(error, Code::ValidationFailed));
        };
        Ok(Self {
            variables: operation.node.variable_definitions.clone(),
            checked_sizes: CheckedSizes::new(checked_sizes),
            findings: validation::find(&document.rewritten, operation, schema),
            is_mutation: operation.node.ty == OperationType::Mutation,
            is_statistics,
            root_keys: root_order::root_keys(&document.rewritten, &operation.node),
            operation_name,
            document,
        })
    }

    /// Checks the cost again if a variable is larger than in every check that passed.
    fn check_cost(&self, variables: &Variables, schema: &VisibleSchema) -> Result<(), ServerError> {
        let sizes = VariableSizes::of(variables);
        if !self.checked_sizes.contain(&sizes) {
            limits::check(&self.document.sent, variables, schema)?;
            self.checked_sizes.add(sizes);
        }
        Ok(())
    }

    /// Adds the defaults to the variables of a request, and refuses errors in the variables or the document.
    fn check(&self, variables: &mut Variables, schema: &VisibleSchema) -> Result<(), Vec<ServerError>> {
        skip_defaults::add(&self.variables, variables);
        required_variables::check(&self.variables, variables).map_err(|error| vec![error])?;
        let mut wrong = self.findings.errors(variables, schema);
        wrong.truncate(MAX_ERRORS);
        wrong.iter_mut().for_each(|error| error_text::shorten(&mut error.message));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// A request that passed all checks before the engine's.
pub(crate) struct PreparedRequest<'c> {
    pub(crate) prepared: Arc<Prepared>,
    variables: Variables,
    /// The cache and the key for the prepared document. `None` if it is cached already or never cached.
    uncached: Option<(&'c Cache<Key, Prepared>, Key)>,
}

impl PreparedRequest<'_> {
    pub(crate) fn document(&self) -> &Document {
        &self.prepared.document
    }

    /// The request for the engine.
    pub(crate) fn engine_request(&self, schema: &VisibleSchema) -> Request {
        let name = self.prepared.operation_name.as_deref();
        let mut document = self.document().rewritten.clone();
        let omitted = omitted_variables::of(&self.prepared.variables, &self.variables);
        omitted_variables::remove(&mut document, name, &omitted);
        self.null_arguments(schema).replace(&mut document, name);
        engine_request(document, name, &self.variables)
    }

    /// The arguments that are errors of their fields.
    fn null_arguments<'s>(&self, schema: &'s VisibleSchema) -> NullArguments<'s> {
        NullArguments::of(&self.prepared.findings.not_null, &self.variables, schema)
    }

    /// Adds the errors that the engine does not report.
    pub(crate) fn report(&self, response: &mut Response, schema: &VisibleSchema) {
        if let Some(operation) = self.document().operation(self.prepared.operation_name.as_deref()) {
            self.null_arguments(schema).report(response, &self.document().rewritten, &operation.node);
        }
    }

    /// Adds the prepared document to the cache. Called after the engine has validated it too.
    pub(crate) fn cache(&mut self) {
        if let Some((cache, key)) = self.uncached.take() {
            let bytes = key.text.len() + key.operation_name.as_deref().map_or(0, str::len);
            cache.insert(key, bytes, Arc::clone(&self.prepared));
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    pair: (AgencyKind, Role),
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
        request: ParsedRequest,
        pair: (AgencyKind, Role),
        schema: &VisibleSchema,
    ) -> Result<PreparedRequest<'_>, Vec<ServerError>> {
        let ParsedRequest { document, text, operation_name, mut variables } = request;
        let key = text.map(|text| Key { pair, text, operation_name: operation_name.clone() });
        let cached = key.as_ref().and_then(|key| self.cache.get(key));
        let count = match (&key, &cached) {
            (Some(_), Some(_)) => &self.hits,
            (Some(_), None) => &self.misses,
            (None, _) => &self.never_kept,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let (prepared, key) = match cached {
            Some(prepared) => {
                prepared.check_cost(&variables, schema).map_err(|error| vec![error])?;
                (prepared, None)
            }
            None => {
                // First the limits: the other checks expand fragments.
                let is_statistics = limits::check(&document.sent, &variables, schema).map_err(|error| vec![error])?;
                let checked = (VariableSizes::of(&variables), is_statistics);
                let prepared = Prepared::of(document, operation_name, checked, schema).map_err(|error| vec![error])?;
                (Arc::new(prepared), key)
            }
        };
        prepared.check(&mut variables, schema)?;
        Ok(PreparedRequest { prepared, variables, uncached: key.map(|key| (&self.cache, key)) })
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

    /// Prepares a request and caches its document, as after a successful execution.
    fn prepare_and_cache(
        documents: &Documents,
        pair: (AgencyKind, Role),
        request: impl Into<Request>,
    ) -> Arc<Prepared> {
        let parsed = ParsedRequest::read(request.into()).expect("a document");
        let mut prepared =
            documents.prepare(parsed, pair, schemas::visible(schemas::of(pair.0, pair.1))).expect("a valid request");
        prepared.cache();
        prepared.prepared
    }

    fn refused(documents: &Documents, request: Request) -> Vec<String> {
        let parsed = ParsedRequest::read(request).expect("a document");
        let errors = documents.prepare(parsed, CLERK, schemas::visible(schemas::of(CLERK.0, CLERK.1))).err();
        errors.expect("refused").into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_document_is_prepared_once_for_each_schema_and_operation() {
        let documents = Documents::default();
        let text = "query A { viewer { role } } query B { agencies { totalCount } viewer { role } }";
        let named = |name: &str| Request::new(text).operation_name(name);
        let first = prepare_and_cache(&documents, CLERK, named("A"));
        assert_eq!(documents.counts(), DocumentCounts { misses: 1, ..DocumentCounts::default() });
        assert!(Arc::ptr_eq(&first, &prepare_and_cache(&documents, CLERK, named("A"))));
        let other_operation = prepare_and_cache(&documents, CLERK, named("B"));
        let other_schema = prepare_and_cache(&documents, (AgencyKind::Traeger, Role::CaseManager), named("A"));
        assert!(!Arc::ptr_eq(&first, &other_operation) && !Arc::ptr_eq(&first, &other_schema));
        assert_eq!((first.root_keys.len(), other_operation.root_keys.len()), (1, 2));
        assert_eq!(documents.counts(), DocumentCounts { hits: 1, misses: 3, never_kept: 0 });
    }

    #[test]
    fn refused_documents_and_documents_with_strings_are_not_cached() {
        let documents = Documents::default();
        let schema = schemas::visible(schemas::of(CLERK.0, CLERK.1));
        let parsed = ParsedRequest::read(Request::new("{ viewer { rolle } }")).expect("a document");
        drop(documents.prepare(parsed, CLERK, schema).expect("only the engine refuses an unknown field"));
        refused(&documents, Request::new("{ __typename(a: 1) }"));
        refused(&documents, Request::new("query A { __typename } query B { __typename }"));
        assert_eq!(documents.cache.len(), 0);
        prepare_and_cache(&documents, CLERK, "{ agencies(after: \"a\") { totalCount } }");
        assert_eq!(documents.cache.len(), 0);
        assert_eq!(documents.counts(), DocumentCounts { hits: 0, misses: 3, never_kept: 1 });
    }

    #[test]
    fn the_variables_of_a_prepared_document_are_checked_each_time() {
        let documents = Documents::default();
        let text = "query($f: ReferralFilter, $n: Int!) { referrals(filter: $f, first: $n) { totalCount } }";
        let with = |variables| Request::new(text).variables(Variables::from_json(variables));
        prepare_and_cache(&documents, CLERK, with(serde_json::json!({"n": 1})));
        for (variables, message) in [
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
            assert_eq!(refused(&documents, with(variables)), [message]);
        }
        prepare_and_cache(&documents, CLERK, with(serde_json::json!({"n": 1, "f": {}})));
        assert_eq!(documents.counts().misses, 1);
    }

    #[test]
    fn the_cost_of_a_prepared_document_is_measured_again_for_larger_variables() {
        let documents = Documents::default();
        let text = "query($outer: Int, $inner: Int = 100) \
                    { referrals(first: $outer) { nodes { messages(first: $inner) { nodes { id } } } } }";
        let with = |variables| Request::new(text).variables(Variables::from_json(variables));
        for within_limits in [
            serde_json::json!({"outer": 10}),
            serde_json::json!({"outer": 9}),
            serde_json::json!({"outer": 99}),
            serde_json::json!({"outer": 100, "inner": 10}),
        ] {
            prepare_and_cache(&documents, CLERK, with(within_limits));
        }
        for too_large in [serde_json::json!({"outer": 100}), serde_json::json!({"outer": 100, "inner": 100})] {
            let message =
                "Die Anfrage ist zu groß: höchstens 10000 Zeilen, die Seitengrößen miteinander multipliziert.";
            assert_eq!(refused(&documents, with(too_large)), [message]);
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
        prepare_and_cache(&documents, CLERK, with("A"));
        assert_eq!(refused(&documents, with("B")).len(), 1);
    }
}
