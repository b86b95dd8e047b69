//! Test fixtures, the same for every subject: a database, the clerks who send requests, and the referrals that they ask
//! for.

use std::fmt::Write as _;

use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::agency::{Agency, Deep, Pending};
use crate::data::KINDS;
use crate::failure::Failure;
use crate::issuer::Issuer;

/// Number of clerks who ask in turn, each at another Ausländerbehörde. With several clerks no cache holds a single
/// answer only, and PostgreSQL's caches are equally warm for all subjects.
const CLERKS: usize = 32;
/// Number of each clerk's referrals that are requested by id.
const SINGLES: usize = 8;
/// Number of each receiver's referrals that can be accepted.
const QUEUE: usize = 1_000;

/// A clerk who sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Clerk {
    pub(crate) agency: Agency,
    pub(crate) token: String,
    pub(crate) deep: Deep,
}

/// A referral that is requested by id or accepted, and the token of its receiver.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub(crate) referral: Pending,
    pub(crate) token: String,
}

/// A test fixture.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The database's URL.
    pub(crate) url: String,
    /// The clerks who ask in turn.
    pub(crate) clerks: Vec<Clerk>,
    /// Some referrals of each clerk.
    pub(crate) singles: Vec<Single>,
    /// Pending referrals of all receivers.
    pub(crate) queue: Vec<Single>,
}

impl Fixture {
    /// Reads a fixture from a database.
    pub(crate) async fn load(url: &str, issuer: &Issuer) -> Result<Self, Failure> {
        let database = Database::open(url).await?;
        let mut fixture = Self { url: url.to_owned(), clerks: Vec::new(), singles: Vec::new(), queue: Vec::new() };
        for agency in Agency::of_kind(&database, AgencyKind::Auslaenderbehoerde, CLERKS).await? {
            let (token, deep) = (issuer.token(&agency)?, agency.deep(&database).await?);
            fixture.singles.extend(singles(&database, &agency, &token, SINGLES).await?);
            fixture.clerks.push(Clerk { agency, token, deep });
        }
        let mut waiting = Vec::new();
        for kind in KINDS.into_iter().filter(|kind| kind.receives() && !kind.sends()) {
            for agency in Agency::of_kind(&database, kind, CLERKS * 2).await? {
                waiting.push(singles(&database, &agency, &issuer.token(&agency)?, QUEUE).await?.into_iter());
            }
        }
        // One referral per agency in turn, so that concurrent requests accept at different agencies, as in practice.
        while !waiting.is_empty() {
            waiting.retain_mut(|agency| {
                agency.next().is_some_and(|single| {
                    fixture.queue.push(single);
                    true
                })
            });
        }
        database.close().await?;
        Ok(fixture)
    }

    /// Creates the peers' tables from kim's tables, and the tables from which the `pgbench` scripts take their ids.
    pub(crate) async fn create_peer_tables(&self) -> Result<(), Failure> {
        let database = Database::open(&self.url).await?;
        if database.backend() != DbBackend::Postgres {
            return Err(Failure::new("the peers and bare SQL need PostgreSQL"));
        }
        let mut turns = String::from(
            "CREATE TABLE peer_rule.clerk (n int PRIMARY KEY, agency_id uuid NOT NULL, due_on date NOT NULL, id uuid NOT NULL);
             CREATE TABLE peer_rule.single (n int PRIMARY KEY, agency_id uuid NOT NULL, id uuid NOT NULL);
             CREATE TABLE peer_rule.queue (n int PRIMARY KEY, agency_id uuid NOT NULL, id uuid NOT NULL);
             CREATE SEQUENCE peer_rule.turn;",
        );
        for (n, clerk) in (1..).zip(&self.clerks) {
            let (agency, deep) = (clerk.agency.id, clerk.deep);
            write!(turns, "INSERT INTO peer_rule.clerk VALUES ({n}, '{agency}', '{}', '{}');", deep.due_on, deep.id)?;
        }
        for (table, list) in [("single", &self.singles), ("queue", &self.queue)] {
            for (n, Single { referral, .. }) in (1..).zip(list) {
                let (agency, id) = (referral.receiver.id, referral.id);
                write!(turns, "INSERT INTO peer_rule.{table} VALUES ({n}, '{agency}', '{id}');")?;
            }
        }
        for statements in [include_str!("../sql/peer.sql"), &turns] {
            database.raw().execute_unprepared(statements).await?;
        }
        for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
            database.raw().execute_unprepared(statement).await?;
        }
        Ok(database.close().await?)
    }
}

async fn singles(database: &Database, agency: &Agency, token: &str, limit: usize) -> Result<Vec<Single>, Failure> {
    let pending = agency.pending(database, limit).await?;
    Ok(pending.into_iter().map(|referral| Single { referral, token: token.to_owned() }).collect())
}
