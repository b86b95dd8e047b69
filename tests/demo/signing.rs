//! With the tokens that `kim token` prints, an agreement of the demo is signed by both sides.

use std::process::Command;

use serde_json::{Value, json};

use super::{Demo, on};
use crate::support::on_both;

/// The header with what `kim token` prints.
fn token(agency: &str, role: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kim"));
    let output = command.args(["token", "--agency", agency, "--role", role]).output().expect("kim runs");
    assert!(output.status.success());
    format!("Bearer {}", String::from_utf8(output.stdout).expect("text").trim())
}

on_both! {
    async fn the_tokens_of_kim_token_sign_an_agreement_for_both_sides(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2026-11-20")).await;
        let found = demo.ask(&token("ki-koeln", "COORDINATOR"), "{ agencies(kind: JOBCENTER) { nodes { id slug } } }", &json!({})).await;
        let jobcenter = found["data"]["agencies"]["nodes"].as_array().expect("agencies").iter().find(|one| one["slug"] == "jobcenter-koeln");
        let mutate = async |token: String, mutation: &str, mut input: Value| {
            let kind = mutation[..1].to_uppercase() + &mutation[1..];
            let shown = "proposal { id version status signatures { side } }";
            input["idempotencyKey"] = json!(format!("{mutation} {}", input["expectedVersion"]));
            let query = format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {shown} }} }}");
            let answer = demo.ask(&token, &query, &json!({ "input": input })).await;
            assert!(answer["errors"].is_null(), "{mutation}: {answer}");
            answer["data"][mutation]["proposal"].clone()
        };
        let mut proposal = mutate(token("ki-koeln", "COORDINATOR"), "proposeAgreement", json!({
            "receiverId": jobcenter.expect("the Jobcenter")["id"], "purpose": "INTEGRATION_COURSE", "validFrom": "2026-11-20",
            "respondWorkingDays": 5, "accessDays": 14, "contact": "kurs@jobcenter.example", "legalGround": "Einwilligung",
            "fields": [{"label": "Anliegen"}, {"label": "Familienname"}],
        })).await;
        for (agency, role, mutation, verdict) in [
            ("jobcenter-koeln", "ADMINISTRATOR", "signAgreement", None),
            ("jobcenter-koeln", "DATA_PROTECTION_OFFICER", "giveOpinion", Some("FAVOURABLE")),
            ("ki-koeln", "ADMINISTRATOR", "signAgreement", None),
            ("ki-koeln", "DATA_PROTECTION_OFFICER", "giveOpinion", Some("FAVOURABLE")),
        ] {
            let mut input = json!({"proposalId": proposal["id"], "expectedVersion": proposal["version"]});
            if let Some(verdict) = verdict {
                input["verdict"] = json!(verdict);
            }
            proposal = mutate(token(agency, role), mutation, input).await;
        }
        assert_eq!((&proposal["status"], &proposal["signatures"]), (&json!("CONCLUDED"), &json!([{"side": "RECEIVER"}, {"side": "SENDER"}])));
        demo.running.stop().await.expect("stopped");
    }
}
