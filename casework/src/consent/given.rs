//! What a client said, as somebody records it.

use chrono::NaiveDate;
use kim_domain::consent::{About, ConsentForm, Said, check};
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::value::Language;
use kim_entity::code::Code;
use kim_entity::consent;
use kim_entity::write::ConsentKey;

use crate::refusal::{Because, Refusal, Refused};
use crate::text::optional_line;
use crate::work::Work;

/// What was said, and how.
#[derive(Clone, Debug)]
pub struct Given {
    /// Fields consented to as a whole.
    pub fields: FieldSet,
    /// Fields ticked one by one.
    pub ticked: FieldSet,
    /// The consent of data protection law.
    pub data_protection: bool,
    /// The release from secrecy.
    pub release_from_secrecy: bool,
    /// Its day.
    pub release_on: Option<NaiveDate>,
    /// It names special categories (Art. 9(2)(a) DSGVO).
    pub art9: bool,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// Whether the receiver may tell the sender what came of it.
    pub report_outcome: bool,
    /// How it was given.
    pub form: ConsentForm,
    /// Why it could not be written.
    pub form_reason: Option<String>,
    /// The language in which it was explained.
    pub language: Language,
    /// Whether somebody interpreted.
    pub interpreter: bool,
    /// Which version of the text was explained.
    pub text_version: Option<String>,
    /// Who consented for the client or with it.
    pub guardian: Option<String>,
    /// The client is a minor and understands what it is about.
    pub understands: bool,
    /// Who was there.
    pub witness: Option<String>,
    /// SHA-256 of the signed paper's scan.
    pub scan_sha256: Option<String>,
}

impl Given {
    /// The row of a consent that counts.
    pub(super) async fn row(
        &self,
        work: &Work<'_>,
        (person_id, receiver_id, purpose): ConsentKey,
        birth_date: Option<NaiveDate>,
    ) -> Result<consent::Model, Refusal> {
        let form_reason = optional_line("formReason", self.form_reason.as_deref())?;
        let text_version = optional_line("textVersion", self.text_version.as_deref())?;
        let guardian = optional_line("guardian", self.guardian.as_deref())?;
        let witness = optional_line("witness", self.witness.as_deref())?;
        let agreement = work.writes().agreement_in_force(receiver_id, purpose).await?;
        let said = Said {
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
        let about = About {
            receiver: purpose.receiver_kind(),
            purpose,
            ticked_only: agreement.map_or(FieldSet::EMPTY, |agreement| FieldSet::from_i64(agreement.ticked_only)),
            birth_date,
            today: work.today(),
        };
        let days = check(&said, &about).map_err(|flaw| {
            let fields = flaw.fields().iter().map(|field| field.code().to_owned()).collect();
            Refusal::Refused(Refused { because: Because::BadInput, text: flaw.to_string(), version: None, fields })
        })?;
        Ok(consent::Model {
            id: new_uuid(),
            person_id,
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
            staff: Some(work.viewer().subject().to_owned()),
            form_reason,
            understands: self.understands,
            renewed_at: None,
        })
    }
}

/// A SHA-256 in hexadecimal, in lower case.
fn hash(text: &str) -> Result<String, Refusal> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(Refusal::bad_input("„scanSha256“ sind 64 Zeichen, 0 bis 9 und a bis f."))
    }
}
