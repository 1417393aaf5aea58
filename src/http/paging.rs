//! Lists: opaque cursors that stay right while the list changes, pages by number, an order from an allow-list, and a
//! choice of fields.

use crate::http::Problem;
use crate::http::limits::{CURSOR_BYTES_MAX, FIELDS_MAX, PAGE_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::marker::PhantomData;

/// What a request may say about the list it wants.
#[derive(Clone, Deserialize, Debug, Default, JsonSchema)]
pub(super) struct ListQuery {
    /// Items of a page.
    #[schemars(range(min = 1, max = 100))]
    pub(super) limit: Option<usize>,
    /// Where the page begins, as the page before it said in `next`.
    pub(super) cursor: Option<String>,
    /// The number of the page, from 1, in place of a cursor.
    #[schemars(range(min = 1))]
    pub(super) page: Option<usize>,
    /// Items of a page.
    #[schemars(range(min = 1, max = 100))]
    pub(super) page_size: Option<usize>,
    /// By what, with `-` before it for the other way round.
    pub(super) sort: Option<String>,
    /// The fields of an item, with commas between.
    pub(super) fields: Option<String>,
}

/// A page of a list.
#[derive(Serialize, Debug)]
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    /// The cursor of the next page; null at the end.
    pub(super) next: Option<String>,
    #[serde(flatten)]
    pub(super) numbered: Option<Numbered>,
}

/// What is said beside a page that was asked for by number.
#[derive(Serialize, Debug)]
pub(super) struct Numbered {
    page: usize,
    page_size: usize,
    total: usize,
    total_pages: usize,
    has_next: bool,
    has_prev: bool,
}

/// A page of a list, as the document of the API tells it. Of an item only the fields that are asked for are there.
pub(super) struct PageOf<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for PageOf<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("PageOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut item = T::json_schema(generator);
        item.remove("required");
        json_schema!({
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": item},
                "next": {"type": ["string", "null"], "description": "The cursor of the next page; null at the end."},
                "page": {"type": "integer", "minimum": 1},
                "page_size": {"type": "integer", "minimum": 1},
                "total": {"type": "integer", "minimum": 0},
                "total_pages": {"type": "integer", "minimum": 0},
                "has_next": {"type": "boolean"},
                "has_prev": {"type": "boolean"},
            },
            "required": ["items", "next"],
        })
    }
}

/// How many items a request wants.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    within(asked, 1)
}

/// The same where no item may be wanted.
pub(super) fn limit_or_none(asked: Option<usize>) -> Result<usize, Problem> {
    within(asked, 0)
}

fn within(asked: Option<usize>, least: usize) -> Result<usize, Problem> {
    let wanted = asked.unwrap_or(PAGE_DEFAULT);
    if (least..=PAGE_MAX).contains(&wanted) {
        return Ok(wanted);
    }
    Err(Problem::invalid(format!("`limit` and `page_size` are {least} to {PAGE_MAX}.")))
}

/// How many of these, at most `most`, make a page that is not too large; at least one.
pub(super) fn fitting(bytes: impl Iterator<Item = usize>, most: usize) -> usize {
    let mut sum = 0_usize;
    let fits = bytes.take(most).take_while(|bytes| {
        sum = sum.saturating_add(*bytes);
        sum <= PAGE_BYTES_MAX
    });
    fits.count().max(1).min(most)
}

/// Writes a cursor.
pub(super) fn cursor(place: &impl Serialize) -> Option<String> {
    Some(BASE64.encode(serde_json::to_vec(place).ok()?))
}

/// Reads a cursor.
pub(super) fn place<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let fault = || Problem::invalid("`cursor` is not one that this list gave.");
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(fault());
    }
    let bytes = BASE64.decode(cursor).map_err(|_| fault())?;
    serde_json::from_slice(&bytes).map_err(|_| fault())
}

/// What an item is sorted by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SortKey {
    Number(i64),
    Text(String),
}

/// The order that a list is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Order {
    pub(super) by: &'static str,
    descending: bool,
}

impl Order {
    /// Reads `sort`: a name of the allow-list, with `-` before it for the other way round.
    pub(super) fn of(asked: Option<&str>, allowed: &'static [&'static str]) -> Result<Order, Problem> {
        let asked = asked.unwrap_or_else(|| allowed.first().copied().unwrap_or_default());
        let (name, descending) = asked.strip_prefix('-').map_or((asked, false), |name| (name, true));
        let by = allowed.iter().find(|known| **known == name).copied().ok_or_else(|| {
            Problem::invalid(format!(
                "`sort` is one of {}, with - before it for descending.",
                allowed.join(", ")
            ))
        })?;
        Ok(Order { by, descending })
    }

    fn compare(self, a: &(SortKey, String), b: &(SortKey, String)) -> Ordering {
        let ascending = a.cmp(b);
        if self.descending { ascending.reverse() } else { ascending }
    }
}

#[derive(Serialize, Deserialize)]
struct Place {
    sort: String,
    after: (SortKey, String),
}

/// The items of one page, before it is said what of them is shown.
pub(super) struct Window<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
    pub(super) numbered: Option<Numbered>,
}

/// One page of a list that is in memory. `key` is what an item is sorted by, and its id.
pub(super) fn page_of<T: Serialize>(
    items: Vec<T>,
    query: &ListQuery,
    order: Order,
    key: impl Fn(&T) -> (SortKey, String),
) -> Result<Page, Problem> {
    let Window { items, next, numbered } = window_of(items, query, order, key)?;
    let fields = Fields::of(query.fields.as_deref());
    let items = items.iter().map(|item| fields.select(item)).collect::<Result<_, _>>()?;
    Ok(Page { items, next, numbered })
}

/// The items of one page of a list that is in memory.
pub(super) fn window_of<T>(
    items: Vec<T>,
    query: &ListQuery,
    order: Order,
    key: impl Fn(&T) -> (SortKey, String),
) -> Result<Window<T>, Problem> {
    let mut keyed: Vec<((SortKey, String), T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.sort_by(|a, b| order.compare(&a.0, &b.0));
    let total = keyed.len();
    let (from, size, numbered) = match (query.page, &query.cursor) {
        (Some(page), _) => {
            let size = limit(query.page_size.or(query.limit))?;
            let from = page.checked_sub(1).ok_or_else(|| Problem::invalid("`page` is at least 1."))?;
            let from = from.saturating_mul(size).min(total);
            (from, size, Some(numbered(page, size, total)))
        }
        (None, Some(cursor)) => {
            let place: Place = place(cursor)?;
            if place.sort != order.by {
                return Err(Problem::invalid("`cursor` belongs to a list in another order."));
            }
            let from = keyed.partition_point(|(key, _)| order.compare(key, &place.after).is_le());
            (from, limit(query.limit.or(query.page_size))?, None)
        }
        (None, None) => (0, limit(query.limit.or(query.page_size))?, None),
    };
    let end = from.saturating_add(size).min(total);
    let last = end.checked_sub(1).and_then(|at| keyed.get(at)).map(|(key, _)| key.clone());
    let next =
        last.filter(|_| end < total).and_then(|after| cursor(&Place { sort: order.by.to_owned(), after }));
    let items = keyed.into_iter().skip(from).take(size).map(|(_, item)| item).collect();
    Ok(Window { items, next, numbered })
}

fn numbered(page: usize, page_size: usize, total: usize) -> Numbered {
    let total_pages = total.div_ceil(page_size);
    Numbered { page, page_size, total, total_pages, has_next: page < total_pages, has_prev: page > 1 }
}

/// A choice of fields.
pub(super) struct Fields<'a>(Option<Vec<&'a str>>);

impl<'a> Fields<'a> {
    /// Reads `fields=a,b`. Names that an item does not have choose nothing.
    pub(super) fn of(asked: Option<&'a str>) -> Fields<'a> {
        let names = |asked: &'a str| {
            asked.split(',').map(str::trim).filter(|name| !name.is_empty()).take(FIELDS_MAX).collect()
        };
        Fields(asked.filter(|asked| !asked.is_empty()).map(names))
    }

    /// The item with the chosen fields.
    pub(super) fn select(&self, item: &impl Serialize) -> Result<Value, Problem> {
        let value = serde_json::to_value(item).map_err(|error| {
            tracing::error!(%error, "an item could not be encoded");
            Problem::internal()
        })?;
        Ok(match (&self.0, value) {
            (Some(names), Value::Object(fields)) => {
                let chosen = fields.into_iter().filter(|(name, _)| names.contains(&name.as_str()));
                Value::Object(chosen.collect::<Map<_, _>>())
            }
            (_, value) => value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: &[&str] = &["name", "size"];

    fn list(query: &ListQuery, names: &[&str]) -> Page {
        let order = Order::of(query.sort.as_deref(), SORTS).unwrap();
        let items = names.iter().map(|name| (*name).to_owned()).collect();
        page_of(items, query, order, |name: &String| {
            let key = if order.by == "size" {
                SortKey::Number(name.len() as i64)
            } else {
                SortKey::Text(name.clone())
            };
            (key, name.clone())
        })
        .unwrap()
    }

    fn walk(sort: &str, change: impl Fn(usize) -> Vec<&'static str>) -> Vec<String> {
        let mut query = ListQuery { limit: Some(2), sort: Some(sort.into()), ..ListQuery::default() };
        let mut seen = Vec::new();
        for turn in 0.. {
            let page = list(&query, &change(turn));
            seen.extend(page.items.iter().map(|item| item.as_str().unwrap().to_owned()));
            let Some(next) = page.next else { break };
            query.cursor = Some(next);
        }
        seen
    }

    #[test]
    fn cursors_walk_the_whole_list_once_in_either_direction() {
        let all = || vec!["c", "a", "bb", "d", "ee"];
        assert_eq!(walk("name", |_| all()), ["a", "bb", "c", "d", "ee"]);
        assert_eq!(walk("-name", |_| all()), ["ee", "d", "c", "bb", "a"]);
        assert_eq!(walk("size", |_| all()), ["a", "c", "d", "bb", "ee"]);
    }

    #[test]
    fn a_cursor_stays_right_while_the_list_changes() {
        let changing = |turn| if turn == 0 { vec!["a", "b", "c", "d"] } else { vec!["aa", "c", "d"] };
        assert_eq!(walk("name", changing), ["a", "b", "c", "d"]);
    }

    #[test]
    fn pages_by_number_know_their_neighbours() {
        let query = ListQuery { page: Some(2), page_size: Some(2), ..ListQuery::default() };
        let page = list(&query, &["a", "b", "c", "d", "e"]);
        let numbered = page.numbered.unwrap();
        assert_eq!(page.items, ["c", "d"]);
        assert_eq!((numbered.total, numbered.total_pages), (5, 3));
        assert!(numbered.has_next && numbered.has_prev);
        let beyond = ListQuery { page: Some(usize::MAX), page_size: Some(100), ..ListQuery::default() };
        assert!(list(&beyond, &["a"]).items.is_empty());
    }

    #[test]
    fn foreign_cursors_and_unknown_orders_are_refused() {
        for bad in ["x", "e30", &"A".repeat(5_000)] {
            assert!(place::<Place>(bad).is_err());
        }
        assert!(Order::of(Some("-nonsense"), SORTS).is_err());
        assert!(limit(Some(0)).is_err() && limit(Some(PAGE_MAX + 1)).is_err());
        assert!(limit(Some(PAGE_MAX)).is_ok() && limit_or_none(Some(0)).is_ok());
    }

    #[test]
    fn fields_choose() {
        let value = serde_json::json!({"a": 1, "b": 2, "c": 3});
        assert_eq!(
            Fields::of(Some("a, c,nonsense")).select(&value).unwrap(),
            serde_json::json!({"a": 1, "c": 3})
        );
        assert_eq!(Fields::of(None).select(&value).unwrap(), value);
    }
}
