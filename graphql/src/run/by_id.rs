//! Reads by id. Root fields of one request that ask for rows of one kind at the same time are answered from one batch.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use dataloader::BatchFn;
use dataloader::cached::Loader;
use kim_entity::DbErr;
use kim_entity::read::Reads;
use uuid::Uuid;

use crate::error::Failure;
use crate::run::plan::Plan;
use crate::run::planned::{Loading, PlannedById};
use crate::run::session::{Session, Snapshot};

/// What can be found by its id.
pub(crate) trait FindById: Sized + Send + Sync + 'static {
    /// What can be asked of it.
    type Plan: Plan + Clone + Eq + Hash + Send + Sync + 'static;

    /// Reads those of these that are the viewer's, each once and with all that is asked of it.
    fn find<'f>(snapshot: &'f Reads, asked: &'f PlannedById<'f, Self::Plan>) -> Loading<'f, (Uuid, Self)>;
}

/// What the field that is being resolved asks of what an id names; `None` if that is not the viewer's.
pub(crate) async fn one<T: FindById>(ctx: &Context<'_>, id: Uuid) -> Result<Option<Arc<T>>, Failure> {
    let wanted = Wanted { id, plan: Arc::new(T::Plan::of_field(ctx)) };
    Session::of(ctx).loader::<T>().0.try_load(wanted).await.unwrap_or_else(|_| Err(no_entry()))
}

/// The same of what each of several ids names, by id.
pub(crate) async fn several<T: FindById>(ctx: &Context<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<T>>, Failure> {
    let plan = Arc::new(T::Plan::of_field(ctx));
    let wanted = ids.iter().map(|&id| Wanted { id, plan: Arc::clone(&plan) });
    let found = Session::of(ctx).loader::<T>().0.try_load_many(wanted.collect()).await.map_err(|_| no_entry())?;
    let found =
        found.into_iter().filter_map(|(wanted, found)| Some(found.transpose()?.map(|found| (wanted.id, found))));
    found.collect()
}

/// An id, and what is asked of what it names.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Wanted<P> {
    id: Uuid,
    plan: Arc<P>,
}

impl<P> fmt::Debug for Wanted<P> {
    /// Short, because the loader writes every key into the text of an error that it then drops.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wanted")
    }
}

/// What was found; `None` for what is not the viewer's.
type Found<T> = Result<Option<Arc<T>>, Failure>;

/// Reads rows of one kind for one request, in batches.
pub(crate) struct IdLoader<T: FindById>(Loader<Wanted<T::Plan>, Found<T>, Batch>);

impl<T: FindById> IdLoader<T> {
    /// For a request with one root field or with several, which reads from this snapshot.
    ///
    /// The engine starts all root fields before it goes on with one that waits. So it is enough to yield once until each has said
    /// what it wants, and a field that is alone need not wait at all.
    pub(crate) fn new(snapshot: Arc<Snapshot>, several_fields: bool) -> Self {
        let loader = Loader::new(Batch(snapshot)).with_max_batch_size(usize::MAX);
        Self(loader.with_yield_count(several_fields.into()))
    }
}

/// A batch has an entry for each of its keys.
fn no_entry() -> Failure {
    Failure::Internal(DbErr::RecordNotFound("an entry of a batch".into()))
}

/// Reads a batch from the request's snapshot.
struct Batch(Arc<Snapshot>);

impl<T: FindById> BatchFn<Wanted<T::Plan>, Found<T>> for Batch {
    async fn load(&mut self, keys: &[Wanted<T::Plan>]) -> HashMap<Wanted<T::Plan>, Found<T>> {
        let mut asked = PlannedById::default();
        keys.iter().for_each(|key| asked.add(key.id, &*key.plan));
        let read = async { T::find(self.0.reads().await?, &asked).await };
        let found = read.await.map(|found| found.into_iter().map(|(id, one)| (id, Arc::new(one))).collect());
        let entry = |found: &Result<HashMap<Uuid, Arc<T>>, Failure>, id| match found {
            Ok(found) => Ok(found.get(id).cloned()),
            Err(failure) => Err(failure.clone()),
        };
        keys.iter().map(|key| (key.clone(), entry(&found, &key.id))).collect()
    }
}
