//! Single rows: the referral, its history and its consent.

use super::*;

on_both! {
    async fn a_row_becomes_the_referral_that_it_describes(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let ticked = [("Zusätzlich eingewilligt", "Kinderbetreuung nötig, Schulabschluss"), ("Status", "in Bearbeitung")];
        let report = imported(db, list(&[&ticked]).as_bytes()).await;
        assert_eq!(report.accepted, 1, "{}", report.to_text());
        assert_eq!(report.notes.len(), 1, "Schulabschluss is not in this agreement: {:?}", report.notes);

        let referral = referral_of(db, "T-1").await;
        assert_eq!(referral.status, Code(S::InProgress));
        assert!(referral.ever_accepted && !referral.pending && referral.accepted_at.is_none());
        assert_eq!(referral.first_received_on, NaiveDate::from_ymd_opt(2026, 10, 10));
        assert_eq!(referral.offered_at, noon_micros(NaiveDate::from_ymd_opt(2026, 10, 10).expect("a day")));
        assert_eq!(Some(referral.due_on), NaiveDate::from_ymd_opt(2026, 10, 24));
        assert_eq!(referral.sender_reference.as_deref(), Some("T-1"));
        assert_eq!(referral.receiver_contact_email.as_deref(), Some("schnittstelle@jobcenter-koeln.example"));

        let agreement = agreement::Entity::find_by_id(referral.agreement_id.expect("agreed")).one(db.raw()).await;
        let agreement = agreement.expect("an answer").expect("an agreement");
        let offered = FieldSet::from_i64(referral.offered_fields);
        let ticked_only = FieldSet::from_i64(agreement.ticked_only);
        assert!(offered.contains(HandoverField::ChildcareNeeded) && !offered.contains(HandoverField::SchoolDegree));
        assert_eq!(offered.and(ticked_only), FieldSet::of(&[HandoverField::ChildcareNeeded]));

        let copy = handover_of(db, "T-1").await;
        assert_eq!(copy.values.get(HandoverField::Concern), Some("Es geht um: Integrationskurs."));
        assert_eq!(copy.values.get(HandoverField::FamilyName), Some("Rahimi"));
        assert_eq!(copy.client, Some(key().client_name("Rahimi", "1999-12-24".parse().expect("a birth date"))));
        for field in copy.values.known().iter() {
            let Some(text) = copy.values.get(field) else { continue };
            assert!(offered.contains(field), "{field:?} was not offered");
            assert!(!text.contains("canary"), "{field:?}");
            assert!(kim_domain::value::is_valid(field.value_type(), text), "{field:?}: {text}");
        }

        let consent = consent::Entity::find().one(db.raw()).await.expect("an answer").expect("a consent");
        assert_eq!(consent.id, referral.consent_id.expect("a consent"));
        assert!(consent.data_protection && consent.release_from_secrecy && !consent.art9);
        assert_eq!(FieldSet::from_i64(consent.ticked), FieldSet::of(&[HandoverField::ChildcareNeeded]));
        assert!(FieldSet::from_i64(consent.fields).and(ticked_only).is_empty());

        let case = raw::cases(db.raw()).await.expect("cases").pop().expect("a case");
        assert_eq!(case.values.get(HandoverField::Concern), Some("canary concern"));
        assert_eq!(case.values.get(HandoverField::CounsellingNotes), Some("canary note"));
        assert_eq!(raw::count::<NewMember>(db.raw()).await.expect("a count"), 2);

        let history = history_of(db, "T-1").await;
        let moves: Vec<_> = history.iter().map(|event| event.to_status.0).collect();
        assert_eq!(moves, [S::Offered, S::Acknowledged, S::Accepted, S::InProgress]);
        assert!(history.iter().all(|event| event.imported && event.staff.is_none()));
        assert_eq!(history[0].agency_id, referral.sender_id);
        assert_eq!(history[3].agency_id, referral.receiver_id);
        assert!(history.is_sorted_by(|earlier, later| earlier.at < later.at && earlier.id < later.id));
    }

    async fn every_status_of_a_list_is_imported(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let statuses = [
            ("Entwurf", S::Draft),
            ("offen", S::Offered),
            ("bestätigt", S::Acknowledged),
            ("Rückfrage", S::InfoRequested),
            ("Rückfrage: nach Annahme", S::InfoRequested),
            ("angenommen", S::Accepted),
            ("in Bearbeitung", S::InProgress),
            ("erledigt", S::Completed),
            ("gescheitert: nicht erreicht", S::Failed),
            ("abgelehnt: nicht zuständig", S::Declined),
            ("weitergeleitet", S::Forwarded),
            ("zurückgezogen: verzogen", S::Withdrawn),
            ("abgelaufen", S::Expired),
            ("zurückgegeben: keine Kapazität", S::Returned),
            ("ausgesetzt: angenommen", S::Suspended),
        ];
        let numbers: Vec<String> = (0..statuses.len()).map(|n| format!("T-{n}")).collect();
        let rows: Vec<[(&str, &str); 3]> = statuses
            .iter()
            .zip(&numbers)
            .map(|((text, _), number)| {
                let closed = if matches!(*text, "erledigt" | "gescheitert: nicht erreicht") { "01.11.2026" } else { "" };
                [("Fallnummer", number.as_str()), ("Status", *text), ("Erledigt am", closed)]
            })
            .collect();
        let rows: Vec<&[(&str, &str)]> = rows.iter().map(<[_; 3]>::as_slice).collect();
        let report = imported(db, list(&rows).as_bytes()).await;
        assert_eq!(report.accepted, 15, "{}", report.to_text());
        for ((text, status), number) in statuses.iter().zip(&numbers) {
            let referral = referral_of(db, number).await;
            assert_eq!(referral.status, Code(*status), "{text}");
            assert_eq!(referral.pending, status.is_pending(referral.ever_accepted), "{text}");
            assert_eq!(referral.closed_on.is_some(), status.ball().is_none(), "{text}");
            assert_eq!(referral.closed_at.is_some(), status.ball().is_none(), "{text}");
            assert_eq!(referral.offered_at == 0, *status == S::Draft, "{text}");
            let history = history_of(db, number).await;
            assert_eq!(history.last().map(|event| event.to_status.0), Some(*status), "{text}");
            assert_eq!(history.last().and_then(|event| event.reason.clone()), referral.reason, "{text}");
        }
        assert_eq!(referral_of(db, "T-9").await.reason.as_deref(), Some("NOT_COMPETENT"));
        assert_eq!(referral_of(db, "T-14").await.suspended_from, Some(Code(S::Accepted)));
        assert_eq!(handover_of(db, "T-0").await.values.get(HandoverField::FamilyName), None, "a draft has handed over nothing");
    }

    async fn an_open_referral_without_a_ground_is_imported_as_suspended(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let rows: [&[(&str, &str)]; 5] = [
            &[("Fallnummer", "T-1"), ("Einwilligung bis", "18.11.2026"), ("Status", "bestätigt")],
            &[("Fallnummer", "T-2"), ("Schweigepflichtentbindung vom", "")],
            &[("Fallnummer", "T-3"), ("Einwilligung vom", ""), ("Einwilligung bis", ""), ("Status", "angenommen")],
            &[("Fallnummer", "T-4"), ("Einwilligung bis", "20.11.2026")],
            &[("Fallnummer", "T-5"), ("Schweigepflichtentbindung vom", ""), ("Status", "zurückgezogen")],
        ];
        let report = imported(db, list(&rows).as_bytes()).await;
        assert_eq!(report.accepted, 5, "{}", report.to_text());
        for (number, from) in [("T-1", S::Acknowledged), ("T-2", S::Offered), ("T-3", S::Accepted)] {
            let referral = referral_of(db, number).await;
            assert_eq!((referral.status, referral.suspended_from), (Code(S::Suspended), Some(Code(from))), "{number}");
            assert!(!referral.pending);
            let last = history_of(db, number).await.pop().expect("an event");
            assert_eq!((last.from_status, last.to_status), (Some(Code(from)), Code(S::Suspended)));
        }
        assert_eq!(referral_of(db, "T-4").await.status, Code(S::Offered), "the last day counts");
        assert_eq!(referral_of(db, "T-5").await.status, Code(S::Withdrawn), "a closed one needs no ground");
    }
}
