//! The socket layer under an echo: what the ceiling of the server is measured with. Not a part of the product.
//!
//!     cargo run --release --example echo -- 127.0.0.1:9001 [WORKERS]

use std::net::SocketAddr;

use actix_web::App;
use studyhall::ws::layer::{ServeOptions, listen, serve};

#[path = "../tests/it/ws_layer/echo.rs"]
mod echo;

/// The server's allocator, so that the two can be compared.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let address: SocketAddr = address.parse().map_err(std::io::Error::other)?;
    let workers = arguments.next().and_then(|workers| workers.parse().ok()).unwrap_or(1);
    let options = ServeOptions { workers, ..ServeOptions::default() };
    actix_rt::System::new().block_on(async move {
        let listener = listen(address, options.backlog)?;
        println!("{}", listener.local_addr()?);
        serve(vec![listener], &options, App::new, echo::routes)?.await
    })
}
