//! What is measured of requests. No label names a person, a deck or a path with an id in it.

use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, Registry};
use std::time::Duration;

/// Buckets of a time in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What is measured of requests.
#[derive(Clone)]
pub struct HttpMeasures {
    requests: IntCounterVec,
    seconds: Histogram,
    panics: prometheus::IntCounter,
}

impl HttpMeasures {
    /// Registers the measures.
    ///
    /// # Errors
    /// They are registered already.
    pub fn new(registry: &Registry) -> Result<HttpMeasures, prometheus::Error> {
        let requests =
            Opts::new("studyhall_http_requests_total", "HTTP requests, by method and class of status.");
        let requests = IntCounterVec::new(requests, &["method", "status"])?;
        let seconds =
            HistogramOpts::new("studyhall_http_seconds", "Time from a request's head to its answer's.");
        let seconds = Histogram::with_opts(seconds.buckets(SECONDS.to_vec()))?;
        let panics =
            prometheus::IntCounter::new("studyhall_http_panics_total", "Requests whose handler panicked.")?;
        // Told from the start, so that the first fault shows as an increase.
        for status in ["2xx", "4xx", "5xx"] {
            requests.with_label_values(&["GET", status]);
            requests.with_label_values(&["POST", status]);
        }
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(panics.clone()))?;
        Ok(HttpMeasures { requests, seconds, panics })
    }

    pub(super) fn answered(&self, method: &str, status: u16, took: Duration) {
        let method = match method {
            "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" => method,
            _ => "other",
        };
        let class = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.requests.with_label_values(&[method, class]).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn panicked(&self) {
        self.panics.inc();
    }
}
