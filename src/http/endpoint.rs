//! One route as everybody needs it: the server that answers it, the tests that walk over all of them, and the document
//! that describes them.

use crate::http::access::Need;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The methods of the API. What is read with GET may be asked for with HEAD, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    fn guarded(self) -> Route {
        match self {
            Verb::Get => web::route().guard(Any(Get()).or(Head())),
            Verb::Post => web::route().method(Method::POST),
            Verb::Put => web::route().method(Method::PUT),
            Verb::Patch => web::route().method(Method::PATCH),
            Verb::Delete => web::route().method(Method::DELETE),
        }
    }
}

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What travels in a body.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// JSON of this shape.
    Json(SchemaOf),
    /// Something else, by its media type.
    Media(&'static str),
}

/// An answer that is no refusal: its status, and what it holds, if anything. One status may hold one thing or another.
pub(super) type Answer = (u16, Option<Content>);

/// One route.
pub struct Endpoint {
    pub(super) verb: Verb,
    pub(super) path: &'static str,
    pub(super) needs: &'static [Need],
    pub(super) route: Box<dyn Fn() -> Route>,
    pub(super) about: &'static str,
    pub(super) queries: Vec<SchemaOf>,
    pub(super) bodies: Vec<Content>,
    pub(super) answers: Vec<Answer>,
    pub(super) keyed: bool,
}

/// A route as tests see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its method.
    pub verb: Verb,
    /// Its whole path, with names in braces.
    pub path: &'static str,
    /// All that somebody must be allowed to do for it.
    pub needs: &'static [Need],
}

impl Endpoint {
    /// A route: what it is asked by, what one must be allowed to do, who answers, and a sentence about it.
    pub(super) fn new<F, Args>(
        verb: Verb,
        path: &'static str,
        needs: &'static [Need],
        handler: F,
        about: &'static str,
    ) -> Endpoint
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = Box::new(move || verb.guarded().to(handler.clone()));
        let (queries, bodies, answers) = (Vec::new(), Vec::new(), Vec::new());
        Endpoint { verb, path, needs, route, about, queries, bodies, answers, keyed: false }
    }

    /// Takes the fields of this type in its query.
    pub(super) fn query<T: JsonSchema>(mut self) -> Endpoint {
        self.queries.push(|generator| generator.subschema_for::<T>());
        self
    }

    /// Takes JSON of this type.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Endpoint {
        self.bodies.push(Content::Json(|generator| generator.subschema_for::<T>()));
        self
    }

    /// Takes a body of this media type.
    pub(super) fn takes_media(mut self, media: &'static str) -> Endpoint {
        self.bodies.push(Content::Media(media));
        self
    }

    /// Takes an `Idempotency-Key`.
    pub(super) fn keyed(mut self) -> Endpoint {
        self.keyed = true;
        self
    }

    /// Answers with JSON of this type.
    pub(super) fn answers<T: JsonSchema>(mut self, status: u16) -> Endpoint {
        self.answers.push((status, Some(Content::Json(|generator| generator.subschema_for::<T>()))));
        self
    }

    /// Answers with something else than JSON.
    pub(super) fn answers_media(mut self, status: u16, media: &'static str) -> Endpoint {
        self.answers.push((status, Some(Content::Media(media))));
        self
    }

    /// Answers without a body.
    pub(super) fn answers_nothing(mut self, status: u16) -> Endpoint {
        self.answers.push((status, None));
        self
    }

    /// As tests see it.
    pub(super) fn listed(&self) -> Listed {
        Listed { verb: self.verb, path: self.path, needs: self.needs }
    }
}
