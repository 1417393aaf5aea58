//! Stretches of study days in queries: `from` and `to`, both included.

use crate::http::Problem;
use crate::http::limits::{DAYS_DEFAULT, DAYS_MAX};
use domain::day::Day;

/// Reads a day of a query.
///
/// # Errors
/// 422 if it is none.
pub(super) fn day(name: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let read =
        |text: &str| text.parse().map_err(|_| Problem::invalid(format!("`{name}` is a day: YYYY-MM-DD.")));
    text.map(read).transpose()
}

/// The days from `from` to `to`; without `to` until today, without `from` so many days as are usual.
///
/// # Errors
/// 422 if one is no day, they are the wrong way round, or they are too many.
pub(super) fn stretch(from: Option<&str>, to: Option<&str>, today: Day) -> Result<(Day, Day), Problem> {
    let to = day("to", to)?.unwrap_or(today);
    let from = day("from", from)?.unwrap_or_else(|| to.plus(1 - DAYS_DEFAULT));
    if from > to {
        return Err(Problem::invalid("`from` is not later than `to`."));
    }
    if to.since(from) >= DAYS_MAX {
        return Err(Problem::invalid(format!("At most {DAYS_MAX} days at once.")));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_ends_today_and_has_thirty_days_unless_it_is_said_otherwise() {
        let today: Day = "2026-03-31".parse().unwrap();
        let read = |from, to| stretch(from, to, today).map(|(a, b)| (a.to_string(), b.to_string()));
        let days = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(read(None, None).unwrap(), days("2026-03-02", "2026-03-31"));
        assert_eq!(read(None, Some("2026-01-30")).unwrap(), days("2026-01-01", "2026-01-30"));
        assert_eq!(read(Some("2026-03-31"), None).unwrap(), days("2026-03-31", "2026-03-31"));
        for (from, to) in [
            (Some("2026-04-01"), None),
            (Some("2024-01-01"), None),
            (Some("x"), None),
            (None, Some("2026-02-30")),
        ] {
            assert!(read(from, to).is_err(), "{from:?} {to:?}");
        }
    }
}
