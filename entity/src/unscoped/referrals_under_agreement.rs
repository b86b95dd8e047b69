//! The referrals of all senders under an agreement: a change of it can close them.

use std::borrow::Borrow;

use chrono::{Days, NaiveDate};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::Unscoped;
use crate::database::tx::Tx;
use crate::read::ReferralRow;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::sql::Sql;
use crate::sql::batch::KEYS;
use crate::tables::referral;

impl<T: Borrow<Tx>> Unscoped<T> {
    /// The referrals for a receiver and purpose that are not closed, including drafts, and closed ones that the receiver can still
    /// read; locked in the order of their ids.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals_under_agreement(
        &self,
        receiver: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Vec<ReferralRow>, DbErr> {
        let (tx, today) = (self.connection(), self.today);
        let mut longest = self.sql();
        longest.push("SELECT MAX(access_days) FROM agreement WHERE receiver_id = ").bind(receiver);
        longest.push(" AND purpose IN ").words([purpose]);
        let longest: Option<i16> = longest.one(tx).await?.map_or(Ok(None), |row| row.try_get_by_index(0))?;
        let days = Days::new(longest.and_then(|days| days.try_into().ok()).unwrap_or(0));
        let ended_since = today.checked_sub_days(days).unwrap_or(NaiveDate::MIN);
        let narrow = |sql: &mut Sql| {
            sql.push("r.receiver_id = ").bind(receiver).push(" AND r.purpose IN ").words([purpose]);
            sql.push(" AND (r.closed_on IS NULL OR r.closed_on >= ").bind(ended_since);
            sql.push(" AND r.status IN ('COMPLETED', 'FAILED')) ORDER BY r.id");
        };
        // On SQLite there is no other writer during this transaction.
        if self.tx().backend() == DbBackend::Postgres {
            let mut lock = self.sql();
            lock.push("SELECT r.id FROM referral r WHERE ");
            narrow(&mut lock);
            lock.push(" FOR UPDATE");
            lock.all(tx).await?;
        }
        let mut sql = select(self.sql(), Extent::Whole, today);
        narrow(&mut sql);
        sql.all(tx).await?.iter().map(|row| Reading::Unscoped.whole(row, today)).collect()
    }

    /// Sets the version for drafts for a receiver and purpose that have none. Offered referrals keep their version.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn give_agreement_to_drafts(
        &self,
        receiver: Uuid,
        purpose: ReferralPurpose,
        agreement: Uuid,
    ) -> Result<(), DbErr> {
        use referral::Column;
        // Locked in the order of their ids, as in all transactions.
        let waiting: Vec<Uuid> = referral::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::ReceiverId.eq(receiver))
            .filter(Column::Purpose.eq(purpose.code()))
            .filter(Column::Status.eq(ReferralStatus::Draft.code()))
            .filter(Column::AgreementId.is_null())
            .order_by_asc(Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple()
            .all(self.connection())
            .await?;
        for ids in waiting.chunks(KEYS) {
            referral::Entity::update_many()
                .set(referral::ActiveModel { agreement_id: Set(Some(agreement)), ..Default::default() })
                .filter(Column::Id.is_in(ids.iter().copied()))
                .exec(self.connection())
                .await?;
        }
        Ok(())
    }
}
