//! Writes proposals of agreements, their signatures, opinions and ends, and the agreements that they become.

use std::ops::Deref;

use chrono::NaiveDate;
use kim_domain::agreement::{AgreementSide, OpinionVerdict, ProposalStatus};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use super::Writes;
use crate::read::AgreementRow;
use crate::sql::Columns;
use crate::sql::batch::insert;
use crate::tables::code::Code;
use crate::tables::{agreement, agreement_opinion, agreement_proposal, agreement_signature, agreement_termination};
use crate::viewer::Author;

/// A change of an open proposal.
#[derive(Clone, Debug)]
pub enum ProposalChange {
    /// It got a signature or an opinion, and others are still missing.
    Counted,
    /// It became a version of the agreement.
    Concluded {
        /// The version.
        agreement_id: Uuid,
        /// Microseconds since 1970.
        at: i64,
    },
    /// The viewer rejected it or took it back.
    Closed {
        /// The new state.
        status: ProposalStatus,
        /// The reason.
        reason: Option<String>,
        /// Microseconds since 1970.
        at: i64,
    },
}

/// A signature or an opinion for a party. It says of its author only whether it was the viewer.
#[derive(Clone, Copy, Debug)]
pub struct PartyAct {
    /// The party.
    pub side: AgreementSide,
    /// Whether its author has the viewer's subject, at any agency.
    pub is_of_subject: bool,
    /// Whether its author is of the viewer's agency.
    pub is_of_agency: bool,
}

/// A proposal that concerns the viewer's agency and is locked until the transaction ends.
#[derive(Clone, Debug)]
pub struct LockedProposal(agreement_proposal::Model);

impl Deref for LockedProposal {
    type Target = agreement_proposal::Model;

    fn deref(&self) -> &agreement_proposal::Model {
        &self.0
    }
}

impl Writes {
    /// The proposal of this id, locked; `None` if it does not concern the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_proposal(&self, id: Uuid) -> Result<Option<LockedProposal>, DbErr> {
        let Some(found) = self.reads().proposals_by_id(&[id]).await?.pop() else { return Ok(None) };
        let locked = agreement_proposal::Entity::find_by_id(found.id).lock(LockType::NoKeyUpdate);
        Ok(locked.one(self.tx().connection()).await?.map(LockedProposal))
    }

    /// The open proposal for the receiver and purpose of an agreement, locked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_open_proposal(&self, of: &AgreementRow) -> Result<Option<LockedProposal>, DbErr> {
        let locked = open_proposals(of.receiver_id, of.purpose).lock(LockType::NoKeyUpdate);
        Ok(locked.one(self.tx().connection()).await?.map(LockedProposal))
    }

    /// Whether a proposal for a receiver and purpose is open.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_open_proposal(&self, receiver_id: Uuid, purpose: ReferralPurpose) -> Result<bool, DbErr> {
        Ok(open_proposals(receiver_id, purpose).count(self.tx().connection()).await? > 0)
    }

    /// Writes a proposal.
    ///
    /// # Errors
    /// One [`is_unique_violation`](crate::database::is_unique_violation) if another is open; the database does not answer.
    pub async fn insert_proposal(&self, new: agreement_proposal::Model) -> Result<(), DbErr> {
        let insert = agreement_proposal::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// Changes a proposal and increments its version. `false` if it has another version by now; then nothing is changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn change_proposal(&self, proposal: &LockedProposal, change: ProposalChange) -> Result<bool, DbErr> {
        use agreement_proposal::{ActiveModel, Column, Entity};
        let with = match change {
            ProposalChange::Counted => ActiveModel::default(),
            ProposalChange::Concluded { agreement_id, at } => ActiveModel {
                status: Set(Code(ProposalStatus::Concluded)),
                agreement_id: Set(Some(agreement_id)),
                closed_at: Set(Some(at)),
                ..Default::default()
            },
            ProposalChange::Closed { status, reason, at } => {
                let Author { agency_id, staff, .. } = self.author();
                ActiveModel {
                    status: Set(Code(status)),
                    closed_by_id: Set(Some(agency_id)),
                    closed_by_staff: Set(Some(staff)),
                    closed_at: Set(Some(at)),
                    close_reason: Set(reason),
                    ..Default::default()
                }
            }
        };
        let updated = Entity::update_many()
            .set(ActiveModel { version: Set(proposal.version + 1), ..with })
            .filter(Column::Id.eq(proposal.id).and(Column::Version.eq(proposal.version)))
            .exec(self.tx().connection())
            .await?;
        Ok(updated.rows_affected == 1)
    }

    /// The signatures on a proposal.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn signatures_of(&self, proposal: &LockedProposal) -> Result<Vec<PartyAct>, DbErr> {
        self.acts("agreement_signature", proposal).await
    }

    /// The opinions on a proposal.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn opinions_of(&self, proposal: &LockedProposal) -> Result<Vec<PartyAct>, DbErr> {
        self.acts("agreement_opinion", proposal).await
    }

    async fn acts(&self, table: &str, proposal: &LockedProposal) -> Result<Vec<PartyAct>, DbErr> {
        let Author { agency_id, staff, .. } = self.author();
        let mut sql = self.tx().sql();
        sql.push("SELECT a.side, a.staff = ").bind(staff).push(", a.agency_id = ").bind(agency_id);
        sql.push(" FROM ").push(table).push(" a WHERE a.proposal_id = ").bind(proposal.id);
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok(PartyAct { side: columns.word()?, is_of_subject: columns.next()?, is_of_agency: columns.next()? })
        };
        sql.all(self.tx().connection()).await?.iter().map(read).collect()
    }

    /// Writes the viewer's signature for a party.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_signature(
        &self,
        proposal: &LockedProposal,
        side: AgreementSide,
        now: i64,
    ) -> Result<(), DbErr> {
        let Author { agency_id, staff, .. } = self.author();
        let row = agreement_signature::Model { proposal_id: proposal.id, side: Code(side), agency_id, staff, at: now };
        let insert = agreement_signature::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// Writes the viewer's opinion for a party.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_opinion(
        &self,
        proposal: &LockedProposal,
        side: AgreementSide,
        verdict: OpinionVerdict,
        reasons: Option<String>,
        now: i64,
    ) -> Result<(), DbErr> {
        let Author { agency_id, staff, .. } = self.author();
        let (side, verdict) = (Code(side), Code(verdict));
        let proposal_id = proposal.id;
        let row = agreement_opinion::Model { proposal_id, side, agency_id, staff, at: now, verdict, reasons };
        let insert = agreement_opinion::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// The latest version for the receiver and purpose of a proposal, locked until the transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_latest_agreement(&self, of: &LockedProposal) -> Result<Option<agreement::Model>, DbErr> {
        let latest = versions(of.receiver_id, of.purpose.0).order_by_desc(agreement::Column::Version);
        latest.lock(LockType::NoKeyUpdate).one(self.tx().connection()).await
    }

    /// Writes the version of an agreement that a proposal becomes.
    ///
    /// # Errors
    /// One [`is_unique_violation`](crate::database::is_unique_violation) if this version exists; the database does not answer.
    pub async fn insert_agreement(&self, of: &LockedProposal, new: agreement::Model) -> Result<(), DbErr> {
        let (receiver_id, purpose) = (of.receiver_id, of.purpose);
        insert(self.tx().connection(), vec![agreement::Model { receiver_id, purpose, ..new }]).await
    }

    /// Locks every version for the receiver and purpose of an agreement, so that no other is added until the transaction ends.
    /// Returns the latest.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_agreements(&self, of: &AgreementRow) -> Result<Option<agreement::Model>, DbErr> {
        use agreement::Column;
        let (tx, versions) = (self.tx().connection(), || versions(of.receiver_id, of.purpose));
        versions().order_by_asc(Column::Version).lock(LockType::NoKeyUpdate).all(tx).await?;
        // Read again: another transaction may have added one before it released the lock.
        versions().order_by_desc(Column::Version).one(tx).await
    }

    /// The terminations of a version.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn terminations_of(&self, of: &AgreementRow) -> Result<Vec<agreement_termination::Model>, DbErr> {
        let of_version = agreement_termination::Column::AgreementId.eq(of.id);
        agreement_termination::Entity::find().filter(of_version).all(self.tx().connection()).await
    }

    /// Writes a termination of a version by the viewer.
    ///
    /// # Errors
    /// One [`is_unique_violation`](crate::database::is_unique_violation) if it was terminated in this way before; the database does not answer.
    pub async fn insert_termination(&self, of: &AgreementRow, new: agreement_termination::Model) -> Result<(), DbErr> {
        let Author { agency_id, staff, .. } = self.author();
        let new = agreement_termination::Model { agreement_id: of.id, agency_id, staff, ..new };
        let insert = agreement_termination::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// Marks every version for the receiver and purpose of an agreement as terminated for cause on a day.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn end_agreements_for_cause(&self, of: &AgreementRow, on: NaiveDate) -> Result<(), DbErr> {
        use agreement::Column;
        agreement::Entity::update_many()
            .set(agreement::ActiveModel { terminated_for_cause_on: Set(Some(on)), ..Default::default() })
            .filter(Column::ReceiverId.eq(of.receiver_id))
            .filter(Column::Purpose.eq(of.purpose.code()))
            .filter(Column::TerminatedForCauseOn.is_null())
            .exec(self.tx().connection())
            .await
            .map(drop)
    }
}

fn open_proposals(receiver_id: Uuid, purpose: ReferralPurpose) -> Select<agreement_proposal::Entity> {
    use agreement_proposal::Column;
    agreement_proposal::Entity::find()
        .filter(Column::ReceiverId.eq(receiver_id))
        .filter(Column::Purpose.eq(purpose.code()))
        .filter(Column::Status.eq(ProposalStatus::Open.code()))
}

fn versions(receiver_id: Uuid, purpose: ReferralPurpose) -> Select<agreement::Entity> {
    use agreement::Column;
    agreement::Entity::find().filter(Column::ReceiverId.eq(receiver_id)).filter(Column::Purpose.eq(purpose.code()))
}
