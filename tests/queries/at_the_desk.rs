//! The client at the desk, found by another spelling of the name or by a double name.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::ClientFingerprints;
use kim_entity::database::Database;
use kim_entity::{raw, referral};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _};

use crate::support::on_both;
use crate::support::server::{TestServer, token};
use crate::support::world::{self, key, today};

use super::{data, fill, listed};

fn birth_date(number: u32) -> String {
    world::value(number, HandoverField::BirthDate)
}

fn of_name(name: &str, number: u32) -> ClientFingerprints {
    key().client_name(name, birth_date(number).parse().expect("a day"))
}

/// Gives the clients of some handovers a name.
async fn rename(db: &Database, numbers: &[u32], name: &str) {
    for &number in numbers {
        let main = db.raw();
        let is_this = referral::Column::Reference.eq(format!("REF-{number:05}"));
        let found = referral::Entity::find().filter(is_this).one(main).await.expect("an answer").expect("a referral");
        let mut handover = raw::handover(main, found.id).await.expect("an answer").expect("a handover");
        handover.values.set(HandoverField::FamilyName, Some(name));
        handover.client = Some(of_name(name, number));
        raw::update_handover(main, &handover).await.expect("renamed");
    }
}

fn client(name: &str, number: u32) -> String {
    format!("filter: {{client: {{familyName: \"{name}\", birthDate: \"{}\"}}}}", birth_date(number))
}

on_both! {
    async fn a_client_is_found_by_what_a_keyboard_can_type(db: TestDatabase) {
        fill(&db).await;
        let main = db.database.clone();
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        for (stored, typed) in [
            ("Solovʼov", "Solov'ov"),
            ("Saʿīd", "Said"),
            ("Åkesson", "Aakesson"),
            ("Öztürk", "Oeztuerk"),
            ("Müller-Schmidt", "MUELLER SCHMIDT"),
            ("كريم", "کریم"),
        ] {
            rename(&main, &[1], stored).await;
            assert_eq!(listed(&server, &clerk, &client(typed, 1)).await, [1], "{stored} {typed}");
            assert_eq!(listed(&server, &clerk, &client(stored, 1)).await, [1], "{stored}");
        }
        assert_eq!(listed(&server, &clerk, &client("Öztürk", 1)).await, [] as [u32; 0], "an earlier name");
        server.stop().await;
    }

    async fn a_double_name_finds_whom_it_has_as_a_part(db: TestDatabase) {
        fill(&db).await;
        let main = db.database.clone();
        rename(&main, &[1, 8], "Schmidt").await;
        let person = format!("UPDATE person SET fingerprint = '{}' WHERE fingerprint = '{}'", of_name("Schmidt", 2).whole, of_name(&world::value(2, HandoverField::FamilyName), 2).whole);
        main.raw().execute_unprepared(&person).await.expect("renamed");
        let server = TestServer::start(db, Clock::on(today())).await;
        let (clerk, traeger) = (token("jobcenter", Role::Clerk), token("traeger", Role::CaseManager));
        for (typed, is_found) in [
            ("Müller-Schmidt", true),
            ("Mueller Schmidt", true),
            ("von Schmidt", true),
            ("Müller-Schmid", false),
            ("von der", false),
            ("Schmidt Müller Weber Meier", false),
        ] {
            let found: &[u32] = if is_found { &[1] } else { &[] };
            assert_eq!(listed(&server, &clerk, &client(typed, 1)).await, found, "{typed}");
            let cases = data(&server, &traeger, &format!("{{ cases({}) {{ totalCount }} }}", client(typed, 2))).await;
            assert_eq!(cases["cases"]["totalCount"], i32::from(is_found), "{typed}");
            assert_eq!(listed(&server, &clerk, &client(typed, 8)).await, [] as [u32; 0], "closed: as if it were not there");
            assert_eq!(listed(&server, &clerk, &client(typed, 2)).await, [] as [u32; 0], "another birth date");
        }
        // Two double names that share a part are different names.
        rename(&main, &[1], "Weber-Schmidt").await;
        assert_eq!(listed(&server, &clerk, &client("Müller-Schmidt", 1)).await, [] as [u32; 0]);
        server.stop().await;
    }

    async fn each_part_of_a_double_name_finds_its_bearer_in_referrals_that_show_the_client(db: TestDatabase) {
        fill(&db).await;
        let main = db.database.clone();
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        // Declined, suspended, a draft, withdrawn.
        let closed = [8, 9, 11, 12];
        for (stored, parts) in [
            ("Müller-Schmidt", &["MUELLER", "Schmidt"][..]),
            ("Müller Schmidt", &["Müller", "schmidt"]),
            ("al-Haddad Nasser", &["Haddad", "Al Haddad", "Nasser"]),
            ("Sousa Braga Costa Lopes", &["Sousa", "Braga", "Costa", "Lopes"]),
        ] {
            rename(&main, &[&[1][..], &closed[..]].concat(), stored).await;
            for part in parts {
                assert_eq!(listed(&server, &clerk, &client(part, 1)).await, [1], "{part} {stored}");
                let elsewhere = token("jobcenter-du", Role::Clerk);
                assert_eq!(listed(&server, &elsewhere, &client(part, 1)).await, [] as [u32; 0], "another agency");
                let none = [] as [u32; 0];
                assert_eq!(listed(&server, &clerk, &client(part, 2)).await, none, "another birth date");
                for number in closed {
                    assert_eq!(listed(&server, &clerk, &client(part, number)).await, none, "closed: {number}");
                }
            }
            for other in ["Schmid", "Al", "Weber", "Schmidt-Weber", "Sousa Nasser"] {
                assert_eq!(listed(&server, &clerk, &client(other, 1)).await, [] as [u32; 0], "{other} {stored}");
            }
        }
        // The referral is there, but its consent no longer shows the birth date.
        rename(&main, &[1], "Müller-Schmidt").await;
        let hidden = !FieldSet::of(&[HandoverField::BirthDate]).to_i64();
        let narrow = format!(
            "UPDATE consent SET fields = fields & {hidden}, ticked = ticked & {hidden} WHERE id IN (SELECT consent_id FROM referral WHERE reference = 'REF-00001')"
        );
        main.raw().execute_unprepared(&narrow).await.expect("narrowed");
        assert!(listed(&server, &clerk, "first: 100").await.contains(&1));
        assert_eq!(listed(&server, &clerk, &client("Müller", 1)).await, [] as [u32; 0]);
        server.stop().await;
    }
}
