//! The server's own metrics, in Prometheus' text format.

use std::collections::BTreeMap;

/// Samples without labels, and the buckets of histograms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    samples: BTreeMap<String, f64>,
    buckets: BTreeMap<String, Vec<(f64, f64)>>,
}

impl Metrics {
    /// Reads a scrape; lines that are something else are passed over.
    pub fn parse(text: &str) -> Metrics {
        let mut metrics = Metrics::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let Ok(value) = value.parse::<f64>() else { continue };
            match name.split_once("_bucket{le=\"") {
                Some((histogram, le)) => {
                    let Ok(le) = le.trim_end_matches("\"}").parse() else { continue };
                    metrics.buckets.entry(histogram.to_owned()).or_default().push((le, value));
                }
                None => {
                    metrics.samples.insert(name.to_owned(), value);
                }
            }
        }
        metrics
    }

    /// A sample.
    pub fn sample(&self, name: &str) -> Option<f64> {
        self.samples.get(name).copied()
    }

    /// The upper end of the bucket that holds this quantile of a histogram without labels.
    pub fn quantile(&self, histogram: &str, share: f64) -> Option<f64> {
        let buckets = self.buckets.get(histogram)?;
        let all = buckets.last()?.1;
        buckets.iter().find(|(_, count)| all > 0.0 && *count >= all * share).map(|(le, _)| *le)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_understood() {
        let text = "# HELP a b\na_total 7\nt_bucket{le=\"0.001\"} 50\nt_bucket{le=\"0.005\"} 95\nt_bucket{le=\"+Inf\"} 100\nx{y=\"z\"} 3\n";
        let metrics = Metrics::parse(text);
        assert_eq!(metrics.sample("a_total"), Some(7.0));
        assert_eq!(metrics.quantile("t", 0.5), Some(0.001));
        assert_eq!(metrics.quantile("t", 0.9), Some(0.005));
        assert_eq!(metrics.quantile("t", 0.99), Some(f64::INFINITY));
        assert_eq!(metrics.quantile("nothing", 0.5), None);
    }
}
