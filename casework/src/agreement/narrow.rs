//! What a change of an agreement closes: both sides of each referral concerned are told, in the change's own transaction.

use chrono::NaiveDate;
use kim_domain::disclosure::{self, Agreement, Stage, Terms};
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::DbErr;
use kim_entity::read::ReferralRow;
use kim_entity::unscoped::Unscoped;
use kim_entity::write::Tx;
use uuid::Uuid;

use crate::work::{ClockWork, Work, Worker};

/// What runs under an agreement, as it was before the change.
pub(crate) struct Running(Vec<ReferralRow>);

impl Running {
    /// Finds and locks it: before the change is written.
    #[expect(
        clippy::disallowed_methods,
        reason = "an agreement carries the referrals of all senders; each is told of its own"
    )]
    pub(crate) async fn find(work: &Work<'_>, receiver: Uuid, purpose: ReferralPurpose) -> Result<Self, DbErr> {
        let find = async |all: &Unscoped<&Tx>| all.referrals_under_agreement(receiver, purpose).await;
        work.writes().unscoped(find).await.map(Self)
    }

    /// The same for an import.
    pub(crate) async fn find_for_import(
        work: &Work<'_, ClockWork>,
        receiver: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Self, DbErr> {
        work.unscoped().referrals_under_agreement(receiver, purpose).await.map(Self)
    }

    /// Tells those of which less is left: `from` a day on, what was agreed on for a referral is `then`. From a day to come
    /// nothing is closed yet, and only the feeds tell.
    pub(crate) async fn narrow<W: Worker>(
        self,
        work: &mut Work<'_, W>,
        from: NaiveDate,
        then: impl Fn(&ReferralRow) -> Agreement,
    ) -> Result<(), DbErr> {
        let concerned = |row: ReferralRow| lost(&row, then(&row)).map(|fields| (row, fields));
        let concerned: Vec<_> = self.0.into_iter().filter_map(concerned).collect();
        if from > work.today() {
            concerned.iter().for_each(|(row, _)| work.foretell(row));
            return Ok(());
        }
        work.narrow(&concerned).await
    }
}

/// The fields that are closed to the receiver at once; `None` where neither they nor what it would see later change.
fn lost(row: &ReferralRow, agreement: Agreement) -> Option<FieldSet> {
    let then = Terms { agreement, ..row.terms };
    let closed = row.visible().fields().without(disclosure::visible(&then).fields());
    let goes_on = row.status.is_open() || row.status == ReferralStatus::Suspended;
    let later = disclosure::visible(&Terms { stage: Stage::Full, ..then });
    (!closed.is_empty() || (goes_on && row.visible_if_accepted() != later)).then_some(closed)
}
