//! Free texts of referrals, cases and agreements. Each is a canary with a class of permitted readers.

use kim_domain::agreement::{AgreementSide, OpinionVerdict, ProposalStatus};
use kim_domain::calendar::noon_micros;
use kim_domain::consent::ConsentStep;
use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use kim_entity::code::Code;
use kim_entity::note::NewNote;
use kim_entity::{
    agreement_opinion, agreement_proposal, agreement_signature, agreement_termination, appointment, consent_event,
    correction, correction_notice, eligibility_decision, raw, referral_event, support_consent, support_notice, talk,
};
use sea_orm::{ActiveValue::Set, DatabaseConnection, IntoActiveModel as _};
use serde_json::json;
use uuid::Uuid;

use super::facts::{Facts, PROPOSALS, Proposal};
use crate::support::world::{World, canary, in_days, insert};

/// Collects rows with texts.
#[derive(Default)]
pub(crate) struct Texts {
    appointments: Vec<appointment::ActiveModel>,
    talks: Vec<talk::ActiveModel>,
    corrections: Vec<correction::ActiveModel>,
    correction_notices: Vec<correction_notice::ActiveModel>,
    /// Case, result and plan.
    cases: Vec<(Uuid, String, String)>,
    notes: Vec<NewNote>,
    consent_events: Vec<consent_event::ActiveModel>,
    decisions: Vec<eligibility_decision::ActiveModel>,
    events: Vec<referral_event::ActiveModel>,
    proposals: Vec<agreement_proposal::ActiveModel>,
    signatures: Vec<agreement_signature::ActiveModel>,
    opinions: Vec<agreement_opinion::ActiveModel>,
    terminations: Vec<agreement_termination::ActiveModel>,
    support_consents: Vec<support_consent::ActiveModel>,
    support_notices: Vec<support_notice::ActiveModel>,
}

impl Texts {
    /// Writes texts into the rows of the referral that was added last, and adds others.
    pub(crate) fn add(&mut self, facts: &mut Facts, world: &mut World) {
        let place = facts.referrals.len() - 1;
        let referral = &facts.referrals[place];
        let number = referral.number;
        let say = |class: &str| Some(canary(number, class));
        let (sender, receiver) = (facts.agencies[referral.sender].id, facts.agencies[referral.receiver].id);
        let (row, case, consent) = world.last();
        row.sender_contact_name = Set(say("senderContact"));
        row.sender_contact_phone = Set(say("senderContact"));
        row.receiver_contact_name = Set(say("receiverContact"));
        row.receiver_contact_email = Set(say("receiverContact"));
        row.reason = Set(reason(referral.status).map(str::to_owned));
        let step = json!({"text": say("goal"), "responsible": say("goal"), "state": "OPEN"});
        let plan = json!([{"text": say("goal"), "steps": [step]}]).to_string();
        self.cases.push((case.id, canary(number, "result"), plan));
        if let Some(consent) = consent.filter(|_| referral.consent.is_some()) {
            consent.staff = Set(say("consentStaff"));
            consent.acting_for = Set(say("consentStaff"));
            consent.guardian = Set(say("guardian"));
            consent.witness = Set(say("witness"));
            consent.form_reason = Set(say("formReason"));
            consent.text_version = Set(say("wording"));
            self.consent_events.push(consent_event::ActiveModel {
                id: Set(new_uuid()),
                consent_id: consent.id.clone(),
                at: Set(0),
                step: Set(Code(ConsentStep::Recorded)),
                fields: consent.fields.clone(),
                staff: Set(say("consentStaff")),
                acting_for: Set(say("consentStaff")),
            });
        }
        let person = case.person_id;
        self.add_work(number, referral.own_case, sender);
        self.add_support(facts, place, person);
        if facts.referrals[place].status != S::Draft {
            self.add_meetings(number, referral.id, sender, receiver);
            self.add_reports(facts, place);
        }
    }

    /// Notes and a decision on a case.
    fn add_work(&mut self, number: u32, case_id: Uuid, agency_id: Uuid) {
        let say = |class: &str| Some(canary(number, class));
        for at in [1, 2] {
            self.notes.push(NewNote {
                id: new_uuid(),
                case_id,
                agency_id,
                staff: say("noteStaff"),
                acting_for: say("noteStaff"),
                at,
                body: canary(number, "note"),
            });
        }
        self.decisions.push(eligibility_decision::ActiveModel {
            id: Set(new_uuid()),
            case_id: Set(case_id),
            agency_id: Set(agency_id),
            staff: Set(say("decisionStaff")),
            acting_for: Set(say("decisionStaff")),
            at: Set(1),
            decided_on: Set(in_days(-9)),
            reference_date: Set(in_days(-9)),
            rule_set: Set("koeln".to_owned()),
            rule_set_version: Set(1),
            eligible: Set(true),
            groups: Set("[]".to_owned()),
            findings: Set("[]".to_owned()),
            statements: Set("{}".to_owned()),
            explanation: Set(say("grounds")),
        });
    }

    /// Support notices for two Träger with the same client, and none for a third one without consent.
    fn add_support(&mut self, facts: &Facts, place: usize, person: Uuid) {
        let referral = &facts.referrals[place];
        let sender = &facts.agencies[referral.sender];
        let is_first = facts.referrals[..place].iter().all(|earlier| earlier.sender != referral.sender);
        let reference = match sender.slug.as_str() {
            "traeger-0" | "traeger-1" => "supportReference",
            "traeger-2" => "secretReference",
            _ => return,
        };
        if !is_first {
            return;
        }
        self.support_consents.push(support_consent::ActiveModel {
            id: Set(new_uuid()),
            person_id: Set(person),
            given: Set(reference == "supportReference"),
            valid_until: Set(None),
            recorded_at: Set(0),
            staff: Set(canary(referral.number, "supportStaff")),
            acting_for: Set(Some(canary(referral.number, "supportStaff"))),
        });
        self.support_notices.push(support_notice::ActiveModel {
            id: Set(new_uuid()),
            reference: Set(canary(0, reference)),
            agency_id: Set(sender.id),
            case_id: Set(referral.own_case),
            at: Set(0),
        });
    }

    /// An appointment of each side, a talk, and their events.
    fn add_meetings(&mut self, number: u32, referral_id: Uuid, sender: Uuid, receiver: Uuid) {
        let say = |class: &str| Some(canary(number, class));
        let at = noon_micros(in_days(3));
        for (agency_id, staff, class) in
            [(sender, "senderStaff", "senderAppointment"), (receiver, "receiverStaff", "receiverAppointment")]
        {
            self.appointments.push(appointment::ActiveModel {
                id: Set(new_uuid()),
                referral_id: Set(referral_id),
                agency_id: Set(agency_id),
                staff: Set(say(staff)),
                acting_for: Set(say(staff)),
                at: Set(at),
                place: Set(canary(number, class)),
                bring: Set(say(class)),
                created_at: Set(0),
            });
        }
        self.talks.push(talk::ActiveModel {
            id: Set(new_uuid()),
            referral_id: Set(referral_id),
            agency_id: Set(sender),
            staff: Set(say("senderStaff")),
            acting_for: Set(say("senderStaff")),
            held_on: Set(in_days(-3)),
            participants: Set(json!([say("talk")]).to_string()),
            client_took_part: Set(true),
            created_at: Set(0),
        });
        let event = |agency_id, staff, action, senders_alone| referral_event::ActiveModel {
            id: Set(new_uuid()),
            referral_id: Set(referral_id),
            at: Set(noon_micros(in_days(-2))),
            from_status: Set(Some(Code(S::Offered))),
            to_status: Set(Code(S::Offered)),
            reason: Set(None),
            agency_id: Set(agency_id),
            staff: Set(say(staff)),
            acting_for: Set(say(staff)),
            imported: Set(false),
            action: Set(Some(Code(action))),
            detail: Set(None),
            senders_alone: Set(senders_alone),
        };
        self.events.push(event(receiver, "receiverStaff", ReferralAction::RecordAppointment, false));
        self.events.push(event(sender, "senderStaff", ReferralAction::DecideCorrection, true));
    }

    /// Reports of wrong values: an open one, a decided one, and one of a field that exists for few kinds of agencies.
    fn add_reports(&mut self, facts: &mut Facts, place: usize) {
        let referral = &facts.referrals[place];
        let (number, case_of) = (referral.number, referral.case_of);
        let case_id = facts.referrals[case_of].own_case;
        let report = |field: HandoverField, state, class: &str| correction::ActiveModel {
            id: Set(new_uuid()),
            referral_id: Set(referral.id),
            case_id: Set(case_id),
            field: Set(Code(field)),
            agency_id: Set(facts.agencies[referral.receiver].id),
            staff: Set(Some(canary(number, "receiverStaff"))),
            acting_for: Set(Some(canary(number, "receiverStaff"))),
            reported_at: Set(1),
            text: Set(canary(number, class)),
            suggested: Set(Some(canary(number, class))),
            value_mark: Set(canary(number, "valueMark")),
            state: Set(Code(state)),
            decided_at: Set((state != CorrectionState::Open).then_some(2)),
            decided_text: Set((state != CorrectionState::Open).then(|| canary(number, class))),
            decided_staff: Set((state != CorrectionState::Open).then(|| canary(number, "senderStaff"))),
            decided_acting_for: Set((state != CorrectionState::Open).then(|| canary(number, "senderStaff"))),
        };
        let mut reported = Vec::new();
        if number.is_multiple_of(3) {
            let open = report(HandoverField::Phone, CorrectionState::Open, "correction");
            if case_of != place {
                self.correction_notices.push(correction_notice::ActiveModel {
                    correction_id: open.id.clone(),
                    referral_id: Set(facts.referrals[case_of].id),
                    told_at: Set(2),
                    outdated: Set(false),
                });
            }
            self.corrections.push(open);
            reported.push("phone");
        } else {
            self.corrections.push(report(HandoverField::FamilyName, CorrectionState::Rejected, "correction"));
            self.corrections.push(report(HandoverField::TargetGroup, CorrectionState::Rejected, "correctionOfFew"));
            reported.extend(["familyName", "targetGroup"]);
        }
        let referral = &mut facts.referrals[place];
        referral.disputed = reported.iter().copied().find(|field| *field == "phone");
        referral.reported = reported;
    }

    /// The reason of a termination, which nobody may read.
    pub(crate) fn add_termination(&mut self, number: u32, agreement_id: Uuid, agency_id: Uuid) {
        self.terminations.push(agreement_termination::ActiveModel {
            id: Set(new_uuid()),
            agreement_id: Set(agreement_id),
            for_cause: Set(false),
            ends_on: Set(in_days(400)),
            reason: Set(canary(number, "terminationReason")),
            side: Set(Code(AgreementSide::Receiver)),
            agency_id: Set(agency_id),
            staff: Set(canary(number, "terminationStaff")),
            created_at: Set(0),
        });
    }

    /// Three proposals to each agency that has agreements: open, rejected, and concluded.
    pub(crate) fn add_proposals(&mut self, facts: &mut Facts) {
        let mut done: Vec<(usize, ReferralPurpose)> = Vec::new();
        for place in 0..facts.versions.len() {
            let version = &facts.versions[place];
            let of = (version.receiver, version.purpose);
            if done.contains(&of) {
                continue;
            }
            done.push(of);
            for status in [ProposalStatus::Open, ProposalStatus::Rejected, ProposalStatus::Concluded] {
                let became = (status == ProposalStatus::Concluded).then_some(place);
                self.add_proposal(facts, of, status, became);
            }
        }
    }

    fn add_proposal(
        &mut self,
        facts: &mut Facts,
        (receiver, purpose): (usize, ReferralPurpose),
        status: ProposalStatus,
        became: Option<usize>,
    ) {
        let number = PROPOSALS + u32::try_from(facts.proposals.len()).expect("few proposals");
        let say = |class: &str| canary(number, class);
        let (id, of) = (new_uuid(), &facts.agencies[receiver]);
        let proposal = agreement_proposal::Model {
            id,
            version: 1,
            status: Code(status),
            ags: of.ags.to_owned(),
            receiver_id: of.id,
            purpose: Code(purpose),
            valid_from: in_days(10),
            valid_until: None,
            respond_working_days: 10,
            access_days: 30,
            contact: say("proposalContact"),
            legal_ground: say("proposalGround"),
            fields: 1,
            ticked_only: 0,
            statutory_fields: 0,
            narrows_running: false,
            terms: Some(say("terms")),
            agency_id: of.id,
            staff: say("makerStaff"),
            created_at: 0,
            agreement_id: became.map(|version| facts.versions[version].id),
            closed_by_id: Some(of.id).filter(|_| status == ProposalStatus::Rejected),
            closed_by_staff: Some(say("closerStaff")),
            closed_at: Some(0),
            close_reason: Some(say("closeReason")).filter(|_| status == ProposalStatus::Rejected),
        };
        self.proposals.push(proposal.into_active_model());
        let (proposal_id, agency_id, side) = (id, of.id, Code(AgreementSide::Receiver));
        let signature = agreement_signature::Model { proposal_id, side, agency_id, staff: say("signerStaff"), at: 0 };
        self.signatures.push(signature.into_active_model());
        let (staff, reasons) = (say("officerStaff"), Some(say("opinionReasons")));
        let verdict = Code(OpinionVerdict::Unfavourable);
        let opinion = agreement_opinion::Model { proposal_id, side, agency_id, staff, at: 0, verdict, reasons };
        self.opinions.push(opinion.into_active_model());
        facts.proposals.push(Proposal { id, receiver, purpose, became });
    }

    /// Writes everything.
    pub(crate) async fn write(self, db: &DatabaseConnection) {
        insert::<appointment::Entity, _>(db, self.appointments).await;
        insert::<talk::Entity, _>(db, self.talks).await;
        insert::<correction::Entity, _>(db, self.corrections).await;
        insert::<correction_notice::Entity, _>(db, self.correction_notices).await;
        raw::insert(db, &self.notes).await.expect("notes");
        for (id, result, plan) in self.cases {
            raw::write_case_texts(db, id, &result, &plan).await.expect("a case");
        }
        insert::<consent_event::Entity, _>(db, self.consent_events).await;
        insert::<eligibility_decision::Entity, _>(db, self.decisions).await;
        insert::<referral_event::Entity, _>(db, self.events).await;
        insert::<agreement_proposal::Entity, _>(db, self.proposals).await;
        insert::<agreement_signature::Entity, _>(db, self.signatures).await;
        insert::<agreement_opinion::Entity, _>(db, self.opinions).await;
        insert::<agreement_termination::Entity, _>(db, self.terminations).await;
        insert::<support_consent::Entity, _>(db, self.support_consents).await;
        insert::<support_notice::Entity, _>(db, self.support_notices).await;
    }
}

/// A reason that is valid for a state.
pub(crate) fn reason(status: S) -> Option<&'static str> {
    match status.code() {
        "COMPLETED" => Some("COUNSELLED"),
        "DECLINED" | "RETURNED" => Some("NO_CAPACITY"),
        "FAILED" => Some("MOVED_AWAY"),
        "WITHDRAWN" => Some("CLIENT_WISH"),
        _ => None,
    }
}
