//! What is refused before anything begins, and what is said then.

use super::{LEARNER, Said, run};
use crate::study::binary::Place;
use crate::study::server::eventually;
use std::process::{Command, Stdio};

#[test]
fn a_log_filter_that_cannot_be_read_and_a_name_without_end_are_refused() {
    let place = Place::with_files();
    run(&place, "serve", &["--log-filter", "==="]).refused("log_filter");
    assert!(!place.data.exists());
    let long = "x".repeat(201);
    for name in ["", "a\nb", &long] {
        run(&place, "token", &["--user", LEARNER, "--role", "learner", "--name", name])
            .refused("one line of 1 to 200");
    }
    run(&place, "token", &["--user", LEARNER, "--role", "learner", "--name", "Ada"]).done();
}

#[test]
fn who_studies_with_a_token_that_is_not_accepted_is_told_so() {
    let place = Place::with_files();
    let _life = place.start();
    let mut study = Command::new(env!("CARGO_BIN_EXE_studyhall"));
    study.args(["study", "--server", &place.url(), "--token", "no.real.token"]);
    study.env("HOME", place.data.parent().unwrap()).env_remove("XDG_STATE_HOME").env_remove("XDG_DATA_HOME");
    let said = Said::of(&study.stdin(Stdio::null()).output().unwrap());
    let told = said.refused("does not accept the token");
    assert!(!told.contains("cannot reach"), "{told}");
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let place = Place::with_files();
    let (log, ready) = (place.data.with_file_name("log"), place.data.with_file_name("ready"));
    let mut serve = place.command("serve");
    serve.args(["--listen", "127.0.0.1:0", "--log-filter", "debug", "--ready-file", ready.to_str().unwrap()]);
    serve.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let mut child = serve.spawn().unwrap();
    eventually("the server is ready", || ready.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.is_empty() && !log.contains('\u{1b}'), "{log}");
}
