//! Loads histories: paged lists of a referral or a case.

use std::collections::HashMap;

use kim_entity::DbErr;
use kim_entity::read::{HistoryKey, Page, Window};
use uuid::Uuid;

use crate::error::Failure;
use crate::run::page::PageArgs;
use crate::run::plan::HistoryPlan;

/// Parses the key in the cursor of a history.
pub(crate) fn moment(key: &str) -> Option<HistoryKey> {
    let (at, id) = key.split_once('.')?;
    Some(HistoryKey { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}

/// The selected pages of a history, and its total number of rows.
pub(crate) struct History<R> {
    pages: Vec<(PageArgs, Page<R>)>,
    pub(crate) count: i64,
}

impl<R> Default for History<R> {
    fn default() -> Self {
        Self { pages: Vec::new(), count: 0 }
    }
}

impl<R> History<R> {
    /// The rows of a page, and whether the history has more.
    pub(crate) fn page(&self, list: &str, args: &PageArgs) -> Result<(&[R], bool), Failure> {
        args.window(list, moment)?;
        let page = self.pages.iter().find(|(has, _)| has == args);
        Ok(page.map_or((&[], false), |(_, page)| (&page.rows, page.more)))
    }
}

/// The histories of several referrals or cases, by their ids.
pub(crate) struct Histories<R> {
    pages: Vec<(PageArgs, HashMap<Uuid, Page<R>>)>,
    counts: HashMap<Uuid, i64>,
}

impl<R> Histories<R> {
    /// Fetches the histories in the plans, with one statement for each distinct page and one for the counts.
    pub(crate) async fn fetch<K: Copy, F, G>(
        list: &str,
        plans: &[(K, &HistoryPlan)],
        read: impl Fn(Vec<K>, Window<HistoryKey>) -> F,
        count: impl Fn(Vec<K>) -> G,
    ) -> Result<Self, Failure>
    where
        F: Future<Output = Result<HashMap<Uuid, Page<R>>, DbErr>>,
        G: Future<Output = Result<HashMap<Uuid, i64>, DbErr>>,
    {
        let mut found = Self { pages: Vec::new(), counts: HashMap::new() };
        let mut pages: Vec<(&PageArgs, Vec<K>)> = Vec::new();
        for &(id, plan) in plans {
            for args in &plan.pages {
                match pages.iter_mut().find(|(other, _)| *other == args) {
                    Some((_, ids)) => ids.push(id),
                    None => pages.push((args, vec![id])),
                }
            }
        }
        for (args, ids) in pages {
            // The resolver refuses invalid arguments of a page.
            let Ok(window) = args.window(list, moment) else { continue };
            found.pages.push((args.clone(), read(ids, window).await?));
        }
        let counted: Vec<K> = plans.iter().filter(|(_, plan)| plan.count).map(|(id, _)| *id).collect();
        if !counted.is_empty() {
            found.counts = count(counted).await?;
        }
        Ok(found)
    }

    /// The rows of all pages of the referrals or cases with these ids.
    pub(crate) fn rows_of(&self, ids: &[Uuid]) -> impl Iterator<Item = &R> {
        self.pages.iter().flat_map(|(_, pages)| ids.iter().filter_map(|id| pages.get(id))).flat_map(|page| &page.rows)
    }

    /// Takes the history of one referral or case.
    pub(crate) fn take(&mut self, id: Uuid) -> History<R> {
        let none = || Page { rows: Vec::new(), more: false };
        let pages = self.pages.iter_mut().map(|(args, pages)| (args.clone(), pages.remove(&id).unwrap_or_else(none)));
        History { pages: pages.collect(), count: self.counts.get(&id).copied().unwrap_or(0) }
    }
}
