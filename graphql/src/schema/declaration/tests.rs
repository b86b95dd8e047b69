//! Missing, misplaced and contradicting declarations are errors.

use async_graphql::{Object, OutputType, SimpleObject, Union};

use super::*;

#[derive(SimpleObject)]
struct Undeclared {
    id: i32,
}

#[derive(SimpleObject)]
#[graphql(tag = "for all")]
struct Declared {
    id: i32,
    #[graphql(tag = "for nobody")]
    unknown: i32,
    #[graphql(tag = "four all")]
    unreadable: i32,
    #[graphql(tag = "needs parties")]
    planless: i32,
    #[graphql(tag = "list 2", tag = "rows 2")]
    twice: Vec<i32>,
    #[graphql(tag = "plan referral")]
    misplaced: i32,
    #[graphql(tag = "list 2")]
    list: Vec<i32>,
    endless: Option<Vec<i32>>,
    #[graphql(tag = "rows 2")]
    single: i32,
    #[graphql(tag = "by ids")]
    idless: Vec<i32>,
    #[graphql(tag = "page")]
    sizeless: Page,
    unpaged: Page,
}

#[derive(SimpleObject)]
#[graphql(tag = "for all")]
struct Page {
    #[graphql(tag = "in page")]
    nodes: Vec<i32>,
}

#[derive(Union)]
#[graphql(tag = "for all")]
enum Either {
    Declared(Declared),
    Undeclared(Undeclared),
}

#[derive(SimpleObject)]
#[graphql(tag = "for all", tag = "scope case:read")]
struct Scoped {
    id: i32,
    #[graphql(tag = "scope everything")]
    unscoped: i32,
}

#[derive(SimpleObject)]
#[graphql(tag = "for all")]
struct Plain {
    id: i32,
}

#[derive(SimpleObject)]
#[graphql(tag = "for all")]
struct Payload {
    scoped: Option<Scoped>,
    #[graphql(tag = "conveyed")]
    conveyed: Option<Plain>,
    plain: Option<Plain>,
}

struct Mutations;

#[Object(tag = "for all")]
impl Mutations {
    #[graphql(tag = "for all")]
    async fn change(&self) -> Option<Payload> {
        None
    }
}

#[derive(SimpleObject)]
#[graphql(tag = "for all", tag = "plan referal")]
struct Mistyped {
    id: i32,
}

struct Root;

#[Object(tag = "for all")]
impl Root {
    async fn undeclared(&self) -> i32 {
        1
    }
    #[graphql(tag = "for all")]
    async fn either(&self) -> Either {
        Either::Undeclared(Undeclared { id: 1 })
    }
    #[graphql(tag = "for all")]
    async fn mistyped(&self) -> Mistyped {
        Mistyped { id: 1 }
    }
    #[graphql(tag = "for all", tag = "page")]
    async fn page(&self, #[graphql(tag = "list 2")] first: i32) -> Option<Page> {
        Some(Page { nodes: Vec::new() }).filter(|_| first > 0)
    }
}

#[test]
fn missing_and_invalid_declarations_are_errors() {
    let mutation_type = Some("Mutations".to_owned());
    let mut registry = Registry { query_type: "Root".to_owned(), mutation_type, ..Registry::default() };
    Root::create_type_info(&mut registry);
    Mutations::create_type_info(&mut registry);
    let problems = [
        "Declared.unknown: unknown audience \"nobody\"",
        "Declared.unreadable: unknown tag \"four all\"",
        "Declared.planless: unknown need \"parties\"",
        "Declared.twice: \"rows 2\" repeats or contradicts another tag",
        "Declared.twice is a list without a declared length",
        "Declared.misplaced: \"plan referral\" has no meaning here",
        "Declared.endless is a list without a declared length",
        "Declared.single is not a list",
        "Declared.idless declares `by ids`, but has no argument `ids`",
        "Declared.sizeless declares `page`, but is not a connection or has no size argument",
        "Declared.unpaged is a connection that does not declare `page`",
        "Mistyped: unknown tag \"plan referal\"",
        "Mistyped.id has no declared audience",
        "Root.undeclared has no declared audience",
        "Root.page(first): \"list 2\" has no meaning here",
        "Scoped.unscoped: unknown scope \"everything\"",
        "Undeclared has no declared audience",
        "Undeclared.id has no declared audience",
        "Payload.plain is an object in a payload without a declared scope",
    ];
    assert_eq!(read(&registry).expect_err("problems"), problems);
}
