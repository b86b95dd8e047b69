//! Writes rows that are right: person, household, case, consent, referral, handover and history of each.

use kim_domain::field::HandoverField as F;
use kim_domain::id::new_uuid;
use kim_domain::referral::{BallHolder, ReferralKind};
use kim_domain::value::Relation;
use kim_entity::code::Code;
use kim_entity::handover::HandoverRow;
use kim_entity::write::Tx;
use kim_entity::{case_file, consent, household_member, person, referral, referral_event};
use sea_orm::{DbErr, Set};
use uuid::Uuid;

use super::bulk::insert;
use super::resolve::{Ready, ReadyReferral};

/// How many rows of a file are written at a time.
pub(crate) const BATCH: usize = 800;

/// Rows of every table, in the order in which they refer to each other.
#[derive(Debug, Default)]
struct Batch {
    persons: Vec<person::ActiveModel>,
    members: Vec<household_member::ActiveModel>,
    cases: Vec<case_file::ActiveModel>,
    consents: Vec<consent::ActiveModel>,
    referrals: Vec<referral::ActiveModel>,
    handovers: Vec<HandoverRow>,
    events: Vec<referral_event::ActiveModel>,
}

/// Writes rows; each referral gets the next of the references.
pub(crate) async fn write(
    tx: &Tx,
    rows: &[Ready<'_>],
    references: &mut impl Iterator<Item = String>,
    now: i64,
) -> Result<(), DbErr> {
    let mut batch = Batch::default();
    for row in rows {
        let person_id = batch.person(row, now);
        let case_id = batch.case(row, person_id, now);
        if let Some(referral) = &row.referral {
            let consent_id = batch.consent(referral, person_id, now);
            let reference = references.next().unwrap_or_default();
            batch.referral(row, referral, Ids { case_id, consent_id, referral_id: new_uuid() }, reference, now);
        }
    }
    insert(tx.legacy(), batch.persons).await?;
    insert(tx.legacy(), batch.members).await?;
    insert(tx.legacy(), batch.cases).await?;
    insert(tx.legacy(), batch.consents).await?;
    insert(tx.legacy(), batch.referrals).await?;
    tx.insert_handovers(&batch.handovers).await?;
    insert(tx.legacy(), batch.events).await
}

struct Ids {
    case_id: Uuid,
    consent_id: Option<Uuid>,
    referral_id: Uuid,
}

impl Batch {
    fn person(&mut self, ready: &Ready<'_>, now: i64) -> Uuid {
        let id = new_uuid();
        let mut person = person::ActiveModel {
            id: Set(id),
            agency_id: Set(ready.identity.agency.id),
            fingerprint: Set(Some(ready.identity.client.clone())),
            phonetic_fingerprint: Set(Some(ready.identity.sound.clone())),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        for &field in F::ALL {
            person.set_text(field, ready.row.values.get(&field).cloned());
        }
        self.persons.push(person);
        for _ in 0..ready.row.children {
            self.members.push(household_member::ActiveModel {
                id: Set(new_uuid()),
                person_id: Set(id),
                relation: Set(Relation::Child.code().to_owned()),
                given_name: Set(None),
                family_name: Set(None),
                birth_date: Set(None),
            });
        }
        id
    }

    fn case(&mut self, ready: &Ready<'_>, person_id: Uuid, now: i64) -> Uuid {
        let id = new_uuid();
        let mut case = case_file::ActiveModel {
            id: Set(id),
            agency_id: Set(ready.identity.agency.id),
            person_id: Set(person_id),
            case_number: Set(ready.identity.case_number.to_owned()),
            district: Set(ready.district.map(str::to_owned)),
            phase: Set(ready.identity.phase.code().to_owned()),
            opened_on: Set(ready.identity.opened_on),
            closed_on: Set(None),
            import_hash: Set(Some(ready.identity.hash.clone())),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        for &field in F::ALL {
            case.set_text(field, ready.row.values.get(&field).cloned());
        }
        self.cases.push(case);
        id
    }

    fn consent(&mut self, ready: &ReadyReferral<'_>, person_id: Uuid, now: i64) -> Option<Uuid> {
        let given = ready.plan.consent?;
        let id = new_uuid();
        self.consents.push(consent::ActiveModel {
            id: Set(id),
            person_id: Set(person_id),
            receiver_id: Set(ready.receiver.id),
            purpose: Set(ready.agreement.purpose),
            fields: Set(given.fields.to_i64()),
            ticked: Set(given.ticked.to_i64()),
            data_protection: Set(given.data_protection),
            release_from_secrecy: Set(given.release_from_secrecy),
            release_on: Set(ready.row.release_on),
            art9: Set(given.art9),
            valid_from: Set(given.valid_from),
            valid_until: Set(given.valid_until),
            withdrawn_at: Set(None),
            created_at: Set(now),
            report_outcome: Set(ready.row.report_outcome),
            ..Default::default()
        });
        Some(id)
    }

    fn referral(&mut self, row: &Ready<'_>, ready: &ReadyReferral<'_>, ids: Ids, reference: String, now: i64) {
        let (plan, standing) = (&ready.plan, ready.plan.standing);
        let (sender_id, receiver_id) = (row.identity.agency.id, ready.receiver.id);
        let id = ids.referral_id;
        self.referrals.push(referral::ActiveModel {
            id: Set(id),
            case_id: Set(ids.case_id),
            sender_id: Set(sender_id),
            receiver_id: Set(receiver_id),
            purpose: Set(ready.agreement.purpose),
            kind: Set(Code(ReferralKind::Referral)),
            status: Set(Code(standing.status)),
            version: Set(1),
            reference: Set(reference),
            sender_reference: Set(Some(row.identity.case_number.to_owned())),
            receiver_reference: Set(None),
            agreement_id: Set(Some(ready.agreement.id)),
            consent_id: Set(ids.consent_id),
            offered_fields: Set(plan.offered.to_i64()),
            ever_accepted: Set(standing.ever_accepted),
            pending: Set(standing.status.is_pending(standing.ever_accepted)),
            first_received_on: Set(ready.row.offered_on.filter(|_| plan.offered_at != 0)),
            offered_at: Set(plan.offered_at),
            // A case list does not say when.
            accepted_at: Set(None),
            closed_at: Set(plan.closed_at),
            closed_on: Set(plan.closed_on),
            due_on: Set(ready.row.due_on.unwrap_or(referral::NO_DUE_DATE)),
            reason: Set(standing.reason.map(str::to_owned)),
            suspended_from: Set(standing.suspended_from.map(Code)),
            sender_contact_name: Set(None),
            sender_contact_phone: Set(None),
            sender_contact_email: Set(None),
            receiver_contact_name: Set(None),
            receiver_contact_phone: Set(None),
            receiver_contact_email: Set(Some(ready.agreement.contact.clone())),
            previous_id: Set(None),
            hops: Set(0),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
        self.handover(row, ready, id);
        for event in &plan.history {
            let is_last = event.to == standing.status;
            self.events.push(referral_event::ActiveModel {
                id: Set(new_uuid()),
                referral_id: Set(id),
                at: Set(event.at),
                from_status: Set(event.from.map(Code)),
                to_status: Set(Code(event.to)),
                reason: Set(standing.reason.filter(|_| is_last).map(str::to_owned)),
                agency_id: Set(match event.by {
                    BallHolder::Sender => sender_id,
                    BallHolder::Receiver => receiver_id,
                }),
                staff: Set(None),
                imported: Set(true),
                ..Default::default()
            });
        }
    }

    fn handover(&mut self, row: &Ready<'_>, ready: &ReadyReferral<'_>, id: Uuid) {
        let values = ready.plan.handover(row.row, ready.agreement.purpose.0);
        let finds_client = values.contains_key(&F::FamilyName) && values.contains_key(&F::BirthDate);
        let client_fingerprint = finds_client.then(|| row.identity.client.clone());
        self.handovers.push(HandoverRow { referral_id: id, client_fingerprint, values: values.into_iter().collect() });
    }
}
