//! The rows of the test: two municipalities, three agencies of every kind, referrals in every state with every kind of
//! consent and agreement, and a canary in every field and text. A quarter of the birth dates are known in part.

use std::collections::BTreeMap;

use kim_domain::agency::AgencyKind;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use kim_entity::agency;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, DatabaseConnection};
use uuid::Uuid;

use super::facts::{AGREEMENTS, Agency, Consent, Facts, Referral, Version};
use super::situations::{Terms, consent, consents, every, set, spec};
use super::table::{Fields, Table};
use super::texts::Texts;
use crate::support::database::TestDatabase;
use crate::support::world::{self, ReferralSpec, World, canary, in_days};

const HERE: &str = "05315000";
const AWAY: &str = "05314000";
/// Prefixes of the slugs of agencies that are in the other municipality, or disabled.
pub(crate) const STRANGE: &str = "fern-";
const ACCESS_DAYS: i16 = 30;

/// The raw connection, for the rows of the test.
pub(crate) fn raw(db: &TestDatabase) -> &DatabaseConnection {
    db.database.raw()
}

/// Writes all rows and returns their facts.
pub(crate) async fn build(db: &TestDatabase) -> Facts {
    let main = raw(db);
    let mut maker = Maker {
        facts: Facts {
            table: Table::read(),
            agencies: Vec::new(),
            versions: Vec::new(),
            proposals: Vec::new(),
            referrals: Vec::new(),
            events: Vec::new(),
            ids: BTreeMap::new(),
            messages: BTreeMap::new(),
            notes: BTreeMap::new(),
            withheld: Vec::new(),
            denied: Vec::new(),
        },
        world: World::of(world::value_or_part),
        texts: Texts::default(),
    };
    for ags in [HERE, AWAY] {
        world::add_municipality(main, ags).await;
    }
    maker.add_agencies(main).await;
    for &kind in AgencyKind::ALL.iter().filter(|kind| kind.receives()) {
        maker.add_referrals(main, kind).await;
    }
    maker.add_strange_referrals(main).await;
    let Maker { mut facts, world, mut texts } = maker;
    world.write(main).await;
    texts.add_proposals(&mut facts);
    facts.name_rows();
    texts.write(main).await;
    facts.work_out();
    db.database.analyze().await.expect("statistics");
    facts
}

/// Collects rows and their facts.
struct Maker {
    facts: Facts,
    world: World,
    texts: Texts,
}

impl Maker {
    async fn add_agencies(&mut self, main: &DatabaseConnection) {
        self.add_agency(main, HERE, "koordination", AgencyKind::Koordination).await;
        for &kind in AgencyKind::ALL.iter().filter(|kind| kind.receives()) {
            for place in 0..3 {
                self.add_agency(main, HERE, &format!("{}-{place}", slug(kind)), kind).await;
            }
        }
        for kind in [AgencyKind::Koordination, AgencyKind::Traeger, AgencyKind::Jobcenter] {
            self.add_agency(main, AWAY, &format!("{STRANGE}{}", slug(kind)), kind).await;
        }
        self.add_agency(main, HERE, &format!("{STRANGE}zu"), AgencyKind::Jobcenter).await;
    }

    async fn add_agency(&mut self, main: &DatabaseConnection, ags: &'static str, slug: &str, kind: AgencyKind) {
        let id = world::add_agency(main, ags, slug, kind).await;
        // One Träger is not bound by § 203 StGB.
        let is_bound_by_203 = kind == AgencyKind::Traeger && slug != "traeger-2";
        let is_enabled = slug != "fern-zu";
        let changed = agency::ActiveModel {
            id: Set(id),
            bound_by_203: Set(is_bound_by_203),
            enabled: Set(is_enabled),
            ..Default::default()
        };
        changed.update(main).await.expect("an agency");
        self.facts.agencies.push(Agency { id, slug: slug.to_owned(), kind, ags, is_enabled, is_bound_by_203 });
    }

    async fn add_version(
        &mut self,
        main: &DatabaseConnection,
        receiver: usize,
        purpose: ReferralPurpose,
        terms: Terms,
    ) -> usize {
        let place = self.facts.versions.len();
        let number = AGREEMENTS + u32::try_from(place).expect("few versions");
        let of = &self.facts.agencies[receiver];
        let model = kim_entity::agreement::Model {
            version: terms.number,
            valid_from: in_days(terms.begins_in),
            access_days: ACCESS_DAYS,
            contact: canary(number, "agreementContact"),
            legal_ground: canary(number, "agreementGround"),
            statutory_fields: set(&terms.statutory).to_i64(),
            narrows_running: terms.narrows,
            terminated_for_cause_on: terms.terminated_in.map(in_days),
            ..world::agreement(of.ags, of.id, purpose, set(&terms.fields), set(&terms.ticked_only))
        };
        let id = world::insert_agreement(main, model).await;
        self.facts.versions.push(Version {
            id,
            receiver,
            purpose,
            number: terms.number,
            fields: terms.fields,
            ticked_only: terms.ticked_only,
            statutory: terms.statutory,
            narrows_now: terms.narrows && terms.begins_in <= 0,
            is_terminated: terms.terminated_in.is_some_and(|days| days <= 0),
        });
        self.texts.add_termination(number, id, of.id);
        place
    }

    /// Referrals to the three agencies of a kind.
    async fn add_referrals(&mut self, main: &DatabaseConnection, kind: AgencyKind) {
        let all = self.all();
        let receivers = [0, 1, 2].map(|place| self.facts.agency(&format!("{}-{place}", slug(kind))));
        let purposes: Vec<ReferralPurpose> =
            ReferralPurpose::ALL.iter().copied().filter(|purpose| purpose.receiver_kind() == kind).collect();
        // The first agency: a version with all fields, and a smaller one that does not narrow.
        for (place, &purpose) in purposes.iter().enumerate() {
            let statutory = ["familyName", "city", "phone", "gender", "childcareNeeded", "disability"].into();
            let whole = Terms { statutory, ..Terms::of(1, all.clone()) };
            let whole = self.add_version(main, receivers[0], purpose, whole).await;
            let few = self.add_version(main, receivers[0], purpose, Terms::of(2, every(&all, 3))).await;
            for &status in S::ALL {
                self.add(receivers[0], purpose, whole, status, Some(consent(&all)), all.clone());
            }
            let consents = if place == 0 { consents(&all) } else { Vec::new() };
            for (number, consent) in consents.into_iter().enumerate() {
                for status in [S::Offered, S::Accepted] {
                    let offered = if number % 4 == 3 { every(&all, 2) } else { all.clone() };
                    self.add(receivers[0], purpose, whole, status, consent.clone(), offered);
                }
            }
            let unticked = Consent { ticked: Fields::new(), reports_outcome: false, ..consent(&all) };
            for status in [S::Accepted, S::InProgress, S::InProgress] {
                self.add(receivers[0], purpose, whole, status, Some(unticked.clone()), all.clone());
            }
            for status in [S::Acknowledged, S::InProgress] {
                self.add(receivers[0], purpose, few, status, Some(consent(&all)), all.clone());
                self.add(receivers[0], purpose, whole, status, Some(consent(&all)), every(&all, 2));
                // By statute, from another SGB body, or without any ground.
                self.add_from(
                    self.facts.agency("sozialamt-1"),
                    receivers[0],
                    purpose,
                    whole,
                    status,
                    None,
                    all.clone(),
                );
            }
        }
        let purpose = purposes[0];
        // The second agency: a version that is narrowed by a later one, and one that is not in force yet.
        let whole = self.add_version(main, receivers[1], purpose, Terms::of(1, all.clone())).await;
        let ticked_only = ["familyName", "postalCode", "city"].into();
        let narrowing = Terms {
            narrows: true,
            ticked_only,
            ..Terms::of(2, every(&all, 2).into_iter().chain(["familyName"]).collect())
        };
        self.add_version(main, receivers[1], purpose, narrowing).await;
        let later = Terms { narrows: true, begins_in: 1, ..Terms::of(3, Fields::new()) };
        self.add_version(main, receivers[1], purpose, later).await;
        for status in [S::Offered, S::Accepted, S::Completed] {
            for consent in [consent(&all), Consent { ticked: Fields::new(), ..consent(&all) }] {
                self.add(receivers[1], purpose, whole, status, Some(consent), all.clone());
            }
        }
        // The third agency: a version that was terminated for cause, and one that will be.
        for (number, days) in [(1, 0), (2, 5)] {
            let ended = Terms { terminated_in: Some(days), ..Terms::of(number, all.clone()) };
            let ended = self.add_version(main, receivers[2], purpose, ended).await;
            for status in [S::Offered, S::InProgress] {
                self.add(receivers[2], purpose, ended, status, Some(consent(&all)), all.clone());
            }
        }
    }

    /// Referrals of the other municipality, and one that is sent there.
    async fn add_strange_referrals(&mut self, main: &DatabaseConnection) {
        let all = self.all();
        let (receiver, sender) = (self.facts.agency("fern-jobcenter"), self.facts.agency("fern-traeger"));
        let purpose = ReferralPurpose::BenefitApplication;
        let version = self.add_version(main, receiver, purpose, Terms::of(1, all.clone())).await;
        for status in [S::Draft, S::Offered, S::Accepted, S::Completed] {
            self.add_from(sender, receiver, purpose, version, status, Some(consent(&all)), all.clone());
        }
        let from_here = self.facts.agency("traeger-0");
        self.add_from(from_here, receiver, purpose, version, S::Accepted, Some(consent(&all)), all);
    }

    fn all(&self) -> Fields {
        self.facts.table.fields.iter().copied().collect()
    }

    /// Adds a referral, from each Träger in turn.
    fn add(
        &mut self,
        receiver: usize,
        purpose: ReferralPurpose,
        version: usize,
        status: S,
        consent: Option<Consent>,
        offered: Fields,
    ) {
        let senders = ["traeger-0", "traeger-1", "traeger-2"].map(|slug| self.facts.agency(slug));
        let place = self.facts.referrals.len();
        let next = senders.iter().cycle().skip(place % 3).find(|sender| **sender != receiver);
        self.add_from(*next.expect("another"), receiver, purpose, version, status, consent, offered);
    }

    #[expect(clippy::too_many_arguments, reason = "what a referral is made of")]
    fn add_from(
        &mut self,
        sender: usize,
        receiver: usize,
        purpose: ReferralPurpose,
        version: usize,
        status: S,
        consent: Option<Consent>,
        offered: Fields,
    ) {
        let place = self.facts.referrals.len();
        let number = u32::try_from(place).expect("few referrals") + 1;
        let before = matches!(status, S::Draft | S::Offered | S::Acknowledged);
        let after = matches!(status, S::Accepted | S::InProgress | S::Returned);
        let ever_accepted = after || !before && number.is_multiple_of(2);
        let closed_days_ago = matches!(status, S::Completed | S::Failed).then(|| [0, 30, 31, 400][place / 2 % 4]);
        let earlier = self.facts.referrals.iter().rposition(|referral| referral.sender == sender);
        let previous = earlier.filter(|_| number.is_multiple_of(7));
        let id = self.world.add(&ReferralSpec {
            number,
            sender: self.facts.agencies[sender].id,
            receiver: self.facts.agencies[receiver].id,
            purpose,
            agreement: self.facts.versions[version].id,
            status,
            ever_accepted,
            closed_on: closed_days_ago.map(|days| in_days(-days)),
            due_on: in_days(i64::from(number * 37 % 101) - 40),
            offered_on: in_days(-40),
            consent: consent.as_ref().map(spec),
            offered: set(&offered),
            previous: previous.map(|place| self.facts.referrals[place].id),
            messages: 2,
        });
        let case_of =
            earlier.filter(|_| number.is_multiple_of(5)).map_or(place, |place| self.facts.referrals[place].case_of);
        let (row, case, consent_row) = self.world.last();
        let (own_case, own_person) = (case.id, case.person_id);
        if case_of != place {
            row.case_id = Set(self.facts.referrals[case_of].own_case);
        }
        let consent_id: Option<Uuid> = *row.consent_id.as_ref();
        if let (Some(facts), Some(row)) = (&consent, consent_row) {
            if case_of != place {
                row.person_id = Set(self.facts.referrals[case_of].own_person);
            }
            row.valid_from = Set(in_days(if facts.has_begun { -500 } else { 1 }));
            row.art9 = Set(facts.art9);
            row.report_outcome = Set(facts.reports_outcome);
        }
        self.facts.referrals.push(Referral {
            number,
            id,
            own_case,
            own_person,
            case_of,
            sender,
            receiver,
            purpose,
            status,
            ever_accepted,
            closed_days_ago,
            version,
            consent,
            consent_id,
            offered,
            previous,
            disputed: None,
            reported: Vec::new(),
        });
        self.texts.add(&mut self.facts, &mut self.world);
    }
}

fn slug(kind: AgencyKind) -> String {
    kind.code().to_lowercase().replace('_', "-")
}
