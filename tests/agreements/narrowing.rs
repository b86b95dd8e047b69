//! A new version that narrows running referrals.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::agreement;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{jobcenter, on, traeger};
use crate::support::server::{TestServer, token};
use crate::support::world::{self, ReferralSpec, World, in_days, today};

use super::{BASIC, COURSE, Negotiation, coordination, person, receiver};

on_both! {
    async fn a_narrowing_version_applies_to_running_referrals_at_once(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let first = negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await;
        let draft = negotiation.draft(COURSE).await;
        let offered = negotiation.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        negotiation.scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        assert_ne!(negotiation.seen(&offered).await["handover"]["phone"], Value::Null);
        let closings = negotiation.closings().await;

        let mut narrower = negotiation.terms(COURSE, &BASIC[..2]);
        (narrower["narrowsRunning"], narrower["accessDays"]) = (json!(true), json!(7));
        narrower["fields"][1]["tickedOnly"] = json!(true);
        let second = negotiation.conclude(narrower).await;
        assert_eq!(second["agreement"]["version"], 2);
        assert_eq!(negotiation.closings().await, closings + 1);
        let seen = negotiation.seen(&offered).await;
        assert_eq!((&seen["status"], &seen["handover"]["phone"]), (&json!("ACCEPTED"), &Value::Null), "{seen}");
        assert!(seen["handover"]["withheld"].as_array().expect("a list").contains(&json!({"field": "PHONE", "reason": "NOT_IN_AGREEMENT"})), "{seen}");

        let (from, to) = (&first["agreement"]["id"], &second["agreement"]["id"]);
        let difference = format!("{{ agreementDifference(from: {from}, to: {to}) {{ added {{ label }} removed {{ label }}
            newlyTicked {{ label }} respondWorkingDays {{ from to }} accessDays {{ from to }} narrowsRunning }} }}");
        let expected = json!({"agreementDifference": {"added": [], "removed": [{"label": "Telefon"}], "newlyTicked": [{"label": "Familienname"}],
            "respondWorkingDays": null, "accessDays": {"from": 14, "to": 7}, "narrowsRunning": true}});
        for token in [receiver(), coordination(), traeger()] {
            assert_eq!(negotiation.scenario.ask(&token, &difference).await, expected);
        }
        // A viewer who sees proposals can compare them too.
        let third = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        let with_proposal = format!("{{ agreementDifference(from: {to}, to: {}) {{ added {{ label }} narrowsRunning }} }}", third["id"]);
        assert_eq!(negotiation.scenario.ask(&receiver(), &with_proposal).await["agreementDifference"]["added"], json!([{"label": "Telefon"}]));
        assert_eq!(negotiation.scenario.ask(&traeger(), &with_proposal).await, json!({"agreementDifference": null}));
        let foreign = person("abh", Role::Administrator, "leitung-abh");
        assert_eq!(negotiation.scenario.ask(&foreign, &difference).await, json!({"agreementDifference": null}));
        negotiation.stop().await;
    }

    async fn a_field_is_statutory_only_if_every_narrowing_version_says_so(db: TestDatabase) {
        let main = db.database.raw();
        const AGS: &str = "05315000";
        world::add_municipality(main, AGS).await;
        // Between two SGB bodies a statute can be the ground of fields, without consent (§ 69 SGB X).
        let sender = world::add_agency(main, AGS, "sozialamt", AgencyKind::Sozialamt).await;
        let receiver = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
        let purpose = ReferralPurpose::BenefitApplication;
        let version = |version: i32, statutory: &[HandoverField]| agreement::Model {
            version,
            narrows_running: version > 1,
            statutory_fields: FieldSet::of(statutory).to_i64(),
            ..world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY)
        };
        let agreement = world::insert_agreement(main, version(1, &[HandoverField::FamilyName, HandoverField::City, HandoverField::Phone])).await;
        let mut world = World::default();
        world.add(&ReferralSpec {
            number: 1, sender, receiver, purpose, agreement, status: ReferralStatus::Accepted, ever_accepted: true,
            closed_on: None, due_on: in_days(1), offered_on: in_days(-3), consent: None, offered: FieldSet::ALL,
            previous: None, messages: 0,
        });
        world.write(main).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let given = async || {
            let query = "{ referrals { nodes { handover { familyName city phone street } } } }";
            let answer = server.ask(&clerk, query, &Value::Null).await;
            assert_eq!(answer["errors"], Value::Null);
            let handover = &answer["data"]["referrals"]["nodes"][0]["handover"];
            ["familyName", "city", "phone", "street"].map(|field| !handover[field].is_null())
        };
        let main = server.database.database.raw();
        assert_eq!(given().await, [true, true, true, false]);
        // Each version removes fields, and no later version gives one back.
        world::insert_agreement(main, version(2, &[HandoverField::FamilyName, HandoverField::City, HandoverField::Street])).await;
        assert_eq!(given().await, [true, true, false, false]);
        world::insert_agreement(main, version(3, &[HandoverField::City, HandoverField::Phone, HandoverField::Street])).await;
        assert_eq!(given().await, [false, true, false, false]);
        world::insert_agreement(main, version(4, &[])).await;
        assert_eq!(given().await, [false; 4]);
        let query = "{ referrals { nodes { handover { withheld { field reason } } } } }";
        let answer = server.ask(&clerk, query, &Value::Null).await;
        let withheld = answer["data"]["referrals"]["nodes"][0]["handover"]["withheld"].as_array().expect("a list");
        assert!(withheld.contains(&json!({"field": "CITY", "reason": "CONSENT_ENDED"})), "{answer}");
        server.stop().await;
    }
}
