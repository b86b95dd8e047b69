//! Stored text and fingerprints in the form of this version: rows of all agencies, in batches.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use kim_domain::field::HandoverField;
use kim_domain::fingerprint::ClientFingerprints;
use kim_domain::matching::MatchKind;
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use super::Unscoped;
use crate::codec::handover::HandoverRow;
use crate::codec::person::{Fingerprints, PersonRow};
use crate::codec::{case_file, handover, name_part, person};
use crate::database::tx::Tx;
use crate::sql::{Columns, Sql};

/// A table with text that people write.
#[derive(Clone, Copy, Debug)]
pub struct TextTable {
    /// The table's name.
    pub name: &'static str,
    /// The column by which rows are found. Several rows of a table may have one.
    key: &'static str,
    /// Columns of text, beside those of handover fields.
    columns: &'static str,
}

/// Every table with text that people write. Names of people in tokens, words of lists, references that the program makes and
/// logs are not among it.
pub const TEXT_TABLES: &[TextTable] = &[
    TextTable { name: "agency", key: "id", columns: "name controller association internal_specialisation" },
    TextTable { name: "agreement", key: "id", columns: "contact legal_ground" },
    TextTable { name: "agreement_proposal", key: "id", columns: "contact legal_ground terms close_reason" },
    TextTable { name: "agreement_opinion", key: "proposal_id", columns: "reasons" },
    TextTable { name: "agreement_termination", key: "id", columns: "reason" },
    TextTable { name: PERSON, key: "id", columns: "" },
    TextTable { name: "household_member", key: "id", columns: "given_name family_name" },
    TextTable { name: CASE, key: "id", columns: "case_number result plan" },
    TextTable { name: "note", key: "id", columns: "body" },
    TextTable { name: "eligibility_decision", key: "id", columns: "statements explanation" },
    TextTable { name: "consent", key: "id", columns: "form_reason text_version guardian witness" },
    TextTable {
        name: "referral",
        key: "id",
        columns: "sender_reference receiver_reference reason sender_contact_name sender_contact_phone sender_contact_email \
                  receiver_contact_name receiver_contact_phone receiver_contact_email",
    },
    TextTable { name: HANDOVER, key: "referral_id", columns: "" },
    TextTable { name: "referral_event", key: "id", columns: "reason detail" },
    TextTable { name: "message", key: "id", columns: "body" },
    TextTable { name: "appointment", key: "id", columns: "place bring" },
    TextTable { name: "talk", key: "id", columns: "participants" },
    TextTable { name: "correction", key: "id", columns: "text suggested decided_text" },
];

const PERSON: &str = "person";
const CASE: &str = "case";
const HANDOVER: &str = "handover";

impl TextTable {
    fn columns(&self) -> Vec<&'static str> {
        let fields = match self.name {
            PERSON => person::FIELDS,
            CASE => case_file::FIELDS,
            HANDOVER => handover::fields(),
            _ => Default::default(),
        };
        self.columns.split_whitespace().chain(fields.iter().map(HandoverField::column)).collect()
    }

    /// Whether its rows have a fingerprint of the client.
    #[must_use]
    pub fn has_fingerprints(&self) -> bool {
        matches!(self.name, PERSON | HANDOVER)
    }

    /// Whether its rows are copies that a receiver reads.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.name == HANDOVER
    }

    /// Whether the values of its rows can still be changed by their owner, so that a wrong one is worth telling.
    #[must_use]
    pub fn is_record(&self) -> bool {
        matches!(self.name, PERSON | CASE | "household_member")
    }
}

/// The text of a row.
#[derive(Clone, Debug)]
pub struct TextRow {
    /// The value of the table's key.
    pub key: Uuid,
    /// Its texts by column; none of absent ones.
    pub texts: BTreeMap<&'static str, String>,
    /// The fingerprints by which the client is found at the desk.
    pub client: Option<ClientFingerprints>,
    /// The fingerprint of the sound of a person's names.
    pub phonetic: Option<String>,
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// The rows of the next keys of a table, locked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn text_rows(&self, table: &TextTable, after: Option<Uuid>, keys: i64) -> Result<Vec<TextRow>, DbErr> {
        let (columns, key) = (table.columns(), table.key);
        let mut sql = self.sql();
        sql.push("SELECT ").push(key);
        push_fingerprints(&mut sql, table.name);
        for column in &columns {
            sql.push(", ").push(column);
        }
        sql.push(" FROM \"").push(table.name).push("\" WHERE ").push(key).push(" IN (SELECT DISTINCT ").push(key);
        sql.push(" FROM \"").push(table.name).push("\"");
        if let Some(after) = after {
            sql.push(" WHERE ").push(key).push(" > ").bind(after);
        }
        sql.push(" ORDER BY ").push(key).limit(keys).push(") ORDER BY ").push(key).lock("NO KEY UPDATE");
        let rows = sql.all(self.connection()).await?;
        rows.iter().map(|row| read(table.name, &columns, &mut Columns::of(row))).collect()
    }

    /// The latest clients that have a fingerprint, with what it is made from.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn latest_clients(&self, rows: i64) -> Result<Vec<TextRow>, DbErr> {
        let columns = [HandoverField::FamilyName, HandoverField::GivenName, HandoverField::BirthDate];
        let columns = columns.map(HandoverField::column);
        let mut sql = self.sql();
        sql.push("SELECT id");
        push_fingerprints(&mut sql, PERSON);
        for column in columns {
            sql.push(", ").push(column);
        }
        sql.push(" FROM person WHERE fingerprint IS NOT NULL ORDER BY id DESC").limit(rows);
        let rows = sql.all(self.connection()).await?;
        rows.iter().map(|row| read(PERSON, &columns, &mut Columns::of(row))).collect()
    }

    /// Replaces a text, if it is still the old one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_text(
        &self,
        table: &TextTable,
        key: Uuid,
        column: &str,
        (old, new): (&str, &str),
    ) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("UPDATE \"").push(table.name).push("\" SET ").push(column).push(" = ").bind(new);
        sql.push(" WHERE ").push(table.key).push(" = ").bind(key).push(" AND ").push(column).push(" = ").bind(old);
        Ok(sql.run(self.connection()).await? > 0)
    }

    /// Whether another case of the same agency has this number.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_case_number_taken(&self, case: Uuid, number: &str) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT 1 FROM \"case\" k JOIN \"case\" o ON o.agency_id = k.agency_id WHERE k.id = ").bind(case);
        sql.push(" AND o.id <> k.id AND o.case_number = ").bind(number);
        Ok(sql.one(self.connection()).await?.is_some())
    }

    /// Replaces the fingerprints by which a client is found: in the record, or in a handover, which has only the exact ones.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_client_fingerprints(
        &self,
        table: &TextTable,
        key: Uuid,
        made: Option<Fingerprints>,
    ) -> Result<(), DbErr> {
        let (exact, phonetic) = made.map_or((None, None), |made| (Some(made.exact), made.phonetic));
        let whole = exact.as_ref().map(|exact| exact.whole.as_str());
        let mut sql = self.sql();
        match table.name {
            PERSON => {
                sql.push("UPDATE person SET fingerprint = ").bind(whole);
                sql.push(", phonetic_fingerprint = ").bind(phonetic)
            }
            _ => sql.push("UPDATE handover SET client_fingerprint = ").bind(whole),
        };
        sql.push(" WHERE ").push(table.key).push(" = ").bind(key);
        sql.run(self.connection()).await?;
        match table.name {
            PERSON => name_part::replace::<PersonRow>(self.connection(), key, exact.as_ref()).await,
            _ => name_part::replace::<HandoverRow>(self.connection(), key, exact.as_ref()).await,
        }
    }

    /// The reports of wrong values of a referral: their ids, and the marks of the disputed values.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn correction_marks(&self, referral: Uuid) -> Result<Vec<(Uuid, String)>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT id, value_mark FROM correction WHERE referral_id = ").bind(referral);
        let rows = sql.all(self.connection()).await?;
        rows.iter().map(Columns::of).map(|mut row| Ok((row.next()?, row.next()?))).collect()
    }

    /// Replaces the mark of a disputed value.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_correction_mark(&self, correction: Uuid, mark: &str) -> Result<(), DbErr> {
        let mut sql = self.sql();
        sql.push("UPDATE correction SET value_mark = ").bind(mark).push(" WHERE id = ").bind(correction);
        sql.run(self.connection()).await.map(drop)
    }

    /// Replaces the fingerprints for support checks of a client who has some, because only they agreed to the checks. Whether they
    /// changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_matching_fingerprints(
        &self,
        person: Uuid,
        made: &BTreeSet<(MatchKind, String)>,
    ) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT kind, fingerprint FROM person_fingerprint WHERE person_id = ").bind(person);
        let mut known = BTreeSet::new();
        for row in &sql.all(self.connection()).await? {
            let mut columns = Columns::of(row);
            known.insert((columns.word::<MatchKind>()?, columns.next::<String>()?));
        }
        if known.is_empty() || known == *made {
            return Ok(false);
        }
        let mut sql = self.sql();
        sql.push("DELETE FROM person_fingerprint WHERE person_id = ").bind(person);
        sql.run(self.connection()).await?;
        let rows: Vec<Vec<Value>> = made
            .iter()
            .map(|(kind, fingerprint)| vec![person.into(), kind.code().into(), fingerprint.as_str().into()])
            .collect();
        for some in rows.chunks(300) {
            let mut sql: Sql = self.sql();
            sql.push("INSERT INTO person_fingerprint (person_id, kind, fingerprint) VALUES ").rows(some.to_vec());
            sql.run(self.connection()).await?;
        }
        Ok(true)
    }
}

/// Appends the fingerprints of a table's rows, if they have some.
fn push_fingerprints(sql: &mut Sql, table: &str) {
    match table {
        PERSON => {
            sql.push(", fingerprint, ");
            name_part::push_parts::<PersonRow>(sql, "person.id");
            sql.push(", phonetic_fingerprint");
        }
        HANDOVER => {
            sql.push(", client_fingerprint, ");
            name_part::push_parts::<HandoverRow>(sql, "handover.referral_id");
        }
        _ => {}
    }
}

fn read(table: &str, names: &[&'static str], columns: &mut Columns<'_>) -> Result<TextRow, DbErr> {
    let key = columns.next()?;
    let (client, phonetic) = match table {
        PERSON => (name_part::read(columns)?, columns.next()?),
        HANDOVER => (name_part::read(columns)?, None),
        _ => (None, None),
    };
    let mut texts = BTreeMap::new();
    for &name in names {
        if let Some(text) = columns.next::<Option<String>>()? {
            texts.insert(name, text);
        }
    }
    Ok(TextRow { key, texts, client, phonetic })
}
