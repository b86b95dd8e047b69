//! Members of a person's household.
//!
//! This file is the table's codec: every value is written and read here. Names and the birth date, an ISO date, are nullable
//! text, so that they can be encrypted.

use kim_domain::value::HouseholdMember;
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// A member of a person's household.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// UUIDv7.
    pub id: Uuid,
    /// The person whose household it is.
    pub person_id: Uuid,
    /// The values.
    pub member: HouseholdMember,
}

impl Stored for NewMember {
    fn table() -> &'static str {
        "household_member"
    }

    fn columns() -> Vec<&'static str> {
        vec!["id", "person_id", "relation", "given_name", "family_name", "birth_date"]
    }

    fn cells(&self) -> Vec<Value> {
        let HouseholdMember { relation, given_name, family_name, birth_date } = self.member.clone();
        let birth_date = birth_date.map(|day| day.to_string());
        let of_person = [self.id.into(), self.person_id.into(), relation.code().into()];
        of_person.into_iter().chain([given_name.into(), family_name.into(), birth_date.into()]).collect()
    }
}

/// Appends the columns of a member `m`.
pub(crate) fn push_columns(sql: &mut Sql) {
    sql.push(", m.relation, m.given_name, m.family_name, m.birth_date");
}

/// Reads what [`push_columns`] appended.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<HouseholdMember, DbErr> {
    let (relation, given_name, family_name) = (columns.word()?, columns.next()?, columns.next()?);
    let unreadable = |_| DbErr::Type("an unreadable birth date".into());
    let birth_date = columns.text()?.map(|day| day.parse().map_err(unreadable)).transpose()?;
    Ok(HouseholdMember { relation, given_name, family_name, birth_date })
}

/// Deletes a person's household.
pub(crate) async fn delete(connection: &impl ConnectionTrait, person_id: Uuid) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("DELETE FROM household_member WHERE person_id = ").bind(person_id);
    sql.run(connection).await.map(drop)
}
