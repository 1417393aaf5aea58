//! Findings as lines for people, or as JSON.

use super::finding::{Finding, worst};
use serde_json::{Value, json};

/// One line a check, and what to do below it where something is to be done.
pub fn as_lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let Finding { check, level, seen, advice } = finding;
        let first = format!("{:<4}  {check:<12} {seen}\n", level.name());
        if advice.is_empty() { first } else { format!("{first}{:20}-> {advice}\n", "") }
    };
    findings.iter().map(line).collect()
}

/// `{level, checks: [{check, level, seen, advice}]}`.
pub fn as_json(findings: &[Finding]) -> Value {
    let checks: Vec<Value> = findings
        .iter()
        .map(|f| json!({"check": f.check, "level": f.level.name(), "seen": f.seen, "advice": f.advice}))
        .collect();
    json!({"level": worst(findings).name(), "checks": checks})
}
