//! The commands, by the real binary.

mod evals;
mod folders;
mod tables;
mod words;

use crate::study::binary::Place;
use std::path::PathBuf;
use std::process::Output;

/// What a command did.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Could not run, with a sentence that names this.
    #[track_caller]
    fn refused(self, what: &str) -> String {
        assert!(self.code == Some(2) && self.err.contains(what), "{:?} {}", self.code, self.err);
        self.err
    }
}

/// A command on the place's data.
fn run(place: &Place, name: &str, args: &[&str]) -> Said {
    Said::of(&place.command(name).args(args).output().unwrap())
}

/// A file beside the data.
fn beside(place: &Place, name: &str, text: &str) -> PathBuf {
    let file = place.data.with_file_name(name);
    std::fs::write(&file, text).unwrap();
    file
}

const LEARNER: &str = "00000000-0000-4000-8000-000000000007";
