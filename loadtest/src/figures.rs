//! What is counted and timed while a run goes on, second by second and as a whole.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest latency that is told apart, in microseconds; what is longer counts as this.
const LONGEST_US: u64 = 120_000_000;
/// Faults that are kept in words; the others are only counted.
const FAULTS_KEPT: usize = 200;

/// Times in microseconds, three digits exact.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        // The bounds are constants that the histogram takes; one that grows stands in if that ever changes.
        let bounded = Histogram::new_with_bounds(1, LONGEST_US, 3).or_else(|_| Histogram::new(3));
        Times(bounded.unwrap_or_else(|_| std::process::abort()))
    }
}

impl Times {
    /// Notes one.
    pub fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of them does not exceed, in milliseconds; 0 without any.
    pub fn ms(&self, share: f64) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.value_at_quantile(share) as f64 / 1_000.0 }
    }

    /// The longest, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1_000.0
    }

    /// Takes another's in.
    pub fn add(&mut self, other: &Times) {
        // Both have the same bounds: nothing of the other can be out of them.
        let _ = self.0.add(&other.0);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Points of the curve: share of all, and the milliseconds that it does not exceed.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        const SHARES: [f64; 13] =
            [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1.0];
        SHARES.iter().map(|share| (*share, self.ms(*share))).collect()
    }
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value())))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut times = Times::default();
        for (value, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            times.0.saturating_record_n(value, count);
        }
        Ok(times)
    }
}

/// The same times from the moment that was intended, and from the one when the message left.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Both {
    /// From the intended moment: what a learner would feel.
    pub corrected: Times,
    /// From the moment of sending.
    pub raw: Times,
}

impl Both {
    fn add(&mut self, other: &Both) {
        self.corrected.add(&other.corrected);
        self.raw.add(&other.raw);
    }
}

/// One second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds since the start.
    pub at_s: u64,
    /// Learners that study.
    pub learners: u64,
    /// Answers sent.
    pub sent: u64,
    /// Answers saved.
    pub saved: u64,
    /// From the intended answer to the next card, p50, ms.
    pub card_p50_ms: f64,
    /// The same, p99.
    pub card_p99_ms: f64,
    /// From the intended answer to its `saved`, p99, ms.
    pub saved_p99_ms: f64,
    /// What must not be.
    pub faults: u64,
}

/// Everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Answers sent, each once however often it was sent again.
    pub sent: u64,
    /// Answers whose verdict came back.
    pub saved: u64,
    /// Answers that were intended and never sent.
    pub skipped: u64,
    /// Answers whose verdict never came, of learners who vanished or froze on purpose.
    pub uncertain: u64,
    /// Times a learner had to connect again.
    pub reconnects: u64,
    /// Handshakes that the server put off: too many at once, with a time to try again.
    #[serde(default)]
    pub asked_to_wait: u64,
    /// Answers of HTTP requests.
    pub http_requests: u64,
    /// Those with a status of 500 and above, or without any.
    pub http_server_errors: u64,
    /// How sockets were ended by the server; 0 stands for an end without a code.
    pub closes: BTreeMap<u16, u64>,
    /// From an answer to the next card.
    pub to_card: Both,
    /// From an answer to its `saved`.
    pub to_saved: Both,
    /// From the beginning of a connection to the first card.
    pub to_first_card: Times,
    /// From the drop of all connections to the first card after it.
    pub back: Times,
    /// HTTP requests, from the intended moment.
    pub http: Times,
    /// How late the load generator itself sent.
    pub send_late: Times,
    /// What must not be, in words.
    pub faults: Vec<String>,
    /// How often it was.
    pub fault_count: u64,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// Learners that study now.
    #[serde(skip)]
    pub studying: u64,
    #[serde(skip)]
    this_second: ThisSecond,
}

#[derive(Clone, Debug, Default)]
struct ThisSecond {
    sent: u64,
    saved: u64,
    faults: u64,
    card: Times,
    to_saved: Times,
}

impl Figures {
    /// An answer leaves, so long after it was intended to.
    pub fn sent(&mut self, late: Duration) {
        self.sent += 1;
        self.this_second.sent += 1;
        self.send_late.note(late);
    }

    /// A card came, so long after the answer before it was intended and sent.
    pub fn card(&mut self, since_intended: Duration, since_sent: Duration) {
        self.to_card.corrected.note(since_intended);
        self.to_card.raw.note(since_sent);
        self.this_second.card.note(since_intended);
    }

    /// A verdict came.
    pub fn saved(&mut self, since_intended: Duration, since_sent: Duration) {
        self.saved += 1;
        self.this_second.saved += 1;
        self.to_saved.corrected.note(since_intended);
        self.to_saved.raw.note(since_sent);
        self.this_second.to_saved.note(since_intended);
    }

    /// A verdict came to somebody whose own slowness would be timed.
    pub const fn saved_untimed(&mut self) {
        self.saved += 1;
        self.this_second.saved += 1;
    }

    /// An HTTP request was answered, so long after it was intended; `None` stands for no answer.
    pub fn http(&mut self, since_intended: Duration, status: Option<u16>) {
        self.http_requests += 1;
        self.http_server_errors += u64::from(status.is_none_or(|status| status >= 500));
        self.http.note(since_intended);
    }

    /// Something that must not be.
    pub fn fault(&mut self, what: impl std::fmt::Display) {
        self.fault_count += 1;
        self.this_second.faults += 1;
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(what.to_string());
        }
    }

    /// The second that ends now.
    pub fn second(&mut self, at_s: u64) -> Second {
        let this = &mut self.this_second;
        let second = Second {
            at_s,
            learners: self.studying,
            sent: std::mem::take(&mut this.sent),
            saved: std::mem::take(&mut this.saved),
            faults: std::mem::take(&mut this.faults),
            card_p50_ms: this.card.ms(0.5),
            card_p99_ms: this.card.ms(0.99),
            saved_p99_ms: this.to_saved.ms(0.99),
        };
        this.card.clear();
        this.to_saved.clear();
        self.seconds.push(second);
        second
    }

    /// Takes in what another process counted. Of latencies of one second the worse one stays.
    pub fn add(&mut self, other: &Figures) {
        self.sent += other.sent;
        self.saved += other.saved;
        self.skipped += other.skipped;
        self.uncertain += other.uncertain;
        self.reconnects += other.reconnects;
        self.asked_to_wait += other.asked_to_wait;
        self.http_requests += other.http_requests;
        self.http_server_errors += other.http_server_errors;
        for (code, count) in &other.closes {
            *self.closes.entry(*code).or_default() += count;
        }
        self.to_card.add(&other.to_card);
        self.to_saved.add(&other.to_saved);
        self.to_first_card.add(&other.to_first_card);
        self.back.add(&other.back);
        self.http.add(&other.http);
        self.send_late.add(&other.send_late);
        self.fault_count += other.fault_count;
        let room = FAULTS_KEPT.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.iter().take(room).cloned());
        for second in &other.seconds {
            match self.seconds.iter_mut().find(|mine| mine.at_s == second.at_s) {
                Some(mine) => *mine = mine.and(second),
                None => self.seconds.push(*second),
            }
        }
        self.seconds.sort_by_key(|second| second.at_s);
    }
}

impl Second {
    /// The same second of two processes: of latencies the worse one stays.
    pub const fn and(&self, other: &Second) -> Second {
        Second {
            at_s: self.at_s,
            learners: self.learners + other.learners,
            sent: self.sent + other.sent,
            saved: self.saved + other.saved,
            faults: self.faults + other.faults,
            card_p50_ms: self.card_p50_ms.max(other.card_p50_ms),
            card_p99_ms: self.card_p99_ms.max(other.card_p99_ms),
            saved_p99_ms: self.saved_p99_ms.max(other.saved_p99_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn figures_survive_the_way_between_two_processes() {
        let mut one = Figures::default();
        one.sent(MS);
        one.card(7 * MS, 5 * MS);
        one.saved(9 * MS, 8 * MS);
        one.second(1);
        let text = serde_json::to_string(&one).unwrap();
        let mut both: Figures = serde_json::from_str(&text).unwrap();
        both.add(&one);
        assert_eq!((both.sent, both.saved, both.to_card.corrected.count()), (2, 2, 2));
        assert!((both.to_card.corrected.ms(0.5) - 7.0).abs() < 0.1);
        assert!((both.to_card.raw.ms(0.5) - 5.0).abs() < 0.1);
        assert_eq!(both.seconds.len(), 1);
        assert_eq!(both.seconds[0].sent, 2);
    }

    #[test]
    fn a_second_holds_only_its_own() {
        let mut figures = Figures::default();
        figures.card(20 * MS, MS);
        assert!(figures.second(1).card_p99_ms > 19.0);
        figures.card(MS, MS);
        assert!(figures.second(2).card_p99_ms < 2.0);
        assert!(figures.to_card.corrected.ms(1.0) > 19.0);
    }

    #[test]
    fn faults_are_all_counted_though_only_some_are_told() {
        let mut figures = Figures::default();
        for n in 0..1_000 {
            figures.fault(n);
        }
        assert_eq!((figures.fault_count, figures.faults.len()), (1_000, FAULTS_KEPT));
    }
}
