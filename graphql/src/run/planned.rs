//! Rows with what is asked of each. Root fields may ask different things of the rows of one statement, and of one row.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::Pin;

use uuid::Uuid;

use crate::error::Failure;
use crate::run::plan::Plan;

/// Rows, each with what is asked of it.
pub(crate) type Planned<'p, R, P> = Vec<(R, &'p P)>;

/// Rows of which the same is asked.
pub(crate) fn alike<R, P>(rows: Vec<R>, plan: &P) -> Planned<'_, R, P> {
    rows.into_iter().map(|row| (row, plan)).collect()
}

/// What is loaded, on the heap: referrals have cases, which have referrals, and a root field shall not be as large as all of it.
pub(crate) type Loading<'f, T> = Pin<Box<dyn Future<Output = Result<Vec<T>, Failure>> + Send + 'f>>;

/// What is asked of rows that are named by their ids, some of them several times.
pub(crate) struct PlannedById<'p, P: Plan + Clone>(BTreeMap<Uuid, Cow<'p, P>>);

impl<P: Plan + Clone> Default for PlannedById<'_, P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'p, P: Plan + Clone> PlannedById<'p, P> {
    /// Adds what is asked of the row of this id.
    pub(crate) fn add(&mut self, id: Uuid, plan: &'p P) {
        match self.0.get_mut(&id) {
            // The rows of a list ask the same of what they name.
            Some(asked) if std::ptr::eq(&**asked, plan) => {}
            Some(asked) => asked.to_mut().merge(plan),
            None => _ = self.0.insert(id, Cow::Borrowed(plan)),
        }
    }

    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// What is asked of any of them.
    pub(crate) fn together(&self) -> P {
        let mut together = P::default();
        self.0.values().for_each(|plan| together.merge(plan));
        together
    }

    /// Those of these rows that were named, each with what is asked of it.
    pub(crate) fn of<R>(&self, rows: Vec<R>, id: impl Fn(&R) -> Uuid) -> Planned<'_, R, P> {
        rows.into_iter()
            .filter_map(|row| Some((self.0.get(&id(&row))?, row)))
            .map(|(plan, row)| (row, &**plan))
            .collect()
    }
}
