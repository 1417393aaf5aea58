//! A finding of the doctor, and the worst of several. Pure.

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Something to know: it works, or will for a while.
    Warn,
    /// A server cannot work so, or will lose what it promises.
    Fail,
}

impl Level {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }

    /// The exit code of a command that found this at worst.
    pub const fn exit_code(self) -> u8 {
        match self {
            Level::Ok => 0,
            Level::Warn => 1,
            Level::Fail => 2,
        }
    }
}

/// One line of the doctor's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which check; the name never changes its meaning.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub seen: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, seen: impl Into<String>) -> Finding {
        Finding { check, level: Level::Ok, seen: seen.into(), advice: String::new() }
    }

    /// Something to know.
    pub fn warn(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { check, level: Level::Warn, seen: seen.into(), advice: advice.into() }
    }

    /// Something that must not stay so.
    pub fn fail(check: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { check, level: Level::Fail, seen: seen.into(), advice: advice.into() }
    }
}

/// The worst of them; nothing found is well.
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_how_the_command_ends() {
        let (ok, warn, fail) =
            (Finding::ok("a", "x"), Finding::warn("b", "x", "y"), Finding::fail("c", "x", "y"));
        assert_eq!(worst(&[]).exit_code(), 0);
        assert_eq!(worst(&[ok.clone(), warn.clone()]).exit_code(), 1);
        assert_eq!(worst(&[fail, ok, warn]).exit_code(), 2);
    }
}
