//! Decides which request runs next, so that no agency and no person delays the others.
//!
//! At most [`Capacity::running`] requests run at once, and a part of these places stays free of any single agency. Further
//! requests wait. The next one is that of the agency with the fewest running requests, then of the one that has used the
//! least time; within an agency, that of the person who has used the least time. Time counts while others wait, and is forgotten
//! by half every ten seconds. Statistics read many rows: one runs at once for each agency, and [`MAX_STATISTICS`] in all.
//!
//! An agency whose requests have run for more than [`HEAVY`] seconds, faded in the same way, is limited even if none of its
//! requests waits: while other agencies send requests too, it may use at most an eighth of the places. If there is no place to
//! wait, the last request of whoever has the most waiting is refused in favour of somebody who has fewer.
//!
//! All this is per process. A waiting request holds no connection of the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Statistics that run at once, for all agencies together.
const MAX_STATISTICS: usize = 2;
/// Time in which the used time counts only half as much.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// Seconds for which an agency's requests have run, faded by [`HALF_LIFE`], above which it may use only an eighth of the places.
/// One request that runs all the time comes to 14 seconds: the half-life divided by the natural logarithm of 2.
const HEAVY: f64 = 10.0;
/// Used time in seconds that is forgotten.
const NEGLIGIBLE: f64 = 0.001;

/// How many requests may run and wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Requests that run at once.
    pub(super) running: usize,
    /// Requests that run or wait.
    pub(super) all: usize,
}

impl Capacity {
    /// The part of the places that one agency may take: three quarters.
    const fn of_one_agency(places: usize) -> usize {
        (places * 3).div_ceil(4)
    }

    /// The part of the places that a heavy agency may take beside others: an eighth.
    const fn of_heavy_agency(places: usize) -> usize {
        places.div_ceil(8)
    }
}

/// Whose request it is, and what it needs.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The agency's slug.
    pub(super) agency: String,
    /// The person or program.
    pub(super) subject: String,
    /// Whether it asks for statistics.
    pub(super) is_statistics: bool,
}

/// Too many requests run and wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The queue of the requests of one process.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    capacity: Capacity,
    state: Arc<Mutex<State>>,
}

/// The permission of one request to run. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    claim: Claim,
    began: Instant,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    statistics: usize,
    waiting: usize,
    last_number: u64,
    agencies: HashMap<String, Agency>,
}

#[derive(Debug, Default)]
struct Agency {
    running: usize,
    statistics: usize,
    /// Time while others waited: it decides who is next.
    used: Used,
    /// Time in all: it decides how many run.
    worked: Used,
    subjects: HashMap<String, Used>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    claim: Claim,
    turn_sender: oneshot::Sender<Turn>,
}

/// Time in seconds for which requests ran, at an instant.
#[derive(Clone, Copy, Debug, Default)]
struct Used(Option<(f64, Instant)>);

impl Used {
    fn seconds(self, now: Instant) -> f64 {
        let faded = |(seconds, at): (f64, Instant)| {
            seconds * 0.5_f64.powf(now.duration_since(at).as_secs_f64() / HALF_LIFE.as_secs_f64())
        };
        self.0.map_or(0.0, faded)
    }

    fn add(&mut self, time: Duration, now: Instant) {
        self.0 = Some((self.seconds(now) + time.as_secs_f64(), now));
    }
}

impl Turns {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self { capacity, state: Arc::default() }
    }

    /// Waits until the request may run. A caller that stops waiting loses its place.
    pub(super) async fn take(&self, claim: Claim) -> Result<Turn, Full> {
        let (turn, _place) = self.enqueue(claim)?;
        // The sender is only dropped with the place, which this function holds.
        turn.await.map_err(|_| Full)
    }

    fn enqueue(&self, claim: Claim) -> Result<(oneshot::Receiver<Turn>, Place<'_>), Full> {
        let mut state = self.lock();
        state.make_room(&claim, self.capacity.all)?;
        state.waiting += 1;
        state.last_number += 1;
        let (turn_sender, turn) = oneshot::channel();
        let place = Place { turns: self, agency: claim.agency.clone(), number: state.last_number };
        let waiting = Waiting { number: state.last_number, claim, turn_sender };
        state.agencies.entry(place.agency.clone()).or_default().waiting.push_back(waiting);
        self.dispatch(state);
        Ok((turn, place))
    }

    /// Lets waiting requests run while there is room.
    fn dispatch(&self, mut state: MutexGuard<'_, State>) {
        let mut granted = Vec::new();
        let now = Instant::now();
        while state.running < self.capacity.running {
            let Some(next) = state.next(self.capacity.running, now) else { break };
            state.begin(&next.claim);
            let turn = Turn { turns: self.clone(), claim: next.claim, began: now };
            granted.push((next.turn_sender, turn));
        }
        // A turn that nobody waits for any more ends at once, which locks the state again.
        drop(state);
        for (turn_sender, turn) in granted {
            let _abandoned = turn_sender.send(turn);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Refuses a request for which there is no place, unless somebody has more waiting requests: then that one's last request
    /// is refused instead.
    fn make_room(&mut self, claim: &Claim, places: usize) -> Result<(), Full> {
        let own = self.agencies.get(&claim.agency);
        let of_agency = own.map_or(0, Agency::places);
        let has_fewer = if of_agency >= Capacity::of_one_agency(places) {
            claim.agency.clone()
        } else if self.running + self.waiting >= places {
            let waiting = self.agencies.iter().filter(|(_, agency)| !agency.waiting.is_empty());
            let (slug, most) = waiting.max_by_key(|(_, agency)| agency.places()).ok_or(Full)?;
            if *slug != claim.agency && most.places() <= of_agency + 1 {
                return Err(Full);
            }
            slug.clone()
        } else {
            return Ok(());
        };
        let from = self.agencies.get_mut(&has_fewer).ok_or(Full)?;
        let beside = (has_fewer == claim.agency).then_some(claim.subject.as_str());
        let place = from.last_of_the_most(beside).ok_or(Full)?;
        from.waiting.remove(place);
        self.waiting -= 1;
        Ok(())
    }

    /// Removes the waiting request that runs next.
    fn next(&mut self, places: usize, now: Instant) -> Option<Waiting> {
        let statistics_are_full = self.statistics >= MAX_STATISTICS;
        let works = |agency: &Agency| agency.places() > 0 || agency.worked.seconds(now) > NEGLIGIBLE;
        let beside_others = self.agencies.values().filter(|agency| works(agency)).nth(1).is_some();
        let most = |agency: &Agency| match beside_others && agency.worked.seconds(now) > HEAVY {
            true => Capacity::of_heavy_agency(places),
            false => Capacity::of_one_agency(places),
        };
        let candidates = self.agencies.iter().filter(|(_, agency)| agency.running < most(agency));
        let first = |(slug, agency): (&String, &Agency)| {
            let place = agency.first(statistics_are_full || agency.statistics > 0, now)?;
            Some((agency.running, agency.used.seconds(now), slug.clone(), place))
        };
        let next = candidates.filter_map(first).min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (_, _, slug, place) = next?;
        self.waiting -= 1;
        self.agencies.get_mut(&slug)?.waiting.remove(place)
    }

    fn begin(&mut self, claim: &Claim) {
        let agency = self.agencies.entry(claim.agency.clone()).or_default();
        agency.running += 1;
        self.running += 1;
        agency.statistics += usize::from(claim.is_statistics);
        self.statistics += usize::from(claim.is_statistics);
    }

    fn end(&mut self, claim: &Claim, took: Duration, now: Instant) {
        self.running -= 1;
        self.statistics -= usize::from(claim.is_statistics);
        let Some(agency) = self.agencies.get_mut(&claim.agency) else { return };
        agency.running -= 1;
        agency.statistics -= usize::from(claim.is_statistics);
        agency.worked.add(took, now);
        // On an idle server nobody is delayed.
        if self.waiting == 0 {
            return;
        }
        agency.used.add(took, now);
        agency.subjects.entry(claim.subject.clone()).or_default().add(took, now);
        agency.subjects.retain(|_, used| used.seconds(now) > NEGLIGIBLE);
    }

    /// Forgets agencies that neither run nor wait nor have used a noticeable time.
    fn forget(&mut self, now: Instant) {
        self.agencies.retain(|_, one| one.places() > 0 || one.worked.seconds(now) > NEGLIGIBLE);
    }
}

impl Agency {
    /// Requests that run or wait.
    fn places(&self) -> usize {
        self.running + self.waiting.len()
    }

    /// The last waiting request of the person who has the most. If it is for a colleague, `None` unless that person has more
    /// waiting than the colleague would have.
    fn last_of_the_most(&self, colleague: Option<&str>) -> Option<usize> {
        let mut waiting: HashMap<&str, usize> = HashMap::new();
        self.waiting.iter().for_each(|one| *waiting.entry(&one.claim.subject).or_default() += 1);
        let own = colleague.map_or(0, |subject| waiting.get(subject).copied().unwrap_or_default() + 1);
        let (most, count) = waiting.into_iter().max_by_key(|(_, count)| *count)?;
        let place = self.waiting.iter().rposition(|one| one.claim.subject == most)?;
        (count > own || colleague.is_none()).then_some(place)
    }

    /// The place of the waiting request that is first in this agency.
    fn first(&self, without_statistics: bool, now: Instant) -> Option<usize> {
        let used = |one: &Waiting| self.subjects.get(&one.claim.subject).map_or(0.0, |used| used.seconds(now));
        let may_run = |one: &Waiting| !(without_statistics && one.claim.is_statistics);
        let waiting = self.waiting.iter().enumerate().filter(|(_, one)| may_run(one));
        waiting.min_by(|(_, a), (_, b)| used(a).total_cmp(&used(b))).map(|(place, _)| place)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (now, mut state) = (Instant::now(), self.turns.lock());
        state.end(&self.claim, now.duration_since(self.began), now);
        if state.agencies.len() > state.running + state.waiting + 64 {
            state.forget(now);
        }
        self.turns.dispatch(state);
    }
}

/// A place in the queue, which its request leaves when it stops waiting.
struct Place<'t> {
    turns: &'t Turns,
    agency: String,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let Some(agency) = state.agencies.get_mut(&self.agency) else { return };
        if let Some(place) = agency.waiting.iter().position(|one| one.number == self.number) {
            let abandoned = agency.waiting.remove(place);
            state.waiting -= 1;
            // It holds no turn, so that nothing is locked again.
            drop(abandoned);
        }
    }
}

#[cfg(test)]
mod tests;
