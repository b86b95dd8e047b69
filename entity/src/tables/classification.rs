//! Classes of columns: whether their values may leave the server. Every column of every table has a class.
//!
//! `tests/columns.rs` finds a column without a class, and a class without a column.

use kim_domain::field::{FieldSet, HandoverField};

use crate::codec::{case_file, handover, person};

/// Who may get a column's values. Whatever the classes of its columns, only those whose row it is get a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// May be in any answer about the row.
    Public,
    /// Only by the disclosure rule: a handover field's value, or a set of fields, which is narrowed to the fields in the viewer's
    /// schema.
    Ruled,
    /// Written by one party, or about its staff: shown to it, and to the other party only where the API says so.
    PartyText,
    /// Never leaves the agency it belongs to; if it belongs to none, it never leaves the server.
    Internal,
}

/// A table's columns by their class: names separated by blanks.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table.
    pub name: &'static str,
    /// [`Class::Public`]
    pub public: &'static str,
    /// [`Class::Ruled`], without the handover fields that have a column of their own.
    pub ruled: &'static str,
    /// [`Class::PartyText`]
    pub party_text: &'static str,
    /// [`Class::Internal`]
    pub internal: &'static str,
}

impl Table {
    /// Every column with its class.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Class)> {
        let with = |columns: &'static str, class| columns.split_whitespace().map(move |column| (column, class));
        with(self.public, Class::Public)
            .chain(with(self.ruled, Class::Ruled))
            .chain(handover_fields(self.name).iter().map(|field| (field.column(), Class::Ruled)))
            .chain(with(self.party_text, Class::PartyText))
            .chain(with(self.internal, Class::Internal))
    }
}

/// The handover fields that a table stores in a column of their own.
fn handover_fields(table: &str) -> FieldSet {
    match table {
        "person" => person::FIELDS,
        // The notes leave the Träger never.
        "case" => case_file::FIELDS.without(FieldSet::of(&[HandoverField::CounsellingNotes])),
        "handover" => handover::fields(),
        _ => FieldSet::EMPTY,
    }
}

/// The class of a column; none if the column does not exist.
#[must_use]
pub fn class(table: &str, column: &str) -> Option<Class> {
    let table = TABLES.iter().find(|known| known.name == table)?;
    table.columns().find(|&(known, _)| known == column).map(|(_, class)| class)
}

/// Every table of both databases.
pub const TABLES: &[Table] = &[
    Table { name: "municipality", public: "ags name", ruled: "", party_text: "", internal: "" },
    // Who is signed in, and with what.
    Table {
        name: "browser_session",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id issuer subject agency role tokens began_at acted_at ends_at",
    },
    Table { name: "district", public: "ags code name kind", ruled: "", party_text: "", internal: "" },
    // What a Träger specialises in says something of its clients (Art. 9 DSGVO).
    Table {
        name: "agency",
        public: "id slug name kind ags legal_form bound_by_203 data_protection_law controller association district \
              baustein street postal_code city phone email opening_hours version",
        ruled: "",
        party_text: "",
        internal: "posts internal_specialisation enabled closings",
    },
    // For the agency's own administrators.
    Table {
        name: "agency_change",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id agency_id at field old_value new_value staff acting_for",
    },
    Table {
        name: "agreement",
        public: "id ags receiver_id purpose version valid_from valid_until respond_working_days access_days \
              narrows_running terminated_for_cause_on",
        ruled: "fields ticked_only statutory_fields",
        party_text: "contact legal_ground",
        internal: "created_at",
    },
    Table {
        name: "agreement_proposal",
        public: "id version status ags receiver_id purpose valid_from valid_until respond_working_days access_days \
              narrows_running agency_id created_at agreement_id closed_by_id closed_at",
        ruled: "fields ticked_only statutory_fields",
        party_text: "contact legal_ground terms close_reason",
        internal: "staff closed_by_staff",
    },
    Table {
        name: "agreement_signature",
        public: "proposal_id side agency_id at",
        ruled: "",
        party_text: "",
        internal: "staff",
    },
    Table {
        name: "agreement_opinion",
        public: "proposal_id side agency_id at verdict",
        ruled: "",
        party_text: "reasons",
        internal: "staff",
    },
    Table {
        name: "agreement_termination",
        public: "agreement_id for_cause ends_on side",
        ruled: "",
        party_text: "reason",
        internal: "id agency_id staff created_at",
    },
    // A person belongs to one Träger: even its id would let two offices join their files.
    Table {
        name: "person",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id agency_id fingerprint phonetic_fingerprint created_at updated_at",
    },
    Table { name: "person_name_part", public: "", ruled: "", party_text: "", internal: "person_id fingerprint" },
    Table {
        name: "household_member",
        public: "",
        ruled: "relation given_name family_name birth_date",
        party_text: "",
        internal: "id person_id",
    },
    // The case number can name a specialisation, the id joins files; the notes leave the Träger never.
    Table {
        name: "case",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id agency_id person_id case_number district phase opened_on closed_on counselling_notes import_hash \
              version close_reason result plan plan_reviewed_on created_at updated_at",
    },
    Table {
        name: "note",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id case_id agency_id staff acting_for at body",
    },
    // Which group somebody belongs to is Art. 9 data by itself.
    Table {
        name: "eligibility_decision",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id case_id agency_id staff acting_for at decided_on reference_date rule_set rule_set_version \
              eligible groups findings statements explanation",
    },
    // What was ticked, and when, only the sender sees.
    Table {
        name: "consent",
        public: "",
        ruled: "fields",
        party_text: "",
        internal: "id person_id receiver_id purpose ticked data_protection release_from_secrecy release_on art9 \
              valid_from valid_until withdrawn_at created_at report_outcome form language interpreter text_version \
              guardian witness scan_sha256 renews_id staff acting_for form_reason understands renewed_at",
    },
    Table {
        name: "consent_event",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id consent_id at step fields staff acting_for",
    },
    Table {
        name: "referral",
        public: "id sender_id receiver_id purpose kind status version reference pending first_received_on offered_at \
              accepted_at closed_at due_on previous_id updated_at carries_application statutory_due_on",
        ruled: "offered_fields",
        party_text: "sender_reference receiver_reference reason sender_contact_name sender_contact_phone \
              sender_contact_email receiver_contact_name receiver_contact_phone receiver_contact_email",
        internal: "case_id agreement_id consent_id ever_accepted closed_on suspended_from asked_from paused_days hops \
              created_at reporting_duty_acknowledged",
    },
    // The fingerprint would find the same client in two offices' files.
    Table { name: "handover", public: "referral_id", ruled: "", party_text: "", internal: "client_fingerprint" },
    Table { name: "handover_name_part", public: "", ruled: "", party_text: "", internal: "referral_id fingerprint" },
    Table {
        name: "referral_event",
        public: "id referral_id at from_status to_status agency_id action",
        ruled: "",
        party_text: "reason",
        internal: "staff acting_for imported detail senders_alone",
    },
    Table {
        name: "referral_stay",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id referral_id sender_id receiver_id purpose offered_at status ended_at micros",
    },
    Table {
        name: "message",
        public: "id referral_id sent_at agency_id",
        ruled: "",
        party_text: "body",
        internal: "staff acting_for",
    },
    Table {
        name: "appointment",
        public: "id referral_id agency_id at created_at",
        ruled: "",
        party_text: "place bring",
        internal: "staff acting_for",
    },
    Table {
        name: "talk",
        public: "id referral_id agency_id held_on client_took_part created_at",
        ruled: "",
        party_text: "participants",
        internal: "staff acting_for",
    },
    // A report names a field. The disputed value itself is not stored, only a keyed mark of it.
    Table {
        name: "correction",
        public: "id referral_id agency_id state reported_at decided_at",
        ruled: "field",
        party_text: "text suggested decided_text",
        internal: "case_id staff acting_for value_mark decided_staff decided_acting_for",
    },
    // Only the sender knows which other agencies a case was handed over to.
    Table {
        name: "correction_notice",
        public: "",
        ruled: "",
        party_text: "",
        internal: "correction_id referral_id told_at outdated",
    },
    Table { name: "feed", public: "", ruled: "", party_text: "", internal: "agency_id last last_at" },
    Table {
        name: "change",
        public: "seq at referral_id kind event_id",
        ruled: "",
        party_text: "",
        internal: "agency_id",
    },
    Table { name: "reminder", public: "", ruled: "", party_text: "", internal: "referral_id kind due_on at" },
    Table {
        name: "idempotency",
        public: "",
        ruled: "",
        party_text: "",
        internal: "agency_id subject key mutation request_hash result at",
    },
    // That a check was made, or found something, says that somebody is a client.
    Table {
        name: "support_consent",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id person_id given valid_until recorded_at staff acting_for",
    },
    Table { name: "person_fingerprint", public: "", ruled: "", party_text: "", internal: "person_id kind fingerprint" },
    Table {
        name: "support_check",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id agency_id case_id role subject acting_for at found reference",
    },
    Table {
        name: "support_notice",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id reference agency_id case_id at",
    },
    Table { name: "directory", public: "", ruled: "", party_text: "", internal: "id version" },
    Table { name: "setting", public: "", ruled: "", party_text: "", internal: "name value" },
    Table {
        name: "disclosure_log",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id at request_id agency_id agency role subject acting_for operation referrals fields messages \
              ground",
    },
    Table {
        name: "statistics_log",
        public: "",
        ruled: "",
        party_text: "",
        internal: "id at agency_id agency role subject acting_for period dimensions",
    },
    Table {
        name: "disclosed",
        public: "",
        ruled: "",
        party_text: "",
        internal: "referral_id field receiver_id first_at last_at ground",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_is_classified_twice() {
        for table in TABLES {
            let mut columns: Vec<_> = table.columns().map(|(column, _)| column).collect();
            let all = columns.len();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), all, "{}", table.name);
        }
    }

    #[test]
    fn columns_that_link_or_reveal_persons_are_internal() {
        for (table, column) in [
            ("agency", "internal_specialisation"),
            ("case", "id"),
            ("case", "case_number"),
            ("case", "counselling_notes"),
            ("case", "import_hash"),
            ("case", "plan"),
            ("note", "body"),
            ("eligibility_decision", "groups"),
            ("person", "id"),
            ("person", "fingerprint"),
            ("person", "phonetic_fingerprint"),
            ("person_name_part", "fingerprint"),
            ("handover", "client_fingerprint"),
            ("handover_name_part", "fingerprint"),
            ("consent", "ticked"),
        ] {
            assert_eq!(class(table, column), Some(Class::Internal), "{table}.{column}");
        }
        assert_eq!(class("handover", "counselling_notes"), None);
    }
}
