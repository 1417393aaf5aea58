//! Decks in and out.

use super::{LEARNER, Said, beside, run};
use crate::study::binary::Place;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

fn import(place: &Place, text: &str, deck: &str) -> Said {
    let file = beside(place, "in.csv", text);
    run(place, "import", &[file.to_str().unwrap(), "--deck", deck, "--user", LEARNER])
}

#[test]
fn what_was_exported_changes_nothing_when_it_is_imported_again_and_fills_another_deck_whole() {
    let place = Place::with_files();
    let file =
        "front,back,tags,guid\nsame,1,\"\"\"two words\"\" \"\"x,y\"\"\",g1\nsame,2,plain,g2\n=1+1,3,,\n";
    assert!(import(&place, file, "One").done().starts_with("added 3"));
    let table = run(&place, "export", &["--deck", "One", "--user", LEARNER]).done();
    assert!(import(&place, &table, "One").done().starts_with("added 0, updated 0, unchanged 3, rejected 0"));
    assert!(
        import(&place, &table, "Other").done().starts_with("added 3, updated 0, unchanged 0, rejected 0")
    );
    assert_eq!(run(&place, "export", &["--deck", "Other", "--user", LEARNER]).done(), table);
    // A deck that is not there empties no file.
    let out = beside(&place, "out.csv", "precious");
    run(&place, "export", &[out.to_str().unwrap(), "--deck", "None", "--user", LEARNER]).refused("None");
    assert_eq!(std::fs::read_to_string(out).unwrap(), "precious");
}

#[test]
fn who_has_read_enough_of_an_export_ends_it_without_a_complaint() {
    let place = Place::with_files();
    let rows: String = (0..20_000).map(|n| format!("a front that has number {n},a back\n")).collect();
    import(&place, &rows, "Long").done();
    let mut export = place.command("export");
    export.args(["--deck", "Long", "--user", LEARNER]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = export.spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "#html:true\n");
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.contains("studyhall:")), (Some(0), false), "{}", said.err);
}

#[test]
fn a_title_means_the_same_deck_on_the_folder_and_through_a_server() {
    let place = Place::with_files();
    let life = place.start();
    let (url, token) = (place.url(), place.token(LEARNER.parse().unwrap()));
    let file = beside(&place, "in.csv", "a,b\n");
    let online = |deck: &str, token: &str| {
        run(&place, "import", &[file.to_str().unwrap(), "--deck", deck, "--server", &url, "--token", token])
    };
    let make = |path: &str| -> String {
        let asked =
            ureq::post(format!("{url}/api/v1/decks")).header("authorization", format!("Bearer {token}"));
        let deck = serde_json::json!({"title": "Cell", "path": path});
        let made: serde_json::Value = asked.send_json(deck).unwrap().body_mut().read_json().unwrap();
        made["deck_id"].as_str().unwrap().to_owned()
    };
    let ids = [make("Biology::Cell"), make("Prison::Cell")];
    let refused = online("Cell", &token).refused("several decks");
    assert!(ids.iter().all(|id| refused.contains(id)), "{refused}");
    assert!(online(&ids[0], &token).done().starts_with("added 1"));
    assert!(online("Biology::Cell", &token).done().starts_with("added 0"));
    assert!(online("A::B", &token).done().starts_with("added 1"));
    online("x", "no.real.token").refused("token");
    online(&"x".repeat(201), &token).refused("a title is");
    life.terminate();
    life.ended();

    let offline = |name: &str, deck: &str| {
        let file = if name == "import" { file.to_str().unwrap() } else { "-" };
        run(&place, name, &[file, "--deck", deck, "--user", LEARNER])
    };
    for name in ["import", "export"] {
        let refused = offline(name, "Cell").refused("several decks");
        assert!(ids.iter().all(|id| refused.contains(id)), "{refused}");
    }
    for deck in [&ids[0], "Biology::Cell", "A::B", "A: B"] {
        assert!(offline("import", deck).done().starts_with("added 0, updated 0, unchanged 1"), "{deck}");
        assert!(offline("export", deck).done().contains("\na,b,,,,,\n"), "{deck}");
    }
}
