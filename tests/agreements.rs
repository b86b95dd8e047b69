//! Interface agreements over the wire: proposed, signed by two, advised on, in force, narrowed and ended.

use std::sync::{Arc, Mutex};

use kim_casework::agreement::{Termination, document, terminate};
use kim_casework::once::{IdempotentRequest, once};
use kim_casework::work::WorkContext;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::database::Database;
use kim_entity::read::Reads;
use kim_entity::{agency, agreement_proposal, change, referral};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::on_both;
use crate::support::play::{Play, jobcenter, on, traeger};
use crate::support::server::{claims, sign, verified};
use crate::support::world::{self, ConsentSpec, in_days, today};

/// A person with a token of an agency.
fn person(agency: &str, role: Role, subject: &str) -> String {
    let mut claims = claims(agency, role);
    claims["sub"] = json!(subject);
    sign(&claims)
}

fn receiver() -> String {
    person("jobcenter", Role::Administrator, "leitung-jobcenter")
}
fn coordination() -> String {
    person("koordination", Role::Administrator, "leitung-ki")
}
fn officer_of_receiver() -> String {
    person("jobcenter", Role::DataProtectionOfficer, "dsb-jobcenter")
}
fn officer_of_senders() -> String {
    person("koordination", Role::DataProtectionOfficer, "dsb-stadt")
}

const SHOWN: &str = "id version status availableActions validFrom proposedBy { slug } closeReason
    signatures { side agency { slug } staff } opinions { side verdict reasons staff agency { slug } }
    agreement { id version validFrom } fields { label tickedOnly }";

/// What a negotiation needs: a purpose of the Jobcenter's for which nothing is agreed on.
struct Table {
    play: Play,
}

impl Table {
    async fn set(db: TestDatabase) -> Self {
        Self { play: Play::begin(db).await }
    }

    /// Does something with a proposal; the whole answer.
    async fn mutate(&self, token: &str, mutation: &str, mut input: Value) -> Value {
        let type_name = mutation[..1].to_uppercase() + &mutation[1..];
        let query =
            format!("mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{ proposal {{ {SHOWN} }} }} }}");
        if input["idempotencyKey"].is_null() {
            input["idempotencyKey"] = json!(Uuid::now_v7());
        }
        self.play.server.ask(token, &query, &json!({ "input": input })).await
    }

    async fn done(&self, token: &str, mutation: &str, input: Value) -> Value {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
        answer["data"][mutation]["proposal"].clone()
    }

    async fn refused(&self, token: &str, mutation: &str, input: Value) -> String {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
        answer["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    /// What an agreement of the Jobcenter on this purpose would say.
    fn wish(&self, purpose: ReferralPurpose, fields: &[HandoverField]) -> Value {
        let fields: Vec<Value> = fields.iter().map(|field| json!({"field": field.code()})).collect();
        json!({"receiverId": encode(Kind::Agency, self.play.jobcenter), "purpose": purpose.code(), "validFrom": today(),
            "respondWorkingDays": 5, "accessDays": 14, "contact": "kurs@jobcenter.example", "legalGround": "Einwilligung",
            "terms": "Ansprache in einfacher Sprache.", "fields": fields})
    }

    /// Plays a proposal through until it is concluded.
    async fn conclude(&self, wish: Value) -> Value {
        let proposal = self.done(&receiver(), "proposeAgreement", wish).await;
        self.play_through(proposal).await
    }

    async fn play_through(&self, mut proposal: Value) -> Value {
        for (token, mutation, more) in [
            (receiver(), "signAgreement", json!({})),
            (officer_of_receiver(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
            (coordination(), "signAgreement", json!({})),
            (officer_of_senders(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
        ] {
            proposal = self.done(&token, mutation, about(&proposal, more)).await;
        }
        assert_eq!(proposal["status"], "CONCLUDED");
        proposal
    }

    /// Ends an agreement; the whole answer.
    async fn terminate(&self, token: &str, agreement: &Value, mut input: Value) -> Value {
        let query = "mutation($input: TerminateAgreementInput!) { terminateAgreement(input: $input) {
            agreement { id version terminatedOn terminatedForCause } } }";
        input["idempotencyKey"] = json!(Uuid::now_v7());
        input["agreementId"] = agreement.clone();
        input["reason"] = json!("Neuordnung");
        self.play.server.ask(token, query, &json!({ "input": input })).await
    }

    async fn agreements(&self, token: &str) -> Vec<Value> {
        let query =
            "{ agreements { nodes { id version purpose { code } terms terminatedOn terminatedForCause narrowsRunning
            parties { side agency { slug } } signatures { side staff agency { slug } } } } }";
        self.play.ask(token, query).await["agreements"]["nodes"].as_array().expect("a list").clone()
    }

    /// A draft to the Jobcenter for this purpose, of a client who consented to everything.
    async fn draft(&self, purpose: ReferralPurpose) -> Value {
        let case = self.play.case(self.play.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let input =
            json!({"caseId": case, "receiverId": encode(Kind::Agency, self.play.jobcenter), "purpose": purpose.code()});
        self.play.done(&traeger(), "draftReferral", input).await
    }

    async fn offer(&self, draft: &Value) -> Value {
        let input = json!({"acknowledgeReportingDuty": true, "fields": ["CONCERN", "FAMILY_NAME", "PHONE"]});
        self.play.mutate(&traeger(), "offerReferral", on(draft, input)).await
    }

    /// What the Jobcenter sees of a referral.
    async fn seen(&self, referral: &Value) -> Value {
        let query = format!(
            "{{ referral(id: {}) {{ status handover {{ concern familyName phone withheld {{ field reason }} }} }} }}",
            referral["id"]
        );
        self.play.ask(&jobcenter(), &query).await["referral"].clone()
    }

    /// How often something was closed to the Jobcenter: what is being disclosed meanwhile is answered anew.
    async fn closings(&self) -> i64 {
        let main = self.play.server.database.database.raw();
        let agency = agency::Entity::find_by_id(self.play.jobcenter).one(main).await.expect("a database");
        agency.expect("the Jobcenter").closings
    }

    /// What a party knows of a referral's course: its version, the last step, and the kinds of changes in its feed.
    async fn told(&self, token: &str, referral: &Value) -> (i64, Value, Vec<String>) {
        let query = format!(
            "{{ referral(id: {}) {{ version events(last: 1) {{ nodes {{ action fromStatus toStatus agency {{ slug }} staff changedFields {{ field change }} }} }} }}
               changes(first: 100) {{ nodes {{ kind referralId }} }} }}",
            referral["id"]
        );
        let seen = self.play.ask(token, &query).await;
        let changes = seen["changes"]["nodes"].as_array().expect("a list").iter();
        let kinds = changes
            .filter(|change| change["referralId"] == referral["id"])
            .map(|change| change["kind"].as_str().expect("a kind").to_owned());
        (
            seen["referral"]["version"].as_i64().expect("a number"),
            seen["referral"]["events"]["nodes"][0].clone(),
            kinds.collect(),
        )
    }

    async fn stop(self) {
        self.play.server.stop().await;
    }
}

/// An input about this proposal in the version that it shows.
fn about(proposal: &Value, mut input: Value) -> Value {
    input["proposalId"] = proposal["id"].clone();
    input["expectedVersion"] = proposal["version"].clone();
    input
}

const COURSE: ReferralPurpose = ReferralPurpose::IntegrationCourse;
const BASIC: [HandoverField; 3] = [HandoverField::Concern, HandoverField::FamilyName, HandoverField::Phone];

on_both! {
    async fn what_two_sides_signed_and_two_officers_heard_carries_an_offer(db: TestDatabase) {
        let table = Table::set(db).await;
        let draft = table.draft(COURSE).await;
        assert_eq!(table.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let proposal = table.done(&coordination(), "proposeAgreement", {
            let mut wish = table.wish(COURSE, &[]);
            // The coordination knows fields by their labels.
            wish["fields"] = json!([{"label": "Anliegen"}, {"label": "Familienname"}, {"label": "Telefon"}, {"label": "Unterlagen (Liste)"}]);
            wish
        }).await;
        assert_eq!((&proposal["status"], &proposal["version"]), (&json!("OPEN"), &json!(1)));
        assert_eq!(proposal["availableActions"], json!(["SIGN", "TAKE_BACK"]));
        let documents = json!({"label": "Unterlagen (Liste)", "tickedOnly": true});
        assert!(proposal["fields"].as_array().expect("a list").contains(&documents), "what is C must be ticked: {proposal}");

        let signed = table.done(&receiver(), "signAgreement", about(&proposal, json!({}))).await;
        assert_eq!(signed["signatures"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}, "staff": "leitung-jobcenter"}]));
        assert_eq!(signed["availableActions"], json!(["REJECT"]));
        // An opinion that is given meanwhile is to be read before one signs.
        let doubts = json!({"verdict": "UNFAVOURABLE", "reasons": "Das Telefon braucht es nicht."});
        assert_eq!(table.refused(&officer_of_receiver(), "giveOpinion", about(&signed, json!({"verdict": "UNFAVOURABLE"}))).await, "BAD_INPUT");
        let heard = table.done(&officer_of_receiver(), "giveOpinion", about(&signed, doubts)).await;
        assert_eq!(table.refused(&coordination(), "signAgreement", about(&signed, json!({}))).await, "CONFLICT");
        let both = table.done(&coordination(), "signAgreement", about(&heard, json!({}))).await;
        assert_eq!(both["status"], "OPEN", "the senders' officer was not heard");
        assert_eq!(both["signatures"][0]["staff"], Value::Null, "the other side's staff");
        assert_eq!(table.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let concluded = table.done(&officer_of_senders(), "giveOpinion", about(&both, json!({"verdict": "FAVOURABLE"}))).await;
        assert_eq!((&concluded["status"], &concluded["availableActions"]), (&json!("CONCLUDED"), &json!([])));
        assert_eq!((&concluded["agreement"]["version"], &concluded["agreement"]["validFrom"]), (&json!(1), &json!(today())));
        let opinions: Vec<_> = concluded["opinions"].as_array().expect("a list").iter().map(|one| (&one["verdict"], &one["reasons"])).collect();
        assert_eq!(opinions, [(&json!("UNFAVOURABLE"), &json!("Das Telefon braucht es nicht.")), (&json!("FAVOURABLE"), &Value::Null)]);

        let database = &table.play.server.database.database;
        let page = document(database, "jobcenter", COURSE, None).await.expect("a database").expect("a document");
        for line in ["# Schnittstellenvereinbarung: Integrationskurs", "- **Gilt ab:** 20.11.2026", "- **Antwort binnen:** 5 Arbeitstagen",
            "> Ansprache in einfacher Sprache.", "- Für die empfangende Stelle: Stelle jobcenter, Administration, am 20.11.2026",
            "- Für die Träger: Stelle koordination, Administration, am 20.11.2026",
            "- Für die empfangende Stelle: Stelle jobcenter, am 20.11.2026: **Bedenken**", "> Das Telefon braucht es nicht.",
            "| Unterlagen (Liste) | Anliegen | nach der Annahme | einzeln angekreuzt |"] {
            assert!(page.lines().any(|has| has == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("leitung-"), "no names of staff: {page}");

        // The draft has it, and the offer goes through.
        let check = format!("{{ referral(id: {}) {{ disclosure(ifAccepted: true) offerCheck {{ agreementInForce }} }} }}", draft["id"]);
        let checked = &table.play.ask(&traeger(), &check).await["referral"];
        assert_eq!(checked["offerCheck"]["agreementInForce"], true);
        let offered = table.offer(&draft).await;
        assert_eq!(offered["data"]["offerReferral"]["referral"]["status"], "OFFERED", "{offered}");
        assert_eq!(offered["data"]["offerReferral"]["referral"]["dueOn"], "2026-11-27", "five working days");

        let mine = table.agreements(&receiver()).await;
        let mine = mine.iter().find(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").expect("the new one");
        assert_eq!(mine["terms"], "Ansprache in einfacher Sprache.");
        assert_eq!(mine["parties"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}}, {"side": "SENDER", "agency": {"slug": "koordination"}}]));
        assert_eq!(mine["signatures"], json!([{"side": "RECEIVER", "staff": "leitung-jobcenter", "agency": {"slug": "jobcenter"}},
            {"side": "SENDER", "staff": null, "agency": {"slug": "koordination"}}]));
        table.stop().await;
    }

    async fn nobody_signs_alone(db: TestDatabase) {
        let table = Table::set(db).await;
        let proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        assert_eq!(table.refused(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await, "ACTION_NOT_ALLOWED", "one at a time");
        let signed = table.done(&receiver(), "signAgreement", about(&proposal, json!({}))).await;
        assert_eq!(table.refused(&receiver(), "signAgreement", about(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let colleague = person("jobcenter", Role::Administrator, "stellvertretung");
        assert_eq!(table.refused(&colleague, "signAgreement", about(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let same_person = person("koordination", Role::Administrator, "leitung-jobcenter");
        assert_eq!(table.refused(&same_person, "signAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        assert_eq!(table.refused(&of_traeger, "signAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED", "the coordination does");
        let both_hats = person("jobcenter", Role::DataProtectionOfficer, "leitung-jobcenter");
        assert_eq!(table.refused(&both_hats, "giveOpinion", about(&signed, json!({"verdict": "FAVOURABLE"}))).await, "ACTION_NOT_ALLOWED");

        // Ended by the other side; then another may follow, and be taken back.
        assert_eq!(table.refused(&of_traeger, "rejectAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let rejected = table.done(&coordination(), "rejectAgreement", about(&signed, json!({"reason": "Zu viel."}))).await;
        assert_eq!((&rejected["status"], &rejected["closeReason"]), (&json!("REJECTED"), &json!("Zu viel.")));
        assert_eq!(table.refused(&coordination(), "signAgreement", about(&rejected, json!({}))).await, "ILLEGAL_TRANSITION");
        let second = table.done(&of_traeger, "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let taken_back = table.done(&of_traeger, "rejectAgreement", about(&second, json!({}))).await;
        assert_eq!(taken_back["status"], "TAKEN_BACK");
        let list = table.play.ask(&receiver(), "{ all: agreementProposals { totalCount } open: agreementProposals(status: OPEN) { totalCount } }").await;
        assert_eq!(list, json!({"all": {"totalCount": 2}, "open": {"totalCount": 0}}));
        table.stop().await;
    }

    async fn nothing_beyond_the_ceiling_is_proposed(db: TestDatabase) {
        let table = Table::set(db).await;
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        let beyond = table.wish(COURSE, &[HandoverField::Concern, HandoverField::TargetGroup]);
        let answer = table.mutate(&of_traeger, "proposeAgreement", beyond).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"], json!({"code": "BAD_INPUT", "fields": ["TARGET_GROUP"]}), "{answer}");
        assert!(error["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // The coordination is told the same, without the field's name.
        let mut labelled = table.wish(COURSE, &[]);
        labelled["fields"] = json!([{"label": "Anliegen"}, {"label": HandoverField::TargetGroup.label()}]);
        let answer = table.mutate(&coordination(), "proposeAgreement", labelled).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "BAD_INPUT"}), "{answer}");
        assert!(answer["errors"][0]["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // To the Jobcenter such a field is as unknown as any nonsense: by its name, and by its label.
        let name = |name: &str| { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"field": name}]); wish };
        let label = |label: &str| { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"label": label}]); wish };
        for write in [&name as &dyn Fn(&str) -> Value, &label] {
            let [hidden, nonsense] = if write("x")["fields"][0]["field"].is_null() { [HandoverField::TargetGroup.label(), "Unsinn"] } else { ["TARGET_GROUP", "UNSINN"] };
            let of_hidden = table.mutate(&receiver(), "proposeAgreement", write(hidden)).await.to_string();
            let of_nonsense = table.mutate(&receiver(), "proposeAgreement", write(nonsense)).await.to_string();
            assert!(of_hidden.contains("errors"), "{of_hidden}");
            assert_eq!(of_hidden.replace(hidden, "…"), of_nonsense.replace(nonsense, "…"));
        }
        // The coordination's schema has no field's name at all, not even as a variable.
        let answer = table.mutate(&coordination(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        assert!(answer["data"].is_null() && answer.to_string().contains("GRAPHQL_VALIDATION_FAILED"), "{answer}");
        for (member, value) in [("validFrom", json!(in_days(-1))), ("validUntil", json!(in_days(-1))), ("respondWorkingDays", json!(0)),
            ("accessDays", json!(9999)), ("fields", json!([])), ("contact", json!("")), ("terms", json!("Nummer 12345BG0123456")),
            ("purpose", json!("TITLE_EXTENSION")), ("receiverId", json!(encode(Kind::Agency, Uuid::now_v7()))),
            ("fields", json!([{"field": "PHONE"}, {"field": "PHONE"}])), ("fields", json!([{}])),
            ("fields", json!([{"field": "PHONE", "statutory": true}]))] {
            let mut wish = table.wish(COURSE, &BASIC);
            wish[member] = value;
            assert_eq!(table.refused(&receiver(), "proposeAgreement", wish).await, "BAD_INPUT", "{member}");
        }
        table.stop().await;
    }

    async fn a_narrowing_version_narrows_what_runs_at_once(db: TestDatabase) {
        let table = Table::set(db).await;
        let first = table.conclude(table.wish(COURSE, &BASIC)).await;
        let draft = table.draft(COURSE).await;
        let offered = table.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        table.play.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        assert_ne!(table.seen(&offered).await["handover"]["phone"], Value::Null);
        let closings = table.closings().await;

        let mut narrower = table.wish(COURSE, &BASIC[..2]);
        (narrower["narrowsRunning"], narrower["accessDays"]) = (json!(true), json!(7));
        narrower["fields"][1]["tickedOnly"] = json!(true);
        let second = table.conclude(narrower).await;
        assert_eq!(second["agreement"]["version"], 2);
        assert_eq!(table.closings().await, closings + 1);
        let seen = table.seen(&offered).await;
        assert_eq!((&seen["status"], &seen["handover"]["phone"]), (&json!("ACCEPTED"), &Value::Null), "{seen}");
        assert!(seen["handover"]["withheld"].as_array().expect("a list").contains(&json!({"field": "PHONE", "reason": "NOT_IN_AGREEMENT"})), "{seen}");

        let (from, to) = (&first["agreement"]["id"], &second["agreement"]["id"]);
        let difference = format!("{{ agreementDifference(from: {from}, to: {to}) {{ added {{ label }} removed {{ label }}
            newlyTicked {{ label }} respondWorkingDays {{ from to }} accessDays {{ from to }} narrowsRunning }} }}");
        let expected = json!({"agreementDifference": {"added": [], "removed": [{"label": "Telefon"}], "newlyTicked": [{"label": "Familienname"}],
            "respondWorkingDays": null, "accessDays": {"from": 14, "to": 7}, "narrowsRunning": true}});
        for token in [receiver(), coordination(), traeger()] {
            assert_eq!(table.play.ask(&token, &difference).await, expected);
        }
        // A proposal can be compared too, by those for whom there are any.
        let third = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let with_proposal = format!("{{ agreementDifference(from: {to}, to: {}) {{ added {{ label }} narrowsRunning }} }}", third["id"]);
        assert_eq!(table.play.ask(&receiver(), &with_proposal).await["agreementDifference"]["added"], json!([{"label": "Telefon"}]));
        assert_eq!(table.play.ask(&traeger(), &with_proposal).await, json!({"agreementDifference": null}));
        let foreign = person("abh", Role::Administrator, "leitung-abh");
        assert_eq!(table.play.ask(&foreign, &difference).await, json!({"agreementDifference": null}));
        table.stop().await;
    }

    async fn an_ordinary_termination_ends_offers_and_no_running_referral(db: TestDatabase) {
        let table = Table::set(db).await;
        let agreement = table.conclude(table.wish(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let draft = table.draft(COURSE).await;
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        for (input, expected) in [(json!({}), "BAD_INPUT"), (json!({"endsOn": in_days(-1)}), "BAD_INPUT"), (json!({"endsOn": today(), "forCause": true}), "BAD_INPUT")] {
            assert_eq!(code(&table.terminate(&coordination(), &agreement, input).await), expected);
        }
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        assert_eq!(code(&table.terminate(&of_traeger, &agreement, json!({"endsOn": today()})).await), "ACTION_NOT_ALLOWED");
        let foreign = person("abh", Role::Administrator, "leitung-abh");
        assert_eq!(code(&table.terminate(&foreign, &agreement, json!({"endsOn": today()})).await), "NOT_FOUND");

        // Notice for a day to come: until then offers go through.
        let ended = table.terminate(&receiver(), &agreement, json!({"endsOn": in_days(10)})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"]["terminatedOn"], json!(in_days(10)), "{ended}");
        assert_eq!(code(&table.terminate(&receiver(), &agreement, json!({"endsOn": today()})).await), "ILLEGAL_TRANSITION");
        let offered = table.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        assert_eq!(offered["status"], "OFFERED");

        // From today on: an agreement that was imported, with a referral that runs.
        let running = table.play.offered().await;
        let waiting = table.play.draft(Some(ConsentSpec::whole())).await;
        let imported = table.agreements(&receiver()).await;
        let imported = imported.iter().find(|one| one["purpose"]["code"] == "BENEFIT_APPLICATION").expect("the one of the play")["id"].clone();
        let ended = table.terminate(&coordination(), &imported, json!({"endsOn": today()})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"],
            json!({"id": imported, "version": 1, "terminatedOn": today(), "terminatedForCause": false}), "{ended}");
        let acknowledged = json!({"acknowledgeReportingDuty": true});
        assert_eq!(table.play.refused(&traeger(), "offerReferral", on(&waiting, acknowledged)).await, "NO_AGREEMENT");
        let check = format!("{{ referral(id: {}) {{ offerCheck {{ agreementInForce }} }} }}", waiting["id"]);
        assert_eq!(table.play.ask(&traeger(), &check).await["referral"]["offerCheck"]["agreementInForce"], false);
        assert_ne!(table.seen(&running).await["handover"]["familyName"], Value::Null, "what runs goes on");
        assert_eq!(table.play.done(&jobcenter(), "acceptReferral", on(&running, json!({}))).await["status"], "ACCEPTED");
        // Notice was given; a breach still ends it at once.
        let ended = table.terminate(&receiver(), &imported, json!({"forCause": true})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"]["terminatedForCause"], true, "{ended}");
        assert_eq!(table.seen(&running).await["handover"]["familyName"], Value::Null);
        // After all of it, an agreement that is not ended is untouched.
        assert_ne!(table.seen(&offered).await["handover"]["familyName"], Value::Null);
        table.stop().await;
    }

    async fn a_termination_for_cause_closes_everything_under_any_version_at_once(db: TestDatabase) {
        let table = Table::set(db).await;
        let first = table.conclude(table.wish(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let draft = table.draft(COURSE).await;
        let waiting = table.draft(COURSE).await;
        let offered = table.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        let second = table.conclude(table.wish(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let open = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let open = table.done(&receiver(), "signAgreement", about(&open, json!({}))).await;
        assert_ne!(table.seen(&offered).await["handover"]["familyName"], Value::Null);
        assert_eq!(table.closings().await, 0, "a version that does not narrow closes nothing");

        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        assert_eq!(code(&table.terminate(&coordination(), &first, json!({"forCause": true})).await), "ILLEGAL_TRANSITION", "not the latest");
        let ended = table.terminate(&coordination(), &second, json!({"forCause": true})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"],
            json!({"id": second, "version": 2, "terminatedOn": today(), "terminatedForCause": true}), "{ended}");
        assert_eq!(table.closings().await, 1);
        let seen = table.seen(&offered).await;
        assert_eq!((&seen["handover"]["familyName"], &seen["handover"]["concern"]), (&Value::Null, &Value::Null), "offered under the first version");
        assert_eq!(table.offer(&waiting).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");
        let closed = table.play.ask(&coordination(), &format!("{{ node(id: {}) {{ ... on AgreementProposal {{ status closeReason closedBy {{ slug }} }} }} }}", open["id"])).await;
        assert_eq!(closed["node"], json!({"status": "REJECTED", "closeReason": "Neuordnung", "closedBy": {"slug": "koordination"}}));
        assert_eq!(table.refused(&coordination(), "signAgreement", about(&open, json!({}))).await, "CONFLICT");
        for one in table.agreements(&receiver()).await.iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE") {
            assert_eq!((&one["terminatedOn"], &one["terminatedForCause"]), (&json!(today()), &json!(true)));
        }

        // A new agreement begins anew; what was closed stays closed.
        let third = table.conclude(table.wish(COURSE, &BASIC)).await;
        assert_eq!(third["agreement"]["version"], 3);
        assert_eq!(table.offer(&waiting).await["data"]["offerReferral"]["referral"]["status"], "OFFERED");
        assert_eq!(table.seen(&offered).await["handover"]["familyName"], Value::Null);
        table.stop().await;
    }

    async fn both_sides_are_told_of_what_an_agreement_closes(db: TestDatabase) {
        let table = Table::set(db).await;
        table.conclude(table.wish(COURSE, &BASIC)).await;
        let draft = table.draft(COURSE).await;
        let offered = table.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        let accepted = table.play.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        // One that is not accepted yet, one that was given back, one for another purpose.
        let preview = table.offer(&table.draft(COURSE).await).await["data"]["offerReferral"]["referral"].clone();
        let back = table.offer(&table.draft(COURSE).await).await["data"]["offerReferral"]["referral"].clone();
        let back = table.play.done(&jobcenter(), "declineReferral", on(&back, json!({"reason": "NO_CAPACITY"}))).await;
        let other = table.play.offered().await;
        let waiting = table.draft(COURSE).await;
        let version = |referral: &Value| referral["version"].as_i64().expect("a number");
        let changed = "AGREEMENT_CHANGED";

        // One that narrows from a day to come: the feeds tell, and nothing is closed yet.
        let mut later = table.wish(COURSE, &BASIC[..2]);
        (later["validFrom"], later["narrowsRunning"]) = (json!(in_days(5)), json!(true));
        table.conclude(later).await;
        for token in [jobcenter(), traeger()] {
            let (now, _, kinds) = table.told(&token, &accepted).await;
            assert_eq!((now, kinds.last().map(String::as_str)), (version(&accepted), Some(changed)));
        }
        // And one that narrows at once.
        let mut narrower = table.wish(COURSE, &BASIC[..2]);
        narrower["narrowsRunning"] = json!(true);
        table.conclude(narrower).await;
        let event = |fields: Value, slug: &str| json!({"action": null, "fromStatus": "ACCEPTED", "toStatus": "ACCEPTED", "agency": {"slug": slug}, "staff": null, "changedFields": fields});
        let phone = json!([{"field": "PHONE", "change": "NOT_AGREED"}]);
        for token in [jobcenter(), traeger()] {
            let (now, last, kinds) = table.told(&token, &accepted).await;
            assert_eq!((now, last), (version(&accepted) + 1, event(phone.clone(), "traeger")), "the coordination signs for the senders");
            assert_eq!(kinds.iter().filter(|kind| *kind == changed).count(), 2);
            let (now, last, _) = table.told(&token, &preview).await;
            assert_eq!((now, &last["changedFields"]), (version(&preview) + 1, &json!([])), "it was not shown yet");
            for untouched in [&back, &other] {
                let (now, _, kinds) = table.told(&token, untouched).await;
                assert!(now == version(untouched) && !kinds.contains(&changed.to_owned()), "{kinds:?}");
            }
        }
        assert!(!table.told(&traeger(), &waiting).await.2.contains(&changed.to_owned()), "a draft takes what is agreed on at its offer");

        // Ended for cause: everything, by whoever ended it.
        let latest = table.agreements(&receiver()).await.into_iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE")
            .max_by_key(|one| one["version"].as_i64()).expect("the latest")["id"].clone();
        let ended = table.terminate(&receiver(), &latest, json!({"forCause": true})).await;
        assert_eq!(ended["errors"], Value::Null, "{ended}");
        let rest = json!([{"field": "CONCERN", "change": "NOT_AGREED"}, {"field": "FAMILY_NAME", "change": "NOT_AGREED"}]);
        assert_eq!(table.told(&traeger(), &accepted).await.1, event(rest.clone(), "jobcenter"));
        let (now, last, _) = table.told(&jobcenter(), &accepted).await;
        assert_eq!((now, &last["changedFields"], &last["staff"]), (version(&accepted) + 2, &rest, &json!("leitung-jobcenter")));
        assert_eq!(table.seen(&accepted).await["handover"]["concern"], Value::Null);
        // Whoever had the old version on the screen is told that something changed.
        assert_eq!(table.play.refused(&jobcenter(), "startReferral", on(&accepted, json!({}))).await, "CONFLICT");
        table.stop().await;
    }

    async fn a_thousand_referrals_are_told_of_a_closing_in_few_statements(db: TestDatabase) {
        let table = Table::set(db).await;
        let ids = table.play.prepared(ReferralStatus::Offered, 1_200, |_| Some(ConsentSpec::whole())).await;
        let agreement = table.agreements(&receiver()).await.into_iter().find(|one| one["purpose"]["code"] == "BENEFIT_APPLICATION").expect("the one of the play");
        // A process of its own, whose statements are counted.
        let mut database = Database::open(&table.play.server.database.url).await.expect("a second process");
        let statements: Arc<Mutex<u32>> = Arc::default();
        let counted = Arc::clone(&statements);
        database.observe(move |_| *counted.lock().expect("a number") += 1);
        let admitted = Reads::admit(&database, verified(&coordination()), today()).await.expect("a database");
        let viewer = Arc::clone(admitted.expect("the coordination").viewer());
        let (clock, key) = (Clock::on(today()), world::key());
        let desk = WorkContext { database: &database, clock: &clock, key: &key, viewer: &viewer };
        let (_, id) = decode(agreement["id"].as_str().expect("an id")).expect("an id");
        let termination = Termination { agreement: Some(id), for_cause: true, ends_on: None, reason: "Neuordnung".to_owned() };
        let request = IdempotentRequest { mutation: "terminateAgreement", key: "once".to_owned(), hash: "hash".to_owned() };
        once(desk, &request, async |work| terminate(work, &termination).await).await.expect("ended");
        let statements = *statements.lock().expect("a number");
        assert!(statements < 60, "{statements}");
        let main = table.play.server.database.database.raw();
        let rows = referral::Entity::find().all(main).await.expect("rows");
        assert!(rows.len() == ids.len() && rows.iter().all(|row| row.version == 2));
        for agency in [table.play.jobcenter, table.play.traeger] {
            let told = change::Entity::find().filter(change::Column::AgencyId.eq(agency)).all(main).await.expect("changes");
            assert!(told.len() == ids.len() && told.iter().all(|change| change.event_id.is_some()));
        }
        table.stop().await;
    }

    async fn an_agreement_begins_when_the_last_has_signed_and_not_before_its_day(db: TestDatabase) {
        let table = Table::set(db).await;
        let main = table.play.server.database.database.raw().clone();
        let days = async |proposal: &Value, from: i64, until: i64| {
            let (_, id) = decode(proposal["id"].as_str().expect("an id")).expect("an id");
            let days = agreement_proposal::ActiveModel {
                id: Set(id), valid_from: Set(in_days(from)), valid_until: Set(Some(in_days(until))), ..Default::default()
            };
            days.update(&main).await.expect("a proposal of other days");
        };
        // One that was made before the days that it was to hold for were over.
        let over = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        days(&over, -30, -1).await;
        assert_eq!(table.refused(&receiver(), "signAgreement", about(&over, json!({}))).await, "ILLEGAL_TRANSITION");
        table.done(&receiver(), "rejectAgreement", about(&over, json!({}))).await;

        // One that was to begin five days ago.
        let late = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        days(&late, -5, 30).await;
        let late = table.play_through(late).await;
        assert_eq!(late["agreement"]["validFrom"], json!(today()));
        let first = table.draft(COURSE).await;
        assert_eq!(table.offer(&first).await["data"]["offerReferral"]["referral"]["status"], "OFFERED");

        // One that is to begin in five days, and narrow then: until then the first holds.
        let mut next = table.wish(COURSE, &BASIC[..2]);
        (next["validFrom"], next["narrowsRunning"]) = (json!(in_days(5)), json!(true));
        assert_eq!(table.conclude(next).await["agreement"]["validFrom"], json!(in_days(5)));
        assert_eq!(table.closings().await, 0);
        let second = table.draft(COURSE).await;
        assert_eq!(table.offer(&second).await["data"]["offerReferral"]["referral"]["status"], "OFFERED", "with the telephone number");
        // Notice that is given on the latest version ends the first too.
        let latest = table.agreements(&receiver()).await.pop().expect("the latest")["id"].clone();
        table.terminate(&receiver(), &latest, json!({"endsOn": today()})).await;
        let third = table.draft(COURSE).await;
        assert_eq!(table.offer(&third).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");
        table.stop().await;
    }

    async fn whoever_is_not_concerned_finds_nothing(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, "05112000").await;
        world::add_agency(main, "05112000", "ki-duisburg", AgencyKind::Koordination).await;
        world::add_agency(main, "05112000", "traeger-duisburg", AgencyKind::Traeger).await;
        let table = Table::set(db).await;
        let proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let absent = json!({"id": encode(Kind::Proposal, Uuid::now_v7()), "version": 1});
        let node = format!("{{ node(id: {}) {{ id }} agreementProposals {{ totalCount }} }}", proposal["id"]);
        for agency in ["ki-duisburg", "traeger-duisburg", "abh"] {
            let admin = person(agency, Role::Administrator, "jemand");
            let officer = person(agency, Role::DataProtectionOfficer, "jemand");
            assert_eq!(table.play.ask(&admin, &node).await, json!({"node": null, "agreementProposals": {"totalCount": 0}}));
            for (token, mutation, more) in [(&admin, "signAgreement", json!({})), (&admin, "rejectAgreement", json!({})), (&officer, "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                let of_foreign = table.mutate(token, mutation, about(&proposal, more.clone())).await;
                let of_absent = table.mutate(token, mutation, about(&absent, more)).await;
                assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{agency} {mutation}: {of_foreign}");
                assert_eq!(of_foreign, of_absent, "{agency} {mutation}");
            }
            let wish = if agency == "ki-duisburg" { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"label": "Anliegen"}]); wish } else { table.wish(COURSE, &BASIC[..1]) };
            assert_eq!(table.refused(&admin, "proposeAgreement", wish).await, "BAD_INPUT", "{agency}");
        }
        // For a clerk and a case manager there is no such field.
        let signing = "mutation { signAgreement(input: {idempotencyKey: \"a\", proposalId: \"b\", expectedVersion: 1}) { proposal { id } } }";
        for token in [jobcenter(), traeger()] {
            for query in ["{ agreementProposals { totalCount } }", signing] {
                let answer = table.play.server.ask(&token, query, &json!({})).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
            }
            let node = format!("{{ node(id: {}) {{ id }} }}", proposal["id"]);
            assert_eq!(table.play.ask(&token, &node).await, json!({"node": null}));
        }
        // A scope that is missing refuses, and a token for other purposes finds nothing.
        let mut reader = claims("jobcenter", Role::Administrator);
        reader["scope"] = json!("agreement:read");
        assert_eq!(table.refused(&sign(&reader), "signAgreement", about(&proposal, json!({}))).await, "FORBIDDEN");
        let mut narrow = claims("jobcenter", Role::Administrator);
        narrow["purposes"] = json!(["BENEFIT_APPLICATION"]);
        assert_eq!(table.refused(&sign(&narrow), "signAgreement", about(&proposal, json!({}))).await, "NOT_FOUND");
        table.stop().await;
    }

    async fn of_two_who_sign_last_at_the_same_time_the_agreement_is_concluded_once(db: TestDatabase) {
        let table = Table::set(db).await;
        for round in 1..=5 {
            let mut proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
            for (token, mutation, more) in [(receiver(), "signAgreement", json!({})), (officer_of_receiver(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
                (officer_of_senders(), "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                proposal = table.done(&token, mutation, about(&proposal, more)).await;
            }
            let (one, other) = (coordination(), person("koordination", Role::Administrator, "stellvertretung-ki"));
            let (a, b) = tokio::join!(
                table.mutate(&one, "signAgreement", about(&proposal, json!({}))),
                table.mutate(&other, "signAgreement", about(&proposal, json!({}))),
            );
            let codes: Vec<_> = [&a, &b].iter().map(|answer| answer["errors"][0]["extensions"]["code"].clone()).collect();
            assert!(codes.contains(&Value::Null) && codes.contains(&json!("CONFLICT")), "{a} {b}");
            let versions = table.agreements(&receiver()).await.iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").count();
            assert_eq!(versions, round);
        }
        table.stop().await;
    }
}
