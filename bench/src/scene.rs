//! Who asks and for what, read from the database once: the same for every subject.

use kim_entity::database::Database;

use crate::agency::{Agency, Pending};
use crate::failure::Failure;
use crate::issuer::Issuer;

/// A clerk who asks.
#[derive(Clone, Debug)]
pub(crate) struct Clerk {
    pub(crate) agency: Agency,
    pub(crate) token: String,
}

/// Everything that requests are made of.
pub(crate) struct Scene {
    pub(crate) issuer: Issuer,
    /// They ask in turn.
    pub(crate) clerks: Vec<Clerk>,
    /// What is asked for by id: some of each clerk's.
    pub(crate) singles: Vec<Pending>,
}

/// So many referrals of each clerk are asked for by id.
const SINGLES: usize = 8;

impl Scene {
    /// Reads it.
    pub(crate) async fn read(database: &Database) -> Result<Self, Failure> {
        let issuer = Issuer::new()?;
        let asking = Agency::asking(database).await?;
        let singles = Agency::pending(database, &asking, SINGLES).await?;
        let clerks = asking
            .into_iter()
            .map(|agency| Ok(Clerk { token: issuer.clerk(&agency)?, agency }))
            .collect::<Result<Vec<_>, Failure>>()?;
        Ok(Self { issuer, clerks, singles })
    }

    /// The token of somebody at this agency.
    pub(crate) fn token(&self, agency: &Agency) -> Result<String, Failure> {
        match self.clerks.iter().find(|clerk| clerk.agency.slug == agency.slug) {
            Some(clerk) => Ok(clerk.token.clone()),
            None => self.issuer.clerk(agency),
        }
    }
}
