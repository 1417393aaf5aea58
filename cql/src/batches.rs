//! Batches of one partition, built once for each length.

use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use std::sync::{Arc, OnceLock};

/// Unlogged batches of the same statements for 1, 2, 3 … rows: each statement for all rows, then the next one.
pub(crate) struct Batches {
    statements: Vec<PreparedStatement>,
    by_rows: Vec<OnceLock<Arc<Batch>>>,
}

impl Batches {
    /// For up to so many rows.
    pub(crate) fn new(statements: &[&PreparedStatement], rows_max: usize) -> Self {
        Self {
            statements: statements.iter().map(|statement| (*statement).clone()).collect(),
            by_rows: (0..=rows_max).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The batch for so many rows.
    pub(crate) fn of(&self, rows: usize) -> Arc<Batch> {
        match self.by_rows.get(rows) {
            Some(made) => Arc::clone(made.get_or_init(|| Arc::new(self.build(rows)))),
            None => Arc::new(self.build(rows)),
        }
    }

    fn build(&self, rows: usize) -> Batch {
        let mut batch = Batch::new(BatchType::Unlogged);
        batch.set_is_idempotent(true);
        for statement in &self.statements {
            (0..rows).for_each(|_| batch.append_statement(statement.clone()));
        }
        batch
    }
}
