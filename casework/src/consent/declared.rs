//! The consent that a client declared, as input of the use cases.

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;
use kim_domain::consent::{ConsentContext, ConsentForm, Declaration, check};
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::value::Language;
use kim_entity::code::Code;
use kim_entity::consent;
use kim_entity::viewer::Author;
use kim_entity::write::ConsentScope;

use crate::refusal::{ErrorCode, Refused, WorkError};
use crate::text::{office, optional, optional_line};
use crate::work::Work;

/// The content and the form of a declared consent.
#[derive(Clone, Debug)]
pub struct DeclaredConsent {
    /// Fields to which the client consented as a whole.
    pub fields: FieldSet,
    /// Fields that the client ticked individually.
    pub ticked: FieldSet,
    /// Whether the client consented under data protection law.
    pub data_protection: bool,
    /// Whether the client released the sender from secrecy.
    pub release_from_secrecy: bool,
    /// Day of the release from secrecy.
    pub release_on: Option<NaiveDate>,
    /// Whether it names special categories of data (Art. 9(2)(a) DSGVO).
    pub art9: bool,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// Whether the receiver may tell the sender the outcome.
    pub report_outcome: bool,
    /// Form in which it was given.
    pub form: ConsentForm,
    /// Reason why it is not in writing.
    pub form_reason: Option<String>,
    /// Language in which it was explained.
    pub language: Language,
    /// Whether an interpreter was present.
    pub interpreter: bool,
    /// Version of the explained text.
    pub text_version: Option<String>,
    /// Person who consented for the client or together with the client.
    pub guardian: Option<String>,
    /// Whether the client is a minor who understands the consent.
    pub understands: bool,
    /// The witness.
    pub witness: Option<String>,
    /// SHA-256 of the scan of the signed form.
    pub scan_sha256: Option<String>,
}

impl DeclaredConsent {
    /// The row of the consent, if it is valid.
    pub(super) async fn row(
        &self,
        work: &Work<'_>,
        (client, receiver_id, purpose): ConsentScope,
        birth_date: Option<BirthDate>,
    ) -> Result<consent::Model, WorkError> {
        let form_reason = optional_line("formReason", self.form_reason.as_deref())?;
        let text_version = optional_line("textVersion", self.text_version.as_deref())?;
        let guardian = optional(self.guardian.as_deref(), |name| office("guardian", name))?;
        let witness = optional(self.witness.as_deref(), |name| office("witness", name))?;
        let agreement = work.writes().agreement_in_force(receiver_id, purpose).await?;
        let declaration = Declaration {
            fields: self.fields,
            ticked: self.ticked,
            data_protection: self.data_protection,
            release_from_secrecy: self.release_from_secrecy,
            release_on: self.release_on,
            art9: self.art9,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            form: self.form,
            form_has_reason: form_reason.is_some(),
            is_witnessed: witness.is_some(),
            has_guardian: guardian.is_some(),
            understands: self.understands,
        };
        let context = ConsentContext {
            receiver: purpose.receiver_kind(),
            purpose,
            ticked_only: agreement.map_or(FieldSet::EMPTY, |agreement| FieldSet::from_i64(agreement.ticked_only)),
            birth_date,
            today: work.today(),
        };
        let days = check(&declaration, &context).map_err(|error| {
            let fields = error.fields().iter().map(|field| field.code().to_owned()).collect();
            WorkError::Refused(Refused { code: ErrorCode::BadInput, text: error.to_string(), version: None, fields })
        })?;
        let Author { staff, acting_for, .. } = work.viewer().author();
        Ok(consent::Model {
            id: new_uuid(),
            person_id: client.id(),
            receiver_id,
            purpose: Code(purpose),
            fields: self.fields.to_i64(),
            ticked: self.ticked.to_i64(),
            data_protection: self.data_protection,
            release_from_secrecy: self.release_from_secrecy,
            release_on: days.release_on,
            art9: self.art9,
            valid_from: days.valid_from,
            valid_until: Some(days.valid_until),
            withdrawn_at: None,
            created_at: work.now(),
            report_outcome: self.report_outcome,
            form: Code(self.form),
            language: Some(Code(self.language)),
            interpreter: self.interpreter,
            text_version,
            guardian,
            witness,
            scan_sha256: self.scan_sha256.as_deref().map(hash).transpose()?,
            renews_id: None,
            staff: Some(staff),
            acting_for,
            form_reason,
            understands: self.understands,
            renewed_at: None,
        })
    }
}

/// A SHA-256 in hexadecimal, in lower case.
fn hash(text: &str) -> Result<String, WorkError> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(WorkError::bad_input("„scanSha256“ sind 64 Zeichen, 0 bis 9 und a bis f."))
    }
}
