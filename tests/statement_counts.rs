//! How many statements a request takes, and what they read.

use std::sync::{Arc, Mutex};

use async_graphql::{Request, Response, Variables};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_domain::token::VerifiedToken;
use kim_entity::database::Database;
use kim_graphql::{Api, ParsedRequest};
use sea_orm::Statement;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::server::{token, verified};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};
use crate::support::{json_of, on_both};
use crate::table_scans::explain;

const AGS: &str = "05315000";

/// An API over the test's database that writes down its statements. It knows agencies and agreements already.
pub(crate) struct Watched {
    api: Api,
    statements: Arc<Mutex<Vec<Statement>>>,
    verified: VerifiedToken,
}

impl Watched {
    pub(crate) async fn new(url: &str, agency: &str, role: Role) -> Self {
        let statements: Arc<Mutex<Vec<Statement>>> = Arc::default();
        let written = Arc::clone(&statements);
        let mut database = Database::open(url).await.expect("the test's database");
        database.raw_observe(move |one| written.lock().expect("a list").push(one.clone()));
        let api = Api::new(database, Clock::on(today()), world::key());
        let verified = verified(&token(agency, role));
        api.admit(verified.clone()).await.expect("a database").expect("a viewer");
        Self { api, statements, verified }
    }

    /// Asks, and returns the answer with the statements that it took: reading ones, and those of the log.
    pub(crate) async fn ask(&self, query: &str, first: i32) -> (Response, Vec<String>, Vec<String>) {
        let (response, all) = self.ask_with(query, json!({"first": first})).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        let (log, reads) = all.into_iter().map(|one| one.sql).partition(|text| is_of_log(text));
        (response, reads, log)
    }

    /// Asks, and returns the answer with all statements that it took.
    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> (Response, Vec<Statement>) {
        self.statements.lock().expect("a list").clear();
        let viewer = self.api.admit(self.verified.clone()).await.expect("a database").expect("a viewer");
        let request = Request::new(query).variables(Variables::from_json(variables));
        let response = self.api.execute(viewer, ParsedRequest::read(request).expect("a document"), "a-request").await;
        let all = self.statements.lock().expect("a list").clone();
        (response, all)
    }
}

/// Whether a statement is of the log. Its lock, and whether anything was closed meanwhile, are the log's own too.
pub(crate) fn is_of_log(text: &str) -> bool {
    ["disclos", "pg_try_advisory_xact_lock", "SELECT id, closings"].iter().any(|word| text.contains(word))
}

/// Many referrals to ten Jobcenters, most of them of others and most of them not pending.
pub(crate) async fn fill(db: &TestDatabase, count: u32) {
    let main = db.database.raw();
    world::add_municipality(main, AGS).await;
    let sender = world::add_agency(main, AGS, "traeger", AgencyKind::Traeger).await;
    let purpose = ReferralPurpose::BenefitApplication;
    let mut receivers = Vec::new();
    for number in 0..10 {
        let receiver = world::add_agency(main, AGS, &format!("jobcenter-{number}"), AgencyKind::Jobcenter).await;
        let agreement = world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY);
        receivers.push((receiver, world::insert_agreement(main, agreement).await));
    }
    let mut world = World::default();
    for number in 1..=count {
        let (receiver, agreement) = receivers[number as usize % 10];
        let pending = (number / 10).is_multiple_of(4);
        let status = if pending { ReferralStatus::Offered } else { ReferralStatus::Completed };
        world.add(&ReferralSpec {
            number,
            sender,
            receiver,
            purpose,
            agreement,
            status,
            ever_accepted: !pending,
            closed_on: (!pending).then(|| in_days(-60)),
            due_on: in_days(i64::from(number % 50) - 20),
            offered_on: in_days(-i64::from(number % 300)),
            consent: Some(ConsentSpec::whole()),
            offered: FieldSet::ALL,
            previous: None,
            messages: 3,
        });
    }
    world.write(main).await;
    db.database.analyze().await.expect("statistics");
}

const CLERK_S_LIST: &str = "query($first: Int) { referrals(first: $first, filter: {pending: true}) { nodes {
    id status dueOn overdue purpose { label } sender { name }
    handover { concern familyName givenName birthDate postalCode city preferredLanguage interpreterNeeded aufenthaltstitel
               wohnsitzauflage { place } street phone } } } }";

/// Requests a list with the columns of a list, and with all columns: the first query takes agencies and agreements from the
/// cached directory, the second one joins them. Both must have the same content.
pub(crate) async fn same_either_way(db: &TestDatabase, agency: &str, role: Role, direction: &str) {
    let listed = "id purpose { code } status reference sender { id slug name kind } receiver { name } ballWith { slug } dueOn
        overdue handover { concern familyName birthDate withheld { field reason } } messages(last: 2) { nodes { text author { name } } }";
    let watched = Watched::new(&db.url, agency, role).await;
    // A list does not read the column `version`.
    let mut pages = Vec::new();
    for more in ["", "version"] {
        let query = format!(
            "query($first: Int) {{ referrals(direction: {direction}, first: $first) {{ nodes {{ {listed} {more} }} }} }}"
        );
        let (response, reads, _) = watched.ask(&query, 100).await;
        pages.push((json_of(&response), reads[1].clone()));
    }
    let [(narrow, short), (mut whole, long)] = <[_; 2]>::try_from(pages).expect("two");
    assert!(
        !short.contains("JOIN agency") && !short.contains("JOIN agreement") && !short.contains("narrows_running"),
        "{short}"
    );
    assert!(
        long.contains("JOIN agency") && long.contains("JOIN agreement") && long.contains("narrows_running"),
        "{long}"
    );
    let rows = whole["referrals"]["nodes"].as_array_mut().expect("rows");
    assert!(
        !rows.is_empty() && rows.iter_mut().all(|row| row.as_object_mut().expect("a row").remove("version").is_some())
    );
    assert_eq!(narrow, whole, "{agency}");
}

on_both! {
    async fn the_clerks_list_takes_three_statements_for_any_number_of_rows(db: TestDatabase) {
        fill(&db, 3_000).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        let mut counts = Vec::new();
        for first in [1, 50] {
            let (response, reads, log) = watched.ask(CLERK_S_LIST, first).await;
            let rows = json_of(&response)["referrals"]["nodes"].as_array().expect("rows").len();
            assert_eq!(rows, usize::try_from(first).expect("a number"));
            assert_eq!(reads.len(), 3, "{reads:#?}");
            let lock = usize::from(db.database.backend() == sea_orm::DbBackend::Postgres);
            assert_eq!(log.len(), 3 + lock, "{log:#?}");
            assert!(log.iter().any(|text| text.contains("INTO disclosed ")), "{log:#?}");
            counts.push((reads, log.len()));
        }
        // Today's disclosures are in `disclosed` already.
        let (_, _, log) = watched.ask(CLERK_S_LIST, 50).await;
        assert!(log.len() + 1 == counts[1].1 && !log.iter().any(|text| text.contains("INTO disclosed ")), "{log:#?}");
        let counts: Vec<_> = counts.into_iter().map(|(reads, _)| reads).collect();
        let [who, page, ruled] = &counts[1][..] else { panic!("three") };
        assert!(who.contains("FROM agency"));
        assert!(page.contains("FROM referral") && page.contains("AND r.pending") && !page.contains("handover"));
        // Columns that no list shows are not read: an open question, contacts, the other side's file number.
        assert!(!page.contains("asked_from") && !page.contains("contact") && !page.contains("receiver_reference"), "{page}");
        // Twelve fields are requested, of which two are not in the preview: ten columns, each with its bit of the mask.
        assert_eq!(ruled.matches("CASE WHEN m.mask & ").count(), 10, "{ruled}");
        assert!(ruled.contains("h.family_name") && ruled.contains("h.wohnsitzauflage"));
        for unread in ["h.street", "h.phone", "h.disability", "h.target_group", "h.*", "person", "\"case\""] {
            assert!(!ruled.contains(unread), "{unread} is read: {ruled}");
        }
        let texts = counts.concat().join("\n");
        assert!(!texts.contains("person") && !texts.contains("\"case\""), "a receiver's request read the Träger's tables");
    }

    async fn a_list_that_reads_fewer_columns_has_the_same_content(db: TestDatabase) {
        fill(&db, 300).await;
        let watched = [("jobcenter-3", Role::Service, "INCOMING"), ("traeger", Role::CaseManager, "OUTGOING")];
        for (agency, role, direction) in watched {
            same_either_way(&db, agency, role, direction).await;
        }
    }

    async fn each_relation_takes_one_statement_for_any_number_of_rows(db: TestDatabase) {
        fill(&db, 600).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let query = "query($first: Int) { referrals(first: $first) { totalCount nodes { id
            handover { disputed entries { label value disputed } } corrections(last: 2) { totalCount nodes { text } }
            messages(last: 2) { totalCount nodes { text author { name } } } events { nodes { toStatus } }
            previous { id handover { familyName } } } } }";
        let (_, one, _) = watched.ask(query, 1).await;
        let (_, fifty, _) = watched.ask(query, 50).await;
        assert_eq!(one.len(), fifty.len(), "{fifty:#?}");
        // Viewer, page, total, values, messages, their count, events, reports, their count, disputed fields. No referral has a
        // previous one, so none is fetched.
        assert_eq!(fifty.len(), 10, "{fifty:#?}");
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let query = "query($first: Int) { referrals(direction: OUTGOING, first: $first) { nodes { id disclosure
            case { caseNumber record { familyName householdMembers { relation } } referrals { id handover { familyName } } } } } }";
        let (_, one, _) = watched.ask(query, 1).await;
        let (_, fifty, _) = watched.ask(query, 50).await;
        // One statement less if the first referral shows nothing.
        assert_eq!(fifty.len(), 6, "{fifty:#?}");
        assert!(one.len() <= fifty.len());
    }

    async fn consents_and_receipts_take_the_same_statements_for_any_number_of_cases(db: TestDatabase) {
        fill(&db, 200).await;
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let query = "query($first: Int) { cases(first: $first) { nodes { consents { state receiver { name } history { step } }
            consentReceipt { plain } referrals { consent { id receiver { name } } } } } }";
        let (_, one, _) = watched.ask(query, 1).await;
        let (response, fifty, _) = watched.ask(query, 50).await;
        assert_eq!(one.len(), fifty.len(), "{fifty:#?}");
        let cases = json_of(&response)["cases"]["nodes"].clone();
        assert!(cases.as_array().expect("rows").iter().all(|case| case["consents"][0]["state"] == "IN_FORCE"), "{cases}");
    }

    async fn each_part_of_a_case_takes_one_statement(db: TestDatabase) {
        fill(&db, 600).await;
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let query = "query($first: Int) { cases(first: $first) { nodes { id version closedReason
            notes { totalCount nodes { text } } goals { text steps { responsible agency { slug } } } planReviewedOn
            eligibilityDecisions { groups } admission { eligible } upcomingDeadlines { kind date } } } }";
        let (_, one, _) = watched.ask(query, 1).await;
        let (_, fifty, _) = watched.ask(query, 50).await;
        // Viewer, page, notes, their count, plans, decisions, deadlines. No step names an agency.
        assert_eq!((one.len(), fifty.len()), (7, 7), "{fifty:#?}");
        let query = "query($first: Int) { upcomingDeadlines(first: $first) { totalCount nodes { kind date legalGround
            case { caseNumber record { familyName } referrals { id } } } } }";
        let (_, one, _) = watched.ask(query, 1).await;
        let (response, fifty, _) = watched.ask(query, 50).await;
        let total = json_of(&response)["upcomingDeadlines"]["totalCount"].as_i64();
        assert!(total.is_some_and(|total| total > 0), "{total:?}");
        // Viewer, facts, cases, their referrals.
        assert_eq!((one.len(), fifty.len()), (4, 4), "{fifty:#?}");
    }

    async fn agreements_and_proposals_take_the_same_statements_for_any_number(db: TestDatabase) {
        use kim_domain::agreement::{AgreementSide, OpinionVerdict, ProposalStatus};
        use kim_entity::code::Code;
        use kim_entity::{agreement_opinion, agreement_proposal, agreement_signature};
        use sea_orm::{ActiveModelTrait, IntoActiveModel};
        let main = db.database.raw();
        world::add_municipality(main, AGS).await;
        let coordination = world::add_agency(main, AGS, "koordination", AgencyKind::Koordination).await;
        let purpose = ReferralPurpose::BenefitApplication;
        for number in 0..30 {
            let receiver = world::add_agency(main, AGS, &format!("jobcenter-{number}"), AgencyKind::Jobcenter).await;
            let model = world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY);
            let (proposal_id, staff) = (kim_domain::id::new_uuid(), String::from("a"));
            let agreement_id = world::insert_agreement(main, model.clone()).await;
            let proposal = agreement_proposal::Model {
                id: proposal_id, version: 5, status: Code(ProposalStatus::Concluded), ags: AGS.into(), receiver_id: receiver,
                purpose: model.purpose, valid_from: model.valid_from, valid_until: None, respond_working_days: 10, access_days: 30,
                contact: String::new(), legal_ground: String::new(), fields: 1, ticked_only: 0, statutory_fields: 0,
                narrows_running: false, terms: None, agency_id: receiver, staff: staff.clone(), created_at: 0,
                agreement_id: Some(agreement_id), closed_by_id: None, closed_by_staff: None, closed_at: Some(0), close_reason: None,
            };
            proposal.into_active_model().insert(main).await.expect("a proposal");
            for (side, agency_id) in [(AgreementSide::Receiver, receiver), (AgreementSide::Sender, coordination)] {
                let (side, staff) = (Code(side), staff.clone());
                let signature = agreement_signature::Model { proposal_id, side, agency_id, staff: staff.clone(), at: 0 };
                signature.into_active_model().insert(main).await.expect("a signature");
                let verdict = Code(OpinionVerdict::Favourable);
                let opinion = agreement_opinion::Model { proposal_id, side, agency_id, staff, at: 0, verdict, reasons: None };
                opinion.into_active_model().insert(main).await.expect("an opinion");
            }
        }
        let watched = Watched::new(&db.url, "koordination", Role::Administrator).await;
        let acts = "parties { side agency { name } } signatures { agency { name } } opinions { verdict agency { name } }";
        let agreements = format!("query($first: Int) {{ agreements(first: $first) {{ totalCount nodes {{ receiver {{ name }} terms terminatedOn {acts} }} }} }}");
        let proposals = format!("query($first: Int) {{ agreementProposals(first: $first) {{ totalCount nodes {{ id agreement {{ id {acts} }} {acts} }} }} }}");
        // Viewer, page, total, coordination, signatures, opinions; for a proposal's agreement also page, coordination, signatures,
        // opinions.
        for (query, expected) in [(agreements, 6), (proposals, 10)] {
            let (_, one, _) = watched.ask(&query, 1).await;
            let (response, thirty, _) = watched.ask(&query, 30).await;
            assert_eq!((one.len(), thirty.len()), (expected, expected), "{thirty:#?}");
            let nodes = json_of(&response);
            assert!(nodes.to_string().matches("\"FAVOURABLE\"").count() >= 60, "{nodes}");
        }
    }

    async fn fields_that_are_not_requested_are_not_fetched(db: TestDatabase) {
        fill(&db, 20).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        let (_, reads, log) = watched.ask("{ viewer { subject role agency { slug } } purposes { code } }", 0).await;
        assert_eq!((reads.len(), log.len()), (1, 0), "{reads:#?}");
        let (_, reads, log) = watched.ask("query($first: Int) { referrals(first: $first) { nodes { id status handover { withheld { field } } } } }", 20).await;
        assert_eq!((reads.len(), log.len()), (2, 0), "{reads:#?}");
        let skipped = "query($first: Int) { referrals(first: $first) { nodes { id handover { familyName @skip(if: true) givenName @include(if: false) } } } }";
        let (_, reads, log) = watched.ask(skipped, 20).await;
        assert_eq!((reads.len(), log.len()), (2, 0), "{reads:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statements_of_lists_use_their_indexes_on_postgresql() {
    let db = crate::support::database::fresh(crate::support::database::Backend::Postgres).await;
    fill(&db, 6_000).await;
    // Without VACUUM no index-only scan is planned.
    db.vacuum().await;
    let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
    for (query, index) in [
        (CLERK_S_LIST, "pending"),
        ("query($first: Int) { referrals(first: $first) { nodes { id } } }", "due"),
        ("query($first: Int) { referrals(first: $first, orderBy: OFFERED_AT_DESC) { nodes { id } } }", "offered"),
        ("query($first: Int) { referrals(first: $first, orderBy: DUE_ON_DESC) { nodes { id } } }", "due"),
    ] {
        let (_, reads, _) = watched.ask(query, 20).await;
        let page = reads.iter().find(|text| text.contains("FROM referral")).expect("a page");
        let plan = explain(&db.database, page).await;
        assert!(!plan.contains("Seq Scan on referral"), "{plan}");
        assert!(!plan.contains("Sort"), "the page is sorted without the index: {plan}");
        let scan = plan.lines().find(|line| line.contains("on referral r")).expect("a scan").to_owned();
        assert!(scan.contains(index), "{scan}");
        // In the order of offers all columns are read, and more of the consent than its index has.
        assert!(index == "offered" || plan.contains("Index Only Scan using consent_rule on consent c"), "{plan}");
    }
}
