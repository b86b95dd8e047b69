//! The session of a request: its viewer, its snapshot of the database, and the record of what was disclosed.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::context::ContextBase;
use chrono::NaiveDate;
use kim_casework::disclose::Shown;
use kim_casework::work::WorkContext;
use kim_domain::agency::Scope;
use kim_domain::calendar::Clock;
use kim_domain::field::FieldSet;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::read::{ListedReferral, Reads, Side, Unreadable};
use kim_entity::viewer::Viewer;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::Failure;

/// The snapshot of a request. It begins when it is first used.
pub(crate) struct Snapshot {
    database: Arc<Database>,
    viewer: Arc<Viewer>,
    today: NaiveDate,
    reads: OnceCell<Reads>,
    /// What could not be read in this snapshot and in those that began after changes.
    unreadable: Mutex<Vec<Arc<Unreadable>>>,
}

impl Snapshot {
    pub(crate) async fn reads(&self) -> Result<&Reads, Failure> {
        Ok(self.reads.get_or_try_init(|| self.begin()).await?)
    }

    async fn begin(&self) -> Result<Reads, DbErr> {
        let reads = Reads::begin(&self.database, Arc::clone(&self.viewer), self.today).await?;
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).extend(reads.unreadable().cloned());
        Ok(reads)
    }
}

/// The state of a request. Resolvers find it in their context.
pub(crate) struct Session {
    key: Arc<FingerprintKey>,
    clock: Clock,
    snapshot: Arc<Snapshot>,
    several_fields: bool,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// What was disclosed, by referral.
    shown: Mutex<BTreeMap<Uuid, Shown>>,
    needs_engine_merge: bool,
}

/// Properties of the executed operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Whether the engine must [merge](crate::document::engine_merge) objects of the response.
    pub(crate) needs_engine_merge: bool,
    /// Whether the operation has several root fields.
    pub(crate) several_fields: bool,
}

impl Session {
    /// Creates a session. It uses the snapshot `begun`, or begins a new one at the first read.
    pub(crate) fn new(
        viewer: Arc<Viewer>,
        database: Arc<Database>,
        key: Arc<FingerprintKey>,
        clock: Clock,
        begun: Option<Reads>,
        shape: Shape,
    ) -> Self {
        let today = begun.as_ref().map_or_else(|| clock.today(), Reads::today);
        let unreadable = Mutex::new(begun.iter().filter_map(Reads::unreadable).cloned().collect());
        let snapshot = Arc::new(Snapshot { database, viewer, today, reads: OnceCell::new_with(begun), unreadable });
        let Shape { needs_engine_merge, several_fields } = shape;
        let (shared, shown) = (Mutex::default(), Mutex::default());
        Self { key, clock, snapshot, several_fields, shared, shown, needs_engine_merge }
    }

    /// The session of a resolver.
    pub(crate) fn of<'c, T>(ctx: &ContextBase<'c, T>) -> &'c Arc<Self> {
        ctx.data_unchecked()
    }

    pub(crate) fn viewer(&self) -> &Viewer {
        &self.snapshot.viewer
    }
    pub(crate) fn today(&self) -> NaiveDate {
        self.snapshot.today
    }
    pub(crate) fn key(&self) -> &FingerprintKey {
        &self.key
    }
    pub(crate) fn needs_engine_merge(&self) -> bool {
        self.needs_engine_merge
    }

    /// The context for a use case, if the token has the scope.
    pub(crate) fn write(&self, scope: Scope) -> Result<WorkContext<'_>, Failure> {
        self.check(scope)?;
        let Snapshot { database, viewer, .. } = &*self.snapshot;
        Ok(WorkContext { database, clock: &self.clock, key: &self.key, viewer })
    }

    /// Begins a snapshot after a change. To be dropped when the rows of the payload are loaded.
    pub(crate) async fn after(&self) -> Result<Reads, Failure> {
        Ok(self.snapshot.begin().await?)
    }

    /// The snapshot, if the token has the scope.
    pub(crate) async fn read(&self, scope: Scope) -> Result<&Reads, Failure> {
        self.check(scope)?;
        self.read_public().await
    }

    /// The snapshot, for data that every viewer may read.
    pub(crate) async fn read_public(&self) -> Result<&Reads, Failure> {
        self.snapshot.reads().await
    }

    /// The request's value of a type, such as its batch loader for one kind of objects. `new` gets the snapshot, and whether the
    /// operation has several root fields.
    pub(crate) fn shared<T: Any + Send + Sync>(&self, new: impl FnOnce(&Arc<Snapshot>, bool) -> T) -> Arc<T> {
        let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(new(&self.snapshot, self.several_fields)) as Arc<dyn Any + Send + Sync>;
        let shared = Arc::clone(all.entry(TypeId::of::<T>()).or_insert_with(new));
        #[expect(clippy::expect_used, reason = "the key is the type of the value")]
        shared.downcast().expect("a value of its key's type")
    }

    /// Refuses a token without the scope.
    pub(crate) fn check(&self, scope: Scope) -> Result<(), Failure> {
        if self.viewer().may(scope) { Ok(()) } else { Err(Failure::Forbidden(scope)) }
    }

    /// Records handover fields as disclosed. A selected and visible field is disclosed even if its value is null.
    pub(crate) fn show(&self, referral: &ListedReferral, fields: FieldSet) {
        self.record(referral, |shown| shown.fields = shown.fields.or(fields));
    }

    /// Records the messages of a referral as disclosed.
    pub(crate) fn show_messages(&self, referral: &ListedReferral) {
        self.record(referral, |shown| shown.messages = true);
    }

    fn record(&self, referral: &ListedReferral, change: impl FnOnce(&mut Shown)) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        change(shown.entry(referral.id).or_insert_with(|| Shown {
            referral_id: referral.id,
            receiver_id: referral.receiver_id,
            own: referral.side == Side::Sender,
            statutory: kim_domain::disclosure::statutory(&referral.terms),
            consented: kim_domain::disclosure::consented(&referral.terms),
            fields: FieldSet::EMPTY,
            messages: false,
        }));
    }

    /// The tables and columns with rows or values that could not be read, and are missing in the answer.
    pub(crate) fn unreadable(&self) -> Vec<&'static str> {
        let all = self.snapshot.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: Vec<_> = all.iter().flat_map(|one| one.places()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Ends the session and its snapshot, and returns what was disclosed.
    pub(crate) fn close(self) -> Vec<Shown> {
        let shown = self.shown.into_inner().unwrap_or_else(PoisonError::into_inner);
        shown.into_values().filter(|shown| shown.messages || !shown.fields.is_empty()).collect()
    }
}
