//! Both sides are notified of what an agreement closes.

use std::sync::{Arc, Mutex};

use kim_casework::agreement::{Termination, terminate};
use kim_casework::once::{IdempotentRequest, once};
use kim_casework::work::WorkContext;
use kim_domain::calendar::Clock;
use kim_domain::id::decode;
use kim_domain::referral::ReferralStatus;
use kim_entity::database::Database;
use kim_entity::read::Reads;
use kim_entity::{change, referral};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{jobcenter, on, traeger};
use crate::support::server::verified;
use crate::support::world::{self, ConsentSpec, in_days, today};

use super::{BASIC, COURSE, Negotiation, coordination, receiver};

on_both! {
    async fn both_sides_are_notified_of_fields_that_an_agreement_closes(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await;
        let draft = negotiation.draft(COURSE).await;
        let offered = negotiation.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        let accepted = negotiation.scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        // One referral in preview, one that was declined, and one for another purpose.
        let preview = negotiation.offer(&negotiation.draft(COURSE).await).await["data"]["offerReferral"]["referral"].clone();
        let back = negotiation.offer(&negotiation.draft(COURSE).await).await["data"]["offerReferral"]["referral"].clone();
        let back = negotiation.scenario.done(&jobcenter(), "declineReferral", on(&back, json!({"reason": "NO_CAPACITY"}))).await;
        let other = negotiation.scenario.offered().await;
        let waiting = negotiation.draft(COURSE).await;
        let version = |referral: &Value| referral["version"].as_i64().expect("a number");
        let changed = "AGREEMENT_CHANGED";

        // A version that narrows from a future day: both feeds announce it, and nothing is closed yet.
        let mut later = negotiation.terms(COURSE, &BASIC[..2]);
        (later["validFrom"], later["narrowsRunning"]) = (json!(in_days(5)), json!(true));
        negotiation.conclude(later).await;
        for token in [jobcenter(), traeger()] {
            let (now, _, kinds) = negotiation.history(&token, &accepted).await;
            assert_eq!((now, kinds.last().map(String::as_str)), (version(&accepted), Some(changed)));
        }
        // A version that narrows at once.
        let mut narrower = negotiation.terms(COURSE, &BASIC[..2]);
        narrower["narrowsRunning"] = json!(true);
        negotiation.conclude(narrower).await;
        let event = |fields: Value, slug: &str| json!({"action": null, "fromStatus": "ACCEPTED", "toStatus": "ACCEPTED", "agency": {"slug": slug}, "staff": null, "changedFields": fields});
        let phone = json!([{"field": "PHONE", "change": "NOT_AGREED"}]);
        for token in [jobcenter(), traeger()] {
            let (now, last, kinds) = negotiation.history(&token, &accepted).await;
            assert_eq!((now, last), (version(&accepted) + 1, event(phone.clone(), "traeger")), "the coordination signs for the senders");
            assert_eq!(kinds.iter().filter(|kind| *kind == changed).count(), 2);
            let (now, last, _) = negotiation.history(&token, &preview).await;
            assert_eq!((now, &last["changedFields"]), (version(&preview) + 1, &json!([])), "the preview had not shown it");
            for untouched in [&back, &other] {
                let (now, _, kinds) = negotiation.history(&token, untouched).await;
                assert!(now == version(untouched) && !kinds.contains(&changed.to_owned()), "{kinds:?}");
            }
        }
        assert!(!negotiation.history(&traeger(), &waiting).await.2.contains(&changed.to_owned()), "a draft takes the agreement that is in force at its offer");

        // A termination for cause closes all fields, and the event names the agency that terminated.
        let latest = negotiation.agreements(&receiver()).await.into_iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE")
            .max_by_key(|one| one["version"].as_i64()).expect("the latest")["id"].clone();
        let ended = negotiation.terminate(&receiver(), &latest, json!({"forCause": true})).await;
        assert_eq!(ended["errors"], Value::Null, "{ended}");
        let rest = json!([{"field": "CONCERN", "change": "NOT_AGREED"}, {"field": "FAMILY_NAME", "change": "NOT_AGREED"}]);
        assert_eq!(negotiation.history(&traeger(), &accepted).await.1, event(rest.clone(), "jobcenter"));
        let (now, last, _) = negotiation.history(&jobcenter(), &accepted).await;
        assert_eq!((now, &last["changedFields"], &last["staff"]), (version(&accepted) + 2, &rest, &json!("leitung-jobcenter")));
        assert_eq!(negotiation.seen(&accepted).await["handover"]["concern"], Value::Null);
        // A request with the old version gets a conflict.
        assert_eq!(negotiation.scenario.refused(&jobcenter(), "startReferral", on(&accepted, json!({}))).await, "CONFLICT");
        negotiation.stop().await;
    }

    async fn a_closing_of_a_thousand_referrals_takes_few_statements(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let ids = negotiation.scenario.prepared(ReferralStatus::Offered, 1_200, |_| Some(ConsentSpec::whole())).await;
        let agreement = negotiation.agreements(&receiver()).await.into_iter().find(|one| one["purpose"]["code"] == "BENEFIT_APPLICATION").expect("the agreement of the scenario");
        // A second process whose statements are counted.
        let mut database = Database::open(&negotiation.scenario.server.database.url).await.expect("a second process");
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
        let main = negotiation.scenario.server.database.database.raw();
        let rows = referral::Entity::find().all(main).await.expect("rows");
        assert!(rows.len() == ids.len() && rows.iter().all(|row| row.version == 2));
        for agency in [negotiation.scenario.jobcenter, negotiation.scenario.traeger] {
            let told = change::Entity::find().filter(change::Column::AgencyId.eq(agency)).all(main).await.expect("changes");
            assert!(told.len() == ids.len() && told.iter().all(|change| change.event_id.is_some()));
        }
        negotiation.stop().await;
    }
}
