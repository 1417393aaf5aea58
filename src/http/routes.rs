//! The table of contents.

use crate::http::middleware::{around, small_as_it_is};
use crate::http::query::bad_query;
use crate::http::{
    App as State, Code, Problem, cards, classes, codes, decks, exports, history, imports, jobs, me, media,
    nodes, ops, pages, reviews,
};
use crate::server::{ABOUT_PATH, ASK_PATH, HOT_PATH, MARK_PATH};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig, delete, patch, post, put};
use actix_web::{App, Error, HttpResponse, Resource, ResponseError, Route};

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
        .configure(root)
        .service(web::scope("/api/v1").configure(api))
        .default_service(web::to(nothing_here))
        .wrap(from_fn(small_as_it_is))
        .wrap(Compress::default())
        .wrap(from_fn(around))
}

fn root(app: &mut ServiceConfig) {
    app.service(at("/livez", [(Method::GET, get().to(ops::live))]))
        .service(at("/readyz", [(Method::GET, get().to(ops::ready))]))
        .service(at("/metrics", [(Method::GET, get().to(ops::metrics))]))
        .service(at("/dev/clock", [(Method::POST, post().to(ops::set_clock))]))
        .service(at(ASK_PATH, [(Method::POST, post().to(nodes::ask))]))
        .service(at(HOT_PATH, [(Method::POST, post().to(nodes::hot))]))
        .service(at(MARK_PATH, [(Method::POST, post().to(nodes::mark))]))
        .service(at(ABOUT_PATH, [(Method::POST, post().to(nodes::about))]))
        .service(at("/media/{deck_id}/{digest}", [(Method::GET, get().to(media::read))]))
        .service(at("/", [(Method::GET, get().to(pages::index))]))
        .service(at("/web/{file:.*}", [(Method::GET, get().to(pages::asset))]));
}

fn api(api: &mut ServiceConfig) {
    api.service(at("/codes/redeem", [(Method::POST, post().to(codes::redeem))]))
        .service(at("/me", [(Method::GET, get().to(me::read)), (Method::PATCH, patch().to(me::change))]))
        .service(at("/due", [(Method::GET, get().to(reviews::due))]))
        .service(at("/reviews", [(Method::POST, post().to(reviews::submit))]))
        .service(at("/imports/rejected", [(Method::POST, post().to(imports::rejected))]))
        .service(at("/history", [(Method::GET, get().to(history::list))]))
        .service(at("/media/session", [(Method::POST, post().to(media::session))]))
        .configure(of_imports)
        .configure(of_decks)
        .configure(of_classes);
}

fn of_imports(api: &mut ServiceConfig) {
    api.service(at(
        "/imports",
        [(Method::GET, get().to(jobs::list)), (Method::POST, post().to(jobs::upload))],
    ))
    .service(at(
        "/imports/{job_id}",
        [(Method::GET, get().to(jobs::read)), (Method::DELETE, delete().to(jobs::withdraw))],
    ))
    .service(at("/imports/{job_id}/commit", [(Method::POST, post().to(jobs::commit))]))
    .service(at("/imports/{job_id}/events", [(Method::GET, get().to(jobs::events))]))
    .service(at("/imports/{job_id}/rejected", [(Method::GET, get().to(jobs::rejected))]));
}

fn of_decks(api: &mut ServiceConfig) {
    api.service(at(
        "/decks",
        [(Method::GET, get().to(decks::list)), (Method::POST, post().to(decks::create))],
    ))
    .service(at("/decks/import", [(Method::POST, post().to(imports::import_new))]))
    .service(at(
        "/decks/{deck_id}",
        [
            (Method::GET, get().to(decks::read)),
            (Method::PATCH, patch().to(decks::change)),
            (Method::DELETE, delete().to(decks::delete)),
        ],
    ))
    .service(at("/decks/{deck_id}/progress", [(Method::GET, get().to(reviews::progress))]))
    .service(at("/decks/{deck_id}/import", [(Method::POST, post().to(imports::import))]))
    .service(at("/decks/{deck_id}/export", [(Method::GET, get().to(exports::export))]))
    .service(at(
        "/decks/{deck_id}/cards",
        [(Method::GET, get().to(cards::list)), (Method::POST, post().to(cards::create))],
    ))
    .service(at("/decks/{deck_id}/cards/bulk", [(Method::POST, post().to(cards::create_many))]))
    .service(at(
        "/decks/{deck_id}/cards/{card_id}",
        [
            (Method::GET, get().to(cards::read)),
            (Method::PATCH, patch().to(cards::change)),
            (Method::DELETE, delete().to(cards::delete)),
        ],
    ))
    .service(at("/decks/{deck_id}/cards/{card_id}/state", [(Method::GET, get().to(reviews::card_state))]));
}

fn of_classes(api: &mut ServiceConfig) {
    api.service(at(
        "/classes",
        [(Method::GET, get().to(classes::list)), (Method::POST, post().to(classes::create))],
    ))
    .service(at(
        "/classes/{class_id}/students/{user_id}",
        [(Method::PUT, put().to(classes::enroll)), (Method::DELETE, delete().to(classes::remove))],
    ))
    .service(at(
        "/classes/{class_id}/decks/{deck_id}",
        [(Method::PUT, put().to(classes::give)), (Method::DELETE, delete().to(classes::take))],
    ));
}

/// What is read may also be asked for without its body: the server leaves it out of an answer to HEAD.
fn get() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}

/// A path with its methods; any other method is 405 and told which there are.
fn at<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let names = routes.iter().flat_map(|(method, _)| match *method {
        Method::GET => vec!["GET", "HEAD"],
        ref other => vec![other.as_str()],
    });
    let allowed = names.collect::<Vec<_>>().join(", ");
    let resource = routes.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
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
