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
    let place = Place::new();
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
    let place = Place::new();
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
