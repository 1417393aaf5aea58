//! Memory and processor time of a process, as Linux tells them (`man 5 proc`). Elsewhere nothing is told.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Clock ticks a second of `/proc/PID/stat`; the same on every Linux that Rust runs on.
const TICKS_PER_S: u64 = 100;

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Resident memory, in MB (10^6 bytes).
    pub resident_mb: f64,
    /// Processor time so far, user and system together.
    pub cpu: Duration,
}

impl Usage {
    /// What two processes use together.
    pub fn and(self, other: Usage) -> Usage {
        Usage { resident_mb: self.resident_mb + other.resident_mb, cpu: self.cpu + other.cpu }
    }
}

/// What this process uses now.
pub fn of(pid: u32) -> Option<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(Usage { resident_mb: resident_kib(&status)? as f64 * 1_024.0 / 1e6, cpu: cpu(&stat)? })
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn cpu(stat: &str) -> Option<Duration> {
    // The name of the program stands in brackets and may hold spaces: count from behind it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1_000 / TICKS_PER_S))
}

/// Slope of a line through `(seconds, value)` by least squares, per hour; 0 for fewer than three points.
pub fn per_hour(points: &[(f64, f64)]) -> f64 {
    if points.len() < 3 {
        return 0.0;
    }
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    if spread > 0.0 { together / spread * 3_600.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_is_understood() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t   5120 kB\nThreads: 1\n"), Some(5_120));
        let stat = "77 (a (strange) name) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 5 6 7";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("rubbish"), None);
    }

    #[test]
    fn growth_is_the_slope_of_a_line() {
        let line: Vec<_> = (0..60).map(|s| (f64::from(s), 100.0 + f64::from(s) / 60.0)).collect();
        assert!((per_hour(&line) - 60.0).abs() < 0.001);
        assert!(per_hour(&[(0.0, 1.0), (1.0, 2.0)]).abs() < f64::EPSILON);
    }
}
