//! Writes valid rows: person, household, case, consent, referral, handover and history of each.

use kim_domain::field::HandoverField as F;
use kim_domain::id::new_uuid;
use kim_domain::referral::{BallHolder, ReferralKind};
use kim_domain::value::{HouseholdMember, Relation};
use kim_entity::DbErr;
use kim_entity::case_file::NewCase;
use kim_entity::code::Code;
use kim_entity::handover::HandoverRow;
use kim_entity::household_member::NewMember;
use kim_entity::person::{Fingerprints, PersonRow};
use kim_entity::unscoped::{ListedConsent, NewCases, Unscoped};
use kim_entity::values::Values;
use kim_entity::{referral, referral_event};
use uuid::Uuid;

use super::resolve::{Ready, ReadyReferral};

/// Number of rows that are written at a time.
pub(crate) const BATCH: usize = 800;

/// Writes rows. Each referral takes the next reference.
pub(crate) async fn write(
    all: &Unscoped,
    rows: &[Ready<'_>],
    references: &mut impl Iterator<Item = String>,
    now: i64,
) -> Result<(), DbErr> {
    let mut batch = Batch::default();
    for row in rows {
        let values: Values = row.row.values.iter().map(|(&field, value)| (field, value.clone())).collect();
        let person_id = batch.person(row, values.clone(), now);
        let case_id = batch.case(row, values, person_id, now);
        if let Some(referral) = &row.referral {
            let consent_id = batch.consent(referral, person_id, now);
            let reference = references.next().unwrap_or_default();
            batch.referral(row, referral, Ids { case_id, consent_id, referral_id: new_uuid() }, reference, now);
        }
    }
    all.insert_cases(batch.0).await
}

/// Rows of every table.
#[derive(Debug, Default)]
struct Batch(NewCases);

struct Ids {
    case_id: Uuid,
    consent_id: Option<Uuid>,
    referral_id: Uuid,
}

impl Batch {
    fn person(&mut self, ready: &Ready<'_>, values: Values, now: i64) -> Uuid {
        let id = new_uuid();
        self.0.persons.push(PersonRow {
            id,
            agency_id: ready.identity.agency.id,
            values,
            fingerprints: Some(Fingerprints {
                exact: ready.identity.client.clone(),
                phonetic: Some(ready.identity.sound.clone()),
            }),
            created_at: now,
        });
        for _ in 0..ready.row.children {
            let member =
                HouseholdMember { relation: Relation::Child, given_name: None, family_name: None, birth_date: None };
            self.0.members.push(NewMember { id: new_uuid(), person_id: id, member });
        }
        id
    }

    fn case(&mut self, ready: &Ready<'_>, values: Values, person_id: Uuid, now: i64) -> Uuid {
        let id = new_uuid();
        self.0.cases.push(NewCase {
            id,
            agency_id: ready.identity.agency.id,
            person_id,
            case_number: ready.identity.case_number.to_owned(),
            district: ready.district.map(str::to_owned),
            phase: ready.identity.phase,
            opened_on: ready.identity.opened_on,
            values,
            import_hash: Some(ready.identity.hash.clone()),
            created_at: now,
        });
        id
    }

    fn consent(&mut self, ready: &ReadyReferral<'_>, person_id: Uuid, now: i64) -> Option<Uuid> {
        let given = ready.plan.consent?;
        let id = new_uuid();
        self.0.consents.push(ListedConsent {
            id,
            person_id,
            receiver_id: ready.receiver.id,
            purpose: ready.agreement.purpose.0,
            given,
            release_on: ready.row.release_on,
            report_outcome: ready.row.report_outcome,
            created_at: now,
        });
        Some(id)
    }

    fn referral(&mut self, row: &Ready<'_>, ready: &ReadyReferral<'_>, ids: Ids, reference: String, now: i64) {
        let (plan, standing) = (&ready.plan, ready.plan.standing);
        let (sender_id, receiver_id) = (row.identity.agency.id, ready.receiver.id);
        let id = ids.referral_id;
        self.0.referrals.push(referral::Model {
            id,
            case_id: ids.case_id,
            sender_id,
            receiver_id,
            purpose: ready.agreement.purpose,
            kind: Code(ReferralKind::Referral),
            status: Code(standing.status),
            version: 1,
            reference,
            sender_reference: Some(row.identity.case_number.to_owned()),
            receiver_reference: None,
            agreement_id: Some(ready.agreement.id),
            consent_id: ids.consent_id,
            offered_fields: plan.offered.to_i64(),
            ever_accepted: standing.ever_accepted,
            pending: standing.status.is_pending(standing.ever_accepted),
            first_received_on: ready.row.offered_on.filter(|_| plan.offered_at != 0),
            offered_at: plan.offered_at,
            // A case list does not contain the time.
            accepted_at: None,
            closed_at: plan.closed_at,
            closed_on: plan.closed_on,
            due_on: ready.row.due_on.unwrap_or(referral::NO_DUE_DATE),
            reason: standing.reason.map(str::to_owned),
            suspended_from: standing.suspended_from.map(Code),
            sender_contact_name: None,
            sender_contact_phone: None,
            sender_contact_email: None,
            receiver_contact_name: None,
            receiver_contact_phone: None,
            receiver_contact_email: Some(ready.agreement.contact.clone()),
            previous_id: None,
            hops: 0,
            created_at: now,
            updated_at: now,
            asked_from: None,
            paused_days: None,
            carries_application: false,
            statutory_due_on: None,
            reporting_duty_acknowledged: false,
        });
        self.handover(row, ready, id);
        for event in &plan.history {
            let is_last = event.to == standing.status;
            self.0.events.push(referral_event::Model {
                id: new_uuid(),
                referral_id: id,
                at: event.at,
                from_status: event.from.map(Code),
                to_status: Code(event.to),
                reason: standing.reason.filter(|_| is_last).map(str::to_owned),
                agency_id: match event.by {
                    BallHolder::Sender => sender_id,
                    BallHolder::Receiver => receiver_id,
                },
                staff: None,
                acting_for: None,
                imported: true,
                action: None,
                detail: None,
                senders_alone: false,
            });
        }
    }

    fn handover(&mut self, row: &Ready<'_>, ready: &ReadyReferral<'_>, id: Uuid) {
        let values = ready.plan.handover(row.row, ready.agreement.purpose.0);
        let finds_client = values.contains_key(&F::FamilyName) && values.contains_key(&F::BirthDate);
        let client = finds_client.then(|| row.identity.client.clone());
        self.0.handovers.push(HandoverRow { referral_id: id, client, values: values.into_iter().collect() });
    }
}
