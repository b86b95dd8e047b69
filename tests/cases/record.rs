//! The values of a case's record: each has the type of its field, is validated, and is read back unchanged.

use kim_domain::agency::Role;
use kim_domain::field::{BIRTH_DATE_PART, HandoverField, ValueType};
use serde_json::{Value, json};

use super::{at, done, mutate, opened, record, refused};
use crate::support::on_both;
use crate::support::scenario::{Scenario, traeger};
use crate::support::server::token;

on_both! {
    async fn an_invalid_value_is_refused_with_the_name_of_its_field(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = opened(&scenario, "K-1").await;
        let with = |field: &str, value: Value| { let mut record = record(); record[field] = value; record };
        for (field, value) in [
            ("familyName", json!(" ")), ("familyName", Value::Null), ("birthDate", Value::Null), ("birthDate", json!("2026-11-21")),
            ("familyName", json!("Y?ld?z")), ("givenName", json!("MÃ¼ller")), ("familyName", json!(".")), ("nameVariants", json!(["#NV"])),
            ("householdMembers", json!([{"relation": "CHILD", "givenName": "=1+1"}])), ("phone", json!("2215550123")), ("phone", json!("0221 5550123.0")),
            ("postalCode", json!("5066")), ("phone", json!("bitte schreiben")), ("email", json!("rana")), ("street", json!("a\nb")),
            ("nationalities", json!(["SYR"])), ("inGermanySince", json!("2027-01-01")), ("occupationWish", json!("Nr. 12345BG0123456")),
            ("documents", json!([{"name": ""}])), ("germanCertificate", json!({"level": "B1", "issuedOn": "2027-01-01"})),
            ("householdMembers", json!([{"relation": "CHILD", "birthDate": "2027-01-01"}])),
        ] {
            let (code, text) = refused(&scenario, "openCase", json!({"caseNumber": "K-2", "record": with(field, value.clone())})).await;
            assert!(code == "BAD_INPUT" && text.contains(field), "{field}: {code} {text}");
            let (code, text) = refused(&scenario, "updateCase", at(&case, json!({"record": {field: value}}))).await;
            assert!(code == "BAD_INPUT" && text.contains(field), "{field}: {code} {text}");
        }
        for (input, name) in [
            (json!({"caseNumber": "K-1", "record": record()}), "caseNumber"), (json!({"caseNumber": "", "record": record()}), "caseNumber"),
            (json!({"caseNumber": "K-3", "district": "99", "record": record()}), "district"),
            (json!({"caseNumber": "K-3", "openedOn": "2026-11-21", "record": record()}), "openedOn"),
            (json!({"caseNumber": "K-3", "record": {"familyName": "Haddad"}}), "birthDate"),
        ] {
            let (code, text) = refused(&scenario, "openCase", input).await;
            assert!(code == "BAD_INPUT" && text.contains(name), "{name}: {code} {text}");
        }
        // Validation refuses a value of another type, and a field that cannot be written.
        for record in [json!({"gender": "female"}), json!({"birthDate": "1.2.2003"}), json!({"age": 3}), json!({"counsellingNotes": "a"}), json!({"planSteps": []})] {
            let answer = mutate(&scenario, &traeger(), "updateCase", at(&case, json!({"record": record})), "id").await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        }
        let second = opened(&scenario, "K-2").await;
        assert_eq!(refused(&scenario, "updateCase", at(&second, json!({"caseNumber": "K-1"}))).await.0, "BAD_INPUT");
        // Another Träger may use the same case number.
        let answer = mutate(&scenario, &token("other", Role::CaseManager), "openCase", json!({"caseNumber": "K-1", "record": record()}), "version").await;
        assert_eq!(answer["data"]["openCase"]["case"]["version"], 1, "{answer}");
        assert_eq!(scenario.ask(&traeger(), "{ cases { totalCount } }").await["cases"]["totalCount"], 2, "nothing of what was refused is left");
        scenario.server.stop().await;
    }

    async fn every_written_field_is_read_back_unchanged(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = opened(&scenario, "K-1").await;
        let schema = scenario.ask(&traeger(), "{ __type(name: \"CaseRecordInput\") { inputFields { name } } }").await;
        let names: Vec<_> = schema["__type"]["inputFields"].as_array().expect("a list").iter()
            .map(|field| field["name"].as_str().expect("a name").to_owned()).collect();
        let unwritten = [HandoverField::Age, HandoverField::PlanSteps, HandoverField::CounsellingNotes];
        // The second input of a birth date.
        let names: Vec<_> = names.into_iter().filter(|name| name != BIRTH_DATE_PART).collect();
        let expected: Vec<_> = HandoverField::ALL.iter().filter(|field| !unwritten.contains(field)).map(|field| field.name()).collect();
        assert_eq!(names, expected);
        let mut record: Value = serde_json::from_str(r#"{
            "concern": "Anliegen", "requestedProcedure": "EINBUERGERUNG", "familyName": "Muster", "givenName": "Ada", "birthDate": "2000-01-01",
            "birthPlace": "Aleppo", "gender": "DIVERSE", "street": "Weg 1", "postalCode": "01234", "city": "Köln", "phone": "+49 221 12345",
            "email": "a@b.example", "preferredLanguage": "DARI", "interpreterNeeded": false, "contactRestriction": "NO_CALLS",
            "aufenthaltstitel": "AUFENTHALTSGESTATTUNG", "aufenthaltstitelValidUntil": "2028-02-29", "workPermission": "UNKLAR",
            "inGermanySince": "2020-01-01", "auslaenderbehoerdeFileNumber": "32-1/A", "maritalStatus": "SINGLE", "minorChildInHousehold": true,
            "childcareNeeded": true, "accommodation": "SHELTER", "germanLevel": "A2", "integrationskurs": "BEGONNEN", "schoolDegree": "ABITUR",
            "vocationalQualification": "Pflegerin", "anerkennung": "BEANTRAGT", "employment": "PART_TIME", "occupationWish": "Pflege",
            "currentBenefit": "WOHNGELD", "benefitEndsOn": "2027-01-01", "needSince": "2025-01-01",
            "disability": "Gehbehinderung", "healthRestrictions": "Rücken", "targetGroup": ["LSBTI", "BEHINDERUNG"], "nameVariants": ["M."],
            "documents": [{"name": "Pass", "state": null}], "legalRepresentative": {"name": "N", "relation": "Mutter", "phone": "0221 12345"},
            "wohnsitzauflage": {"place": "NRW"}, "householdMembers": [{"relation": "SPOUSE", "givenName": "B", "familyName": "C", "birthDate": "1999-01-01"}],
            "germanCertificate": {"level": "A2", "issuedOn": "2024-01-01", "institute": "VHS"},
            "integrationAchievements": [{"kind": "Ehrenamt", "achievedOn": "2024-01-01", "note": "n"}], "nationalities": ["AF"]
        }"#).expect("JSON");
        // A field that has no form of its own needs no line above.
        for name in expected.iter().filter(|name| record[**name].is_null()).copied().collect::<Vec<_>>() {
            let value_type = HandoverField::from_name(name).expect("a field").value_type();
            let text = matches!(value_type, ValueType::Line | ValueType::Text).then(|| json!("Angabe"));
            let date = (matches!(value_type, ValueType::Date | ValueType::BirthDate)).then(|| json!("2025-01-01"));
            let boolean = (value_type == ValueType::Boolean).then_some(Value::Bool(true));
            record[name] = text.or(date).or(boolean).unwrap_or_else(|| panic!("{name} needs a value above"));
        }
        let read = expected.iter().map(|name| match *name {
            "documents" => "documents { name state }", "legalRepresentative" => "legalRepresentative { name relation phone }",
            "wohnsitzauflage" => "wohnsitzauflage { place }", "householdMembers" => "householdMembers { relation givenName familyName birthDate }",
            "germanCertificate" => "germanCertificate { level issuedOn institute }", "nationalities" => "nationalities { code }",
            "integrationAchievements" => "integrationAchievements { kind achievedOn note }", plain => plain,
        }).collect::<Vec<_>>().join(" ");
        let written = done(&scenario, "updateCase", at(&case, json!({ "record": record })), &format!("version record {{ {read} }}")).await;
        let mut expected_record = record.clone();
        expected_record["nationalities"] = json!([{"code": "AF"}]);
        assert_eq!(written["record"], expected_record);
        // All fields but two can be removed.
        let mut nothing: Value = expected.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
        for kept in ["familyName", "birthDate"] {
            nothing.as_object_mut().expect("an object").remove(kept);
        }
        let emptied = done(&scenario, "updateCase", at(&json!({"id": case["id"], "version": 2}), json!({ "record": nothing })), &format!("record {{ {read} }}")).await;
        let left: Vec<_> = emptied["record"].as_object().expect("an object").iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(left, ["birthDate", "familyName"]);
        scenario.server.stop().await;
    }
}
