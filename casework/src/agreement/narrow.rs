//! Closes fields when an agreement narrows. Both sides of each affected referral are notified in the transaction of the
//! change.

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

use crate::work::{TimerWork, Work, Worker};

/// The open referrals under an agreement, as they were before the change.
pub(crate) struct Running(Vec<ReferralRow>);

impl Running {
    /// Finds and locks them. Must be called before the change is written.
    #[expect(
        clippy::disallowed_methods,
        reason = "an agreement concerns the referrals of all senders; each side is notified only about its own"
    )]
    pub(crate) async fn find(work: &Work<'_>, receiver: Uuid, purpose: ReferralPurpose) -> Result<Self, DbErr> {
        let find = async |all: &Unscoped<&Tx>| all.referrals_under_agreement(receiver, purpose).await;
        work.writes().unscoped(find).await.map(Self)
    }

    /// The same for an import.
    pub(crate) async fn find_for_import(
        work: &Work<'_, TimerWork>,
        receiver: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Self, DbErr> {
        work.unscoped().referrals_under_agreement(receiver, purpose).await.map(Self)
    }

    /// Notifies the sides of all referrals that lose fields. `from` is the first day of the change, and `then` computes
    /// what is agreed on for a referral from that day. If that day is in the future, no field is closed yet and only
    /// the feeds are written.
    pub(crate) async fn narrow<W: Worker>(
        self,
        work: &mut Work<'_, W>,
        from: NaiveDate,
        then: impl Fn(&ReferralRow) -> Agreement,
    ) -> Result<(), DbErr> {
        let concerned = |row: ReferralRow| lost(&row, then(&row)).map(|fields| (row, fields));
        let concerned: Vec<_> = self.0.into_iter().filter_map(concerned).collect();
        if from > work.today() {
            concerned.iter().for_each(|(row, _)| work.notify_of_later_change(row));
            return Ok(());
        }
        work.narrow(&concerned).await
    }
}

/// The fields that are closed for the receiver immediately. `None` if the agreement narrows nothing for the referral. For
/// a referral that goes on, this does not depend on the fields that are handed over: from a notification the receiver
/// learns what was agreed on, which it knows, and not what it would see later.
fn lost(row: &ReferralRow, agreement: Agreement) -> Option<FieldSet> {
    let then = Terms { agreement, ..row.terms };
    let closed = row.visible().fields().without(disclosure::visible(&then).fields());
    let goes_on = row.status.is_open() || row.status == ReferralStatus::Suspended;
    let highest = disclosure::ceiling(row.terms.receiver, Stage::Full);
    let agreed = |agreement: Agreement| {
        let Agreement { fields, ticked_only, statutory } = agreement;
        [fields, fields.and(ticked_only), fields.and(statutory)].map(|fields| fields.and(highest))
    };
    (!closed.is_empty() || (goes_on && agreed(row.terms.agreement) != agreed(agreement))).then_some(closed)
}
