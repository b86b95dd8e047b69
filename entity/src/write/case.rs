//! Cases and their clients in a transaction that writes.

use std::collections::BTreeSet;

use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::value::HouseholdMember;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::Writes;
use crate::codec::case_file::{self, CaseChange, NewCase};
use crate::codec::household_member::{self, NewMember};
use crate::codec::name_part::insert_with_parts;
use crate::codec::note::NewNote;
use crate::codec::person::{self, Fingerprints, PersonRow};
use crate::codec::values::{Changes, Values};
use crate::keys::{CaseKey, ClientKey};
use crate::sql::batch::insert_stored;
use crate::tables::{agency, district, eligibility_decision, referral};
use crate::viewer::Author;

impl Writes {
    /// Those of these cases of the viewer's agency that are open. They cannot be closed until the transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_cases(&self, ids: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, DbErr> {
        let ids: Vec<Uuid> = ids.iter().copied().collect();
        let mut sql = self.tx().sql();
        sql.push("SELECT k.id, k.closed_on IS NULL FROM \"case\" k WHERE ").is_one_of("k.id", &ids);
        sql.push(" AND k.agency_id = ").bind(self.author().agency_id).push(" ORDER BY k.id").lock("SHARE");
        let mut open = BTreeSet::new();
        for row in &sql.all(self.tx().connection()).await? {
            if row.try_get_by_index(1)? {
                open.insert(row.try_get_by_index(0)?);
            }
        }
        Ok(open)
    }

    /// Whether this client of the viewer's agency has an open case.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_open_case(&self, client: ClientKey) -> Result<bool, DbErr> {
        let mut sql = self.tx().sql();
        sql.push("SELECT k.id FROM \"case\" k WHERE k.person_id = ").bind(client.id());
        sql.push(" AND k.agency_id = ").bind(self.author().agency_id).push(" AND k.closed_on IS NULL").limit(1);
        sql.one(self.tx().connection()).await.map(|case| case.is_some())
    }

    /// Writes a new client of the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_client(&self, new: PersonRow) -> Result<ClientKey, DbErr> {
        let new = PersonRow { agency_id: self.author().agency_id, ..new };
        insert_with_parts(self.tx().connection(), std::slice::from_ref(&new)).await?;
        Ok(ClientKey::of(new.id))
    }

    /// Writes a new case of a client.
    ///
    /// # Errors
    /// The database does not answer; the agency has another case of this number.
    pub async fn insert_case(&self, client: ClientKey, new: NewCase) -> Result<(), DbErr> {
        let new = NewCase { agency_id: self.author().agency_id, person_id: client.id(), ..new };
        insert_stored(self.tx().connection(), &[new]).await
    }

    /// Changes a case of the viewer's agency if it still has this version, and returns whether it had. It stays locked until the
    /// transaction ends.
    ///
    /// # Errors
    /// The database does not answer; the agency has another case of this number.
    pub async fn update_case(&self, id: Uuid, version: i32, change: CaseChange, now: i64) -> Result<bool, DbErr> {
        case_file::update(self.tx().connection(), (id, version), self.author().agency_id, change, now).await
    }

    /// These fields of a client of the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn person(&self, client: ClientKey, fields: FieldSet) -> Result<Option<Values>, DbErr> {
        person::find(self.tx().connection(), client.id(), self.author().agency_id, fields, false).await
    }

    /// The same, and locks the client's consents until the transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_person(&self, client: ClientKey, fields: FieldSet) -> Result<Option<Values>, DbErr> {
        person::find(self.tx().connection(), client.id(), self.author().agency_id, fields, true).await
    }

    /// Writes those of these values that belong to a person, and the fingerprints if they change.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_person(
        &self,
        client: ClientKey,
        values: &Changes,
        fingerprints: Option<Fingerprints>,
        now: i64,
    ) -> Result<(), DbErr> {
        person::update(self.tx().connection(), client.id(), self.author().agency_id, values, fingerprints, now).await
    }

    /// Replaces the client's household.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_household(&self, client: ClientKey, members: &[HouseholdMember]) -> Result<(), DbErr> {
        let person_id = client.id();
        household_member::delete(self.tx().connection(), person_id).await?;
        let row = |member: &HouseholdMember| NewMember { id: new_uuid(), person_id, member: member.clone() };
        insert_stored(self.tx().connection(), &members.iter().map(row).collect::<Vec<_>>()).await
    }

    /// Adds a note of the viewer's to a case.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_note(&self, case: CaseKey, body: String, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let note =
            NewNote { id: new_uuid(), case_id: case.id(), agency_id, staff: Some(staff), acting_for, at: now, body };
        insert_stored(self.tx().connection(), &[note]).await
    }

    /// Writes a decision on eligibility.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_decision(&self, case: CaseKey, new: eligibility_decision::Model) -> Result<(), DbErr> {
        let new = eligibility_decision::Model { case_id: case.id(), agency_id: self.author().agency_id, ..new };
        let insert = eligibility_decision::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// The viewer's referrals of a case as they are stored, by id, whatever purposes the token has.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals_of_case(&self, case_id: Uuid) -> Result<Vec<referral::Model>, DbErr> {
        referral::Entity::find()
            .filter(referral::Column::CaseId.eq(case_id))
            .filter(referral::Column::SenderId.eq(self.author().agency_id))
            .order_by_asc(referral::Column::Id)
            .all(self.tx().connection())
            .await
    }

    /// The code of a district of the viewer's municipality, if there is such a district.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn district(&self, code: &str) -> Result<Option<String>, DbErr> {
        let key = (self.reads().viewer().agency().ags.clone(), code.to_owned());
        let found = district::Entity::find_by_id(key).one(self.tx().connection()).await?;
        Ok(found.map(|district| district.code))
    }

    /// Those of these agencies that are enabled and of the viewer's municipality.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies_of_municipality(&self, ids: Vec<Uuid>) -> Result<Vec<agency::Model>, DbErr> {
        agency::Entity::find()
            .filter(agency::Column::Id.is_in(ids))
            .filter(agency::Column::Enabled.eq(true))
            .filter(agency::Column::Ags.eq(self.reads().viewer().agency().ags.as_str()))
            .all(self.tx().connection())
            .await
    }
}
