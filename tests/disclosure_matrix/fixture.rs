//! The referrals of the test: every kind of receiver, status, consent, agreement and offer.

use std::collections::{BTreeMap, BTreeSet};

use kim_domain::agency::AgencyKind;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;

use crate::support::database::TestDatabase;
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};

use super::expectation::{AGREEMENTS, AgreementCase, CONSENTS, ConsentCase, NARROWED_FIELDS, Row, TICKED_SINCE};
use super::tables::{AGS, Tables};

pub(super) struct Fixture {
    pub(super) rows: BTreeMap<String, Row>,
    pub(super) by_number: BTreeMap<u32, Row>,
    pub(super) agencies: Vec<(AgencyKind, AgreementCase, String)>,
}

pub(super) async fn build(db: &TestDatabase, tables: &Tables) -> Fixture {
    let main = db.database.raw();
    world::add_municipality(main, AGS).await;
    let sender = world::add_agency(main, AGS, "traeger-sender", AgencyKind::Traeger).await;
    let (mut rows, mut by_number, mut agencies) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut world = World::default();
    let mut number = 0u32;
    for &kind in AgencyKind::ALL.iter().filter(|kind| kind.receives()) {
        let purpose =
            ReferralPurpose::ALL.iter().copied().find(|purpose| purpose.receiver_kind() == kind).expect("a purpose");
        for agreement_case in AGREEMENTS {
            let slug = format!("{}-{}", kind.code().to_lowercase().replace('_', "-"), agreement_case as u8);
            let receiver = world::add_agency(main, AGS, &slug, kind).await;
            let (all, ticked) = &tables.agreements[purpose.code()];
            let mut first = world::agreement(AGS, receiver, purpose, field_set(all), field_set(ticked));
            let later = async |version, narrows_running, in_force_in, fields: &[&str], ticked: &[&str]| {
                let (fields, ticked) = (field_set(&names(fields)), field_set(&names(ticked)));
                let narrowing = kim_entity::agreement::Model {
                    version,
                    narrows_running,
                    valid_from: in_days(in_force_in),
                    ..world::agreement(AGS, receiver, purpose, fields, ticked)
                };
                world::insert_agreement(main, narrowing).await;
            };
            match agreement_case {
                // A later version that does not narrow what runs.
                AgreementCase::Good => later(2, false, 0, &[], &[]).await,
                AgreementCase::Narrowed => {
                    later(2, true, 0, &NARROWED_FIELDS, &[]).await;
                    // Not in force yet.
                    later(3, true, 1, &[], &[]).await;
                }
                AgreementCase::TickedSince => {
                    let all: Vec<&str> = all.iter().map(String::as_str).collect();
                    later(2, true, 0, &all, &TICKED_SINCE).await;
                    later(3, true, 1, &all, &all).await;
                }
                AgreementCase::Ended => first.valid_until = Some(in_days(-10)),
                AgreementCase::TerminatedForCause => first.terminated_for_cause_on = Some(today()),
            }
            let agreement = world::insert_agreement(main, first).await;
            agencies.push((kind, agreement_case, slug));
            for &status in S::ALL {
                for consent in CONSENTS {
                    for whole_offer in [true, false] {
                        number += 1;
                        let before = matches!(status, S::Draft | S::Offered | S::Acknowledged);
                        let after = matches!(status, S::Accepted | S::InProgress | S::Returned);
                        let ever_accepted = after || !before && number.is_multiple_of(2);
                        let closed_days_ago =
                            matches!(status, S::Completed | S::Failed).then(|| [0, 30, 31, 400][number as usize % 4]);
                        let row = Row {
                            number,
                            kind: kind.code(),
                            purpose: purpose.code(),
                            status,
                            ever_accepted,
                            closed_days_ago,
                            consent,
                            agreement: agreement_case,
                            whole_offer,
                        };
                        let id = world.add(&ReferralSpec {
                            number,
                            sender,
                            receiver,
                            purpose,
                            agreement,
                            status,
                            ever_accepted,
                            closed_on: closed_days_ago.map(|days| in_days(-days)),
                            due_on: in_days(i64::from(number % 60) - 30),
                            offered_on: in_days(-40),
                            consent: consent_of(&row, tables),
                            offered: field_set(&row.offered(tables)),
                            previous: None,
                            messages: 2,
                        });
                        rows.insert(encode(Kind::Referral, id), row.clone());
                        by_number.insert(number, row);
                    }
                }
            }
        }
    }
    world.write(main).await;
    db.database.analyze().await.expect("statistics");
    Fixture { rows, by_number, agencies }
}

fn field_set(names: &BTreeSet<String>) -> FieldSet {
    names.iter().map(|name| HandoverField::from_name(name).expect("a field")).collect()
}

fn names(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn consent_of(row: &Row, tables: &Tables) -> Option<ConsentSpec> {
    let (all, ticked) = &tables.agreements[row.purpose];
    let since: &[&str] = if row.agreement == AgreementCase::TickedSince { &TICKED_SINCE[1..] } else { &[] };
    let whole = ConsentSpec {
        fields: field_set(&all.difference(ticked).cloned().collect()),
        ticked: field_set(&ticked.union(&names(since)).cloned().collect()),
        ..ConsentSpec::whole()
    };
    match row.consent {
        ConsentCase::None => None,
        ConsentCase::Good => Some(whole),
        ConsentCase::Expired => Some(ConsentSpec { until: Some(in_days(-1)), ..whole }),
        ConsentCase::Withdrawn => Some(ConsentSpec { withdrawn: true, ..whole }),
        ConsentCase::OneFlagOnly => Some(ConsentSpec {
            release: row.number.is_multiple_of(2),
            data_protection: !row.number.is_multiple_of(2),
            ..whole
        }),
        ConsentCase::InPart => {
            Some(ConsentSpec { fields: field_set(&row.consented(tables)), ticked: FieldSet::EMPTY, ..whole })
        }
    }
}
