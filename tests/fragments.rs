//! An object that is selected several times, in fragments or with directives, is answered as one object, and logged as such.

use kim_domain::agency::Role;
use kim_entity::disclosure_log;
use sea_orm::{EntityTrait as _, QueryOrder as _};

use crate::statement_counts::{Watched, fill};
use crate::support::on_both;

/// Documents that select an object several times, and documents that select the same once.
const PIECES: [(&str, &str); 15] = [
    (
        "{ referrals(first: 2) { nodes { ...A ...B } } } \
         fragment A on Referral { handover { familyName } } fragment B on Referral { handover { givenName } }",
        "{ referrals(first: 2) { nodes { handover { familyName givenName } } } }",
    ),
    (
        "{ referrals(first: 2) { nodes { handover { familyName } ...B } } } \
         fragment B on Referral { id handover { givenName } }",
        "{ referrals(first: 2) { nodes { handover { familyName givenName } id } } }",
    ),
    (
        "{ referrals(first: 2) { nodes { ... { sender { name } } ... on Referral { sender { slug } } } } }",
        "{ referrals(first: 2) { nodes { sender { name slug } } } }",
    ),
    (
        "{ referrals(first: 2) { ...A ...B } } fragment A on ReferralConnection { nodes { reference } } \
         fragment B on ReferralConnection { nodes { handover { city wohnsitzauflage { place } } } }",
        "{ referrals(first: 2) { nodes { reference handover { city wohnsitzauflage { place } } } } }",
    ),
    (
        "{ ...A ...B } fragment A on Query { referrals(first: 2) { nodes { id } totalCount } } \
         fragment B on Query { referrals(first: 2) { nodes { handover { city } } } }",
        "{ referrals(first: 2) { nodes { id handover { city } } totalCount } }",
    ),
    (
        "query($yes: Boolean = true) { referrals(first: 2) { nodes { \
         handover { familyName } handover @include(if: $yes) { givenName } handover @skip(if: $yes) { city } } } }",
        "{ referrals(first: 2) { nodes { handover { familyName givenName } } } }",
    ),
    (
        "query($yes: Boolean = true) { referrals(first: 2) { nodes { reference reference @include(if: $yes) } } }",
        "{ referrals(first: 2) { nodes { reference } } }",
    ),
    (
        "{ referrals(first: 2) { nodes { messages(last: 1, before: null) { totalCount } \
         messages(before: null, last: 1) { nodes { text } } } } }",
        "{ referrals(first: 2) { nodes { messages(last: 1, before: null) { totalCount nodes { text } } } } }",
    ),
    (
        "{ referrals(first: 2) { nodes { ...A messages(last: 2) { nodes { author { name } } } } } } \
         fragment A on Referral { messages(last: 2) { nodes { author { slug } text } } }",
        "{ referrals(first: 2) { nodes { messages(last: 2) { nodes { author { slug name } text } } } } }",
    ),
    // A selection may be skipped completely.
    (
        "query($no: Boolean = false) { referrals(first: 2) { nodes { ...A ...B } } } \
         fragment A on Referral { handover { familyName @include(if: $no) } } \
         fragment B on Referral { handover { givenName } }",
        "{ referrals(first: 2) { nodes { handover { givenName } } } }",
    ),
    (
        "{ referrals(first: 2) { ...A ...B } } fragment A on ReferralConnection { nodes { id @skip(if: true) } } \
         fragment B on ReferralConnection { nodes { reference } }",
        "{ referrals(first: 2) { nodes { reference } } }",
    ),
    (
        "{ ...A ...B } fragment A on Query { referrals(first: 2) { nodes { id @skip(if: true) } } } \
         fragment B on Query { referrals(first: 2) { nodes { handover { city } } } }",
        "{ referrals(first: 2) { nodes { handover { city } } } }",
    ),
    (
        "{ referrals(first: 2) { nodes { sender { ...A } ...B } } } \
         fragment A on Agency { ... @skip(if: true) { name } } fragment B on Referral { sender { slug } }",
        "{ referrals(first: 2) { nodes { sender { slug } } } }",
    ),
    // Fragments in which each key occurs once.
    (
        "{ referrals(first: 2) { nodes { ...A ...B } } } fragment A on Referral { id __typename handover { ...C } } \
         fragment B on Referral { id reference sender { name } } fragment C on Handover { familyName city }",
        "{ referrals(first: 2) { nodes { id __typename handover { familyName city } reference sender { name } } } }",
    ),
    (
        "query($yes: Boolean = true) { referrals(first: 2) { nodes { ... @include(if: $yes) { id ... on Node { id } } \
         ... @skip(if: $yes) { reference } } } }",
        "{ referrals(first: 2) { nodes { id } } }",
    ),
];

/// The answer's text, and its sorted bytes, which reveal missing or repeated values in any order.
async fn answer(watched: &Watched, query: &str) -> (String, Vec<u8>) {
    let (response, ..) = watched.ask(query, 2).await;
    let mut json = Vec::new();
    kim_graphql::write_json(&response.data, &mut json);
    let text = String::from_utf8(json.clone()).expect("text");
    json.sort_unstable();
    (text, json)
}

on_both! {
    async fn repeated_selections_of_an_object_are_merged(db: TestDatabase) {
        fill(&db, 40).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        for (pieces, at_once) in PIECES {
            let ((in_pieces, letters), (whole, same)) = (answer(&watched, pieces).await, answer(&watched, at_once).await);
            assert!(whole.len() > 50, "{whole}");
            assert_eq!(letters, same, "{pieces}\n{in_pieces}\n{whole}");
            let log = disclosure_log::Entity::find().order_by_desc(disclosure_log::Column::At);
            let logged: Vec<_> = log.all(db.database.raw_log()).await.expect("the log");
            // Both are logged, if they disclose anything, with the same fields.
            if whole.contains("handover") {
                assert_eq!((logged[0].fields, &logged[0].referrals), (logged[1].fields, &logged[1].referrals), "{pieces}");
            }
        }
    }

    async fn an_object_without_selected_fields_is_an_empty_object(db: TestDatabase) {
        fill(&db, 40).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        let (empty, _) = answer(&watched, "{ viewer { role @skip(if: true) } referrals(first: 2) { \
            nodes { sender { name @skip(if: true) } handover { ... @include(if: false) { city } } } } }").await;
        let row = r#"{"sender":{},"handover":{}}"#;
        assert_eq!(empty, format!(r#"{{"viewer":{{}},"referrals":{{"nodes":[{row},{row}]}}}}"#));
        let (nothing, _) = answer(&watched, "{ viewer @skip(if: true) { role } }").await;
        assert_eq!(nothing, "{}");

        let (ids, _) = answer(&watched, "{ referrals(first: 1) { nodes { id } } }").await;
        let id = ids.split('"').find(|part| part.starts_with("referral_")).expect("an id");
        let node = |of: &str| format!("{{ node(id: \"{id}\") {{ {of} }} }}");
        let (other, _) = answer(&watched, &node("... on Agreement { id }")).await;
        assert_eq!(other, r#"{"node":{}}"#, "the object exists and has another type");
        let pieces = format!("{{ ...A ...B }} fragment A on Query {} fragment B on Query {}",
            node("... on Agreement { id }"), node("... on Referral { reference }"));
        let (pieces, whole) = (answer(&watched, &pieces).await, answer(&watched, &node("... on Referral { reference }")).await);
        assert_eq!(pieces, whole);
        assert!(whole.0.contains("REF-"), "{}", whole.0);
    }
}
