//! What an earlier version stored is brought to the form of this one.

use kim_casework::normalise::{Key, NormaliseError, Normalised, normalise};
use kim_entity::name_part::NamePart;
use sea_orm::ConnectionTrait as _;

use super::*;

async fn run(db: &Database) -> Vec<Normalised> {
    let mut reports = 0;
    let done = normalise(db, &Clock::on(today()), Key::Known(&key()), |_| reports += 1).await.expect("normalised");
    assert!(reports > 0);
    done
}

fn of<'d>(done: &'d [Normalised], table: &str) -> &'d Normalised {
    done.iter().find(|done| done.table == table).expect("a table")
}

on_both! {
    async fn stored_text_and_fingerprints_follow_the_rules_of_this_version(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        // The fingerprints of the third are as they were: its name is one that both versions normalise alike.
        let file = list(&[&[("Fallnummer", "T-1")], &[("Fallnummer", "T-2")], &[("Fallnummer", "T-3")]]);
        assert_eq!(imported(db, file.as_bytes()).await.accepted, 3);
        let (one, two) = (referral_of(db, "T-1").await, referral_of(db, "T-2").await);
        let case = case_of(db, "T-1").await;
        for statement in [
            "UPDATE person SET family_name = 'Mu\u{308}ller', city = 'Ko\u{308}ln', given_name = '#NV', phone = '2215550123', \
             fingerprint = 'old', phonetic_fingerprint = 'old' WHERE id <> (SELECT person_id FROM \"case\" WHERE case_number = 'T-3')",
            "UPDATE handover SET family_name = 'Mu\u{308}ller', city = 'Ko\u{308}ln', given_name = 'Y?ld?z', phone = '0221 555 057 12', \
             client_fingerprint = 'old'",
            "UPDATE \"case\" SET case_number = 'O\u{308}-1' WHERE case_number = 'T-1'",
            "UPDATE \"case\" SET case_number = 'Ö-1' WHERE case_number = 'T-2'",
            "UPDATE referral SET sender_reference = 'O\u{308}-1', sender_contact_name = 'Frau Ko\u{308}hler'",
            "UPDATE agency SET name = 'Jobcenter Ko\u{308}ln' WHERE slug = 'jobcenter-koeln'",
        ] {
            db.raw().execute_unprepared(statement).await.expect("an earlier version");
        }
        let before = raw::handover(db.raw(), one.id).await.expect("an answer").expect("a handover");

        let done = run(db).await;
        let person = raw::persons(db.raw()).await.expect("persons").into_iter().find(|one| one.id == case.person_id).expect("a person");
        let born = "1999-12-24".parse().expect("a birth date");
        assert_eq!(person.values.get(HandoverField::FamilyName), Some("Müller"));
        assert_eq!(person.values.get(HandoverField::City), Some("Köln"));
        // What this version refuses stays, and is listed.
        assert_eq!(person.values.get(HandoverField::GivenName), Some("#NV"));
        assert_eq!(person.values.get(HandoverField::Phone), Some("2215550123"));
        let persons = of(&done, "person");
        assert!(persons.refused.contains(&(person.id, "given_name")) && persons.refused.contains(&(person.id, "phone")));
        assert_eq!((persons.rows, persons.texts, persons.fingerprints, persons.refused.len()), (3, 4, 2, 4));
        let fingerprints = person.fingerprints.expect("fingerprints");
        assert_eq!(fingerprints.exact, key().client_name("Mueller", born));
        assert_eq!(fingerprints.phonetic, Some(key().probable("Müller", "#NV", born)));

        // A handover changes in nothing but NFC.
        let after = raw::handover(db.raw(), one.id).await.expect("an answer").expect("a handover");
        assert_eq!(after.client, Some(key().client_name("Müller", born)));
        for field in after.values.known().iter() {
            let expected = before.values.get(field).map(kim_domain::value::nfc);
            assert_eq!(after.values.get(field), expected.as_deref(), "{field:?}");
        }
        assert_eq!(after.values.get(HandoverField::FamilyName), Some("Müller"));
        assert!(of(&done, "handover").refused.is_empty());

        // One number in two forms: the agency decides.
        assert_eq!(of(&done, "case").refused, [(case.id, "case_number")].into());
        assert_eq!(case_of(db, "O\u{308}-1").await.id, case.id);
        for referral in referral::Entity::find().all(db.raw()).await.expect("referrals") {
            assert_eq!(referral.sender_reference.as_deref(), Some("Ö-1"));
            assert_eq!(referral.sender_contact_name.as_deref(), Some("Frau Köhler"));
            let version = if referral.id == one.id { one.version } else { two.version };
            assert_eq!(referral.version, version);
        }
        let agencies = agency::Entity::find().filter(agency::Column::Slug.eq("jobcenter-koeln")).one(db.raw()).await;
        assert_eq!(agencies.expect("an answer").expect("an agency").name, "Jobcenter Köln");

        for table in run(db).await {
            assert_eq!((table.texts, table.fingerprints), (0, 0), "{}", table.table);
        }
    }

    async fn a_run_that_was_stopped_is_completed_by_the_next(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let file = list(&[&[("Fallnummer", "T-1")], &[("Fallnummer", "T-2")]]);
        assert_eq!(imported(db, file.as_bytes()).await.accepted, 2);
        for statement in [
            // An earlier version normalised the name in another way, which sounds the same.
            "UPDATE person SET city = 'Ko\u{308}ln', fingerprint = 'old'",
            "UPDATE handover SET city = 'Ko\u{308}ln', client_fingerprint = 'old'",
        ] {
            db.raw().execute_unprepared(statement).await.expect("an earlier version");
        }
        let stopped = db.clone();
        let stopped = tokio::spawn(async move {
            normalise(&stopped, &Clock::on(today()), Key::Known(&key()), |table| assert_ne!(table.table, "person", "stopped here")).await
        });
        assert!(stopped.await.is_err_and(|error| error.is_panic()));
        let handover = async |number: &str| {
            let referral = referral_of(db, number).await;
            raw::handover(db.raw(), referral.id).await.expect("an answer").expect("a handover")
        };
        let whole = |handover: HandoverRow| handover.client.expect("fingerprints").whole;
        assert_eq!(whole(handover("T-1").await), "old", "half of the database");
        let done = run(db).await;
        let counts = |table| (of(&done, table).texts, of(&done, table).fingerprints);
        assert_eq!((counts("person"), counts("handover")), ((0, 0), (2, 2)));
        for person in raw::persons(db.raw()).await.expect("persons") {
            assert_eq!(person.values.get(HandoverField::City), Some("Köln"));
            assert_ne!(person.fingerprints.expect("fingerprints").exact.whole, "old");
        }
        for number in ["T-1", "T-2"] {
            let handover = handover(number).await;
            assert_eq!(handover.values.get(HandoverField::City), Some("Köln"));
            assert_ne!(whole(handover), "old");
        }
    }

    async fn the_parts_of_stored_double_names_are_filled(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let file = list(&[&[("Fallnummer", "T-1"), ("Nachname", "Müller-Schmidt")], &[("Fallnummer", "T-2")]]);
        assert_eq!(imported(db, file.as_bytes()).await.accepted, 2);
        let made = key().client_name("Müller-Schmidt", "1999-12-24".parse().expect("a birth date"));
        assert_eq!(made.parts.len(), 2);
        let stored = async || {
            let id = case_of(db, "T-1").await.person_id;
            let person = raw::persons(db.raw()).await.expect("persons").into_iter().find(|person| person.id == id);
            let of_person = person.and_then(|person| person.fingerprints).map(|fingerprints| fingerprints.exact);
            (of_person.expect("fingerprints"), handover_of(db, "T-1").await.client.expect("fingerprints"))
        };
        assert_eq!(stored().await, (made.clone(), made.clone()), "the import writes them");
        // An earlier version had no parts.
        for statement in ["DELETE FROM person_name_part", "DELETE FROM handover_name_part"] {
            db.raw().execute_unprepared(statement).await.expect(statement);
        }
        let stopped = db.clone();
        let stopped = tokio::spawn(async move {
            normalise(&stopped, &Clock::on(today()), Key::Known(&key()), |table| assert_ne!(table.table, "person", "stopped here")).await
        });
        assert!(stopped.await.is_err_and(|error| error.is_panic()));
        assert_eq!((count::<NamePart<PersonRow>>(db).await, count::<NamePart<HandoverRow>>(db).await), (2, 0), "half of the database");
        for renewed in [(0, 1), (0, 0)] {
            let done = run(db).await;
            assert_eq!((of(&done, "person").fingerprints, of(&done, "handover").fingerprints), renewed);
            assert_eq!(stored().await, (made.clone(), made.clone()));
        }
        assert_eq!((count::<NamePart<PersonRow>>(db).await, count::<NamePart<HandoverRow>>(db).await), (2, 2));
    }

    async fn a_key_that_made_none_of_the_fingerprints_is_refused_before_anything_changes(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let (right, wrong) = (key(), FingerprintKey::new([9; 32]));
        let with = async |key: Key<'_>| normalise(db, &Clock::on(today()), key, |_| {}).await;
        with(Key::Known(&wrong)).await.expect("there is no fingerprint yet");
        let file = list(&[&[("Fallnummer", "T-1"), ("Nachname", "Müller-Schmidt")], &[("Fallnummer", "T-2")]]);
        assert_eq!(imported(db, file.as_bytes()).await.accepted, 2);
        db.raw().execute_unprepared("UPDATE person SET city = 'Ko\u{308}ln'").await.expect("an earlier version");
        let state = async || {
            let persons = raw::persons(db.raw()).await.expect("persons").into_iter();
            let persons: BTreeMap<_, _> = persons.map(|person| (person.id, (person.fingerprints, person.values))).collect();
            format!("{persons:?} {:?}", handover_of(db, "T-1").await)
        };
        let before = state().await;
        assert!(matches!(with(Key::Known(&wrong)).await, Err(NormaliseError::WrongKey(2))));
        assert_eq!(state().await, before, "nothing changed");
        // One client is enough to know the key.
        let some = "UPDATE person SET fingerprint = 'old', phonetic_fingerprint = NULL WHERE family_name = 'Rahimi'";
        db.raw().execute_unprepared(some).await.expect("an earlier version");
        let renewed = with(Key::Known(&right)).await.expect("the right key");
        assert_eq!((of(&renewed, "person").fingerprints, of(&renewed, "person").texts), (1, 2));

        // A new key is used only if that is said.
        assert!(with(Key::Known(&wrong)).await.is_err());
        let renewed = with(Key::New(&wrong)).await.expect("a new key");
        assert_eq!((of(&renewed, "person").fingerprints, of(&renewed, "handover").fingerprints), (2, 2));
        assert!(matches!(with(Key::Known(&right)).await, Err(NormaliseError::WrongKey(2))));
        with(Key::Known(&wrong)).await.expect("the key of the fingerprints");
    }

    async fn a_list_saved_on_a_mac_is_the_same_list(db: TestDatabase) {
        use unicode_normalization::UnicodeNormalization as _;
        let db = &db.database;
        prepare(db).await;
        let file = list(&[&[("Fallnummer", "Ö-1"), ("Nachname", "Öztürk"), ("Straße", "Görresstraße 5")]]);
        assert_eq!(imported(db, file.as_bytes()).await.accepted, 1);
        let again = imported(db, file.nfd().collect::<String>().as_bytes()).await;
        assert_eq!((again.accepted, again.unchanged), (0, 1), "{}", again.to_text());
        // A word processor writes other hyphens and blanks.
        let again = imported(db, file.replace("Ö-1", "Ö\u{2011}1").as_bytes()).await;
        assert_eq!((again.accepted, again.unchanged), (0, 1), "{}", again.to_text());
    }
}
