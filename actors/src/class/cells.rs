//! The way of cells to a class: apart from all else that it is told, since they come by the thousand and nobody waits for
//! one. A class that took cells is not woken by the next ones before it may show them; whatever else wakes it, it takes
//! those that wait first.

use super::messages::ToClass;
use crate::limits::{CLASS_CELLS, CLASS_CELLS_EVERY_MS, CLASS_INBOX, CLASS_TURN};
use domain::lesson::Cell;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What leads to a class.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) inbox: mpsc::Sender<ToClass>,
    cells: mpsc::Sender<Arc<Cell>>,
}

/// Cells that wait for their class.
pub(super) struct Cells {
    queue: mpsc::Receiver<Arc<Cell>>,
    /// A cell wakes the class from here on (monotonic milliseconds).
    wake_tick_ms: u64,
}

/// A way to a class, and its end there.
pub(super) fn way() -> (Way, mpsc::Receiver<ToClass>, Cells) {
    let (inbox, messages) = mpsc::channel(CLASS_INBOX);
    let (cells, queue) = mpsc::channel(CLASS_CELLS);
    (Way { inbox, cells }, messages, Cells { queue, wake_tick_ms: 0 })
}

impl Way {
    /// A student's cell; `false` if there is no room for it.
    pub(super) fn cell(&self, cell: Arc<Cell>) -> bool {
        self.cells.try_send(cell).is_ok()
    }
}

impl Cells {
    /// When the class is to look at them by itself (monotonic milliseconds); `None` while any of them wakes it.
    pub(super) fn deadline(&self, tick_ms: u64) -> Option<u64> {
        (tick_ms < self.wake_tick_ms).then_some(self.wake_tick_ms)
    }

    /// The next one. To be waited for only while any of them wakes the class.
    pub(super) async fn next(&mut self) -> Option<Arc<Cell>> {
        self.queue.recv().await
    }

    /// Those that wait, as many as one turn works off, after the one that woke the class.
    pub(super) fn take(&mut self, first: Option<Arc<Cell>>) -> Vec<Arc<Cell>> {
        let mut taken: Vec<Arc<Cell>> = first.into_iter().collect();
        while taken.len() < CLASS_TURN {
            let Ok(cell) = self.queue.try_recv() else { break };
            taken.push(cell);
        }
        taken
    }

    /// Drops those that wait: all is told again when the class calls.
    pub(super) fn forget(&mut self) {
        while self.queue.try_recv().is_ok() {}
    }

    /// So many were taken and worked off.
    pub(super) fn rest(&mut self, taken: usize, tick_ms: u64) {
        if taken >= CLASS_TURN {
            self.wake_tick_ms = tick_ms;
        } else if taken > 0 && tick_ms >= self.wake_tick_ms {
            self.wake_tick_ms = tick_ms.saturating_add(CLASS_CELLS_EVERY_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{LessonId, UserId};
    use domain::lesson::cell::{CellVersion, Figures};
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    fn cell(n: u64) -> Arc<Cell> {
        Arc::new(Cell {
            student: UserId::from_u128(1),
            lesson: LessonId::from_u128(1),
            version: CellVersion { epoch: 1, n },
            called_by: (0, 0),
            figures: Figures::default(),
        })
    }

    fn worked_off(cells: &mut Cells, tick_ms: u64) -> usize {
        let taken = cells.take(None).len();
        cells.rest(taken, tick_ms);
        taken
    }

    #[test]
    fn after_cells_were_taken_the_next_ones_wait_until_they_may_be_shown() {
        let (way, _inbox, mut cells) = way();
        assert_eq!(cells.deadline(1_000), None, "the first one wakes the class");
        assert!(way.cell(cell(1)) && way.cell(cell(2)));
        assert_eq!(worked_off(&mut cells, 1_000), 2);
        let again = 1_000 + CLASS_CELLS_EVERY_MS;
        assert_eq!(cells.deadline(1_001), Some(again));
        assert!(way.cell(cell(3)));
        assert_eq!(worked_off(&mut cells, 1_100), 1, "something else woke it");
        assert_eq!(cells.deadline(1_101), Some(again), "which puts nothing off");
        assert_eq!(worked_off(&mut cells, again), 0);
        assert_eq!(cells.deadline(again), None);
    }

    #[test]
    fn of_more_cells_than_a_turn_works_off_the_rest_does_not_wait() {
        let (way, _inbox, mut cells) = way();
        for n in 0..=CLASS_TURN as u64 {
            assert!(way.cell(cell(n)));
        }
        assert_eq!(worked_off(&mut cells, 5), CLASS_TURN);
        assert_eq!(cells.deadline(5), None);
        let next = std::pin::pin!(cells.next()).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(next, Poll::Ready(Some(_))));
    }

    #[test]
    fn without_room_a_cell_is_dropped_and_nobody_waits() {
        let (way, _inbox, _cells) = way();
        let taken = (0..=CLASS_CELLS as u64).filter(|n| way.cell(cell(*n))).count();
        assert_eq!(taken, CLASS_CELLS);
    }
}
