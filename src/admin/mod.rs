//! The operator's port: how this process is, its metrics, one learner's live state, draining. It listens apart from the
//! public port, nowhere unless it is told where, and asks for no token: whoever reaches it may see everything of it.
//!
//! | file | what |
//! |---|---|
//! | `status` | the facts as JSON: what the page and `studyhall top` are made of |
//! | `figures` | metrics by name, from the text of a scrape |
//! | `gather` | where the facts come from |
//! | `routes` | the paths |
//! | `door` | who is let in: no page of another site |
//! | `page` | the facts as a page |

mod door;
pub mod figures;
mod gather;
mod page;
mod routes;
pub mod status;

pub use door::MARK;
pub use gather::{About, Admin};

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// Connections that are answered at once: an operator, a scraper, and their retries.
const CONNECTIONS_MAX: usize = 64;
/// Longest body of a request, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a client may take to send the head of its request.
const HEAD_MAX: Duration = Duration::from_secs(5);

/// The port's server, on a thread of its own: it answers however busy the web workers are.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(listener: TcpListener, admin: web::Data<Admin>) -> io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(admin.clone())
            .app_data(web::JsonConfig::default().limit(BODY_BYTES_MAX))
            .configure(routes::routes)
            .wrap(actix_web::middleware::from_fn(door::only_operators))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEAD_MAX)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?;
    Ok(server.run())
}
