//! Reads for a viewer. Every read begins at a [`Reads`] and is narrowed to its [`Viewer`].

mod agencies;
mod agency_changes;
mod agreements;
mod case_work;
mod cases;
mod changes;
mod consents;
mod corrections;
mod deadlines;
mod handover_values;
mod history;
mod meetings;
mod municipality_statistics;
mod offer_check;
mod proposals;
pub(crate) mod referral_columns;
mod referral_filter;
pub(crate) mod referral_row;
mod referrals;
mod statistics;
mod unreadable;

pub use crate::agency_directory::{AgencyDetails, AgencyRow};
pub use crate::codec::case_file::{CaseRow, PlanRow};
pub use crate::codec::message::MessageRow;
pub use crate::codec::note::NoteRow;
pub use crate::codec::values::Values;
use crate::sql::Sql;
pub use crate::sql::Unreadable;
pub use agencies::AgencyPage;
pub use agency_changes::{AgencyChangePage, AgencyChangeRow};
pub use agreements::{AgreementPage, AgreementRow};
pub use case_work::DecisionRow;
pub use cases::{CaseFilter, CasePage};
pub use changes::ChangeRow;
pub use consents::{ConsentFactPage, ConsentFactRow, OwnConsent};
pub use corrections::{CorrectionRow, Disputes, NotifiedRow};
pub use history::{EventRow, HistoryKey};
pub use meetings::{AppointmentRow, TalkRow};
pub use municipality_statistics::KindStay;
pub use offer_check::OfferCheckRow;
pub use proposals::{ActRow, OpinionRow, ProposalPage, ProposalRow};
pub use referral_filter::{AT_THE_DESK, CountBy, Counts, ReferralFilter};
pub use referral_row::{Contact, Extent, ListedReferral, ReferralRest, ReferralRow, Side};
pub use referrals::{Key, ReferralPage};
pub use statistics::{Stay, Tally, TallyFilter};

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::token::VerifiedToken;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::OnceCell;

use crate::agency_directory::{Directory, DirectoryCache};
use crate::database::Database;
use crate::database::tx::Tx;
use crate::viewer::Viewer;

/// One snapshot of the database for one request of one viewer. It ends when it is dropped; nothing was written, so nothing has
/// to be awaited.
#[derive(Debug)]
pub struct Reads {
    tx: Tx,
    viewer: Arc<Viewer>,
    today: NaiveDate,
    directory: Option<Arc<Directory>>,
    agencies: Agencies,
    /// What could not be read. `None` in a transaction that writes: it fails instead.
    unreadable: Option<Arc<Unreadable>>,
}

/// Where the names of agencies are found if no directory came with the snapshot.
#[derive(Debug)]
enum Agencies {
    /// In their table.
    InTable,
    /// In the directory of the snapshot, whose version is read when the first name is asked for.
    InDirectory(DirectoryCache, OnceCell<Option<Arc<Directory>>>),
}

impl Reads {
    /// Admits a verified token, and begins its viewer's snapshot, on a day in Berlin. `None`: the agency is unknown or disabled, or
    /// the role does not exist there. The caller gets the same 401 for all of these.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn admit(database: &Database, token: VerifiedToken, today: NaiveDate) -> Result<Option<Self>, DbErr> {
        // Viewer and data come from the same snapshot.
        let tx = Tx::read_unchecked(database).await?;
        let Some((viewer, version)) = Viewer::admit(tx.connection(), token).await? else { return Ok(None) };
        // Without a version (the table was emptied by hand) rows are joined to their agencies and agreements.
        let directory = match version {
            Some(version) => Some(database.directory().at(version, tx.connection()).await?),
            None => None,
        };
        let own = viewer.agency().id;
        let details = match &directory {
            Some(directory) => directory.find(own).map(|agency| Arc::clone(&agency.row.details)),
            None => AgencyDetails::find(tx.connection(), own).await?.map(Arc::new),
        };
        let viewer = viewer.with_details(details.unwrap_or_default());
        let unreadable = Some(Arc::default());
        Ok(Some(Self { tx, viewer: Arc::new(viewer), today, directory, agencies: Agencies::InTable, unreadable }))
    }

    /// Begins a snapshot for a viewer, on a day in Berlin. It joins rows to their agencies and agreements, because it does not know
    /// the version of the directory: to read that would cost what the directory saves. Names of
    /// other agencies come from the directory, so that they take one statement for any number of relations.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(database: &Database, viewer: Arc<Viewer>, today: NaiveDate) -> Result<Self, DbErr> {
        let agencies = Agencies::InDirectory(database.directory().clone(), OnceCell::new());
        let unreadable = Some(Arc::default());
        Ok(Self { tx: Tx::read(database).await?, viewer, today, directory: None, agencies, unreadable })
    }

    /// The same reads in a transaction that writes. Each statement sees what is committed at its own instant, so that no cached
    /// directory fits.
    pub(crate) async fn writing(database: &Database, viewer: Arc<Viewer>, today: NaiveDate) -> Result<Self, DbErr> {
        let tx = Tx::write(database).await?;
        Ok(Self { tx, viewer, today, directory: None, agencies: Agencies::InTable, unreadable: None })
    }

    /// The directory of this snapshot, if names of agencies are to be found there.
    async fn kept_agencies(&self) -> Result<Option<&Arc<Directory>>, DbErr> {
        let Agencies::InDirectory(kept, of_snapshot) = &self.agencies else { return Ok(self.directory.as_ref()) };
        let read = || async {
            match Directory::version(self.connection()).await? {
                Some(version) => kept.at(version, self.connection()).await.map(Some),
                None => Ok(None),
            }
        };
        Ok(of_snapshot.get_or_try_init(read).await?.as_ref())
    }

    pub(crate) fn tx(&self) -> &Tx {
        &self.tx
    }

    pub(crate) fn into_tx(self) -> Tx {
        self.tx
    }

    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        self.tx.connection()
    }

    /// The viewer.
    #[must_use]
    pub fn viewer(&self) -> &Arc<Viewer> {
        &self.viewer
    }

    /// The day for which the rule is applied.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.today
    }

    /// What could not be read in this snapshot until now.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Arc<Unreadable>> {
        self.unreadable.as_ref()
    }

    pub(crate) fn sql(&self) -> Sql {
        self.tx.sql()
    }
}

/// The range of a page: at most `limit` rows in the listed order after or before a key.
#[derive(Clone, Debug)]
pub struct Window<K> {
    /// Maximum number of rows.
    pub limit: u64,
    /// Count from the end of the list.
    pub from_end: bool,
    /// Only rows after this key.
    pub after: Option<K>,
    /// Only rows before this key.
    pub before: Option<K>,
}

impl<K> Window<K> {
    /// How many rows are fetched: one more than the page has, to know whether another page follows.
    pub(crate) fn fetched(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1)
    }
}

/// Rows of a page, and whether there are more in the direction of counting.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the listed order.
    pub rows: Vec<T>,
    /// Whether more rows follow in the direction in which the window counts.
    pub more: bool,
}

impl<T> Page<T> {
    /// From `limit + 1` fetched rows, counted from the end or the beginning.
    pub(crate) fn cut<K>(mut rows: Vec<T>, window: &Window<K>) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if window.from_end {
            rows.reverse();
        }
        Self { rows, more }
    }
}
