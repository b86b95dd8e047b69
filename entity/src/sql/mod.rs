//! SQL text with bound values. All differences between the two databases in the text of statements are in this file.
//!
//! Text comes only from the code and from closed lists; every value from outside is bound.

use chrono::NaiveDate;
use kim_domain::Word;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

pub(crate) mod batch;
mod columns;
mod unreadable;

pub(crate) use columns::Columns;
pub use unreadable::Unreadable;

/// A statement that is being composed.
#[derive(Debug)]
pub(crate) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(backend: DbBackend) -> Self {
        Self { backend, text: String::with_capacity(512), values: Vec::new() }
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for a value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let number = self.values.len();
        self.text.push('$');
        self.text.push_str(&number.to_string());
        self
    }

    /// Appends a column of a condition that hardly excludes any row. SQLite, which does not estimate rows, would choose an index
    /// for it, and sort rows that the list's own index has in order.
    pub(crate) fn filter_only(&mut self, column: &str) -> &mut Self {
        match self.backend {
            DbBackend::Sqlite => self.push("+").push(column),
            DbBackend::Postgres | _ => self.push(column),
        }
    }

    /// Appends columns that are null unless the condition holds for the agency: what only one side of a row may read.
    pub(crate) fn only_where<const N: usize>(
        &mut self,
        condition: &str,
        agency: Uuid,
        columns: [&str; N],
    ) -> &mut Self {
        for (place, column) in columns.into_iter().enumerate() {
            self.push(if place > 0 { ", CASE WHEN " } else { "CASE WHEN " }).push(condition).bind(agency);
            self.push(" THEN ").push(column).push(" END");
        }
        self
    }

    /// Appends a limit of rows, as a literal: PostgreSQL makes one plan for all pages of a statement, and would not know that they
    /// are short. There are few page sizes, so that few statements are prepared.
    pub(crate) fn limit(&mut self, rows: i64) -> &mut Self {
        self.text.push_str(" LIMIT ");
        self.text.push_str(&rows.to_string());
        self
    }

    /// Appends a list of words as literals. There are few lists, so that few statements are prepared.
    pub(crate) fn words<W: Word>(&mut self, words: impl IntoIterator<Item = W>) -> &mut Self {
        self.text.push('(');
        let mut first = true;
        for word in words {
            self.text.push_str(if first { "'" } else { ",'" });
            self.text.push_str(word.code());
            self.text.push('\'');
            first = false;
        }
        self.text.push_str(if first { "NULL)" } else { ")" });
        self
    }

    /// Appends a condition that the column is one of these ids; an array on PostgreSQL, where lists of varying length
    /// would defeat the statement cache.
    pub(crate) fn is_one_of(&mut self, column: &str, ids: &[Uuid]) -> &mut Self {
        self.push(column);
        match self.backend {
            DbBackend::Postgres => self.push(" = ANY(").bind(Cells::Ids(ids.to_vec()).array()).push(")"),
            DbBackend::Sqlite | _ => {
                self.push(" IN (");
                for (place, &id) in ids.iter().enumerate() {
                    if place > 0 {
                        self.push(",");
                    }
                    self.bind(id);
                }
                self.push(")")
            }
        }
    }

    /// Appends that the table joined last is read from this index, which covers all columns that are read. SQLite would choose a
    /// unique index, and read the row as well.
    pub(crate) fn within_index(&mut self, index: &str) -> &mut Self {
        match self.backend {
            DbBackend::Sqlite => self.push(" INDEXED BY ").push(index),
            DbBackend::Postgres | _ => self,
        }
    }

    /// Appends ` FROM … ORDER BY …` for the first `rows` rows of each of these distinct owners, ordered by an instant and the id.
    /// `q` is a row of the table. `narrow` appends conditions on `t`, which is a row of the table as well. It is served by an index
    /// of owner, instant and id.
    pub(crate) fn first_of_each(
        &mut self,
        (table, owner): (&str, &str),
        owners: &[Uuid],
        (instant, way): (&str, &str),
        rows: i64,
        narrow: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let (begin, end) = match self.backend {
            DbBackend::Postgres => ("LATERAL (SELECT t.*", ") q".to_owned()),
            // SQLite has LATERAL only for functions. Because the owner is given twice, it reads at most the owner's rows, and
            // never the whole table, even if that was small when it was last analyzed.
            DbBackend::Sqlite | _ => (
                "json_each((SELECT json_group_array(few.place) FROM (SELECT t.rowid AS place",
                format!(") few)) l CROSS JOIN {table} q ON q.rowid = l.value AND q.{owner} = m.id"),
            ),
        };
        self.push(" FROM ").table("m", [("id", Cells::Ids(owners.to_vec()))]);
        self.push(&format!(" CROSS JOIN {begin} FROM {table} t WHERE t.{owner} = m.id"));
        narrow(self);
        self.push(&format!(" ORDER BY t.{instant} {way}, t.id {way} LIMIT ")).bind(rows);
        self.push(&format!("{end} ORDER BY q.{owner}, q.{instant} {way}, q.id {way}"))
    }

    /// Appends a table expression `m(id, mask)` of ids with their masks.
    pub(crate) fn masks(&mut self, masks: &[(Uuid, i64)]) -> &mut Self {
        let (ids, bits) = masks.iter().copied().unzip();
        self.table("m", [("id", Cells::Ids(ids)), ("mask", Cells::Numbers(bits))])
    }

    /// Appends a table expression of values; all columns have the same length. On PostgreSQL it uses arrays, so that the statement
    /// does not depend on the number of rows.
    pub(crate) fn table<const N: usize>(&mut self, name: &str, columns: [(&str, Cells); N]) -> &mut Self {
        match self.backend {
            DbBackend::Postgres => {
                let names = columns.each_ref().map(|(column, _)| *column).join(", ");
                self.push("unnest(");
                for (place, (_, cells)) in columns.into_iter().enumerate() {
                    let (_, cast) = cells.kind();
                    self.push(if place > 0 { "," } else { "" }).bind(cells.array()).push(cast);
                }
                self.push(") AS ").push(name).push("(").push(&names).push(")")
            }
            DbBackend::Sqlite | _ => {
                self.push("(SELECT ");
                for (place, (column, _)) in columns.iter().enumerate() {
                    let number = (place + 1).to_string();
                    self.push(if place > 0 { ", column" } else { "column" }).push(&number).push(" AS ").push(column);
                }
                self.push(" FROM (VALUES ");
                let mut columns = columns.map(|(_, cells)| cells.values().into_iter());
                let rows = columns[0].len();
                // SQLite has no VALUES without rows.
                for row in 0..rows.max(1) {
                    self.push(if row > 0 { ",(" } else { "(" });
                    for (place, column) in columns.iter_mut().enumerate() {
                        self.push(if place > 0 { "," } else { "" }).bind(column.next().unwrap_or(Value::Int(None)));
                    }
                    self.push(")");
                }
                self.push(if rows > 0 { ")) AS " } else { ") WHERE false) AS " }).push(name)
            }
        }
    }

    /// Appends rows of placeholders, as they follow VALUES.
    pub(crate) fn rows(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Self {
        for (number, row) in rows.into_iter().enumerate() {
            self.push(if number > 0 { ",(" } else { "(" });
            for (place, value) in row.into_iter().enumerate() {
                self.push(if place > 0 { "," } else { "" }).bind(value);
            }
            self.push(")");
        }
        self
    }

    /// Appends an aggregate that lists the values of bigint columns of all rows as one text, separated by commas.
    /// [`Columns::rows_of_fields`] reads it.
    pub(crate) fn list_of(&mut self, columns: &[&str]) -> &mut Self {
        let row = columns.join(" || ',' || ");
        match self.backend {
            DbBackend::Postgres => self.push("string_agg((").push(&row).push(")::text, ',')"),
            DbBackend::Sqlite | _ => self.push("group_concat(").push(&row).push(", ',')"),
        }
    }

    /// Appends the condition that something can be offered under version `n` of an agreement on a day: it is the latest that has
    /// begun, and is neither over nor terminated. When the latest version ends, an earlier one does not apply again.
    pub(crate) fn agreement_in_force(&mut self, today: NaiveDate) -> &mut Self {
        self.push("n.valid_from <= ").bind(today);
        self.push(" AND (n.valid_until IS NULL OR n.valid_until >= ").bind(today);
        self.push(") AND (n.terminated_for_cause_on IS NULL OR n.terminated_for_cause_on > ").bind(today);
        // A termination of a version also ends all earlier ones.
        self.push(
            ") AND NOT EXISTS (SELECT 1 FROM agreement_termination e JOIN agreement x ON x.id = e.agreement_id \
             WHERE x.receiver_id = n.receiver_id AND x.purpose = n.purpose AND x.version >= n.version AND e.ends_on <= ",
        );
        self.bind(today);
        self.push(
            ") AND NOT EXISTS (SELECT 1 FROM agreement l WHERE l.receiver_id = n.receiver_id AND l.purpose = n.purpose \
             AND l.version > n.version AND l.valid_from <= ",
        );
        self.bind(today).push(")")
    }

    /// The statement.
    pub(crate) fn into_statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }

    /// Appends that rows are locked, and rows that are locked already are skipped. On SQLite there is no other writer during the
    /// transaction.
    pub(crate) fn skip_locked(&mut self) -> &mut Self {
        match self.backend {
            DbBackend::Postgres => self.push(" FOR UPDATE SKIP LOCKED"),
            DbBackend::Sqlite | _ => self,
        }
    }

    /// Appends that rows are locked in this mode. On SQLite there is no other writer during the transaction.
    pub(crate) fn lock(&mut self, mode: &str) -> &mut Self {
        match self.backend {
            DbBackend::Postgres => self.push(" FOR ").push(mode),
            DbBackend::Sqlite | _ => self,
        }
    }

    pub(crate) async fn run(self, connection: &impl ConnectionTrait) -> Result<u64, DbErr> {
        Ok(connection.execute_raw(self.into_statement()).await?.rows_affected())
    }

    pub(crate) async fn all(self, connection: &impl ConnectionTrait) -> Result<Vec<QueryResult>, DbErr> {
        connection.query_all_raw(self.into_statement()).await
    }

    pub(crate) async fn one(self, connection: &impl ConnectionTrait) -> Result<Option<QueryResult>, DbErr> {
        connection.query_one_raw(self.into_statement()).await
    }
}

/// A column of a table expression.
#[derive(Debug)]
pub(crate) enum Cells {
    Ids(Vec<Uuid>),
    Numbers(Vec<i64>),
    Words(Vec<&'static str>),
}

impl Cells {
    /// The type of the elements, and PostgreSQL's cast for the array.
    fn kind(&self) -> (ArrayType, &'static str) {
        match self {
            Self::Ids(_) => (ArrayType::Uuid, "::uuid[]"),
            Self::Numbers(_) => (ArrayType::BigInt, "::bigint[]"),
            Self::Words(_) => (ArrayType::String, "::text[]"),
        }
    }

    fn array(self) -> Value {
        let (of, _) = self.kind();
        Value::Array(of, Some(Box::new(self.values())))
    }

    fn values(self) -> Vec<Value> {
        match self {
            Self::Ids(ids) => ids.into_iter().map(Value::from).collect(),
            Self::Numbers(numbers) => numbers.into_iter().map(Value::from).collect(),
            Self::Words(words) => words.into_iter().map(Value::from).collect(),
        }
    }
}
