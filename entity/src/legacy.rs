//! TEMPORARY: raw transactions for the files that do not go through the four types yet. It goes with the last of them.

use sea_orm::{DatabaseTransaction, DbErr};

use crate::database::Database;
use crate::tx::Tx;

impl Tx {
    /// The raw transaction.
    #[must_use]
    pub fn legacy(&self) -> &DatabaseTransaction {
        self.connection()
    }
}

impl Database {
    /// A transaction that writes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn legacy_write(&self) -> Result<Tx, DbErr> {
        Tx::write(self).await
    }

    /// A transaction that reads one snapshot.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn legacy_read(&self) -> Result<Tx, DbErr> {
        Tx::read(self).await
    }
}
