//! The table of contents: the one list of routes, which the server, the tests and the document of the API share.

mod decks;
mod events;
mod imports;
mod lessons;
mod schools;
mod server;
mod study;

use crate::http::endpoint::{Endpoint, Listed, Verb};
use crate::http::middleware::{around, small_as_it_is};
use crate::http::query::bad_query;
use crate::http::{App as State, Code, Problem};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, HttpResponse, Resource, ResponseError};

/// The app, for one worker. `state` is one a process.
pub fn app(
    state: web::Data<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(state)
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .app_data(
            web::QueryConfig::default()
                .error_handler(|error, request| bad_query(&error, request.query_string()).into()),
        )
        .configure(all)
        .default_service(web::to(nothing_here))
        .wrap(from_fn(small_as_it_is))
        .wrap(Compress::default())
        .wrap(from_fn(around))
}

/// Every route. Of two paths that could both be meant, the first one is.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let groups = [
        server::list(),
        study::list(),
        decks::list(),
        schools::list(),
        lessons::list(),
        imports::list(),
        events::list(),
    ];
    groups.into_iter().flatten().collect()
}

/// Every route, as tests see it.
pub fn list() -> Vec<Listed> {
    endpoints().iter().map(Endpoint::listed).collect()
}

fn all(app: &mut ServiceConfig) {
    let mut by_path: Vec<(&'static str, Vec<Endpoint>)> = Vec::new();
    for endpoint in endpoints() {
        match by_path.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, at_path)) => at_path.push(endpoint),
            None => by_path.push((endpoint.path, vec![endpoint])),
        }
    }
    // A name that stands in a path comes before a path that takes any name there.
    by_path.sort_by_key(|(path, _)| path.contains('{'));
    for (path, at_path) in by_path {
        app.service(at(path, &at_path));
    }
}

/// A path with its methods; any other method is 405 and told which there are.
fn at(path: &str, endpoints: &[Endpoint]) -> Resource {
    let names = endpoints.iter().flat_map(|endpoint| match endpoint.verb {
        Verb::Get => vec!["GET", "HEAD"],
        Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => vec![endpoint.verb.as_str()],
    });
    let allowed = names.collect::<Vec<_>>().join(", ");
    let routes = endpoints.iter().map(|endpoint| (endpoint.route)());
    let resource = routes.fold(web::resource(path), Resource::route);
    resource.default_service(web::to(move || {
        let allowed = allowed.clone();
        async move { wrong_method(&allowed) }
    }))
}

fn wrong_method(allowed: &str) -> HttpResponse {
    let mut response =
        Problem::new(Code::MethodNotAllowed, format!("This path knows {allowed}.")).error_response();
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}
