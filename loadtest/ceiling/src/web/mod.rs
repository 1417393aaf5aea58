//! The web application that one would otherwise build: a request an answer, and for each one transaction that reads
//! the card's row, computes SM-2, writes log and progress, and a query for the next card that is due. Built as a good
//! programmer would on SQLite: one connection that writes, a pool of those that read, indices for every query, durable
//! like the server (`synchronous = FULL`).

mod answer;
mod database;
mod problem;
mod seed;

use crate::listen::{BACKLOG, Place, SHUTDOWN_S, ServeError};
use actix_web::web::{Data, Json, JsonConfig, block, post};
use actix_web::{App, HttpServer};
use answer::{Answer, NextCard};
use database::Database;
use problem::Problem;
use seed::{Seed, Seeded};
use std::path::PathBuf;

/// Threads that wait for the database: a few, since one connection writes.
const BLOCKING_THREADS: usize = 16;
/// The longest request body, bytes.
const BODY_BYTES_MAX: usize = 4 * 1_024;

/// `ceiling web`.
#[derive(clap::Args, Debug)]
pub struct WebArgs {
    #[command(flatten)]
    place: Place,
    /// The database's folder; made if it does not exist.
    #[arg(long)]
    data_dir: PathBuf,
    /// Threads that serve.
    #[arg(long, default_value_t = 1, value_parser = workers)]
    workers: usize,
}

/// Why the application does not serve.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address or the ready file.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The folder.
    #[error("the folder {path} could not be made: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error("the database could not be opened: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Serves until it is told to stop.
///
/// # Errors
/// [`WebError`].
pub fn run(args: &WebArgs) -> Result<(), WebError> {
    std::fs::create_dir_all(&args.data_dir)
        .map_err(|source| WebError::Folder { path: args.data_dir.clone(), source })?;
    let database = Data::new(Database::open(&args.data_dir.join("web.db"))?);
    let listener = args.place.bind()?;
    let failed = |source| args.place.failed(source);
    let address = listener.local_addr().map_err(failed)?;
    let app = move || {
        App::new()
            .app_data(database.clone())
            .app_data(JsonConfig::default().limit(BODY_BYTES_MAX))
            .route("/seed", post().to(post_seed))
            .route("/answers", post().to(post_answer))
    };
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(app)
            .workers(args.workers)
            .worker_max_blocking_threads(BLOCKING_THREADS)
            .backlog(BACKLOG)
            .tcp_nodelay(true)
            .shutdown_timeout(SHUTDOWN_S)
            .listen(listener)
            .map_err(failed)?
            .run();
        args.place.ready(address)?;
        Ok(server.await.map_err(failed)?)
    })
}

async fn post_answer(database: Data<Database>, answer: Json<Answer>) -> Result<Json<NextCard>, Problem> {
    Ok(Json(block(move || answer::take(&database, &answer)).await??))
}

async fn post_seed(database: Data<Database>, seed: Json<Seed>) -> Result<Json<Seeded>, Problem> {
    Ok(Json(block(move || seed::fill(&database, &seed)).await??))
}

fn workers(text: &str) -> Result<usize, String> {
    let workers = text.parse().ok().filter(|workers| (1..=64).contains(workers));
    workers.ok_or_else(|| "1 to 64 workers are expected".to_owned())
}
