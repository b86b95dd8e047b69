//! What a later version of an agreement takes from referrals that run: what the matrix, whose senders are Träger, cannot
//! show.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::agreement::Model as Agreement;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::server::{TestServer, token};
use crate::support::world::{self, ReferralSpec, World, in_days, today};

const AGS: &str = "05315000";

on_both! {
    async fn a_field_passes_by_statute_only_while_every_version_that_narrows_says_so(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, AGS).await;
        // Between two bodies of the SGB a statute can carry fields without consent (§ 69 SGB X).
        let sender = world::add_agency(main, AGS, "sozialamt", AgencyKind::Sozialamt).await;
        let receiver = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
        let purpose = ReferralPurpose::BenefitApplication;
        let version = |version: i32, statutory: &[F]| Agreement {
            version,
            narrows_running: version > 1,
            statutory_fields: FieldSet::of(statutory).to_i64(),
            ..world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY)
        };
        let agreement = world::insert_agreement(main, version(1, &[F::FamilyName, F::City, F::Phone])).await;
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
        // Each version takes something, and a later one gives nothing back.
        world::insert_agreement(main, version(2, &[F::FamilyName, F::City, F::Street])).await;
        assert_eq!(given().await, [true, true, false, false]);
        world::insert_agreement(main, version(3, &[F::City, F::Phone, F::Street])).await;
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
