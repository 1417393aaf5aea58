//! Metrics by name, read from the text of a scrape, and what two scrapes say together: rates and quantiles. Pure.

use std::collections::BTreeMap;

/// Every sample by its name with its labels.
pub fn figures_of(text: &str) -> BTreeMap<String, f64> {
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse::<f64>().ok().filter(|value| value.is_finite())?))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

/// By how much a counter grew; a counter that began anew grew by what it has now.
pub fn grown(before: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>, name: &str) -> f64 {
    let (before, now) = (before.get(name).copied().unwrap_or(0.0), now.get(name).copied().unwrap_or(0.0));
    if now >= before { now - before } else { now }
}

/// The sum over all samples whose name begins so, as counters with labels have.
pub fn grown_in_all(before: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>, prefix: &str) -> f64 {
    let names = now.range(prefix.to_owned()..).map(|(name, _)| name);
    names.take_while(|name| name.starts_with(prefix)).map(|name| grown(before, now, name)).sum()
}

/// The value below which this part (0 to 1) of what a histogram took in between lies: the upper bound of its bucket.
/// `None` when nothing came in, or it lies above the highest bound.
pub fn quantile(
    before: &BTreeMap<String, f64>,
    now: &BTreeMap<String, f64>,
    histogram: &str,
    part: f64,
) -> Option<f64> {
    let prefix = format!("{histogram}_bucket{{le=\"");
    let mut buckets: Vec<(f64, f64)> = now
        .range(prefix.clone()..)
        .take_while(|(name, _)| name.starts_with(&prefix))
        .filter_map(|(name, _)| {
            let bound = name.strip_prefix(&prefix)?.strip_suffix("\"}")?.parse::<f64>().ok()?;
            Some((bound, grown(before, now, name)))
        })
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = grown(before, now, &format!("{histogram}_count"));
    let found = buckets.iter().find(|(_, count)| *count >= all * part)?;
    (all > 0.0 && found.0.is_finite()).then_some(found.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# HELP a b\na_total{x=\"1\"} 5\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"1\"} 1\n\
                          h_bucket{le=\"+Inf\"} 1\nh_count 1\n";
    const NOW: &str = "a_total{x=\"1\"} 7\na_total{x=\"2\"} 3\nh_bucket{le=\"0.1\"} 9\nh_bucket{le=\"1\"} 11\n\
                       h_bucket{le=\"+Inf\"} 11\nh_count 11\nnonsense\nb NaN\n";

    #[test]
    fn samples_are_read_by_name_and_what_is_none_is_left_out() {
        let figures = figures_of(NOW);
        assert_eq!(figures.get("a_total{x=\"2\"}"), Some(&3.0));
        assert_eq!((figures.len(), figures.contains_key("b")), (6, false));
    }

    #[test]
    fn growth_is_between_two_scrapes_and_a_counter_that_began_anew_grew_by_what_it_has() {
        let (before, now) = (figures_of(BEFORE), figures_of(NOW));
        assert_eq!(grown_in_all(&before, &now, "a_total{"), 5.0);
        assert_eq!(grown(&now, &before, "h_count"), 1.0);
    }

    #[test]
    fn a_quantile_is_of_what_came_in_between() {
        let (before, now) = (figures_of(BEFORE), figures_of(NOW));
        assert_eq!(quantile(&before, &now, "h", 0.5), Some(0.1));
        assert_eq!(quantile(&before, &now, "h", 0.99), Some(1.0));
        assert_eq!(quantile(&now, &now, "h", 0.5), None, "nothing came in");
        assert_eq!(quantile(&before, &now, "none", 0.5), None);
    }
}
