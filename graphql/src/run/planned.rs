//! Rows with a plan for each. Several root fields can read the same row, and each can select different fields. What a plan does
//! not need is not read, and cannot be taken for empty.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::Pin;

use kim_entity::DbErr;
use uuid::Uuid;

use crate::error::Failure;
use crate::run::plan::Plan;

/// Rows, each with its plan.
pub(crate) type Planned<'p, R, P> = Vec<(R, &'p P)>;

/// Rows with the same plan.
pub(crate) fn alike<R, P>(rows: Vec<R>, plan: &P) -> Planned<'_, R, P> {
    rows.into_iter().map(|row| (row, plan)).collect()
}

/// A part of an object that is read only if the object's plan needs it. Without a plan it is unknown, and not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation<T>(Option<T>);

impl<T> Relation<T> {
    /// The part, if the plan needs it.
    pub(crate) fn planned(is_planned: bool, read: impl FnOnce() -> T) -> Self {
        Self(is_planned.then(read))
    }

    /// A part of the part.
    pub(crate) fn map<U>(&self, part: impl FnOnce(&T) -> U) -> Relation<U> {
        Relation(self.0.as_ref().map(part))
    }

    /// The part. It is an error of the program if it was not planned: a tag `needs` is missing at the field.
    pub(crate) fn get(&self) -> Result<&T, Failure> {
        self.0.as_ref().ok_or_else(|| unplanned(std::any::type_name::<T>()))
    }
}

/// The error of a field whose data the plan did not contain.
pub(crate) fn unplanned(what: &str) -> Failure {
    Failure::Internal(DbErr::RecordNotFound(format!("{what}, which was not planned")))
}

/// A future that loads objects, on the heap: referrals have cases, which have referrals, and the future of a root field
/// must not contain all of them.
pub(crate) type Loading<'f, T> = Pin<Box<dyn Future<Output = Result<Vec<T>, Failure>> + Send + 'f>>;

/// Plans for rows by id. Several plans for one id are merged.
pub(crate) struct PlannedById<'p, P: Plan + Clone>(BTreeMap<Uuid, Cow<'p, P>>);

impl<P: Plan + Clone> Default for PlannedById<'_, P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'p, P: Plan + Clone> PlannedById<'p, P> {
    /// Adds a plan for the row with this id.
    pub(crate) fn add(&mut self, id: Uuid, plan: &'p P) {
        match self.0.get_mut(&id) {
            // The rows of a list share one plan for a relation, so there is nothing to merge.
            Some(merged) if std::ptr::eq(&**merged, plan) => {}
            Some(merged) => merged.to_mut().merge(plan),
            None => _ = self.0.insert(id, Cow::Borrowed(plan)),
        }
    }

    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// All plans merged into one.
    pub(crate) fn together(&self) -> P {
        let mut merged = P::default();
        self.0.values().for_each(|plan| merged.merge(plan));
        merged
    }

    /// Pairs rows with their plans. Omits rows without a plan.
    pub(crate) fn of<R>(&self, rows: Vec<R>, id: impl Fn(&R) -> Uuid) -> Planned<'_, R, P> {
        rows.into_iter()
            .filter_map(|row| Some((self.0.get(&id(&row))?, row)))
            .map(|(plan, row)| (row, &**plan))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_was_not_planned_is_an_error_and_not_empty() {
        let none: Relation<Vec<Uuid>> = Relation::planned(false, Vec::new);
        assert!(matches!(none.get(), Err(Failure::Internal(_))));
        assert!(Relation::planned(true, Vec::<Uuid>::new).get().is_ok_and(Vec::is_empty));
    }
}
