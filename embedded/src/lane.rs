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

    /// Has a worker carry this out. The request is queued when this is called, not when the future is polled.
    pub(crate) fn call<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<W, T, E, F>
    where
        F: FnOnce(&mut W) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let name = self.name;
        // Whoever no longer waits for the answer has dropped the other end.
        let job: Job<W> = Box::new(move |worker| drop(answer.send(job(worker))));
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
