//! Refuses documents that are cheap to send and expensive to execute, before the engine validates them.
//!
//! Gap: the engine's checks visit every expansion of every fragment: 24 chained fragments of two spreads each are 826
//! bytes and take seconds. Here each fragment is measured only once. No upstream issue found.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Pos, ServerError, Variables};

use crate::document::cost::{Cost, Measure};
use crate::document::inputs::Inputs;
use crate::error::limit::{ExceededLimit, Limit};
use crate::error::{Code, with_code};
use crate::schema::visible_schema::VisibleSchema;

/// Maximum cost of a document. The standard introspection query has 130 fields on 15 levels and is estimated at about
/// 60,000 values; a page of 100 referrals with all handover fields and 20 messages each, at 25,000.
const FIELDS: u64 = 1_000;
const DEPTH: u64 = 24;
const ROOT_FIELDS: u64 = 10;
const ALIASES: u64 = 300;
const DIRECTIVES: u64 = 100;
const DEFINITIONS: u64 = 30;
const ROWS: u64 = 10_000;
const VALUES: u64 = 80_000;
/// One list of 1,000 objects with three values each is 4,000.
const INPUTS: u64 = 10_000;
/// A statistic reads all referrals of an agency.
const STATISTICS: u64 = 1;
/// Bytes of one text. All texts of a handover are shorter.
const TEXT: u64 = 20_000;

/// Refuses a document that is too large when its fragments are expanded, or whose fragments are recursive. Returns whether an
/// operation asks for statistics.
pub(crate) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    schema: &VisibleSchema,
) -> Result<bool, ServerError> {
    let definitions = document.fragments.len() + document.operations.iter().count();
    refuse(Limit::Definitions, definitions as u64, DEFINITIONS, None)?;
    let mut measure = Measure::new(document, variables, schema);
    refuse_texts(measure.variables(), None)?;
    // The engine validates all operations, not only the one that is executed.
    let mut all = Cost::default();
    for (_, operation) in document.operations.iter() {
        let one = measure.operation(&operation.node)?;
        all = all.plus(Cost { top: 0, rows: 0, values: 0, ..one });
        // Each operation may ask for one: only one of them is executed.
        refuse_any(
            Cost { fields: all.fields, aliases: all.aliases, directives: all.directives, inputs: all.inputs, ..one },
            operation.pos,
        )?;
    }
    // The engine validates unused fragments too.
    for (name, fragment) in &document.fragments {
        refuse_any(Cost { top: 0, ..measure.fragment(name)? }, fragment.pos)?;
    }
    Ok(all.statistics > 0)
}

fn refuse_any(cost: Cost, at: Pos) -> Result<(), ServerError> {
    [
        (Limit::Fields, cost.fields, FIELDS),
        (Limit::Depth, cost.depth, DEPTH),
        (Limit::RootFields, cost.top, ROOT_FIELDS),
        (Limit::Aliases, cost.aliases, ALIASES),
        (Limit::Directives, cost.directives, DIRECTIVES),
        (Limit::Rows, cost.rows, ROWS),
        (Limit::Values, cost.values, VALUES),
        (Limit::Statistics, cost.statistics, STATISTICS),
        (Limit::Inputs, cost.inputs.values, INPUTS),
    ]
    .into_iter()
    .try_for_each(|(limit, is, most)| refuse(limit, is, most, Some(at)))?;
    refuse_texts(cost.inputs, Some(at))
}

fn refuse_texts(inputs: Inputs, at: Option<Pos>) -> Result<(), ServerError> {
    refuse(Limit::Text, inputs.longest, TEXT, at)?;
    if inputs.nul {
        let error = ServerError::new("Texte dürfen das Zeichen U+0000 nicht enthalten.", at);
        return Err(with_code(error, Code::BadInput));
    }
    Ok(())
}

fn refuse(limit: Limit, is: u64, most: u64, at: Option<Pos>) -> Result<(), ServerError> {
    if is > most { Err(ExceededLimit { limit, max: most }.at(at)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use kim_domain::agency::{AgencyKind, Role};

    use super::*;
    use crate::root::schemas;

    fn check(document: &ExecutableDocument, variables: &Variables) -> Result<(), ServerError> {
        let schema = schemas::visible(schemas::of(AgencyKind::Traeger, Role::CaseManager));
        super::check(document, variables, schema).map(drop)
    }

    fn code(document: &str) -> Option<String> {
        let document = async_graphql::parser::parse_query(document).expect("a document");
        let error = check(&document, &Variables::default()).err()?;
        error.extensions?.get("code").map(|code| code.to_string())
    }

    /// Each fragment spreads the next one twice.
    fn bomb(links: usize) -> String {
        let mut document = "{ ...f0 }".to_owned();
        for link in 0..links {
            document.push_str(&format!("fragment f{link} on Query {{ ...f{0} ...f{0} }}", link + 1));
        }
        document + &format!("fragment f{links} on Query {{ viewer {{ role }} }}")
    }

    #[test]
    fn ordinary_documents_pass() {
        assert_eq!(code("{ viewer { role agency { name } } }"), None);
        assert_eq!(code("{ ...f ...f } fragment f on Query { viewer { role } }"), None);
        assert_eq!(code(&bomb(5)), Some("\"LIMIT_EXCEEDED\"".to_owned()), "64 root fields");
        assert_eq!(code(&bomb(3)), None);
    }

    #[test]
    fn a_fragment_bomb_of_any_length_is_measured_once_per_fragment() {
        // With 2^55 expansions the test would never end if the fragments were expanded.
        assert_eq!(code(&bomb(55)), Some("\"LIMIT_EXCEEDED\"".to_owned()));
    }

    #[test]
    fn a_fragment_bomb_without_fields_is_refused() {
        let chain = bomb(55).replace("viewer { role }", "...missing");
        assert_eq!(code(&chain), Some("\"LIMIT_EXCEEDED\"".to_owned()));
    }

    #[test]
    fn pages_within_pages_multiply() {
        let limit = Some("\"LIMIT_EXCEEDED\"".to_owned());
        let rows = |outer: &str, inner: &str| {
            format!("{{ referrals({outer}) {{ nodes {{ messages({inner}) {{ nodes {{ id }} }} }} }} }}")
        };
        assert_eq!(code(&rows("first: 100", "last: 98")), None);
        assert_eq!(code(&rows("first: 100", "last: 100")), limit);
        assert_eq!(code(&rows("first: 1", "first: 100000")), None, "the resolver must refuse the page, not the limit");
        // Sizes from variables and from their defaults.
        let variables = |outer: i32| Variables::from_json(serde_json::json!({ "outer": outer }));
        let document = format!("query($outer: Int, $inner: Int = 100) {}", rows("first: $outer", "first: $inner"));
        let document = async_graphql::parser::parse_query(document).expect("a document");
        assert!(check(&document, &variables(99)).is_ok() && check(&document, &variables(100)).is_err());
    }

    #[test]
    fn deeply_nested_introspection_is_refused() {
        let types = |times: usize| {
            format!(
                "{{ __schema {{ types {}name{} }} }}",
                "{ fields { type ".repeat(times) + "{",
                "} }".repeat(times) + "}"
            )
        };
        assert_eq!(code(&types(2)), None);
        assert_eq!(code(&types(3)), Some("\"LIMIT_EXCEEDED\"".to_owned()));
    }

    #[test]
    fn a_variable_counts_at_each_use() {
        let passes = |times: usize| {
            let query = format!("query($a: [Int]) {{ viewer {{ {} }} }}", "role(a: $a) ".repeat(times));
            let document = async_graphql::parser::parse_query(query).expect("a document");
            let given = Variables::from_json(serde_json::json!({ "a": vec![1; 4_000] }));
            check(&document, &given).is_ok()
        };
        assert!(passes(2) && !passes(3));
    }

    #[test]
    fn texts_with_nul_and_long_texts_are_refused() {
        let given = |text: &str| {
            let document = async_graphql::parser::parse_query("{ a }").expect("a document");
            let refused = check(&document, &Variables::from_json(serde_json::json!({ "a": [{ "b": text }] }))).err()?;
            refused.extensions?.get("code").map(|code| code.to_string())
        };
        let (limit, bad) = (Some("\"LIMIT_EXCEEDED\"".to_owned()), Some("\"BAD_INPUT\"".to_owned()));
        assert_eq!((given("a"), given("a\0b"), given(&"x".repeat(20_001))), (None, bad.clone(), limit.clone()));
        for place in ["a(b: \"TEXT\")", "a(b: [{c: \"TEXT\"}])", "a @b(c: \"TEXT\")", "... @b(c: \"TEXT\") { a }"] {
            let of = |text: &str| code(&format!("{{ {} }}", place.replace("TEXT", text)));
            assert_eq!(
                (of("a"), of("\\u0000"), of(&"x".repeat(20_001))),
                (None, bad.clone(), limit.clone()),
                "{place}"
            );
        }
        assert_eq!(code("query($a: String = \"\\u0000\") { a(b: $a) }"), bad);
    }

    #[test]
    fn recursive_fragments_are_refused() {
        for document in [
            "{ ...f } fragment f on Query { ...f }",
            "{ ...f } fragment f on Query { viewer { role } ...g } fragment g on Query { ... on Query { ...f } }",
            "{ viewer { role } } fragment f on Query { ...f }",
        ] {
            assert_eq!(code(document), Some("\"GRAPHQL_VALIDATION_FAILED\"".to_owned()), "{document}");
        }
    }

    #[test]
    fn each_limit_is_enforced() {
        let limit = Some("\"LIMIT_EXCEEDED\"".to_owned());
        let nested = |depth: usize| format!("{}a{}", "{ a ".repeat(depth), " }".repeat(depth));
        assert_eq!(code(&nested(23).replacen('a', "b", 1)), None);
        assert_eq!(code(&nested(25)), limit);
        let aliases: String = (0..=ALIASES).map(|n| format!("a{n}: role ")).collect();
        assert_eq!(code(&format!("{{ viewer {{ {aliases} }} }}")), limit);
        assert_eq!(code(&format!("{{ viewer {{ {} }} }}", "role ".repeat(1_001))), limit);
        assert_eq!(code(&format!("{{ {} }}", "viewer { role } ".repeat(11))), limit);
        assert_eq!(code(&format!("{{ viewer {{ role {} }} }}", "@a ".repeat(101))), limit);
        let fragments: String = (0..31).map(|n| format!("fragment f{n} on Query {{ a }} ")).collect();
        assert_eq!(code(&format!("{{ a }} {fragments}")), limit);
        let unused = format!("{{ a }} fragment f on Query {{ {} }}", "a ".repeat(1_001));
        assert_eq!(code(&unused), limit);
    }
}
