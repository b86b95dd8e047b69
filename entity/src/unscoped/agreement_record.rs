//! An agreement with its proposal, signatures, opinions and terminations, for a document that an operator exports.

use std::borrow::Borrow;

use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::{Unscoped, UnscopedDatabase};
use crate::database::tx::Tx;
use crate::sql::batch::insert;
use crate::tables::{
    agency, agreement, agreement_opinion, agreement_proposal, agreement_signature, agreement_termination, municipality,
};

/// A version of an agreement with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct AgreementRecord {
    /// Name of the municipality.
    pub municipality: String,
    /// The version.
    pub agreement: agreement::Model,
    /// All agencies of the municipality, by slug.
    pub agencies: Vec<agency::Model>,
    /// The proposal that it came from; none if it was imported.
    pub proposal: Option<agreement_proposal::Model>,
    /// The signatures, the earliest first.
    pub signatures: Vec<agreement_signature::Model>,
    /// The opinions, the earliest first.
    pub opinions: Vec<agreement_opinion::Model>,
    /// The terminations of it and of later versions, the earliest first.
    pub terminations: Vec<agreement_termination::Model>,
}

impl UnscopedDatabase<'_> {
    /// A version of the agreement with the receiver of this slug, or the latest one; `None` if it does not exist. It is read in one
    /// snapshot.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement_record(
        self,
        receiver: &str,
        purpose: ReferralPurpose,
        version: Option<i32>,
    ) -> Result<Option<AgreementRecord>, DbErr> {
        let tx = Tx::read(self.0).await?;
        let record = record(&tx, receiver, purpose, version).await?;
        tx.roll_back().await?;
        Ok(record)
    }
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// The latest version of the agreement with the receiver of this slug.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn latest_agreement(
        &self,
        receiver: &str,
        purpose: ReferralPurpose,
    ) -> Result<Option<agreement::Model>, DbErr> {
        agreement_with(self.tx(), receiver, purpose, None).await
    }

    /// Writes a version of an agreement.
    ///
    /// # Errors
    /// One [`is_unique_violation`](crate::database::is_unique_violation) if this version exists; the database does not answer.
    pub async fn insert_agreement(&self, new: agreement::Model) -> Result<(), DbErr> {
        insert(self.connection(), vec![new]).await
    }
}

async fn agreement_with(
    tx: &Tx,
    receiver: &str,
    purpose: ReferralPurpose,
    version: Option<i32>,
) -> Result<Option<agreement::Model>, DbErr> {
    use agreement::Column;
    let tx = tx.connection();
    let receiver = agency::Entity::find().filter(agency::Column::Slug.eq(receiver)).one(tx).await?;
    let Some(receiver) = receiver else { return Ok(None) };
    let mut versions = agreement::Entity::find()
        .filter(Column::ReceiverId.eq(receiver.id))
        .filter(Column::Purpose.eq(purpose.code()))
        .order_by_desc(Column::Version);
    if let Some(version) = version {
        versions = versions.filter(Column::Version.eq(version));
    }
    versions.one(tx).await
}

async fn record(
    tx: &Tx,
    receiver: &str,
    purpose: ReferralPurpose,
    version: Option<i32>,
) -> Result<Option<AgreementRecord>, DbErr> {
    use agreement::Column;
    let Some(agreement) = agreement_with(tx, receiver, purpose, version).await? else { return Ok(None) };
    let tx = tx.connection();
    let of_agreement = agreement_proposal::Column::AgreementId.eq(agreement.id);
    let proposal = agreement_proposal::Entity::find().filter(of_agreement).one(tx).await?;
    let (mut signatures, mut opinions) = (Vec::new(), Vec::new());
    if let Some(proposal) = &proposal {
        let of_proposal = agreement_signature::Column::ProposalId.eq(proposal.id);
        signatures = agreement_signature::Entity::find().filter(of_proposal).all(tx).await?;
        let of_proposal = agreement_opinion::Column::ProposalId.eq(proposal.id);
        opinions = agreement_opinion::Entity::find().filter(of_proposal).all(tx).await?;
    }
    signatures.sort_by_key(|one| one.at);
    opinions.sort_by_key(|one| one.at);
    let agencies = agency::Entity::find()
        .filter(agency::Column::Ags.eq(agreement.ags.as_str()))
        .order_by_asc(agency::Column::Slug)
        .all(tx)
        .await?;
    let later = agreement::Entity::find()
        .filter(Column::ReceiverId.eq(agreement.receiver_id))
        .filter(Column::Purpose.eq(purpose.code()))
        .filter(Column::Version.gte(agreement.version))
        .all(tx)
        .await?;
    let of_later = agreement_termination::Column::AgreementId.is_in(later.iter().map(|version| version.id));
    let terminations = agreement_termination::Entity::find().filter(of_later);
    let terminations = terminations.order_by_asc(agreement_termination::Column::EndsOn).all(tx).await?;
    let place = municipality::Entity::find_by_id(agreement.ags.as_str()).one(tx).await?;
    let municipality = place.map_or_else(|| agreement.ags.clone(), |place| place.name);
    Ok(Some(AgreementRecord { municipality, agreement, agencies, proposal, signatures, opinions, terminations }))
}
