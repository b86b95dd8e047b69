//! Documents, parsed once: programs send the same few over and over, and parsing one takes longer than fetching its rows.

pub(crate) mod cache;
pub(crate) mod cost;
pub(crate) mod engine_merge;
pub(crate) mod inputs;
pub(crate) mod limits;
pub(crate) mod prepared;

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Positioned, Request, ServerError, Variables};
use kim_domain::fingerprint::hex;
use sha2::{Digest as _, Sha256};

use crate::document::cache::Cache;
use crate::document::engine_merge::needs_engine_merge;
use crate::engine::rewrite::rewrite;

/// What a client asks: which operation of a document, with which variables.
pub struct ParsedRequest {
    pub(crate) document: Arc<Document>,
    /// Where the document may be kept.
    pub(crate) text: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

impl ParsedRequest {
    /// Reads a request whose document's brackets were counted.
    ///
    /// # Errors
    /// What is wrong with the document, and where.
    pub fn read(request: Request) -> Result<Self, ServerError> {
        static PARSED: LazyLock<Cache<String, Document>> = LazyLock::new(Cache::default);
        let Request { query, operation_name, variables, .. } = request;
        let document = Document::read(&query, &PARSED)?;
        Ok(Self { document, text: may_be_kept(&query).then_some(query), operation_name, variables })
    }

    /// What the operation does; `None` if there is none, or it is not said which.
    #[must_use]
    pub fn operation_type(&self) -> Option<OperationType> {
        self.document.operation(self.operation_name.as_deref()).map(|operation| operation.node.ty)
    }

    /// What an engine gets that is asked without further checks.
    #[must_use]
    pub fn request(&self) -> Request {
        self.document.request(self.operation_name.as_deref(), &self.variables)
    }
}

impl fmt::Debug for ParsedRequest {
    /// Variables never get into a log by way of Debug.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParsedRequest")
    }
}

/// Whether a document may be kept longer than its request: a string or a comment within it may name a person.
fn may_be_kept(text: &str) -> bool {
    text.len() <= cache::MOST / 8 && !text.contains(['"', '#'])
}

/// A document as it was sent, and as it is executed.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) sent: ExecutableDocument,
    pub(crate) rewritten: ExecutableDocument,
    /// Whether it asks for an object in pieces.
    pub(crate) needs_engine_merge: bool,
    /// Which document it was, without its text: a hash.
    pub(crate) fingerprint: String,
}

impl Document {
    fn read(text: &str, parsed: &Cache<String, Self>) -> Result<Arc<Self>, ServerError> {
        if !may_be_kept(text) {
            return Self::parse(text).map(Arc::new);
        }
        if let Some(document) = parsed.get(text) {
            return Ok(document);
        }
        let document = Arc::new(Self::parse(text)?);
        parsed.keep(text.to_owned(), text.len(), Arc::clone(&document));
        Ok(document)
    }

    fn parse(text: &str) -> Result<Self, ServerError> {
        let sent = parse_query(text)?;
        let mut rewritten = sent.clone();
        rewrite(&mut rewritten);
        let needs_engine_merge = needs_engine_merge(&rewritten);
        let fingerprint = hex(&Sha256::digest(text.as_bytes())[..16]);
        Ok(Self { sent, rewritten, needs_engine_merge, fingerprint })
    }

    /// What the engine gets.
    pub(crate) fn request(&self, operation_name: Option<&str>, variables: &Variables) -> Request {
        let mut request = Request::new("").variables(variables.clone());
        request.operation_name = operation_name.map(str::to_owned);
        request.set_parsed_query(self.rewritten.clone());
        request
    }

    /// The operation that runs: the named one, or the only one, which may have a name as well. `None` if there is none, or it
    /// is not said which.
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<&Positioned<OperationDefinition>> {
        match (&self.rewritten.operations, name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            // One without a name cannot be asked for by name.
            (DocumentOperations::Single(_), Some(_)) => None,
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
            (DocumentOperations::Multiple(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_parsed_once() {
        let parsed = Cache::default();
        let read = |text: &str| Document::read(text, &parsed).expect("a document");
        let (first, again) = (read("{ viewer { role } }"), read("{ viewer { role } }"));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &read("{ viewer { role role } }")));
    }

    #[test]
    fn what_may_name_a_person_or_is_long_is_not_kept() {
        let parsed = Cache::default();
        let long = format!("{{ viewer {{ {} }} }}", "role ".repeat(4_000));
        for text in
            ["{ a } # Rahimi", "{ a(name: \"Rahimi\") { b } }", "{ a(name: \"\"\"Rahimi\"\"\") { b } }", long.as_str()]
        {
            Document::read(text, &parsed).expect("a document");
            assert!(ParsedRequest::read(Request::new(text)).expect("a document").text.is_none());
        }
        assert_eq!(parsed.len(), 0);
        assert!(ParsedRequest::read(Request::new("{ a }")).expect("a document").text.is_some());
    }

    #[test]
    fn errors_are_not_kept() {
        let parsed = Cache::default();
        Document::read("{ a", &parsed).expect_err("no document");
        assert_eq!(parsed.len(), 0);
    }
}
