//! What a measurement stands on: a database, who asks there, and what they ask for. The same for every subject.

use std::fmt::Write as _;

use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::agency::{Agency, Deep, Pending};
use crate::data::KINDS;
use crate::failure::Failure;
use crate::issuer::Issuer;

/// So many clerks ask in turn, each of another Ausländerbehörde, so that no cache holds one answer alone, and the caches of
/// PostgreSQL are as warm for one subject as for the other.
const CLERKS: usize = 32;
/// So many referrals of each clerk are asked for by id.
const SINGLES: usize = 8;
/// So many referrals of each receiver may be accepted.
const QUEUE: usize = 1_000;

/// A clerk who asks.
#[derive(Clone, Debug)]
pub(crate) struct Clerk {
    pub(crate) agency: Agency,
    pub(crate) token: String,
    pub(crate) deep: Deep,
}

/// A referral that is asked for by id or accepted, and the token of who may.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub(crate) referral: Pending,
    pub(crate) token: String,
}

/// The stage.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The database's URL.
    pub(crate) url: String,
    /// They ask in turn.
    pub(crate) clerks: Vec<Clerk>,
    /// Some of each clerk's referrals.
    pub(crate) singles: Vec<Single>,
    /// Referrals that wait for an answer, of all receivers.
    pub(crate) queue: Vec<Single>,
}

impl Stage {
    /// Looks at a database.
    pub(crate) async fn set(url: &str, issuer: &Issuer) -> Result<Self, Failure> {
        let database = Database::open(url).await?;
        let mut stage = Self { url: url.to_owned(), clerks: Vec::new(), singles: Vec::new(), queue: Vec::new() };
        for agency in Agency::of_kind(&database, AgencyKind::Auslaenderbehoerde, CLERKS).await? {
            let (token, deep) = (issuer.token(&agency)?, agency.deep(&database).await?);
            stage.singles.extend(singles(&database, &agency, &token, SINGLES).await?);
            stage.clerks.push(Clerk { agency, token, deep });
        }
        let mut waiting = Vec::new();
        for kind in KINDS.into_iter().filter(|kind| kind.receives() && !kind.sends()) {
            for agency in Agency::of_kind(&database, kind, CLERKS * 2).await? {
                waiting.push(singles(&database, &agency, &issuer.token(&agency)?, QUEUE).await?.into_iter());
            }
        }
        // One of each in turn: who accepts at the same time is at different agencies, as in life.
        while !waiting.is_empty() {
            waiting.retain_mut(|agency| {
                agency.next().is_some_and(|single| {
                    stage.queue.push(single);
                    true
                })
            });
        }
        database.close().await?;
        Ok(stage)
    }

    /// Makes the peers' tables of kim's, and those that scripts of `pgbench` take their turns from.
    pub(crate) async fn set_for_peers(&self) -> Result<(), Failure> {
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

async fn singles(database: &Database, agency: &Agency, token: &str, most: usize) -> Result<Vec<Single>, Failure> {
    let pending = agency.pending(database, most).await?;
    Ok(pending.into_iter().map(|referral| Single { referral, token: token.to_owned() }).collect())
}
