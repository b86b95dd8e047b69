//! Reports statements to tests and metrics.

use std::sync::Arc;

use sea_orm::Statement;

use super::Database;

impl Database {
    /// Calls `observer` with the text of every statement from now on, never with its values. For tests that count statements,
    /// and for metrics.
    pub fn observe(&mut self, observer: impl Fn(&str) + Send + Sync + 'static) {
        self.observe_statements(move |statement| observer(&statement.sql));
    }

    /// Calls this with every statement from now on.
    pub(crate) fn observe_statements(&mut self, observer: impl Fn(&Statement) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        for connection in [&mut self.main, &mut self.log, &mut self.reader, &mut self.writer] {
            let observer = Arc::clone(&observer);
            connection.set_metric_callback(move |info| observer(info.statement));
        }
    }
}
