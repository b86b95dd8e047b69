//! Municipalities, agencies, agreements, persons, cases and consents.

use chrono::Days;
use kim_domain::agency::{AgencyKind, DataProtectionLaw, LegalForm};
use kim_domain::calendar::midnight_micros;
use kim_domain::disclosure::{Level, known_to, level};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::{ClientFingerprints, FingerprintKey};
use kim_domain::value::CasePhase;
use kim_entity::case_file::NewCase;
use kim_entity::code::Code;
use kim_entity::name_part::NamePart;
use kim_entity::person::{Fingerprints, PersonRow};
use kim_entity::values::Values;
use kim_entity::{agency, agreement, consent, municipality};
use sea_orm::ActiveValue::Set;

use super::client::{staff, value};
use super::plan::{KINDS, Plan, Table, purposes_of};
use super::random::Random;

/// Random stream of the cases.
const CASES: u64 = 3;

/// The server's fingerprint key. It protects nobody, because these clients do not exist.
pub(crate) const FINGERPRINT_KEY: [u8; 32] = [0x5a; 32];

/// The agency's slug in tokens.
pub(crate) fn slug(kind: AgencyKind, municipality: u64) -> String {
    format!("{}-{municipality:03}", kind.code().to_lowercase().replace('_', "-"))
}

/// The fields that this kind of agency can get. All of them are agreed, offered and consented to.
pub(crate) fn fields(kind: AgencyKind) -> FieldSet {
    known_to(kind)
}

fn ags(municipality: u64) -> String {
    format!("05{municipality:06}")
}

impl Plan {
    /// The municipalities.
    pub(crate) fn municipality_rows(self) -> impl Iterator<Item = municipality::ActiveModel> + Send {
        (0..self.municipalities)
            .map(|number| municipality::ActiveModel { ags: Set(ags(number)), name: Set(format!("Ort {number:03}")) })
    }

    /// The agencies, eight per municipality.
    pub(crate) fn agency_rows(self) -> impl Iterator<Item = agency::ActiveModel> + Send {
        (0..self.municipalities).flat_map(move |municipality| {
            KINDS.iter().enumerate().map(move |(place, &kind)| {
                let public = kind != AgencyKind::Traeger;
                agency::ActiveModel {
                    id: Set(self.agency(municipality, place)),
                    slug: Set(slug(kind, municipality)),
                    name: Set(format!("{}, Ort {municipality:03}", kind.label())),
                    kind: Set(Code(kind)),
                    ags: Set(ags(municipality)),
                    legal_form: Set(Code(if public { LegalForm::Public } else { LegalForm::Private })),
                    bound_by_203: Set(kind == AgencyKind::Traeger),
                    data_protection_law: Set(Code(DataProtectionLaw::Dsgvo)),
                    controller: Set(format!("ort-{municipality:03}/{place}")),
                    posts: Set(Some(1_200)),
                    enabled: Set(true),
                    closings: Set(0),
                    version: Set(1),
                    ..Default::default()
                }
            })
        })
    }

    /// One agreement per receiver and purpose.
    pub(crate) fn agreement_rows(self) -> impl Iterator<Item = agreement::ActiveModel> + Send {
        (0..self.municipalities).flat_map(move |municipality| {
            KINDS.iter().enumerate().flat_map(move |(place, &kind)| {
                purposes_of(kind).into_iter().map(move |purpose| {
                    let ticked = FieldSet::of(HandoverField::ALL)
                        .iter()
                        .filter(|&field| level(kind, field) == Level::Ticked)
                        .collect::<Vec<_>>();
                    agreement::ActiveModel {
                        id: Set(self.agreement(municipality, purpose)),
                        ags: Set(ags(municipality)),
                        receiver_id: Set(self.agency(municipality, place)),
                        purpose: Set(Code(purpose)),
                        version: Set(1),
                        valid_from: Set(self.today - Days::new(1_000)),
                        valid_until: Set(None),
                        respond_working_days: Set(10),
                        access_days: Set(60),
                        contact: Set("schnittstelle@ort.example".to_owned()),
                        legal_ground: Set("Einwilligung".to_owned()),
                        fields: Set(fields(kind).to_i64()),
                        ticked_only: Set(FieldSet::of(&ticked).to_i64()),
                        statutory_fields: Set(0),
                        narrows_running: Set(false),
                        terminated_for_cause_on: Set(None),
                        created_at: Set(midnight_micros(self.today - Days::new(1_000))),
                    }
                })
            })
        })
    }

    /// One person per case.
    pub(crate) fn person_rows(self) -> impl Iterator<Item = PersonRow> + Send {
        let key = FingerprintKey::new(FINGERPRINT_KEY);
        (0..self.cases).map(move |number| PersonRow {
            id: self.id(Table::Person, number),
            agency_id: self.agency(self.municipality_of(number), 0),
            fingerprints: self.fingerprints(&key, number).map(|exact| Fingerprints { exact, phonetic: None }),
            created_at: self.created_at_micros(number),
            values: self.values(number),
        })
    }

    /// The parts of the clients' double names.
    pub(crate) fn person_name_part_rows(self) -> impl Iterator<Item = NamePart<PersonRow>> + Send {
        let key = FingerprintKey::new(FINGERPRINT_KEY);
        (0..self.cases).flat_map(move |number| {
            NamePart::of(self.id(Table::Person, number), self.fingerprints(&key, number).as_ref())
        })
    }

    /// The cases.
    pub(crate) fn case_rows(self) -> impl Iterator<Item = NewCase> + Send {
        (0..self.cases).map(move |number| {
            let mut random = Random::of(CASES, number);
            NewCase {
                id: self.id(Table::Case, number),
                agency_id: self.agency(self.municipality_of(number), 0),
                person_id: self.id(Table::Person, number),
                case_number: format!("CM-{number:07}"),
                district: None,
                phase: *random.pick(CasePhase::ALL),
                opened_on: self.referral(number * super::plan::REFERRALS).offered_on,
                import_hash: None,
                created_at: self.created_at_micros(number),
                values: self.values(number),
            }
        })
    }

    /// What is known of a case and its client.
    fn values(self, case: u64) -> Values {
        HandoverField::ALL.iter().filter_map(|&field| Some((field, value(case, field, self.today)?))).collect()
    }

    /// One consent per referral, in force.
    pub(crate) fn consent_rows(self) -> impl Iterator<Item = consent::ActiveModel> + Send {
        (0..self.referrals()).map(move |number| {
            let mut referral = self.referral(number);
            let fields = fields(KINDS[referral.receiver]);
            consent::ActiveModel {
                id: Set(self.id(Table::Consent, number)),
                person_id: Set(self.id(Table::Person, referral.case)),
                receiver_id: Set(self.agency(referral.municipality, referral.receiver)),
                purpose: Set(Code(referral.purpose)),
                fields: Set(fields.to_i64()),
                ticked: Set(fields.to_i64()),
                data_protection: Set(true),
                release_from_secrecy: Set(true),
                release_on: Set(Some(referral.offered_on)),
                art9: Set(true),
                valid_from: Set(referral.offered_on),
                valid_until: Set(None),
                withdrawn_at: Set(None),
                created_at: Set(referral.offered_at),
                report_outcome: Set(true),
                form: Set(Code(kim_domain::consent::ConsentForm::Written)),
                interpreter: Set(false),
                staff: Set(Some(staff(&mut referral.random))),
                understands: Set(false),
                ..Default::default()
            }
        })
    }

    /// The client's fingerprints, computed as the server does.
    pub(crate) fn fingerprints(&self, key: &FingerprintKey, case: u64) -> Option<ClientFingerprints> {
        let name = value(case, HandoverField::FamilyName, self.today)?;
        let born = value(case, HandoverField::BirthDate, self.today)?.parse().ok()?;
        Some(key.client_name(&name, born))
    }

    fn created_at_micros(self, case: u64) -> i64 {
        self.referral(case * super::plan::REFERRALS).offered_at
    }
}
