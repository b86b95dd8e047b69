//! One request of one viewer: its snapshot of the database, and the book of what was shown to it.

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
use kim_entity::read::{ListedReferral, Reads, Side};
use kim_entity::viewer::Viewer;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::Failure;
use crate::run::by_id::{FindById, IdLoader};
use crate::run::write_object::Lending;

/// The snapshot from which a request reads, begun at its first use.
pub(crate) struct Snapshot {
    database: Arc<Database>,
    viewer: Arc<Viewer>,
    today: NaiveDate,
    reads: OnceCell<Reads>,
}

impl Snapshot {
    pub(crate) async fn reads(&self) -> Result<&Reads, Failure> {
        Ok(self.reads.get_or_try_init(|| self.begin()).await?)
    }

    async fn begin(&self) -> Result<Reads, DbErr> {
        Reads::begin(&self.database, Arc::clone(&self.viewer), self.today).await
    }
}

/// What resolvers find in their context.
pub(crate) struct Session {
    key: Arc<FingerprintKey>,
    clock: Clock,
    snapshot: Arc<Snapshot>,
    several_fields: bool,
    loaders: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    book: Mutex<BTreeMap<Uuid, Shown>>,
    needs_engine_merge: bool,
    lending: Lending,
}

/// The shape of the operation that a session serves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Whether it asks for objects [in pieces](crate::document::engine_merge).
    pub(crate) needs_engine_merge: bool,
    /// Whether it has several root fields.
    pub(crate) several_fields: bool,
}

impl Session {
    /// Over a snapshot if one has begun.
    pub(crate) fn new(
        viewer: Arc<Viewer>,
        database: Arc<Database>,
        key: Arc<FingerprintKey>,
        clock: Clock,
        begun: Option<Reads>,
        shape: Shape,
    ) -> Self {
        let today = begun.as_ref().map_or_else(|| clock.today(), Reads::today);
        let snapshot = Arc::new(Snapshot { database, viewer, today, reads: OnceCell::new_with(begun) });
        let Shape { needs_engine_merge, several_fields } = shape;
        let (loaders, book, lending) = (Mutex::default(), Mutex::default(), Lending::default());
        Self { key, clock, snapshot, several_fields, loaders, book, needs_engine_merge, lending }
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
    pub(crate) fn lending(&self) -> &Lending {
        &self.lending
    }

    /// Where the viewer works, if the token has the scope.
    pub(crate) fn write(&self, scope: Scope) -> Result<WorkContext<'_>, Failure> {
        self.check(scope)?;
        let Snapshot { database, viewer, .. } = &*self.snapshot;
        Ok(WorkContext { database, clock: &self.clock, key: &self.key, viewer })
    }

    /// A snapshot of what is there after a change, to be given up once its rows are loaded.
    pub(crate) async fn after(&self) -> Result<Reads, Failure> {
        Ok(self.snapshot.begin().await?)
    }

    /// The snapshot, if the token has the scope.
    pub(crate) async fn read(&self, scope: Scope) -> Result<&Reads, Failure> {
        self.check(scope)?;
        self.read_public().await
    }

    /// The snapshot, for what every viewer may read.
    pub(crate) async fn read_public(&self) -> Result<&Reads, Failure> {
        self.snapshot.reads().await
    }

    /// The request's loader of what can be found by id.
    pub(crate) fn loader<T: FindById>(&self) -> Arc<IdLoader<T>> {
        let mut loaders = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || -> Arc<dyn Any + Send + Sync> {
            Arc::new(IdLoader::<T>::new(Arc::clone(&self.snapshot), self.several_fields))
        };
        let loader = Arc::clone(loaders.entry(TypeId::of::<T>()).or_insert_with(new));
        loader.downcast().expect("each loader is kept by the type of what it finds")
    }

    /// Whether the token has the scope.
    pub(crate) fn check(&self, scope: Scope) -> Result<(), Failure> {
        if self.viewer().may(scope) { Ok(()) } else { Err(Failure::Forbidden(scope)) }
    }

    /// Writes down that fields of a handover were asked for and visible, also where their value is null.
    pub(crate) fn show(&self, referral: &ListedReferral, fields: FieldSet) {
        self.note(referral, |shown| shown.fields = shown.fields.or(fields));
    }

    /// Writes down that messages of a referral were shown.
    pub(crate) fn show_messages(&self, referral: &ListedReferral) {
        self.note(referral, |shown| shown.messages = true);
    }

    fn note(&self, referral: &ListedReferral, change: impl FnOnce(&mut Shown)) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        change(book.entry(referral.id).or_insert_with(|| Shown {
            referral_id: referral.id,
            receiver_id: referral.receiver_id,
            own: referral.side == Side::Sender,
            statutory: kim_domain::disclosure::statutory(&referral.terms),
            consented: kim_domain::disclosure::consented(&referral.terms),
            fields: FieldSet::EMPTY,
            messages: false,
        }));
    }

    /// Ends the request: gives up the snapshot and returns what was shown.
    pub(crate) fn close(self) -> Vec<Shown> {
        let book = self.book.into_inner().unwrap_or_else(PoisonError::into_inner);
        book.into_values().filter(|shown| shown.messages || !shown.fields.is_empty()).collect()
    }
}
