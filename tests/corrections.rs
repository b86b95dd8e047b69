//! A value that a receiver reports as wrong is marked wherever it is shown, until its sender has decided; whoever got it
//! is told, and learns of nobody else.

use std::collections::BTreeSet;

use kim_domain::agency::Role;
use kim_domain::change::ChangeKind;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose as P;
use kim_entity::{change, consent, disclosure_log, raw};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::consents::{done as consented, given};
use crate::support::on_both;
use crate::support::play::{Play, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::ConsentSpec;

fn abh() -> String {
    token("abh", Role::Clerk)
}

/// One client's case, offered to the Jobcenter and to the Ausländerbehörde and accepted by both.
struct Both {
    play: Play,
    of_jobcenter: Value,
    of_abh: Value,
}

impl Both {
    async fn begin(db: crate::support::database::TestDatabase) -> Self {
        let offered = Self::offered(db).await;
        let of_abh = offered.play.done(&abh(), "acceptReferral", on(&offered.of_abh, json!({}))).await;
        Self { of_abh, ..offered }
    }

    /// The same, accepted by the Jobcenter alone.
    async fn offered(db: crate::support::database::TestDatabase) -> Self {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, P::BenefitApplication, Some(ConsentSpec::whole())).await;
        let main = play.server.database.database.raw();
        let given = consent::Entity::find().one(main).await.expect("a database").expect("the consent");
        let also = consent::ActiveModel {
            id: Set(Uuid::now_v7()),
            receiver_id: Set(play.abh),
            purpose: Set(kim_entity::code::Code(P::TitleExtension)),
            ..given.into_active_model().reset_all()
        };
        also.insert(main).await.expect("a second consent");
        let mut offered = Vec::new();
        for (receiver, purpose) in [(play.jobcenter, P::BenefitApplication), (play.abh, P::TitleExtension)] {
            let input =
                json!({"caseId": case, "receiverId": encode(Kind::Agency, receiver), "purpose": purpose.code()});
            let draft = play.done(&traeger(), "draftReferral", input).await;
            let input = on(&draft, json!({"acknowledgeReportingDuty": true}));
            offered.push(play.done(&traeger(), "offerReferral", input).await);
        }
        let of_jobcenter = play.done(&jobcenter(), "acceptReferral", on(&offered[0], json!({}))).await;
        Self { play, of_jobcenter, of_abh: offered.remove(1) }
    }

    /// A referral as its party sees it now.
    async fn seen(&self, token: &str, referral: &Value) -> Value {
        let query = format!(
            "{{ referral(id: {}) {{ id version status availableActions
                handover {{ phone disputed entries {{ field disputed }} }}
                corrections(first: 10) {{ totalCount nodes {{ id field state text suggestedValue decisionText staff decidedBy agency {{ slug }} }} }}
                events {{ nodes {{ action staff agency {{ slug }} changedFields {{ field change }} }} }} }} }}",
            referral["id"]
        );
        self.play.ask(token, &query).await["referral"].clone()
    }

    async fn report(&self) -> Value {
        let input =
            json!({"field": "PHONE", "text": "Die Nummer gehört jemand anderem.", "suggestedValue": "0221 7654321"});
        self.play.done(&jobcenter(), "reportWrongValue", on(&self.of_jobcenter, input)).await
    }

    /// The client's number as the Träger corrects it in its case.
    async fn correct_the_case(&self) {
        let main = self.play.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("the client");
        let number = [(HandoverField::Phone, Some("0221 7654321".to_owned()))];
        raw::update_person(main, &client, &number).await.expect("corrected");
    }

    /// The input that decides over the Jobcenter's first report.
    async fn deciding(&self, more: Value) -> Value {
        let seen = self.seen(&traeger(), &self.of_jobcenter).await;
        let mut input = on(&seen, more);
        input["correctionId"] = seen["corrections"]["nodes"][0]["id"].clone();
        input
    }

    /// How often a feed tells of corrections of a referral.
    async fn told(&self, agency: Uuid, referral: &Value) -> usize {
        let id = decode(referral["id"].as_str().expect("an id")).expect("an id").1;
        let told = change::Entity::find()
            .filter(change::Column::AgencyId.eq(agency))
            .filter(change::Column::ReferralId.eq(id))
            .filter(change::Column::Kind.eq(ChangeKind::Correction.code()));
        told.all(self.play.server.database.database.raw()).await.expect("changes").len()
    }
}

fn disputed(seen: &Value) -> (Value, BTreeSet<&str>) {
    let entries = seen["handover"]["entries"].as_array().expect("entries").iter();
    let marked =
        entries.filter(|entry| entry["disputed"] == true).map(|entry| entry["field"].as_str().expect("a field"));
    (seen["handover"]["disputed"].clone(), marked.collect())
}

fn last_event(seen: &Value) -> &Value {
    seen["events"]["nodes"].as_array().expect("events").last().expect("an event")
}

/// Does something with a case as it is now; the code of the refusal, or null.
async fn edit(play: &Play, mutation: &str, case: &str, mut input: Value) -> Value {
    let seen = play.ask(&traeger(), &format!("{{ case(id: {}) {{ version }} }}", json!(case))).await;
    input["caseId"] = json!(case);
    input["expectedVersion"] = seen["case"]["version"].clone();
    input["idempotencyKey"] = json!(Uuid::now_v7());
    let kind = mutation[..1].to_uppercase() + &mutation[1..];
    let query = format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ case {{ version }} }} }}");
    let answer = play.server.ask(&traeger(), &query, &json!({ "input": input })).await;
    answer["errors"][0]["extensions"]["code"].clone()
}

on_both! {
    async fn a_reported_value_is_disputed_wherever_it_is_shown_and_corrected_wherever_it_runs(db: TestDatabase) {
        let both = Both::begin(db).await;
        let before = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(disputed(&before), (json!([]), BTreeSet::new()));
        let reported = both.report().await;
        assert_eq!(reported["version"], json!(both.of_jobcenter["version"].as_i64().expect("a number") + 1));

        let marked = (json!(["PHONE"]), BTreeSet::from(["PHONE"]));
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!(disputed(&own), marked);
        assert_eq!(own["corrections"]["totalCount"], 1);
        let report = &own["corrections"]["nodes"][0];
        assert_eq!((&report["field"], &report["state"], &report["staff"]), (&json!("PHONE"), &json!("OPEN"), &json!("test-person")));
        assert_eq!(last_event(&own)["changedFields"], json!([{"field": "PHONE", "change": "DISPUTED"}]));

        // The other agency sees that the value is disputed, from the sender, and not by whom.
        let other = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(disputed(&other), marked);
        assert_eq!(other["corrections"], json!({"totalCount": 0, "nodes": []}));
        assert_eq!(last_event(&other), &json!({"action": "REPORT_WRONG_VALUE", "staff": null, "agency": {"slug": "traeger"},
            "changedFields": [{"field": "PHONE", "change": "DISPUTED"}]}));
        assert!(!other.to_string().contains("jobcenter"), "{other}");
        assert_eq!(other["version"], json!(before["version"].as_i64().expect("a number") + 1));
        assert_eq!((both.told(both.play.abh, &both.of_abh).await, both.told(both.play.traeger, &both.of_abh).await), (1, 1));

        let sender = both.seen(&traeger(), &both.of_jobcenter).await;
        assert_eq!(disputed(&sender), marked);
        assert!(sender["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        let beside = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(disputed(&beside), marked);
        assert!(!beside["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        assert_eq!(sender["corrections"]["nodes"][0]["staff"], Value::Null, "the other side's staff");
        assert_eq!(sender["corrections"]["nodes"][0]["suggestedValue"], "0221 7654321");
        let told = format!("{{ referral(id: {}) {{ corrections(first: 1) {{ nodes {{ told {{ agency {{ slug }} at }} }} }} }} }}", both.of_jobcenter["id"]);
        let told = both.play.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
        assert_eq!((told.as_array().expect("a list").len(), &told[0]["agency"]["slug"]), (1, &json!("abh")));

        // Accepted is what the case says otherwise by now.
        let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
        assert_eq!(both.play.refused(&traeger(), "decideCorrection", input).await, "BAD_INPUT");
        both.correct_the_case().await;
        assert_ne!(both.seen(&jobcenter(), &both.of_jobcenter).await["handover"]["phone"], "0221 7654321", "nothing flows by itself");
        let input = both.deciding(json!({"decision": "ACCEPTED", "text": "Danke."})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen)), (&json!("0221 7654321"), (json!([]), BTreeSet::new())));
            assert_eq!(last_event(&seen), &json!({"action": "DECIDE_CORRECTION", "staff": null, "agency": {"slug": "traeger"},
                "changedFields": [{"field": "PHONE", "change": "CORRECTED"}]}));
        }
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let report = &own["corrections"]["nodes"][0];
        assert_eq!((&report["state"], &report["decisionText"], &report["decidedBy"]), (&json!("ACCEPTED"), &json!("Danke."), &Value::Null));
        let sender = both.seen(&traeger(), &both.of_jobcenter).await;
        assert_eq!(sender["corrections"]["nodes"][0]["decidedBy"], "test-person");
        assert!(!sender["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        let again = both.deciding(json!({"decision": "REJECTED", "text": "doch"})).await;
        assert_eq!(both.play.refused(&traeger(), "decideCorrection", again).await, "ILLEGAL_TRANSITION");
        both.play.server.stop().await;
    }

    async fn a_rejected_report_lifts_the_mark_and_leaves_the_value(db: TestDatabase) {
        let both = Both::begin(db).await;
        let phone = both.seen(&jobcenter(), &both.of_jobcenter).await["handover"]["phone"].clone();
        both.report().await;
        let silent = both.deciding(json!({"decision": "REJECTED"})).await;
        assert_eq!(both.play.refused(&traeger(), "decideCorrection", silent).await, "BAD_INPUT");
        let input = both.deciding(json!({"decision": "REJECTED", "text": "Heute so bestätigt."})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&phone, json!([])));
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "UPHELD"}]));
        }
        // It can be reported again, and decided even after the referral has ended.
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let input = json!({"field": "PHONE", "text": "Immer noch falsch."});
        let reported = both.play.done(&jobcenter(), "reportWrongValue", on(&seen, input)).await;
        let back = both.play.done(&jobcenter(), "returnReferral", on(&reported, json!({"reason": "OTHER"}))).await;
        assert_eq!(both.seen(&jobcenter(), &back).await["corrections"], json!({"totalCount": 0, "nodes": []}), "its texts are closed");
        assert_eq!(disputed(&both.seen(&abh(), &both.of_abh).await).0, json!(["PHONE"]));
        let seen = both.seen(&traeger(), &back).await;
        let mut input = on(&seen, json!({"decision": "REJECTED", "text": "Bleibt."}));
        input["correctionId"] = seen["corrections"]["nodes"][1]["id"].clone();
        both.play.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(disputed(&both.seen(&abh(), &both.of_abh).await).0, json!([]));
        both.play.server.stop().await;
    }

    async fn whoever_was_shown_the_old_value_is_told_even_if_its_referral_has_ended(db: TestDatabase) {
        for was_shown in [true, false] {
            let both = Both::begin(crate::support::database::fresh(if db.database.backend() == sea_orm::DbBackend::Sqlite {
                crate::support::database::Backend::Sqlite } else { crate::support::database::Backend::Postgres }).await).await;
            let field = if was_shown { "phone" } else { "postalCode" };
            let read = format!("{{ referral(id: {}) {{ handover {{ {field} }} }} }}", both.of_abh["id"]);
            both.play.ask(&abh(), &read).await;
            both.play.done(&abh(), "returnReferral", on(&both.of_abh, json!({"reason": "NO_CAPACITY"}))).await;
            both.report().await;
            assert_eq!(both.told(both.play.abh, &both.of_abh).await, 0, "a closed handover shows no mark");
            both.correct_the_case().await;
            let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
            both.play.done(&traeger(), "decideCorrection", input).await;
            assert_eq!(both.told(both.play.abh, &both.of_abh).await, usize::from(was_shown));
            let seen = both.seen(&abh(), &both.of_abh).await;
            assert_eq!((&seen["status"], &seen["handover"]["phone"]), (&json!("RETURNED"), &Value::Null));
            let change = last_event(&seen)["changedFields"].clone();
            assert_eq!(change, if was_shown { json!([{"field": "PHONE", "change": "OUTDATED"}]) } else { json!([]) });
            let told = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ told {{ agency {{ slug }} }} }} }} }} }}", both.of_jobcenter["id"]);
            let told = both.play.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
            assert_eq!(told, if was_shown { json!([{"agency": {"slug": "abh"}}]) } else { json!([]) });
            both.play.server.stop().await;
        }
    }

    async fn whoever_was_shown_what_was_taken_out_again_is_told_too(db: TestDatabase) {
        for by_reporter in [false, true] {
            let both = Both::begin(crate::support::database::fresh(if db.database.backend() == sea_orm::DbBackend::Sqlite {
                crate::support::database::Backend::Sqlite } else { crate::support::database::Backend::Postgres }).await).await;
            let (clerk, agency, referral) = match by_reporter {
                true => (jobcenter(), both.play.jobcenter, &both.of_jobcenter),
                false => (abh(), both.play.abh, &both.of_abh),
            };
            let before = both.seen(&clerk, referral).await;
            assert_ne!(before["handover"]["phone"], Value::Null);
            let remove = json!({"remove": ["PHONE"]});
            if by_reporter {
                let reported = both.report().await;
                both.play.done(&traeger(), "changeHandover", on(&reported, remove)).await;
            } else {
                both.play.done(&traeger(), "changeHandover", on(referral, remove)).await;
                both.report().await;
            }
            let reported = both.told(agency, referral).await;
            assert_eq!(reported, usize::from(by_reporter), "a handover without the field shows no mark");
            both.correct_the_case().await;
            let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
            both.play.done(&traeger(), "decideCorrection", input).await;
            assert_eq!(both.told(agency, referral).await, reported + 1);
            let seen = both.seen(&clerk, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&Value::Null, json!([])), "nothing comes back by it");
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "OUTDATED"}]));

            // Handed over again it is the right one, and says so.
            let again = on(&both.seen(&traeger(), referral).await, json!({"add": ["PHONE"]}));
            both.play.done(&traeger(), "changeHandover", again).await;
            let seen = both.seen(&clerk, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!([])));
            both.play.server.stop().await;
        }
    }

    async fn a_preview_is_told_nothing_of_what_it_does_not_show(db: TestDatabase) {
        let both = Both::offered(db).await;
        let before = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(before["status"], "OFFERED");
        both.report().await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await, before, "nor that there is something");
        let sender = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(last_event(&sender)["changedFields"], json!([{"field": "PHONE", "change": "DISPUTED"}]));
        both.correct_the_case().await;
        let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await, before);
        let sender = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(last_event(&sender)["changedFields"], json!([{"field": "PHONE", "change": "CORRECTED"}]));
        assert_eq!((both.told(both.play.abh, &both.of_abh).await, both.told(both.play.traeger, &both.of_abh).await), (0, 2));
        let told = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ told {{ agency {{ slug }} }} }} }} }} }}", both.of_jobcenter["id"]);
        let told = both.play.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
        assert_eq!(told, json!([]));

        // Of what the preview shows it is told, and what it accepts is right.
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let wrong = json!({"field": "BIRTH_DATE", "text": "falsch"});
        both.play.done(&jobcenter(), "reportWrongValue", on(&seen, wrong)).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "BIRTH_DATE", "change": "DISPUTED"}]));
        both.play.done(&abh(), "acceptReferral", on(&seen, json!({}))).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!(["BIRTH_DATE"])));
        both.play.server.stop().await;
    }

    async fn in_a_closed_case_only_what_is_disputed_can_be_put_right(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, P::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": "BENEFIT_APPLICATION", "kind": "TRANSFER"});
        let draft = play.done(&traeger(), "draftReferral", input).await;
        let offered = play.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let accepted = play.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        let of_jobcenter = play.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        assert_eq!(edit(&play, "closeCase", &case, json!({"reason": "TRANSFERRED"})).await, Value::Null);
        let right = json!({"record": {"phone": "0221 7654321"}});
        assert_eq!(edit(&play, "updateCase", &case, right.clone()).await, "ACTION_NOT_ALLOWED", "nobody holds it for wrong");
        let both = Both { play, of_jobcenter, of_abh: Value::Null };
        both.report().await;
        let update = async |input: Value| edit(&both.play, "updateCase", &case, input).await;
        for beside in [json!({}), json!({"phase": "INTAKE", "record": {"phone": "0221 7654321"}}),
            json!({"record": {"phone": "0221 7654321", "city": "Bonn"}}), json!({"record": {"city": "Bonn"}})] {
            assert_eq!(update(beside.clone()).await, "ACTION_NOT_ALLOWED", "{beside}");
        }
        assert_eq!(update(right.clone()).await, Value::Null);
        let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!([])));
        assert_eq!(update(right).await, "ACTION_NOT_ALLOWED", "it is decided");
        both.play.server.stop().await;
    }

    async fn what_was_suspended_goes_on_with_the_value_that_was_corrected_meanwhile(db: TestDatabase) {
        let both = Both::begin(db).await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", both.of_abh["id"]);
        let consent = both.play.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        both.play.ask(&abh(), &format!("{{ referral(id: {}) {{ handover {{ phone }} }} }}", both.of_abh["id"])).await;
        consented(&both.play, "withdrawConsent", json!({"consentId": consent})).await;
        both.report().await;
        both.correct_the_case().await;
        let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await["handover"]["phone"], Value::Null, "it is suspended");
        let fields = json!({"fields": ["FAMILY_NAME", "CITY"], "ticked": ["PHONE"]});
        consented(&both.play, "renewConsent", json!({"consentId": consent, "given": given(fields)})).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!((&seen["status"], &seen["handover"]["phone"], disputed(&seen).0), (&json!("ACCEPTED"), &json!("0221 7654321"), json!([])), "{seen}");
        let told: Vec<_> = seen["events"]["nodes"].as_array().expect("events").iter().flat_map(|event| event["changedFields"].as_array().expect("a list")).collect();
        assert_eq!(told, [&json!({"field": "PHONE", "change": "DISPUTED"}), &json!({"field": "PHONE", "change": "CORRECTED"})]);
        both.play.server.stop().await;
    }

    async fn a_copy_that_is_frozen_with_a_wrong_value_stays_marked(db: TestDatabase) {
        let both = Both::begin(db).await;
        let old = both.seen(&abh(), &both.of_abh).await["handover"]["phone"].clone();
        let started = both.play.done(&abh(), "startReferral", on(&both.of_abh, json!({}))).await;
        both.play.done(&abh(), "completeReferral", on(&started, json!({"outcome": "OTHER"}))).await;
        both.report().await;
        both.correct_the_case().await;
        let input = both.deciding(json!({"decision": "ACCEPTED"})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        // Its days of access run: it shows what it showed, and that this is wrong.
        for token in [abh(), traeger()] {
            let seen = both.seen(&token, &both.of_abh).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen)), (&old, (json!(["PHONE"]), BTreeSet::from(["PHONE"]))), "{seen}");
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "OUTDATED"}]));
            assert!(!seen["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        }
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((&own["handover"]["phone"], disputed(&own).0), (&json!("0221 7654321"), json!([])));
        assert_eq!(last_event(&own)["changedFields"], json!([{"field": "PHONE", "change": "CORRECTED"}]));

        // The same for the referral by which it was reported.
        let wrong = json!({"field": "CITY", "text": "Umgezogen."});
        let reported = both.play.done(&jobcenter(), "reportWrongValue", on(&own, wrong)).await;
        let started = both.play.done(&jobcenter(), "startReferral", on(&reported, json!({}))).await;
        both.play.done(&jobcenter(), "completeReferral", on(&started, json!({"outcome": "OTHER"}))).await;
        let main = both.play.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("the client");
        raw::update_person(main, &client, &[(HandoverField::City, Some("Bonn".to_owned()))]).await.expect("corrected");
        both.play.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ handover {{ city }} }} }}", both.of_jobcenter["id"])).await;
        let seen = both.seen(&traeger(), &both.of_jobcenter).await;
        let mut input = on(&seen, json!({"decision": "ACCEPTED"}));
        input["correctionId"] = seen["corrections"]["nodes"][1]["id"].clone();
        both.play.done(&traeger(), "decideCorrection", input).await;
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((disputed(&own).0, &last_event(&own)["changedFields"]), (json!(["CITY"]), &json!([{"field": "CITY", "change": "OUTDATED"}])));
        both.play.server.stop().await;
    }

    async fn what_is_disputed_is_marked_in_the_case_too(db: TestDatabase) {
        let both = Both::begin(db).await;
        let query = format!("{{ referral(id: {}) {{ case {{ record {{ phone disputed }} }} }} cases {{ nodes {{ record {{ disputed }} }} }} }}", both.of_abh["id"]);
        let marked = async || {
            let seen = both.play.ask(&traeger(), &query).await;
            assert_eq!(seen["cases"]["nodes"][0]["record"]["disputed"], seen["referral"]["case"]["record"]["disputed"]);
            seen["referral"]["case"]["record"]["disputed"].clone()
        };
        assert_eq!(marked().await, json!([]));
        let reported = both.report().await;
        let wrong = |field: &str| json!({"field": field, "text": "falsch"});
        let reported = both.play.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("BIRTH_DATE"))).await;
        // What a referral is about is its own, not the case's.
        both.play.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("CONCERN"))).await;
        assert_eq!(marked().await, json!(["BIRTH_DATE", "AGE", "PHONE"]));
        let input = both.deciding(json!({"decision": "REJECTED", "text": "Stimmt."})).await;
        both.play.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(marked().await, json!(["BIRTH_DATE", "AGE"]));
        both.play.server.stop().await;
    }

    async fn a_report_is_logged_like_a_message(db: TestDatabase) {
        let both = Both::begin(db).await;
        both.report().await;
        let log = both.play.server.database.database.raw_log();
        let logged = async || disclosure_log::Entity::find().all(log).await.expect("a log").iter().filter(|row| row.messages).count();
        assert_eq!(logged().await, 0);
        let ask = async |part: &str| {
            let query = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ {part} }} }} }} }}", both.of_jobcenter["id"]);
            both.play.ask(&jobcenter(), &query).await;
        };
        ask("id field state reportedAt").await;
        assert_eq!(logged().await, 0, "no text left");
        for (count, part) in [(1, "text"), (2, "suggestedValue"), (3, "decisionText")] {
            ask(part).await;
            assert_eq!(logged().await, count, "{part}");
        }
        both.play.server.stop().await;
    }

    async fn only_what_is_seen_is_reported_and_only_by_its_receiver(db: TestDatabase) {
        let both = Both::begin(db).await;
        let play = &both.play;
        let wrong = |field: &str| json!({"field": field, "text": "falsch"});
        let preview = play.offered().await;
        assert_eq!(play.refused(&jobcenter(), "reportWrongValue", on(&preview, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED");
        play.done(&jobcenter(), "reportWrongValue", on(&preview, wrong("FAMILY_NAME"))).await;
        // Where nothing is seen yet, nothing is said to be reportable.
        let draft = play.draft(Some(ConsentSpec::whole())).await;
        play.done(&traeger(), "offerReferral", on(&draft, json!({"fields": ["PHONE"], "acknowledgeReportingDuty": true}))).await;
        for (referral, expected) in [(&preview, true), (&draft, false)] {
            let seen = play.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ availableActions }} }}", referral["id"])).await;
            let actions = seen["referral"]["availableActions"].as_array().expect("a list").clone();
            assert_eq!(actions.contains(&json!("REPORT_WRONG_VALUE")), expected, "{seen}");
        }
        assert_eq!(play.refused(&traeger(), "reportWrongValue", on(&both.of_jobcenter, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED");
        for bad in [json!({"field": "PHONE", "text": " "}), json!({"field": "PHONE", "text": "siehe 12345BG0123456"}),
            json!({"field": "PHONE", "text": "a", "suggestedValue": "a\nb"})] {
            assert_eq!(play.refused(&jobcenter(), "reportWrongValue", on(&both.of_jobcenter, bad)).await, "BAD_INPUT");
        }
        let stale = json!({"id": both.of_jobcenter["id"], "version": 1});
        assert_eq!(play.refused(&jobcenter(), "reportWrongValue", on(&stale, wrong("PHONE"))).await, "CONFLICT");
        let reported = both.report().await;
        assert_eq!(play.refused(&jobcenter(), "reportWrongValue", on(&reported, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED", "one at a time");
        let two = play.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("CITY"))).await;

        // Whoever is no party is told what is told of nothing; so is who names another referral's report.
        let absent = json!({"id": encode(Kind::Referral, Uuid::now_v7()), "version": 1});
        let report_id = both.seen(&jobcenter(), &two).await["corrections"]["nodes"][0]["id"].clone();
        let decide = |id: &Value| json!({"correctionId": id, "decision": "REJECTED", "text": "a"});
        for (token, mutation, more) in [
            (abh(), "reportWrongValue", wrong("PHONE")),
            (token("other", Role::CaseManager), "reportWrongValue", wrong("PHONE")),
            (token("other", Role::CaseManager), "decideCorrection", decide(&report_id)),
        ] {
            let foreign = play.mutate(&token, mutation, on(&two, more.clone())).await;
            assert_eq!(foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{foreign}");
            assert_eq!(foreign, play.mutate(&token, mutation, on(&absent, more)).await);
        }
        let of_abh = both.seen(&traeger(), &both.of_abh).await;
        for id in [report_id, json!(encode(Kind::Correction, Uuid::now_v7())), of_abh["id"].clone()] {
            assert_eq!(play.refused(&traeger(), "decideCorrection", on(&of_abh, decide(&id))).await, "NOT_FOUND", "{id}");
        }
        let back = play.done(&jobcenter(), "returnReferral", on(&two, json!({"reason": "OTHER"}))).await;
        assert_eq!(play.refused(&jobcenter(), "reportWrongValue", on(&back, wrong("STREET"))).await, "ILLEGAL_TRANSITION");
        both.play.server.stop().await;
    }

    async fn two_agencies_who_report_at_once_never_wait_crosswise(db: TestDatabase) {
        let both = Both::begin(db).await;
        for field in ["PHONE", "POSTAL_CODE", "CITY", "GIVEN_NAME", "FAMILY_NAME", "BIRTH_DATE"] {
            let one = async |token: String, referral: &Value| loop {
                let seen = both.seen(&token, referral).await;
                let answer = both.play.mutate(&token, "reportWrongValue", on(&seen, json!({"field": field, "text": "falsch"}))).await;
                match answer["errors"][0]["extensions"]["code"].as_str() {
                    None => break,
                    // The other's report counts this referral on.
                    Some(code) => assert_eq!(code, "CONFLICT", "{answer}"),
                }
            };
            tokio::join!(one(jobcenter(), &both.of_jobcenter), one(abh(), &both.of_abh));
        }
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((seen["corrections"]["totalCount"].as_i64(), disputed(&seen).1.len()), (Some(6), 6));
        }
        both.play.server.stop().await;
    }
}
