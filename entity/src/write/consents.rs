//! Writes consents. Those of one client are changed by one transaction at a time. While an offer is made, the consent on which
//! it is based cannot be withdrawn or renewed.
//!
//! Locks are taken in one order, so that transactions cannot deadlock: client, referrals by id, consents.

use std::collections::{BTreeSet, HashMap};

use kim_domain::consent::ConsentStep;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::Writes;
use crate::keys::{CaseKey, ClientKey, ConsentKey};
use crate::read::{OwnConsent, ReferralRow};
use crate::tables::code::Code;
use crate::tables::{consent, consent_event};
use crate::viewer::Author;

/// What a consent is for: a client, a receiver and a purpose.
pub type ConsentScope = (ClientKey, Uuid, ReferralPurpose);

/// The rows that a consent for one receiver and purpose concerns.
#[derive(Debug)]
pub struct AffectedRows {
    /// The client.
    pub client: ClientKey,
    /// The viewer's referrals for which a consent still matters, by id: drafts, running and suspended ones, and closed ones that
    /// can still be read.
    pub referrals: Vec<ReferralRow>,
    /// The client's consents that were not withdrawn, the latest first. No offer can be based on one of them until the transaction
    /// ends.
    pub consents: Vec<OwnConsent>,
}

impl Writes {
    /// The consent of a case's client for this receiver and purpose that is in force today; of several the one that was recorded
    /// last. It cannot be withdrawn or renewed until this transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consent_of(
        &self,
        case: CaseKey,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Option<consent::Model>, DbErr> {
        consent::in_force(self.tx().connection(), case.id(), receiver_id, purpose, self.reads().today()).await
    }

    /// As [`consent_of`](Self::consent_of), for many clients and these receivers and purposes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consents_of(
        &self,
        clients: &BTreeSet<ClientKey>,
        asked: &BTreeSet<(Uuid, ReferralPurpose)>,
    ) -> Result<HashMap<ConsentScope, consent::Model>, DbErr> {
        use consent::Column;
        let found = consent::Entity::find()
            .filter(Column::PersonId.is_in(clients.iter().map(|client| client.id())))
            .filter(Column::ReceiverId.is_in(asked.iter().map(|(receiver_id, _)| *receiver_id)))
            .filter(Column::Purpose.is_in(asked.iter().map(|(_, purpose)| purpose.code())))
            .filter(consent::is_in_force(self.reads().today()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .lock_shared()
            .all(self.tx().connection())
            .await?;
        // A later consent replaces an earlier one.
        Ok(found.into_iter().map(|row| ((ClientKey::of(row.person_id), row.receiver_id, row.purpose.0), row)).collect())
    }

    /// One of the consents of the viewer's agency; `None` if it is another agency's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consent(&self, id: Uuid) -> Result<Option<OwnConsent>, DbErr> {
        self.reads().consents_by_id(&[id]).await.map(|mut found| found.pop())
    }

    /// All consents of a client.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consents_of_client(&self, client: ClientKey) -> Result<Vec<OwnConsent>, DbErr> {
        Ok(self.reads().consents_of_clients(&[client]).await?.remove(&client).unwrap_or_default())
    }

    /// The rows that a consent of this client for a receiver and purpose concerns, locked in the same order as by an offer.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn affected_by_consent(
        &self,
        client: ClientKey,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<AffectedRows, DbErr> {
        let whose = (client, receiver_id, purpose);
        let mut referrals = self.referrals_of(whose, &|_| true).await?;
        let consents = self.consents_for(whose).await?;
        // Read again for referrals that were offered before the consents were locked. A draft that was created meanwhile finds
        // its consent when it is offered.
        let offered = self.referrals_of(whose, &|status| status != ReferralStatus::Draft).await?;
        referrals.retain(|row| offered.iter().all(|other| other.id != row.id));
        referrals.extend(offered);
        referrals.sort_by_key(|row| row.id);
        Ok(AffectedRows { client, referrals, consents })
    }

    /// Writes a consent of a client.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_consent(&self, client: ClientKey, new: consent::Model) -> Result<ConsentKey, DbErr> {
        let key = ConsentKey::of(new.id);
        let new = consent::Model { person_id: client.id(), ..new };
        let insert = consent::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await?;
        Ok(key)
    }

    /// Marks a consent as replaced by another one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn renew_consent(&self, consent: ConsentKey, now: i64) -> Result<(), DbErr> {
        let renewed = consent::ActiveModel { id: Set(consent.id()), renewed_at: Set(Some(now)), ..Default::default() };
        consent::Entity::update(renewed).exec(self.tx().connection()).await.map(drop)
    }

    /// Writes a withdrawal: the fields that are left, and the instant if it was withdrawn as a whole.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn withdraw_consent(&self, consent: ConsentKey, left: &consent::Model) -> Result<(), DbErr> {
        let row = consent::ActiveModel {
            id: Set(consent.id()),
            fields: Set(left.fields),
            ticked: Set(left.ticked),
            withdrawn_at: Set(left.withdrawn_at),
            ..Default::default()
        };
        consent::Entity::update(row).exec(self.tx().connection()).await.map(drop)
    }

    /// Writes a step by the viewer to a consent's history, and returns its id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_consent_event(
        &self,
        consent: ConsentKey,
        step: ConsentStep,
        fields: FieldSet,
        at: i64,
    ) -> Result<Uuid, DbErr> {
        let id = new_uuid();
        let Author { staff, acting_for, .. } = self.author();
        let event = consent_event::Model {
            id,
            consent_id: consent.id(),
            at,
            step: Code(step),
            fields: fields.to_i64(),
            staff: Some(staff),
            acting_for,
        };
        let insert = consent_event::Entity::insert(event.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await?;
        Ok(id)
    }

    async fn consents_for(&self, whose: ConsentScope) -> Result<Vec<OwnConsent>, DbErr> {
        use consent::Column;
        let (client, receiver_id, purpose) = whose;
        let found = consent::Entity::find()
            .filter(Column::PersonId.eq(client.id()))
            .filter(Column::ReceiverId.eq(receiver_id))
            .filter(Column::Purpose.eq(purpose.code()))
            .filter(Column::WithdrawnAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(self.tx().connection())
            .await?;
        Ok(found.into_iter().map(OwnConsent::of).collect())
    }

    async fn referrals_of(
        &self,
        whose: ConsentScope,
        wanted: &(dyn Fn(ReferralStatus) -> bool + Sync),
    ) -> Result<Vec<ReferralRow>, DbErr> {
        let (client, receiver_id, purpose) = whose;
        let concerned = |status: &ReferralStatus| rests_on_a_consent(*status) && wanted(*status);
        let mut sql = self.tx().sql();
        sql.push("SELECT r.id FROM referral r JOIN \"case\" k ON k.id = r.case_id WHERE k.person_id = ")
            .bind(client.id());
        sql.push(" AND r.sender_id = ").bind(self.reads().viewer().agency().id);
        sql.push(" AND r.receiver_id = ").bind(receiver_id);
        sql.push(" AND r.purpose IN ").words([purpose]).push(" AND r.status IN ");
        sql.words(ReferralStatus::ALL.iter().copied().filter(concerned));
        let rows = sql.all(self.tx().connection()).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let mut found = self.referrals(&ids).await?;
        // The state may have changed while this waited for the lock.
        found.retain(|row| concerned(&row.status));
        Ok(found)
    }
}

/// Whether a new or withdrawn consent matters for a referral in this state.
const fn rests_on_a_consent(status: ReferralStatus) -> bool {
    use ReferralStatus as S;
    match status {
        S::Draft
        | S::Offered
        | S::Acknowledged
        | S::InfoRequested
        | S::Accepted
        | S::InProgress
        | S::Suspended
        | S::Completed
        | S::Failed => true,
        S::Declined | S::Forwarded | S::Withdrawn | S::Expired | S::Returned => false,
    }
}
