//! The document of the API, made from the list of routes and from the types that are read and written: `GET
//! /api/openapi.json` (OpenAPI 3.1). What is not told here does not exist, and the other way round.

use crate::http::access::Need;
use crate::http::endpoint::{Content, Endpoint};
use crate::http::etag::tag_of;
use crate::http::problem::Code;
use crate::http::routes::endpoints;
use crate::http::{Problem, etag};
use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// Where the shapes lie in the document.
const SHAPES: &str = "/components/schemas";

/// `GET /api/openapi.json`
pub(super) async fn serve(request: HttpRequest) -> Result<HttpResponse, Problem> {
    static TEXT: OnceLock<(String, String)> = OnceLock::new();
    let (text, tag) = TEXT.get_or_init(|| {
        let text = document().to_string();
        let tag = tag_of(text.as_bytes());
        (text, tag)
    });
    let known = etag::matches(&request, tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag.as_str()));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("application/json").body(text.clone()))
}

/// The document.
pub fn document() -> Value {
    let mut shapes = Shapes::new();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let operation = shapes.operation(&endpoint);
        let path = paths.entry(plain(endpoint.path)).or_insert_with(|| json!({}));
        path[endpoint.verb.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "studyhall",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A real-time study engine. Every refusal is problem JSON with a stable `code`.",
        },
        "paths": paths,
        "components": {
            "schemas": shapes.all(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    })
}

/// A path as the document has it: `{file:.*}` is `{file}`.
fn plain(path: &str) -> String {
    let mut plain = String::new();
    for part in path.split_inclusive('}') {
        match part.split_once('{').and_then(|(before, name)| Some((before, name.split_once(':')?.0))) {
            Some((before, name)) => plain.push_str(&format!("{before}{{{name}}}")),
            None => plain.push_str(part),
        }
    }
    plain
}

/// Collects the shapes that are named; what is read may have other rules than what is written.
struct Shapes {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Shapes {
    fn new() -> Shapes {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = SHAPES.into();
            settings.meta_schema = None;
            settings
        };
        // What is read is told where it is used: a shape of the same name may be written otherwise.
        let mut read = settings().for_deserialize();
        read.inline_subschemas = true;
        Shapes { read: read.into_generator(), written: settings().for_serialize().into_generator() }
    }

    /// All shapes by their names.
    fn all(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        all.insert("Problem".to_owned(), problem());
        all
    }

    fn operation(&mut self, endpoint: &Endpoint) -> Value {
        let mut operation = json!({
            "operationId": operation_id(endpoint),
            "summary": endpoint.about,
            "tags": [tag(endpoint.path)],
            "parameters": self.parameters(endpoint),
            "responses": self.responses(endpoint),
            "x-needs": endpoint.needs.iter().map(|need| format!("{need:?}")).collect::<Vec<_>>(),
        });
        let open = endpoint.needs.iter().all(|need| [Need::Open, Need::Node].contains(need));
        operation["security"] = if open { json!([]) } else { json!([{"token": []}]) };
        if !endpoint.bodies.is_empty() {
            let contents = endpoint.bodies.iter().map(|body| match body {
                Content::Json(schema) => {
                    ("application/json".to_owned(), json!({"schema": schema(&mut self.read)}))
                }
                Content::Media(media) => ((*media).to_owned(), json!({})),
            });
            let contents: Map<String, Value> = contents.collect();
            operation["requestBody"] = json!({"required": true, "content": contents});
        }
        operation
    }

    fn parameters(&mut self, endpoint: &Endpoint) -> Vec<Value> {
        let mut parameters: Vec<Value> = names_in(endpoint.path).map(in_path).collect();
        for query in &endpoint.queries {
            let shape = query(&mut self.read).to_value();
            let required = shape["required"].as_array().cloned().unwrap_or_default();
            let fields = shape["properties"].as_object().cloned().unwrap_or_default();
            for (name, mut schema) in fields {
                let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
                never_null(&mut schema);
                let needed = required.iter().any(|required| *required == name.as_str());
                let mut parameter =
                    json!({"name": name, "in": "query", "required": needed, "schema": schema});
                if let Some(about) = about {
                    parameter["description"] = about;
                }
                parameters.push(parameter);
            }
        }
        if endpoint.keyed {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "A request that is sent again with its key makes nothing twice.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            }));
        }
        parameters
    }

    fn responses(&mut self, endpoint: &Endpoint) -> Value {
        let mut responses = Map::new();
        for (status, content) in &endpoint.answers {
            let response =
                responses.entry(status.to_string()).or_insert_with(|| json!({"description": words(*status)}));
            match content {
                Some(Content::Json(schema)) => {
                    response["content"]["application/json"]["schema"] = schema(&mut self.written).to_value();
                }
                Some(Content::Media(media)) => response["content"][*media] = json!({}),
                None => {}
            }
        }
        let refused = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
        responses.insert(
            "default".to_owned(),
            json!({"description": "A refusal", "content": {"application/problem+json": refused}}),
        );
        Value::Object(responses)
    }
}

fn words(status: u16) -> &'static str {
    match status {
        201 => "Made",
        202 => "Begun",
        204 => "Done",
        503 => "Not ready",
        _ => "As asked",
    }
}

/// In a query nothing can be null: what is absent is left out.
fn never_null(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|kind| *kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(all)) = fields.get_mut("anyOf") {
        all.retain(|one| one["type"] != "null");
        if let [only] = &all[..] {
            let only = only.clone();
            *schema = only;
        }
    }
}

/// What stands in braces in a path.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.split_once(':').map_or(name, |(name, _)| name))
}

fn in_path(name: &str) -> Value {
    let schema = match name.ends_with("_id") {
        true => json!({"type": "string", "format": "uuid"}),
        false => json!({"type": "string"}),
    };
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

/// The chapter of a path: what comes after the version.
fn tag(path: &str) -> &str {
    let rest = path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    rest.split('/').next().filter(|tag| !tag.is_empty()).unwrap_or("pages")
}

fn operation_id(endpoint: &Endpoint) -> String {
    let path = plain(endpoint.path).replace("/api/v1", "");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id = words.fold(endpoint.verb.as_str().to_ascii_lowercase(), |id, word| format!("{id}_{word}"));
    id.trim_end_matches('_').to_owned()
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": codes},
        },
        "additionalProperties": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths_are_left_out() {
        assert_eq!(plain("/web/{file:.*}"), "/web/{file}");
        assert_eq!(plain("/decks/{deck_id}/cards/{card_id}"), "/decks/{deck_id}/cards/{card_id}");
        assert_eq!(names_in("/a/{b}/c/{d:.*}").collect::<Vec<_>>(), ["b", "d"]);
    }

    #[test]
    fn every_reference_leads_somewhere_and_no_operation_has_the_name_of_another() {
        let document = document();
        let text = document.to_string();
        let shapes = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("\"$ref\":\"").skip(1) {
            let name = reference.split('"').next().unwrap();
            let shape = name.strip_prefix("#/components/schemas/").unwrap_or_else(|| panic!("{name}"));
            assert!(shapes.contains_key(shape), "{name}");
        }
        let mut ids: Vec<&str> =
            text.split("\"operationId\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), count), (endpoints().len(), endpoints().len()));
    }
}
