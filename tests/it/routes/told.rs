//! The document of the API, held against what the API does: every answer of these tests is one that it tells of.

use super::site::{Answer, Site, request};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use studyhall::http::{document, routes};

fn told() -> &'static Value {
    static TOLD: OnceLock<Value> = OnceLock::new();
    TOLD.get_or_init(document)
}

/// Checks an answer against the document. What no route answers is checked by nothing but its being a refusal.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    if status == 304 {
        return;
    }
    // What travels compressed is the same, and is looked at where it is not.
    let is_plain = ["", "identity"].contains(&answer.header("content-encoding"));
    let verb = if method == "HEAD" { "GET" } else { method };
    let Some(operation) = operation(verb, path) else {
        assert!(matches!(status, 400 | 404 | 405), "{method} {path} is no route, and answers {status}");
        return;
    };
    let responses = operation["responses"].as_object().unwrap();
    let exact = responses.get(&status.to_string());
    assert!(exact.is_some() || status >= 400, "{method} {path} answers {status}, of which nobody is told");
    let told = exact.unwrap_or_else(|| &responses["default"]);
    let kind = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
    let Some(contents) = told["content"].as_object() else {
        assert!(answer.body.is_empty(), "{method} {path} {status}: {}", answer.text());
        return;
    };
    let content = contents.get(&kind).or_else(|| contents.get("*/*"));
    let content =
        content.unwrap_or_else(|| panic!("{method} {path} {status} is {kind}, of which nobody is told"));
    if method == "HEAD" || !is_plain || content["schema"].is_null() {
        return;
    }
    let faults = faults(&content["schema"], &answer.json(), "");
    assert!(faults.is_empty(), "{method} {path} {status}: {faults:?}\n{}", answer.text());
}

/// The operation that answers a request.
fn operation(verb: &str, path: &str) -> Option<&'static Value> {
    let paths = told()["paths"].as_object().unwrap();
    let matching = paths.iter().filter(|(pattern, _)| matches(pattern, path));
    // Of two that match, the one that names more is meant.
    let (_, verbs) = matching.min_by_key(|(pattern, _)| pattern.matches('{').count())?;
    verbs.get(verb.to_ascii_lowercase())
}

fn matches(pattern: &str, path: &str) -> bool {
    if let Some(folder) = pattern.strip_suffix("{file}") {
        return path.starts_with(folder);
    }
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return false,
        }
    }
}

/// What a value has that its shape does not allow; fields that are not told of are faults as well. A word of a shape that
/// is not understood here is a fault: nothing passes because it was not looked at.
pub fn faults(shape: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(rules) = shape.as_object() else {
        return if *shape == Value::Bool(true) {
            vec![]
        } else {
            vec![format!("{at}: nothing is allowed here")]
        };
    };
    let mut found = Vec::new();
    for (rule, says) in rules {
        match rule.as_str() {
            "$ref" => {
                let name = says.as_str().unwrap().rsplit('/').next().unwrap();
                found.extend(faults(&told()["components"]["schemas"][name], value, at));
            }
            "type" => {
                let kinds: Vec<&str> = match says {
                    Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
                    one => vec![one.as_str().unwrap()],
                };
                if !kinds.iter().any(|kind| is_a(kind, value)) {
                    found.push(format!("{at}: {value} is not {kinds:?}"));
                }
            }
            "enum" if !says.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is none of {says}"));
            }
            "const" if says != value => found.push(format!("{at}: {value} is not {says}")),
            "anyOf" | "oneOf" => {
                let all: Vec<_> = says.as_array().unwrap().iter().map(|one| faults(one, value, at)).collect();
                if all.iter().all(|faults| !faults.is_empty()) {
                    found.push(format!("{at}: none of {all:?}"));
                }
            }
            "allOf" => {
                found.extend(says.as_array().unwrap().iter().flat_map(|one| faults(one, value, at)));
            }
            "minimum" if value.as_f64().is_some_and(|n| n < says.as_f64().unwrap()) => {
                found.push(format!("{at}: {value} is less than {says}"));
            }
            "maximum" if value.as_f64().is_some_and(|n| n > says.as_f64().unwrap()) => {
                found.push(format!("{at}: {value} is more than {says}"));
            }
            "minItems"
                if value.as_array().is_some_and(|items| (items.len() as u64) < says.as_u64().unwrap()) =>
            {
                found.push(format!("{at}: less than {says} items"));
            }
            "maxItems"
                if value.as_array().is_some_and(|items| items.len() as u64 > says.as_u64().unwrap()) =>
            {
                found.push(format!("{at}: more than {says} items"));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(n, item)| faults(says, item, &format!("{at}[{n}]"))));
            }
            "required" => {
                let missing = says.as_array().unwrap().iter().filter(|name| {
                    value.as_object().is_some_and(|fields| !fields.contains_key(name.as_str().unwrap()))
                });
                found.extend(missing.map(|name| format!("{at}: {name} is missing")));
            }
            "properties" | "additionalProperties" => {}
            "format" => found.extend(badly_formed(says.as_str().unwrap(), value, at)),
            "enum" | "const" | "minimum" | "maximum" | "minItems" | "maxItems" | "description" | "title"
            | "default" | "examples" => {}
            other => found.push(format!("{at}: a rule that no test understands: {other}")),
        }
    }
    if let Some(fields) =
        value.as_object().filter(|_| rules.get("type").is_some_and(|kind| names(kind, "object")))
    {
        found.extend(fields_of(rules, fields, at));
    }
    found
}

fn fields_of(rules: &Map<String, Value>, fields: &Map<String, Value>, at: &str) -> Vec<String> {
    let nothing = Map::new();
    let known = rules.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let mut found = Vec::new();
    for (name, value) in fields {
        let at = format!("{at}.{name}");
        match (known.get(name), rules.get("additionalProperties")) {
            (Some(shape), _) | (None, Some(shape)) => found.extend(faults(shape, value, &at)),
            (None, None) => found.push(format!("{at}: nobody is told of this field")),
        }
    }
    found
}

fn names(kind: &Value, wanted: &str) -> bool {
    kind.as_str() == Some(wanted)
        || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == wanted))
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no kind of value: {other}"),
    }
}

fn badly_formed(format: &str, value: &Value, at: &str) -> Option<String> {
    let text = value.as_str();
    let good = match (format, text) {
        ("uuid", Some(text)) => text.parse::<uuid::Uuid>().is_ok(),
        ("date", Some(text)) => text.parse::<domain::day::Day>().is_ok(),
        ("uuid" | "date", None) => value.is_null(),
        // Of numbers: how wide they are.
        (
            "int8" | "int16" | "int32" | "int64" | "uint" | "uint8" | "uint16" | "uint32" | "uint64"
            | "double" | "float",
            _,
        ) => true,
        (other, _) => panic!("no form of value: {other}"),
    };
    (!good).then(|| format!("{at}: {value} is no {format}"))
}

#[test]
fn every_route_is_told_of_and_nothing_else_is() {
    let routes = routes();
    let listed: BTreeSet<(String, String)> = routes
        .iter()
        .map(|route| (route.path.replace(":.*", ""), route.verb.as_str().to_ascii_lowercase()))
        .collect();
    assert_eq!(listed.len(), routes.len(), "each route is there once");
    let mut told_of = BTreeSet::new();
    for (path, verbs) in told()["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            told_of.insert((path.clone(), verb.clone()));
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{verb} {path}");
            assert!(operation["responses"].as_object().unwrap().len() > 1, "{verb} {path} answers nothing");
        }
    }
    assert_eq!(told_of, listed);
}

#[test]
fn what_a_shape_does_not_allow_is_found() {
    let shape = serde_json::json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "n": {"type": ["integer", "null"], "minimum": 0},
            "list": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
        },
    });
    let good = serde_json::json!({"id": "00000000-0000-0000-0000-000000000001", "n": null, "list": ["a"]});
    assert_eq!(faults(&shape, &good, ""), Vec::<String>::new());
    let change = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        faults(&shape, &bad, "").len()
    };
    for (name, value) in [
        ("id", "x".into()),
        ("id", 1.into()),
        ("n", (-1).into()),
        ("list", vec!["c"].into()),
        ("list", Vec::<String>::new().into()),
        ("list", vec!["a", "b", "a"].into()),
        ("more", 1.into()),
    ] {
        assert!(change(name, value) > 0, "{name}");
    }
    assert!(!faults(&shape, &serde_json::json!({}), "").is_empty());
    assert!(!faults(&serde_json::json!({"pattern": "x"}), &good, "").is_empty());
}

#[actix_web::test]
async fn the_document_and_its_page_are_served_by_the_binary_itself() {
    let site = Site::open().await;
    let answer = site.send(request("GET", "//api/openapi.json", None)).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let tag = answer.header("etag").to_owned();
    assert_eq!(answer.expect(200), *told());
    let again = request("GET", "//api/openapi.json", None).insert_header(("if-none-match", tag));
    assert_eq!(site.send(again).await.status, 304);
    let page = site.send(request("GET", "//api/docs", None)).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let text = page.text();
    for file in ["/web/docs.js", "/web/docs.css", "/web/base.css"] {
        assert!(text.contains(file), "{file}");
        assert_eq!(site.send(request("GET", &format!("/{file}"), None)).await.status, 200, "{file}");
    }
    assert!(!text.contains("http://") && !text.contains("https://"), "no other host is asked");
}
