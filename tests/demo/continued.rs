//! Referrals in the demo that continue an earlier one.

use kim_domain::agency::Role;
use kim_domain::referral::ReferralStatus;
use kim_entity::referral;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{Demo, filled, on};
use crate::support::on_both;

on_both! {
    async fn the_previous_referral_is_shown_only_to_agencies_that_may_see_it(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2027-02-28")).await;
        let list = async |agency: &str, role: Role, query: &str| -> Vec<Value> {
            let answer = demo.data(agency, role, query).await;
            answer["referrals"]["nodes"].as_array().expect("nodes").clone()
        };
        let outgoing = "{ referrals(direction: OUTGOING, first: 100) { nodes { status receiver { slug } \
                          previous { status receiver { slug } } } } }";
        for (sender, status, receiver, previous, first_receiver) in [
            ("traeger-kalk", "DRAFT", "sozialamt-koeln", "FORWARDED", "jugendamt-koeln"),
            ("traeger-ehrenfeld", "OFFERED", "mbe-koeln", "DECLINED", "jmd-koeln"),
        ] {
            let next = json!({
                "status": status,
                "receiver": {"slug": receiver},
                "previous": {"status": previous, "receiver": {"slug": first_receiver}},
            });
            assert!(list(sender, Role::CaseManager, outgoing).await.contains(&next), "{next}");
        }
        let incoming = "{ referrals(first: 100) { nodes { reference previous { reference } handover { concern familyName } } } }";
        let [offered, draft] = ["mbe-koeln", "sozialamt-koeln"].map(|receiver| list(receiver, Role::Clerk, incoming));
        // A counselling service learns the name once it has accepted.
        let handover = json!({"concern": "Es geht um: Migrationsberatung.", "familyName": null});
        let next = json!({"reference": "DEM0N-X2R9P", "previous": null, "handover": handover});
        let offered = offered.await;
        assert!(offered.contains(&next), "{offered:?}");
        assert!(draft.await.iter().all(|node| node["reference"] != "DEM0F-W4K7T"), "a draft is the sender's alone");
    }

    async fn a_referral_that_continues_another_keeps_the_day_of_first_receipt(db: TestDatabase) {
        filled(&db.database, &on("2026-11-20")).await;
        let all = referral::Entity::find().all(db.database.raw()).await.expect("referrals");
        let mut hops = Vec::new();
        for next in all.iter().filter(|referral| referral.previous_id.is_some()) {
            let previous = all.iter().find(|referral| Some(referral.id) == next.previous_id).expect("the previous one");
            assert!(previous.first_received_on.is_some());
            assert_eq!(next.first_received_on, previous.first_received_on);
            assert_eq!((next.case_id, next.sender_id), (previous.case_id, previous.sender_id));
            assert_ne!((next.id, &next.reference), (previous.id, &previous.reference));
            hops.push((previous.status.0, next.status.0, next.hops));
        }
        hops.sort_by_key(|&(.., hops)| hops);
        let (declined, forwarded) = (ReferralStatus::Declined, ReferralStatus::Forwarded);
        assert_eq!(hops, [(declined, ReferralStatus::Offered, 0), (forwarded, ReferralStatus::Draft, 1)]);
        let of_forwarded = all.iter().filter(|referral| referral.status.0 == forwarded);
        assert!(of_forwarded.into_iter().all(|one| all.iter().any(|next| next.previous_id == Some(one.id))));
    }
}
