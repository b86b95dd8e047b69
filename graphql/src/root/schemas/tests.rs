use std::collections::BTreeSet;
use std::path::PathBuf;

use async_graphql::{Request, Value, Variables};
use kim_domain::agency::pairs;
use kim_domain::disclosure::known_to;
use kim_domain::field::{BIRTH_DATE_PART, FieldSet, HandoverField};
use serde_json::json;

use super::*;

const NONSENSE: &str = "qqqqqqqqqqqq";

fn check_schema_file(name: &str, printed: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("KIM_WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, printed).expect("a writable schema file");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "{name} is stale: KIM_WRITE_SCHEMAS=1 cargo test -p kim-graphql, and look at the difference"
    );
}

#[test]
fn every_schema_is_as_checked_in() {
    check_schema_file("schema.graphql", &sdl(None));
    for (kind, role) in pairs() {
        check_schema_file(&format!("schema/{kind}.{role}.graphql"), &sdl(Some((kind, role))));
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/schema")).expect("the folder").count();
    assert_eq!(files, pairs().count(), "there must be one file for each pair and no others");
}

/// The error messages of a request that validation refuses.
async fn refused(kind: AgencyKind, role: Role, request: impl Into<Request>) -> Vec<String> {
    let (schema, mut request) = (of(kind, role), request.into());
    let document = request.parsed_query().expect("a document").clone();
    let mut response = schema.execute(request).await;
    // With kim's suggestions, as the caller gets them.
    crate::engine::error_text::rewrite(&mut response.errors, &document, visible(schema));
    assert_eq!(response.data, Value::Null, "the request must be refused");
    response.errors.iter().map(|error| format!("{} {:?} {:?}", error.message, error.path, error.extensions)).collect()
}

/// The names that a message suggests, and the message without them.
fn without_suggestions(message: &str) -> (String, Vec<String>) {
    match message.split_once(" Did you mean ") {
        None => (message.to_owned(), Vec::new()),
        Some((before, after)) => {
            let names = after.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            let end = after.rfind('?').map_or("", |at| &after[at + 1..]);
            (format!("{before}{end}"), names)
        }
    }
}

/// Asserts that requests with a hidden name and with a nonexistent name fail in the same way, and that no hidden name
/// is suggested.
async fn assert_hidden(
    pair: (AgencyKind, Role),
    hidden: &str,
    known: &BTreeSet<String>,
    write: impl Fn(&str) -> Request,
) {
    let about_hidden = refused(pair.0, pair.1, write(hidden)).await;
    let about_nothing = refused(pair.0, pair.1, write(NONSENSE)).await;
    assert!(!about_nothing.is_empty());
    let plain = |messages: &[String], name: &str| -> Vec<String> {
        messages.iter().map(|message| without_suggestions(message).0.replace(name, "…")).collect()
    };
    assert_eq!(plain(&about_hidden, hidden), plain(&about_nothing, NONSENSE), "{pair:?} {hidden}");
    for name in about_hidden.iter().flat_map(|message| without_suggestions(message).1) {
        assert!(known.contains(&name), "{name} is suggested to {pair:?}");
    }
}

/// Every name in the SDL of a pair.
fn names_of(pair: (AgencyKind, Role)) -> BTreeSet<String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    sdl(Some(pair)).split(|letter| !is_letter(letter)).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_hidden_handover_field_is_answered_like_one_that_never_existed() {
    for pair in pairs().filter(|(_, role)| role.works_on_referrals()) {
        let known = names_of(pair);
        for field in FieldSet::ALL.without(known_to(pair.0)).iter() {
            assert_hidden(pair, field.name(), &known, |name| {
                Request::new(format!("{{ referrals {{ nodes {{ handover {{ {name} }} }} }} }}"))
            })
            .await;
            if pair.0 != AgencyKind::Traeger {
                assert!(!known.contains(field.name()), "the schema of {pair:?} contains {}", field.name());
            }
        }
    }
}

#[tokio::test]
async fn the_fields_and_values_of_a_handover_are_those_known_to_the_kind() {
    let query = "{ handover: __type(name: \"Handover\") { fields { name } } values: __type(name: \"HandoverField\") { enumValues { name } } }";
    for (kind, role) in pairs().filter(|(_, role)| role.works_on_referrals()) {
        let response = of(kind, role).execute(query).await.data.into_json().expect("JSON");
        let names = |list: &serde_json::Value| -> BTreeSet<String> {
            list.as_array()
                .expect("a list")
                .iter()
                .map(|one| one["name"].as_str().expect("a name").to_owned())
                .collect()
        };
        let known = known_to(kind);
        let mut fields: BTreeSet<String> = known.iter().map(|field| field.name().to_owned()).collect();
        if known.contains(HandoverField::BirthDate) {
            fields.insert(BIRTH_DATE_PART.to_owned());
        }
        fields.extend(["withheld".to_owned(), "entries".to_owned(), "disputed".to_owned()]);
        assert_eq!(names(&response["handover"]["fields"]), fields, "{kind} {role}");
        let values: BTreeSet<String> = known.iter().map(|field| field.code().to_owned()).collect();
        assert_eq!(names(&response["values"]["enumValues"]), values, "{kind} {role}");
    }
}

#[tokio::test]
async fn a_hidden_root_field_type_or_node_is_answered_like_one_that_never_existed() {
    for pair in pairs() {
        let known = names_of(pair);
        let hidden = |name: &&str| !known.contains(*name);
        let fields =
            "referrals referral referralsById referralCounts changes cases case agreementProposals consentFacts";
        for name in fields.split(' ').filter(hidden) {
            assert_hidden(pair, name, &known, |name| Request::new(format!("{{ {name} {{ id }} }}"))).await;
        }
        let types = "Referral Case Consent AgreementProposal CaseRecord Handover TargetGroup HandoverField";
        for name in types.split(' ').filter(hidden) {
            assert_hidden(pair, name, &known, |name| {
                Request::new(format!("{{ node(id: \"\") {{ ... on {name} {{ id }} }} }}"))
            })
            .await;
            assert_hidden(pair, name, &known, |name| {
                Request::new(format!("query($x: {name}) {{ viewer {{ role }} node(id: $x) {{ id }} }}"))
            })
            .await;
            let introspection = format!("{{ __type(name: \"{name}\") {{ name }} }}");
            let response = of(pair.0, pair.1).execute(introspection.as_str()).await;
            assert_eq!(response.data.into_json().expect("JSON"), json!({"__type": null}), "{pair:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_hidden_enum_value_is_answered_like_one_that_never_existed() {
    for pair in pairs().filter(|(kind, role)| role.works_on_referrals() && !kind.sends()) {
        let known = names_of(pair);
        assert!(!known.contains("DRAFT") && !known.contains("OUTGOING"));
        for (hidden, argument) in [("DRAFT", "filter: {status: [@]}"), ("OUTGOING", "direction: @")] {
            assert_hidden(pair, hidden, &known, |name| {
                Request::new(format!("{{ referrals({}) {{ nodes {{ id }} }} }}", argument.replace('@', name)))
            })
            .await;
        }
        for (hidden, ty, argument) in
            [("DRAFT", "[ReferralStatus!]", "filter: {status: $x}"), ("OUTGOING", "Direction!", "direction: $x")]
        {
            assert_hidden(pair, hidden, &known, |name| {
                let value = if ty.starts_with('[') { json!([name]) } else { json!(name) };
                Request::new(format!("query($x: {ty}) {{ referrals({argument}) {{ nodes {{ id }} }} }}"))
                    .variables(Variables::from_json(json!({"x": value})))
            })
            .await;
        }
    }
}

#[tokio::test]
async fn introspection_shows_no_more_than_the_sdl() {
    let query =
        "{ __schema { types { name fields { name args { name } } enumValues { name } inputFields { name } } } }";
    for pair in pairs() {
        let response = of(pair.0, pair.1).execute(query).await.data.into_json().expect("JSON");
        let known = names_of(pair);
        for ty in response["__schema"]["types"].as_array().expect("types") {
            let own = ty["name"].as_str().expect("a name");
            if own.starts_with("__") || ["Boolean", "String", "Int", "Float", "ID"].contains(&own) {
                continue;
            }
            assert!(known.contains(own), "{pair:?} {own}");
            for list in ["fields", "enumValues", "inputFields"] {
                for part in ty[list].as_array().into_iter().flatten() {
                    assert!(known.contains(part["name"].as_str().expect("a name")), "{pair:?} {own}.{}", part["name"]);
                }
            }
        }
    }
}

#[test]
fn the_contract_s_names_are_kept() {
    let whole = sdl(None);
    for field in HandoverField::ALL {
        assert!(whole.contains(&format!("\t{}: {}\n", field.name(), field.value_type().graphql())), "{}", field.name());
        assert!(whole.contains(&format!("\t{}\n", field.code())), "{}", field.code());
    }
    for line in [
        "enum WithheldReason",
        "enum DeclineReason",
        "enum ReferralOrder",
        "input ClientInput",
        "input ReferralFilter",
        "withheld: [WithheldField!]!",
        "entries: [HandoverEntry!]!",
        "pageInfo: PageInfo!",
        "totalCount: Int!",
        "direction: Direction! = INCOMING",
        "orderBy: ReferralOrder! = DUE_ON_ASC",
        "type Agency implements Node",
        "type Referral implements Node",
        "ballWith: Agency\n",
        "ifAccepted: Boolean! = false",
        "): [HandoverField!]\n",
        "purposes: [Purpose!]!",
        "scopes: [String!]!",
        "viewer: Viewer!",
    ] {
        assert!(whole.contains(line), "{line} is not in the schema");
    }
}

#[test]
fn every_type_field_and_value_is_described() {
    let mut described = false;
    let mut inside_description = false;
    for line in sdl(None).lines() {
        let line = line.trim();
        if line.starts_with("\"\"\"") {
            inside_description = !inside_description;
            described = true;
        } else if inside_description {
        } else if line.starts_with('"') {
            described = true;
        } else if line.is_empty()
            || line.starts_with(['}', ')'])
            || line.starts_with("schema")
            || matches!(line, "query: Query" | "mutation: Mutation")
        {
            described = false;
        } else {
            assert!(described || line.starts_with("directive"), "not described: {line}");
            described = false;
        }
    }
}
