//! Threads that carry out requests, behind a bounded queue. No SQLite call runs on an async thread.

use ports::{Cause, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

type Job<W> = Box<dyn FnOnce(&mut W) + Send>;

/// Worker threads, each with its own connections `W`, that share one queue.
pub(crate) struct Lane<W> {
    queue: SyncSender<Job<W>>,
    name: &'static str,
}

impl<W: Send + 'static> Lane<W> {
    /// Starts one thread a worker. They end when the lane is dropped, after what was queued.
    pub(crate) fn start(
        name: &'static str,
        queue_max: usize,
        workers: Vec<W>,
    ) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (queue, jobs) = sync_channel(queue_max);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::with_capacity(workers.len());
        for worker in workers {
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new().name(format!("store-{name}"));
            threads.push(thread.spawn(move || work(&jobs, worker))?);
        }
        Ok((Self { queue, name }, threads))
    }

    /// Has a worker answer this, unless whoever asks has gone by its turn: of reads, whose work would be for nobody while
    /// others wait. The request is queued when this is called, not when the future is polled.
    pub(crate) fn ask<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<W, T, E, F>
    where
        F: FnOnce(&mut W) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job<W> = Box::new(move |worker| {
            if !answer.is_closed() {
                drop(answer.send(job(worker)));
            }
        });
        self.queued(answered, job)
    }

    /// Has a worker carry this out, whether or not its answer is waited for. The request is queued when this is called,
    /// not when the future is polled.
    pub(crate) fn call<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<W, T, E, F>
    where
        F: FnOnce(&mut W) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        // Whoever no longer waits for the answer has dropped the other end.
        self.queued(answered, Box::new(move |worker| drop(answer.send(job(worker)))))
    }

    fn queued<T, E>(
        &self,
        answered: oneshot::Receiver<Result<T, E>>,
        job: Job<W>,
    ) -> impl Future<Output = Result<T, E>> + Send + use<W, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let name = self.name;
        let queued = self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::new(Cause::Overloaded, format!("the {name} queue is full")),
            TrySendError::Disconnected(_) => closed(name),
        });
        async move {
            queued?;
            answered.await.unwrap_or_else(|_| Err(closed(name).into()))
        }
    }
}

fn closed(name: &str) -> StoreError {
    StoreError::new(Cause::Unavailable, format!("the {name} thread did not answer"))
}

fn work<W>(jobs: &Mutex<Receiver<Job<W>>>, mut worker: W) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // One request's fault must not take the thread from all others; its asker hears `Unavailable`.
        if catch_unwind(AssertUnwindSafe(|| job(&mut worker))).is_err() {
            tracing::error!("a request to the store panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::wait::block_on;

    #[test]
    fn what_nobody_waits_for_any_more_is_not_read_and_is_carried_out_all_the_same_where_it_changes_something()
    {
        let (go, gate) = sync_channel::<()>(0);
        let (lane, threads) = Lane::start("test", 8, vec![Vec::new()]).unwrap();
        let at_work = lane.ask(move |done: &mut Vec<&str>| {
            done.push("asked first");
            gate.recv().map_err(|_| closed("test"))
        });
        let noted = |what: &'static str| {
            move |done: &mut Vec<&str>| {
                done.push(what);
                Ok::<_, StoreError>(())
            }
        };
        let read_for_nobody = lane.ask(noted("read for nobody"));
        let written = lane.call(noted("written"));
        let read = lane.ask(noted("read"));
        drop((read_for_nobody, written));
        go.send(()).unwrap();
        block_on(async {
            at_work.await.unwrap();
            read.await.unwrap();
            let done = lane.ask(|done: &mut Vec<&str>| Ok::<_, StoreError>(done.clone())).await;
            assert_eq!(done.unwrap(), ["asked first", "written", "read"]);
        });
        drop(lane);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
