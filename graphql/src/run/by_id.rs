//! Reads rows by id. Root fields of one request that read rows of one kind share one batch.

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

/// An object that can be read by its id.
pub(crate) trait FindById: Sized + Send + Sync + 'static {
    /// The plan for the object.
    type Plan: Plan + Clone + Eq + Hash + Send + Sync + 'static;

    /// Reads the objects with these ids that the viewer may see, each once and with everything that its plan fetches.
    fn find<'f>(snapshot: &'f Reads, plans: &'f PlannedById<'f, Self::Plan>) -> Loading<'f, (Uuid, Self)>;
}

/// The object with this id, with everything that the current field selects. `None` if the viewer may not see it.
pub(crate) async fn one<T: FindById>(ctx: &Context<'_>, id: Uuid) -> Result<Option<Arc<T>>, Failure> {
    let key = LoadKey { id, plan: Arc::new(T::Plan::of_field(ctx)) };
    IdLoader::<T>::of(ctx).0.try_load(key).await.unwrap_or_else(|_| Err(no_entry()))
}

/// The objects with these ids that the viewer may see, by id, with everything that the current field selects.
pub(crate) async fn several<T: FindById>(ctx: &Context<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<T>>, Failure> {
    let plan = Arc::new(T::Plan::of_field(ctx));
    let keys = ids.iter().map(|&id| LoadKey { id, plan: Arc::clone(&plan) });
    let found = IdLoader::<T>::of(ctx).0.try_load_many(keys.collect()).await.map_err(|_| no_entry())?;
    let found = found.into_iter().filter_map(|(key, found)| Some(found.transpose()?.map(|found| (key.id, found))));
    found.collect()
}

/// The key of the loader: an id, and the plan for the object.
#[derive(Clone, PartialEq, Eq, Hash)]
struct LoadKey<P> {
    id: Uuid,
    plan: Arc<P>,
}

impl<P> fmt::Debug for LoadKey<P> {
    /// Short, because the loader formats every key for an error that it then drops.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoadKey")
    }
}

/// A loaded object. `None` if the viewer may not see the object.
type Found<T> = Result<Option<Arc<T>>, Failure>;

/// The batch loader of one request for objects of one kind.
struct IdLoader<T: FindById>(Loader<LoadKey<T::Plan>, Found<T>, Batch>);

impl<T: FindById> IdLoader<T> {
    /// The request's loader.
    fn of(ctx: &Context<'_>) -> Arc<Self> {
        Session::of(ctx).shared(Self::new)
    }

    /// Creates a loader that reads from this snapshot.
    ///
    /// The engine polls all root fields once before it polls one of them again. So after one yield all root fields have
    /// added their keys to the batch. A single root field does not have to yield.
    fn new(snapshot: &Arc<Snapshot>, several_fields: bool) -> Self {
        let loader = Loader::new(Batch(Arc::clone(snapshot))).with_max_batch_size(usize::MAX);
        Self(loader.with_yield_count(several_fields.into()))
    }
}

/// The error for a key without an entry in the batch. Every batch has an entry for each key.
fn no_entry() -> Failure {
    Failure::Internal(DbErr::RecordNotFound("an entry of a batch".into()))
}

/// Loads batches from the request's snapshot.
struct Batch(Arc<Snapshot>);

impl<T: FindById> BatchFn<LoadKey<T::Plan>, Found<T>> for Batch {
    async fn load(&mut self, keys: &[LoadKey<T::Plan>]) -> HashMap<LoadKey<T::Plan>, Found<T>> {
        let mut plans = PlannedById::default();
        keys.iter().for_each(|key| plans.add(key.id, &*key.plan));
        let read = async { T::find(self.0.reads().await?, &plans).await };
        let found = read.await.map(|found| found.into_iter().map(|(id, one)| (id, Arc::new(one))).collect());
        let entry = |found: &Result<HashMap<Uuid, Arc<T>>, Failure>, id| match found {
            Ok(found) => Ok(found.get(id).cloned()),
            Err(failure) => Err(failure.clone()),
        };
        keys.iter().map(|key| (key.clone(), entry(&found, &key.id))).collect()
    }
}
