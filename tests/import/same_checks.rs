//! A list and the API have the same checks: a list may contain what a Träger may enter over HTTP, and nothing else.

use super::*;
use crate::support::scenario::{Scenario, traeger};
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};
use uuid::Uuid;

/// What is entered. Days are ISO days; an empty text is nothing.
#[derive(Clone, Copy)]
struct Entered {
    family_name: &'static str,
    birth_date: &'static str,
    in_germany_since: &'static str,
    opened_on: &'static str,
    city: &'static str,
    postal_code: &'static str,
    email: &'static str,
    concern: &'static str,
    consent_from: &'static str,
    consent_until: &'static str,
    release_on: &'static str,
}

const VALID: Entered = Entered {
    family_name: "Rahimi",
    birth_date: "1999-12-24",
    in_germany_since: "2016-02-01",
    opened_on: "2026-09-22",
    city: "Köln",
    postal_code: "50667",
    email: "reza@example.org",
    concern: "Arbeit",
    consent_from: "2026-10-09",
    consent_until: "2027-10-09",
    release_on: "2026-10-09",
};

/// What both doors take.
fn taken() -> Vec<(&'static str, Entered)> {
    vec![
        ("a usual row", VALID),
        ("all on the day of birth", Entered { in_germany_since: "1999-12-24", opened_on: "1999-12-24", ..VALID }),
        ("24 months", Entered { consent_until: "2028-10-09", ..VALID }),
        ("the last day is today", Entered { consent_until: "2026-11-20", ..VALID }),
        ("no end: twelve months", Entered { consent_until: "", ..VALID }),
        ("no release", Entered { release_on: "", ..VALID }),
        ("born in a year", Entered { birth_date: "1999", ..VALID }),
        ("born in a month", Entered { birth_date: "1999-12", in_germany_since: "1999-12-01", ..VALID }),
        ("18 today", Entered { birth_date: "2008-11-20", ..VALID }),
        (
            "no consent of a minor",
            Entered {
                birth_date: "2012-01-01",
                in_germany_since: "",
                consent_from: "",
                consent_until: "",
                release_on: "",
                ..VALID
            },
        ),
    ]
}

/// What both doors refuse, and the column that the import names.
fn refused() -> Vec<(&'static str, &'static str, Entered)> {
    vec![
        ("admitted before the birth", "Aufnahme am", Entered { opened_on: "1999-12-23", ..VALID }),
        ("admitted in the future", "Aufnahme am", Entered { opened_on: "2026-11-21", ..VALID }),
        ("in Germany before the birth", "In Deutschland seit", Entered { in_germany_since: "1999-12-23", ..VALID }),
        ("in Germany in the future", "In Deutschland seit", Entered { in_germany_since: "2026-11-21", ..VALID }),
        (
            "admitted before the year of birth",
            "Aufnahme am",
            Entered { birth_date: "1999", opened_on: "1998-12-31", ..VALID },
        ),
        ("born in no month", "Geburtsdatum", Entered { birth_date: "1999-13", ..VALID }),
        ("born in a later month", "Geburtsdatum", Entered { birth_date: "2026-12", ..VALID }),
        ("a minor perhaps", "Einwilligung vom", Entered { birth_date: "2008", in_germany_since: "", ..VALID }),
        ("born in the future", "Geburtsdatum", Entered { birth_date: "2026-11-21", ..VALID }),
        (
            "consent before the birth",
            "Einwilligung vom",
            Entered { consent_from: "1999-12-23", consent_until: "2000-12-23", ..VALID },
        ),
        ("release before the birth", "Schweigepflichtentbindung vom", Entered { release_on: "1999-12-23", ..VALID }),
        ("consent in the future", "Einwilligung vom", Entered { consent_from: "2026-11-21", ..VALID }),
        ("release in the future", "Schweigepflichtentbindung vom", Entered { release_on: "2026-11-21", ..VALID }),
        ("more than 24 months", "Einwilligung bis", Entered { consent_until: "2028-10-10", ..VALID }),
        ("until 2200", "Einwilligung bis", Entered { consent_until: "2200-01-01", ..VALID }),
        ("the end before the beginning", "Einwilligung bis", Entered { consent_until: "2026-10-08", ..VALID }),
        ("a minor alone", "Einwilligung vom", Entered { birth_date: "2008-11-21", in_germany_since: "", ..VALID }),
        ("a child", "Einwilligung vom", Entered { birth_date: "2020-01-01", in_germany_since: "", ..VALID }),
        ("a name with another office's number", "Nachname", Entered { family_name: "12345BG0123456", ..VALID }),
        ("a name with hidden signs", "Nachname", Entered { family_name: "Ra\u{202e}himi", ..VALID }),
        ("a name without width", "Nachname", Entered { family_name: "Ra\u{200b}himi", ..VALID }),
        ("a place with a machine's signs", "Ort", Entered { city: "Kö\u{2060}ln", ..VALID }),
        ("a place with a lost letter", "Ort", Entered { city: "K?ln", ..VALID }),
        ("a place that is a spreadsheet's error", "Ort", Entered { city: "#NV", ..VALID }),
        ("a place that is a formula", "Ort", Entered { city: "=1+1", ..VALID }),
        ("a place without a letter", "Ort", Entered { city: ".", ..VALID }),
        ("a name for a missing value", "Nachname", Entered { family_name: "Keine Angabe", ..VALID }),
        ("a name in two scripts", "Nachname", Entered { family_name: "R\u{430}himi", ..VALID }),
        ("a concern with a grouped number", "Anliegen", Entered { concern: "siehe 123/D/123456", ..VALID }),
        ("a postal code of four digits", "PLZ", Entered { postal_code: "5066", ..VALID }),
        ("a doubtful address", "E-Mail", Entered { email: "reza@example.org?", ..VALID }),
        ("a concern with a number", "Anliegen", Entered { concern: "siehe 123D123456", ..VALID }),
        ("a concern with hidden signs", "Anliegen", Entered { concern: "a\u{feff}b", ..VALID }),
    ]
}

impl Entered {
    fn row(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("Träger", "traeger"),
            ("Nachname", self.family_name),
            ("Geburtsdatum", self.birth_date),
            ("In Deutschland seit", self.in_germany_since),
            ("Aufnahme am", self.opened_on),
            ("Ort", self.city),
            ("PLZ", self.postal_code),
            ("E-Mail", self.email),
            ("Anliegen", self.concern),
            ("Übergabe an", "jobcenter"),
            ("Zweck", "Antrag Grundsicherungsgeld"),
            ("Übergeben am", "2026-11-01"),
            ("Frist", "2026-12-01"),
            ("Status", "offen"),
            ("Einwilligung vom", self.consent_from),
            ("Einwilligung bis", self.consent_until),
            ("Schweigepflichtentbindung vom", self.release_on),
        ]
    }
}

/// The last day of the consent that the list gives, or the refused columns.
async fn by_list(scenario: &Scenario, number: &str, entered: &Entered) -> Result<Option<NaiveDate>, Vec<String>> {
    let db = &scenario.server.database.database;
    let mut row = entered.row();
    row.extend([("Fallnummer", number), ("Phase", "Intake")]);
    let cells = |pick: fn(&(&str, &str)) -> String| row.iter().map(pick).collect::<Vec<_>>().join(";");
    let file = format!("{}\n{}\n", cells(|cell| cell.0.to_owned()), cells(|cell| format!("\"{}\"", cell.1)));
    let report = imported(db, file.as_bytes()).await;
    if report.accepted == 0 {
        return Err(report.refused.into_iter().map(|refused| refused.column).collect());
    }
    let referral = referral_of(db, number).await;
    let Some(id) = referral.consent_id else { return Ok(None) };
    Ok(consent::Entity::find_by_id(id).one(db.raw()).await.expect("an answer").expect("a consent").valid_until)
}

/// The last day of the consent that the API records, or its error.
async fn by_api(scenario: &Scenario, number: &str, entered: &Entered) -> Result<Option<NaiveDate>, String> {
    let given = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let key = || json!(Uuid::now_v7());
    let open = "mutation($input: OpenCaseInput!) { openCase(input: $input) { case { id } } }";
    let input = json!({
        "idempotencyKey": key(), "caseNumber": number, "openedOn": entered.opened_on,
        "record": {
            "familyName": entered.family_name,
            (if entered.birth_date.len() == 10 { "birthDate" } else { "birthDatePart" }): entered.birth_date,
            "inGermanySince": given(entered.in_germany_since), "city": entered.city, "postalCode": entered.postal_code,
            "email": entered.email, "concern": entered.concern,
        },
    });
    let answer = scenario.server.ask(&traeger(), open, &json!({"input": input})).await;
    if answer["errors"] != Value::Null {
        return Err(answer["errors"].to_string());
    }
    if entered.consent_from.is_empty() {
        return Ok(None);
    }
    let record = "mutation($input: RecordConsentInput!) { recordConsent(input: $input) { consent { validUntil } } }";
    let input = json!({
        "idempotencyKey": key(), "caseId": answer["data"]["openCase"]["case"]["id"],
        "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION",
        "given": {
            "fields": ["FAMILY_NAME", "BIRTH_DATE"], "ticked": [], "dataProtection": true,
            "releaseFromSecrecy": !entered.release_on.is_empty(), "releaseOn": given(entered.release_on),
            "validFrom": entered.consent_from, "validUntil": given(entered.consent_until),
            "form": "WRITTEN", "language": "ARABIC", "interpreter": false,
        },
    });
    let answer = scenario.server.ask(&traeger(), record, &json!({"input": input})).await;
    if answer["errors"] != Value::Null {
        return Err(answer["errors"].to_string());
    }
    let day = answer["data"]["recordConsent"]["consent"]["validUntil"].as_str().expect("a day");
    Ok(Some(day.parse().expect("a day")))
}

on_both! {
    async fn a_list_and_the_api_take_and_refuse_the_same(db: TestDatabase) {
        let scenario = Scenario::begin_on(db, Clock::on(today())).await;
        for (nth, (what, entered)) in taken().into_iter().enumerate() {
            let list = by_list(&scenario, &format!("L-{nth}"), &entered).await;
            let api = by_api(&scenario, &format!("A-{nth}"), &entered).await;
            assert!(list.is_ok() && api.is_ok(), "{what}: {list:?}, {api:?}");
            assert_eq!(list.ok(), api.ok(), "{what}: the last day of the consent");
        }
        for (nth, (what, column, entered)) in refused().into_iter().enumerate() {
            let list = by_list(&scenario, &format!("M-{nth}"), &entered).await;
            assert_eq!(list, Err(vec![column.to_owned()]), "{what}");
            let api = by_api(&scenario, &format!("B-{nth}"), &entered).await;
            assert!(api.is_err(), "{what}: {api:?}");
        }
        scenario.server.stop().await;
    }

    async fn a_consent_that_has_ended_is_taken_from_a_list_as_history(db: TestDatabase) {
        let scenario = Scenario::begin_on(db, Clock::on(today())).await;
        for (nth, (from, until, ends)) in [
            ("2025-10-09", "2026-11-19", "2026-11-19"),
            ("2020-01-01", "2026-11-19", "2026-11-19"),
            ("2024-11-01", "", "2025-11-01"),
        ].into_iter().enumerate() {
            let entered = Entered { consent_from: from, consent_until: until, ..VALID };
            let number = format!("L-{nth}");
            assert_eq!(by_list(&scenario, &number, &entered).await, Ok(Some(ends.parse().expect("a day"))));
            assert_eq!(referral_of(&scenario.server.database.database, &number).await.status, Code(S::Suspended));
            assert!(by_api(&scenario, &format!("A-{nth}"), &entered).await.is_err(), "nobody records what is over");
        }
        scenario.server.stop().await;
    }

    async fn a_change_of_a_case_keeps_its_days_after_the_birth(db: TestDatabase) {
        let scenario = Scenario::begin_on(db, Clock::on(today())).await;
        by_api(&scenario, "A-1", &VALID).await.expect("a case");
        let case = scenario.ask(&traeger(), "{ cases { nodes { id } } }").await["cases"]["nodes"][0]["id"].clone();
        let update = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version } } }";
        for (record, allowed) in [
            (json!({"inGermanySince": "1999-12-23"}), false),
            (json!({"birthDate": "2016-02-02"}), false),
            (json!({"inGermanySince": null, "birthDate": "2026-09-23"}), false),
            (json!({"inGermanySince": "1999-12-24"}), true),
        ] {
            let input = json!({"idempotencyKey": Uuid::now_v7(), "caseId": case, "expectedVersion": 1, "record": record});
            let answer = scenario.server.ask(&traeger(), update, &json!({"input": input})).await;
            assert_eq!(answer["errors"] == Value::Null, allowed, "{record}: {answer}");
        }
        scenario.server.stop().await;
    }
}
