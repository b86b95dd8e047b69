//! Tests of the engine alone, one for each gap. If an upgrade closes a gap, its test fails and names the file that can
//! be deleted.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{
    EmptyMutation, EmptySubscription, Enum, InputObject, Object, Request, Response, Schema, SimpleObject, Value,
    Variables, value,
};
use serde_json::json;

#[derive(Enum, Copy, Clone, PartialEq, Eq)]
enum Color {
    Red,
}

#[derive(InputObject)]
struct Filter {
    name: Option<String>,
}

#[derive(SimpleObject, Default)]
struct Thing {
    one: i32,
    two: i32,
    three: i32,
    four: i32,
    five: i32,
}

#[derive(Default)]
struct Query {
    things: AtomicUsize,
}

#[Object]
impl Query {
    async fn thing(&self, size: Option<i32>) -> Thing {
        self.things.fetch_add(1, Ordering::Relaxed);
        Thing { one: size.unwrap_or_default(), ..Thing::default() }
    }
    /// How often `thing` was resolved.
    async fn times(&self) -> usize {
        self.things.load(Ordering::Relaxed)
    }
    async fn many(&self) -> Vec<Thing> {
        (0..100).map(|_| Thing::default()).collect()
    }
    async fn slow(&self) -> i32 {
        tokio::task::yield_now().await;
        1
    }
    async fn quick(&self) -> i32 {
        2
    }
    async fn fails(&self) -> async_graphql::Result<i32> {
        Err("it failed".into())
    }
    async fn colored(&self, color: Color) -> bool {
        color == Color::Red
    }
    async fn needy(&self, name: String) -> String {
        name
    }
    async fn counted(&self, #[graphql(default = 3)] size: i32) -> i32 {
        size
    }
    async fn filtered(&self, filter: Filter) -> bool {
        filter.name.is_none()
    }
}

fn engine() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::new(Query::default(), EmptyMutation, EmptySubscription)
}

async fn ask(query: &str) -> Response {
    engine().execute(query).await
}

/// Whether `thing` is resolved in a request that fails.
async fn resolves_thing(query: &str) -> bool {
    let schema = engine();
    schema.execute(query).await.is_err() && schema.execute("{ times }").await.data == value!({"times": 1})
}

/// The first error's message.
fn message(response: &Response) -> &str {
    response.errors.first().map_or("", |error| &error.message)
}

/// Asserts that a gap still exists.
#[track_caller]
fn assert_gap(gap: bool, file: &str) {
    assert!(gap, "The gap is closed. Remove what works around it, and its row in mod.rs: graphql/src/engine/{file}");
}

/// Asserts that a gap still exists that is seen only by counting allocations, which an upgrade can change as well.
#[track_caller]
fn assert_counted_gap(gap: bool, counted: [u64; 2], file: &str) {
    assert!(
        gap,
        "The engine made {} and {} allocations. Either the gap is closed, or the engine only allocates in another way: compare \
         the times of the two documents of this test. If they differ as before, the gap exists: change what is counted. \
         Otherwise remove what works around it, and its row in mod.rs: graphql/src/engine/{file}",
        counted[0], counted[1],
    );
}

#[test]
fn the_table_names_every_file_with_a_gap_and_each_of_them_says_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let table = fs::read_to_string(folder.join("mod.rs")).expect("a file");
    let mut named: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").nth(1)?.strip_prefix('`')?.strip_suffix('`'))
        .collect();
    for file in &named {
        let text = fs::read_to_string(folder.join(file)).expect("a file");
        assert!(text.contains("//! Gap: ") || text.contains("// Gap: "), "{file} names no gap");
    }
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(named.contains(&name), text.starts_with("//! Gap: "), "{name}");
    }
    let rows = named.len();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), rows, "a file has one row");
}

#[tokio::test]
async fn two_fields_with_one_response_key_may_differ_in_a_fragment_on_the_type_of_the_selection() {
    let paragraph = "mod.rs: the paragraph on the gap without a workaround";
    for differing in
        ["{ one: quick ... on Query { one: slow } }", "{ thing { one } ... on Query { thing(size: 1) { one } } }"]
    {
        assert_gap(ask(differing).await.is_ok(), paragraph);
    }
    assert!(ask("{ one: quick ... { one: slow } }").await.is_err(), "without a type condition it is refused");
}

#[tokio::test]
async fn a_variable_of_another_type_is_accepted() {
    let response = ask("query($size: String) { thing(size: $size) { one } }").await;
    assert_gap(response.is_ok(), "variable_positions.rs");
}

#[tokio::test]
async fn a_default_in_a_list_of_an_unknown_type_panics() {
    let request = tokio::spawn(async { ask("query($a: [Nothing] = [1]) { thing(size: $a) { one } }").await });
    assert_gap(request.await.is_err_and(|ended| ended.is_panic()), "variable_types.rs");
}

#[tokio::test]
async fn an_unknown_directive_of_a_variable_is_accepted() {
    let response = ask("query($size: Int @nothing) { thing(size: $size) { one } }").await;
    assert_gap(response.is_ok(), "variable_directives.rs");
}

#[tokio::test]
async fn fields_are_resolved_although_a_variable_is_missing() {
    assert_gap(
        resolves_thing("query($name: String!) { thing { one } needy(name: $name) }").await,
        "required_variables.rs",
    );
}

#[tokio::test]
async fn the_default_of_an_argument_does_not_count_for_an_omitted_variable() {
    let response = ask("query($size: Int) { counted(size: $size) }").await;
    assert_gap(response.data != value!({"counted": 3}), "omitted_variables.rs");
}

#[tokio::test]
async fn a_null_for_an_argument_with_a_default_is_no_error_of_its_field() {
    let variables = Variables::from_json(json!({"size": null}));
    let request = Request::new("query($size: Int) { counted(size: $size) }").variables(variables);
    let response = engine().execute(request).await;
    assert_gap(response.errors.first().is_some_and(|error| error.path.is_empty()), "null_arguments.rs");
}

#[tokio::test]
async fn invalid_typename_fields_are_accepted() {
    for query in ["{ __typename @nothing }", "{ __typename(a: 1) }", "{ __typename { a } }", "{ __typename @skip }"] {
        assert_gap(ask(query).await.data == value!({"__typename": "Query"}), "typename.rs");
    }
}

#[tokio::test]
async fn a_string_literal_is_accepted_as_an_enum_value() {
    assert_gap(ask("{ colored(color: \"RED\") }").await.data == value!({"colored": true}), "enum_literals.rs");
}

#[tokio::test]
async fn fields_are_resolved_although_an_input_object_is_a_list() {
    assert_gap(resolves_thing("{ thing { one } filtered(filter: []) }").await, "input_objects.rs");
}

#[tokio::test]
async fn a_repeated_field_is_resolved_repeatedly() {
    let schema = engine();
    let response = schema.execute("{ thing { one } thing { two } }").await;
    assert_eq!(response.data, value!({"thing": {"one": 0, "two": 0}}));
    assert_gap(schema.execute("{ times }").await.data == value!({"times": 2}), "repeated_fields.rs");
    assert_gap(ask("{ fails fails }").await.errors.len() == 2, "repeated_fields.rs");
}

#[tokio::test]
async fn an_object_with_no_resolved_field_is_null() {
    assert_gap(ask("{ thing { one @skip(if: true) } }").await.data == value!({"thing": null}), "empty_objects.rs");
}

#[tokio::test]
async fn fields_are_in_the_order_of_completion() {
    let Value::Object(fields) = ask("{ slow quick }").await.data else { panic!("no object") };
    assert_gap(fields.keys().eq(["quick", "slow"]), "root_order.rs");
}

#[tokio::test]
async fn a_failed_field_is_missing_from_its_object() {
    assert_gap(ask("{ fails quick }").await.data == value!({"quick": 2}), "failed_fields.rs");
}

#[tokio::test]
async fn a_field_that_is_skipped_by_default_is_resolved() {
    let response = ask("query($skip: Boolean = true) { slow @skip(if: $skip) quick }").await;
    assert_gap(response.data == value!({"slow": 1, "quick": 2}), "skip_defaults.rs");
}

#[tokio::test]
async fn a_conflict_of_arguments_names_the_argument() {
    let response = ask("{ thing(size: 1) { one } thing(size: 2) { one } }").await;
    assert_gap(message(&response).starts_with("Fields \"size\" conflict"), "conflicting_arguments.rs");
}

#[tokio::test]
async fn messages_repeat_the_refused_input() {
    let canary = "kanari".repeat(1_000);
    let variables = Variables::from_json(json!({"color": canary}));
    let by_variable = Request::new("query($color: Color!) { colored(color: $color) }").variables(variables);
    for request in [by_variable, Request::new(format!("{{ needy(name: \"{canary}\")"))] {
        assert_gap(message(&engine().execute(request).await).contains(&canary), "error_text.rs");
    }
    let by_name = Request::new("query A { quick }").operation_name(&canary);
    let own_text = "../document/prepared.rs: the text for an unknown operation name";
    assert_gap(message(&engine().execute(by_name).await).contains(&canary), own_text);
}

#[test]
fn each_expansion_of_a_fragment_is_validated() {
    let allocations = |links: usize| {
        let mut document = "{ ...f0 }".to_owned();
        for link in 0..links {
            document.push_str(&format!("fragment f{link} on Query {{ ...f{0} ...f{0} }}", link + 1));
        }
        document.push_str(&format!("fragment f{links} on Query {{ quick }}"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        allocation_counter::measure(|| drop(runtime.block_on(engine().execute(document)))).count_total
    };
    let counted = [allocations(11), allocations(12)];
    assert_counted_gap(counted[1] > counted[0] * 3 / 2, counted, "../document/limits.rs: the cost of fragments");
}

#[tokio::test]
async fn two_rules_report_the_same_error() {
    let response = ask("query($a: Nothing) { ...F } fragment F on Missing { a }").await;
    let mut errors: Vec<&str> = response.errors.iter().map(|error| error.message.as_str()).collect();
    let all = errors.len();
    errors.dedup();
    assert_gap(errors.len() < all, "../api.rs: repeated errors");
}

#[tokio::test]
async fn escapes_of_characters_beyond_four_digits_are_refused() {
    for text in ["\\uD83D\\uDE00", "\\u{1F600}"] {
        let response = ask(&format!("{{ needy(name: \"{text}\") }}")).await;
        assert_gap(response.data != value!({"needy": "😀"}), "unicode_escapes.rs");
    }
}

#[tokio::test]
async fn every_unknown_name_gets_a_suggestion() {
    let names: Vec<String> = (0..100).map(|number| format!("filtered{number}")).collect();
    let response = ask(&format!("{{ {} }}", names.join(" "))).await;
    let suggested = response.errors.iter().filter(|error| error.message.ends_with("Did you mean \"filtered\"?"));
    assert_gap(suggested.count() == names.len(), "suggestions.rs");
}

#[test]
fn each_field_of_each_row_is_a_future_on_the_heap() {
    let allocations = |query: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let schema = engine();
        let counted = allocation_counter::measure(|| {
            let response = runtime.block_on(schema.execute(query));
            assert!(response.is_ok());
        });
        counted.count_total
    };
    let counted = [allocations("{ many { one } }"), allocations("{ many { one two three four five } }")];
    assert_counted_gap(counted[1] >= counted[0] + 100 * 4, counted, "../run/write_object.rs");
}
