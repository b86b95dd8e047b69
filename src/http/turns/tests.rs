//! Turns of agencies and persons.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;

fn turns(running: usize, all: usize) -> Turns {
    Turns::new(Capacity { running, all })
}

fn claim(agency: &str, subject: &str) -> Claim {
    Claim { agency: agency.to_owned(), subject: subject.to_owned(), is_statistics: false }
}

fn statistics(agency: &str) -> Claim {
    Claim { is_statistics: true, ..claim(agency, "a") }
}

/// The turn, if it is granted without waiting.
fn at_once(turns: &Turns, claim: Claim) -> Option<Turn> {
    match pin!(turns.take(claim)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => turn.ok(),
        Poll::Pending => None,
    }
}

/// Whether a request was refused or may run; `None` if it waits.
fn is_refused(one: &mut Pin<Box<impl Future<Output = Result<Turn, Full>>>>) -> Option<bool> {
    match one.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn.is_err()),
        Poll::Pending => None,
    }
}

/// Lets these requests wait, and returns the order in which they run, one at a time.
async fn order(turns: &Turns, running: Turn, claims: &[Claim]) -> Vec<usize> {
    let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
    for (place, claim) in claims.iter().enumerate() {
        let (turns, claim, sender) = (turns.clone(), claim.clone(), sender.clone());
        tokio::spawn(async move {
            let turn = turns.take(claim).await.expect("room");
            sender.send(place).expect("the test waits");
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(turn);
        });
        tokio::task::yield_now().await;
    }
    drop((running, sender));
    let mut all = Vec::new();
    while let Some(place) = order.recv().await {
        all.push(place);
    }
    all
}

#[tokio::test]
async fn an_agency_that_floods_delays_another_by_one_request() {
    let turns = turns(1, 100);
    let running = at_once(&turns, claim("flood", "a")).expect("a free place");
    let claims = [claim("flood", "a"), claim("flood", "a"), claim("flood", "a"), claim("other", "b")];
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(order(&turns, running, &claims).await, [3, 0, 1, 2]);
}

#[tokio::test]
async fn a_person_who_floods_delays_a_colleague_by_one_request() {
    let turns = turns(1, 100);
    let running = at_once(&turns, claim("office", "a")).expect("a free place");
    let claims = [claim("office", "a"), claim("office", "a"), claim("office", "b")];
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(order(&turns, running, &claims).await, [2, 0, 1]);
}

#[test]
fn used_time_is_forgotten() {
    let (mut used, now) = (Used::default(), Instant::now());
    used.add(Duration::from_secs(8), now);
    let after = |seconds| used.seconds(now + Duration::from_secs(seconds));
    assert!((after(0) - 8.0).abs() < 1e-9 && (after(10) - 4.0).abs() < 1e-9 && (after(60) - 0.125).abs() < 1e-9);
}

#[tokio::test]
async fn an_agency_leaves_places_to_others() {
    let turns = turns(8, 100);
    let mut flood = Vec::new();
    while let Some(turn) = at_once(&turns, claim("flood", "a")) {
        flood.push(turn);
    }
    assert_eq!(flood.len(), 6);
    assert!(at_once(&turns, claim("other", "b")).is_some());
}

#[tokio::test]
async fn one_statistic_runs_for_each_agency_and_two_in_all() {
    let turns = turns(8, 100);
    let first = at_once(&turns, statistics("a")).expect("the first");
    assert!(at_once(&turns, statistics("a")).is_none());
    assert!(at_once(&turns, claim("a", "a")).is_some(), "other requests run");
    let _second = at_once(&turns, statistics("b")).expect("another agency's");
    assert!(at_once(&turns, statistics("c")).is_none());
    drop(first);
    assert!(at_once(&turns, statistics("c")).is_some());
}

#[tokio::test]
async fn a_person_who_floods_leaves_places_to_colleagues_and_to_other_agencies() {
    let turns = turns(1, 8);
    let _running = turns.take(claim("office", "a")).await.expect("a free place");
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(turns.take(claim("office", "a")))).collect();
    assert!(waiting.iter_mut().all(|one| is_refused(one).is_none()));
    assert_eq!(turns.take(claim("office", "a")).await.err(), Some(Full), "six of eight places are the agency's");
    let mut colleagues: Vec<_> = (0..2).map(|_| Box::pin(turns.take(claim("office", "b")))).collect();
    assert!(colleagues.iter_mut().all(|one| is_refused(one).is_none()));
    let refused: Vec<_> = waiting.iter_mut().map(is_refused).collect();
    assert_eq!(refused, [None, None, None, Some(true), Some(true)], "the last ones made room");
    assert_eq!(turns.take(claim("office", "b")).await.err(), Some(Full), "as many as the one who floods");
    let mut others: Vec<_> = ["c", "d", "e"].map(|agency| Box::pin(turns.take(claim(agency, "a")))).into();
    assert!(others.iter_mut().all(|one| is_refused(one).is_none()), "a full server makes room for another agency");
    let state = turns.lock();
    assert_eq!((state.running, state.waiting), (1, 7));
}

#[tokio::test]
async fn an_agency_that_works_all_the_time_gets_few_places_beside_others() {
    let turns = turns(16, 100);
    let all = |agency: &str| std::iter::from_fn(|| at_once(&turns, claim(agency, "a"))).collect::<Vec<_>>();
    let works = |agency: &str, seconds| {
        let mut state = turns.lock();
        let of_agency = state.agencies.entry(agency.to_owned()).or_default();
        of_agency.worked.add(Duration::from_secs(seconds), Instant::now());
    };
    works("flood", 24);
    assert_eq!(all("flood").len(), 12, "it is alone");
    works("other", 1);
    assert_eq!((all("flood").len(), all("other").len()), (2, 12));
    turns.lock().agencies.get_mut("flood").expect("the agency").worked = Used::default();
    assert_eq!(all("flood").len(), 12, "it has rested");
}

#[tokio::test]
async fn requests_beyond_the_capacity_are_refused_and_an_abandoned_place_is_free() {
    let turns = turns(1, 4);
    let running = turns.take(claim("a", "a")).await.expect("a free place");
    let first = Box::pin(turns.take(claim("a", "a")));
    let second = Box::pin(turns.take(claim("a", "a")));
    let mut waiting = [first, second];
    for one in &mut waiting {
        assert!(one.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(turns.take(claim("a", "a")).await.err(), Some(Full), "three of four places are the agency's");
    let mut others: Vec<_> = ["b", "c", "d"].map(|agency| Box::pin(turns.take(claim(agency, "a")))).into();
    assert!(others.iter_mut().all(|one| is_refused(one).is_none()));
    assert_eq!(waiting.iter_mut().map(is_refused).collect::<Vec<_>>(), [Some(true), Some(true)]);
    assert_eq!(turns.take(claim("e", "a")).await.err(), Some(Full), "nobody has two places");
    drop(others.pop());
    let next = Box::pin(turns.take(claim("a", "a")));
    others.push(next);
    assert!(others.iter_mut().all(|one| is_refused(one).is_none()));
    drop(running);
    let ran = others.into_iter().map(|one| async { one.await.is_ok() });
    assert_eq!(futures_util::future::join_all(ran).await, [true; 3]);
    let state = turns.lock();
    assert_eq!((state.running, state.waiting), (0, 0));
}
