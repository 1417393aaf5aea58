//! Figures that are kept elsewhere, as families of Prometheus: read at a scrape, written nowhere.

use cql::{TIME_BOUNDS_US, Times};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// Families that are being put together.
#[derive(Default)]
pub(super) struct Families(Vec<MetricFamily>);

impl Families {
    pub(super) fn done(self) -> Vec<MetricFamily> {
        self.0
    }

    /// A number that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.add(name, help, MetricType::COUNTER, vec![counted(vec![], value as f64)]);
    }

    /// The same with a fraction, as seconds have it.
    pub(super) fn counter_of(&mut self, name: &str, help: &str, value: f64) {
        self.add(name, help, MetricType::COUNTER, vec![counted(vec![], value)]);
    }

    /// Numbers that only grow, by one label.
    pub(super) fn counters<L: AsRef<str>>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) {
        let values = values.into_iter();
        let metrics = values.map(|(of, value)| counted(vec![pair(label, of.as_ref())], value as f64));
        self.add(name, help, MetricType::COUNTER, metrics.collect());
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.add(name, help, MetricType::GAUGE, vec![gauged(vec![], value)]);
    }

    /// Numbers that go up and down, by one label.
    pub(super) fn gauges<L: AsRef<str>>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) {
        let values = values.into_iter();
        let metrics = values.map(|(of, value)| gauged(vec![pair(label, of.as_ref())], value));
        self.add(name, help, MetricType::GAUGE, metrics.collect());
    }

    /// Times in seconds, by one label.
    pub(super) fn seconds<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, &'a Times)>,
    ) {
        let metrics = values.into_iter().map(|(of, times)| timed(vec![pair(label, of)], times));
        self.add(name, help, MetricType::HISTOGRAM, metrics.collect());
    }

    fn add(&mut self, name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.0.push(family);
    }
}

fn pair(label: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(label.to_owned());
    pair.set_value(value.to_owned());
    pair
}

fn counted(labels: Vec<LabelPair>, value: f64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(value);
    let mut metric = Metric::from_label(labels);
    metric.set_counter(counter);
    metric
}

fn gauged(labels: Vec<LabelPair>, value: u64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value as f64);
    let mut metric = Metric::from_label(labels);
    metric.set_gauge(gauge);
    metric
}

fn timed(labels: Vec<LabelPair>, times: &Times) -> Metric {
    let mut so_far = 0;
    let mut buckets = Vec::with_capacity(TIME_BOUNDS_US.len());
    for (bound_us, count) in TIME_BOUNDS_US.iter().zip(times.counts) {
        so_far += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound_us as f64 / 1e6);
        bucket.set_cumulative_count(so_far);
        buckets.push(bucket);
    }
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets);
    histogram.set_sample_count(times.counts.iter().sum());
    histogram.set_sample_sum(times.sum_us as f64 / 1e6);
    let mut metric = Metric::from_label(labels);
    metric.set_histogram(histogram);
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    #[test]
    fn times_are_told_added_up_and_in_seconds() {
        let mut times = Times { sum_us: 7_001_500, ..Times::default() };
        times.counts[0] = 2;
        times.counts[1] = 1;
        times.counts[TIME_BOUNDS_US.len()] = 1;
        let mut families = Families::default();
        families.seconds("t_seconds", "Time.", "kind", [("read", &times)]);
        let text = TextEncoder::new().encode_to_string(&families.done()).unwrap();
        for line in [
            "# TYPE t_seconds histogram",
            r#"t_seconds_bucket{kind="read",le="0.0005"} 2"#,
            r#"t_seconds_bucket{kind="read",le="0.001"} 3"#,
            r#"t_seconds_bucket{kind="read",le="5"} 3"#,
            r#"t_seconds_bucket{kind="read",le="+Inf"} 4"#,
            r#"t_seconds_sum{kind="read"} 7.0015"#,
            r#"t_seconds_count{kind="read"} 4"#,
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
    }
}
