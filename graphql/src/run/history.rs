//! Loads histories: paged lists of a referral or a case.

use std::collections::HashMap;

use kim_entity::DbErr;
use kim_entity::read::{HistoryKey, Page, Window};
use uuid::Uuid;

use crate::error::Failure;
use crate::run::page::PageArgs;
use crate::run::plan::HistoryPlan;
use crate::run::planned::unplanned;

/// Parses the key in the cursor of a history.
pub(crate) fn moment(key: &str) -> Option<HistoryKey> {
    let (at, id) = key.split_once('.')?;
    Some(HistoryKey { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}

/// A history of one referral or case.
pub(crate) enum History<R> {
    /// The planned pages, and the total number of rows if it is planned.
    Read { pages: Vec<(PageArgs, Page<R>)>, count: Option<i64> },
    /// The viewer may not read it now: every page is empty.
    Hidden,
}

impl<R> History<R> {
    /// The rows of a page, and whether the history has more.
    pub(crate) fn page(&self, list: &str, args: &PageArgs) -> Result<(&[R], bool), Failure> {
        args.window(list, moment)?;
        match self {
            Self::Read { pages, .. } => {
                let page = pages.iter().find(|(has, _)| has == args);
                page.map(|(_, page)| (&page.rows[..], page.more)).ok_or_else(|| unplanned(list))
            }
            Self::Hidden => Ok((&[], false)),
        }
    }

    /// The total number of rows, if it is planned.
    pub(crate) fn count(&self) -> Option<i64> {
        match self {
            Self::Read { count, .. } => *count,
            Self::Hidden => Some(0),
        }
    }
}

/// The histories of several referrals or cases, by their ids.
pub(crate) struct Histories<R> {
    pages: Vec<(PageArgs, HashMap<Uuid, Page<R>>)>,
    counts: HashMap<Uuid, i64>,
}

impl<R> Histories<R> {
    /// Fetches the histories in the plans, with one statement for each distinct page and one for the counts.
    pub(crate) async fn fetch<K: Copy + Into<Uuid>, F, G>(
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
        for &(key, plan) in plans {
            for args in &plan.pages {
                match pages.iter_mut().find(|(other, _)| *other == args) {
                    Some((_, keys)) => keys.push(key),
                    None => pages.push((args, vec![key])),
                }
            }
        }
        for (args, keys) in pages {
            // The resolver refuses invalid arguments of a page.
            let Ok(window) = args.window(list, moment) else { continue };
            let mut rows = read(keys.clone(), window).await?;
            // A history without a row is empty, and not unknown.
            for key in keys {
                rows.entry(key.into()).or_insert_with(|| Page { rows: Vec::new(), more: false });
            }
            found.pages.push((args.clone(), rows));
        }
        let counted: Vec<K> = plans.iter().filter(|(_, plan)| plan.count).map(|(key, _)| *key).collect();
        if !counted.is_empty() {
            found.counts = count(counted.clone()).await?;
            for key in counted {
                found.counts.entry(key.into()).or_insert(0);
            }
        }
        Ok(found)
    }

    /// The rows of all pages of the referrals or cases with these ids.
    pub(crate) fn rows_of(&self, ids: &[Uuid]) -> impl Iterator<Item = &R> {
        self.pages.iter().flat_map(|(_, pages)| ids.iter().filter_map(|id| pages.get(id))).flat_map(|page| &page.rows)
    }

    /// Takes the history of one referral or case.
    pub(crate) fn take(&mut self, id: Uuid) -> History<R> {
        let pages = self.pages.iter_mut().filter_map(|(args, pages)| Some((args.clone(), pages.remove(&id)?)));
        History::Read { pages: pages.collect(), count: self.counts.get(&id).copied() }
    }
}
