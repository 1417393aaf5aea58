//! A good request of every route.

use studyhall::http::{Listed, Verb};

/// A good request of a route: its path, with `{d}`, `{c}`, `{k}` and `{u}` for deck, card, class and student, and its body.
pub fn sample(route: &Listed) -> (String, &'static str) {
    let table = "front,back\na,b\n";
    let (more, body) = match (route.verb, route.path) {
        (Verb::Post, "/dev/clock") => ("", r#"{"now":1900000000000}"#),
        (Verb::Post, "/nodes/v1/ask") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","epoch":1}"#,
        ),
        (Verb::Post, "/nodes/v1/hot" | "/nodes/v1/about") => {
            ("", r#"{"run":"00000000-0000-0000-0000-000000000001"}"#)
        }
        (Verb::Post, "/nodes/v1/mark") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","job":"00000000-0000-0000-0000-000000000003","revoked":false}"#,
        ),
        (Verb::Post, "/nodes/v1/regrade") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","said":"00000000-0000-0000-0000-000000000003","by":"00000000-0000-0000-0000-000000000004","deck":"00000000-0000-0000-0000-000000000005","card":"00000000-0000-0000-0000-000000000006","text":"x","digests":[1]}"#,
        ),
        (Verb::Post, "/api/v1/codes/redeem") => ("", r#"{"code":"none"}"#),
        (Verb::Patch, "/api/v1/me") => ("", r#"{"zone":"UTC"}"#),
        (Verb::Post, "/api/v1/reviews") => ("", r#"{"commands":[]}"#),
        (Verb::Post, "/api/v1/decks") | (Verb::Patch, "/api/v1/decks/{deck_id}") => ("", r#"{"title":"x"}"#),
        (Verb::Get, "/api/v1/decks/batch") => ("?ids={d}", ""),
        (Verb::Post, "/api/v1/decks/{deck_id}/cards") => ("", r#"{"front":"x","back":"y"}"#),
        (Verb::Post, "/api/v1/decks/{deck_id}/cards/bulk") => ("", r#"{"cards":[{"front":"x","back":"y"}]}"#),
        (Verb::Patch, "/api/v1/decks/{deck_id}/cards/{card_id}") => ("", r#"{"back":"y"}"#),
        (Verb::Get, "/api/v1/cards/search") => ("?q=front", ""),
        (Verb::Post, "/api/v1/me/reports") => ("", ""),
        (Verb::Post, "/api/v1/classes/{class_id}/reports") => ("", r#"{"kind":"class_progress"}"#),
        (Verb::Post, "/api/v1/classes") => ("", r#"{"title":"8a"}"#),
        (Verb::Post, "/api/v1/decks/import") => ("?title=x", table),
        (Verb::Post, "/api/v1/decks/{deck_id}/import" | "/api/v1/imports/rejected") => ("", table),
        (Verb::Post | Verb::Put, "/api/v1/users/batch") => {
            ("", r#"{"users":[{"external_id":"s1","name":"Ada"}],"dry_run":true}"#)
        }
        (Verb::Post, "/api/v1/classes/{class_id}/homework")
        | (Verb::Put, "/api/v1/classes/{class_id}/homework/{homework_id}") => {
            ("", r#"{"deck_id":"{d}","due":"{day}","rule":{"kind":"each_card"}}"#)
        }
        // A guest who is one already of whoever asks: see `Place::ask`.
        (Verb::Post, "/api/v1/me/claim") => ("", r#"{"class_id":"{k}","name":"Ada","pin":"0000"}"#),
        (Verb::Post, "/api/v1/classes/{class_id}/guests/{name_id}/pin") => ("", ""),
        (Verb::Post, "/api/v1/join") => ("", r#"{"code":"AAAAAA","name":"Ada"}"#),
        (Verb::Post, "/api/v1/classes/{class_id}/substitutes") => ("", r#"{"name":"Kim","minutes":45}"#),
        (Verb::Put, "/api/v1/classes/{class_id}/lesson/code") => ("", r#"{"admission":"open"}"#),
        (Verb::Put, "/api/v1/classes/{class_id}/students/{user_id}/extra_time") => ("", r#"{"percent":50}"#),
        (Verb::Get, "/api/v1/rosters/export") => ("?class_id={k}", ""),
        (Verb::Post, "/api/v1/imports") => ("?dry_run=true&filename=cards.csv", table),
        (Verb::Post, "/api/v1/imports/{job_id}/commit") => ("", ""),
        (Verb::Post, "/api/v1/media/session") => ("", ""),
        (Verb::Post, "/api/v1/decks/{deck_id}/scheduler") => ("", r#"{"settings":{"scheduler":"fsrs"}}"#),
        (Verb::Post, "/api/v1/decks/{deck_id}/scheduler/fitting") => ("", ""),
        (Verb::Post, "/api/v1/webhooks") => ("", r#"{"url":"http://127.0.0.1:9/hook"}"#),
        (Verb::Patch, "/api/v1/webhooks/{hook_id}") => ("", r#"{"description":"x"}"#),
        (Verb::Post, "/api/v1/webhooks/{hook_id}/test" | "/api/v1/webhooks/{hook_id}/secret") => ("", ""),
        (Verb::Post | Verb::Patch, path) => panic!("{path} has no sample: say what a good request of it is"),
        (Verb::Get | Verb::Put | Verb::Delete, _) => ("", ""),
    };
    let names = [
        ("{deck_id}", "{d}"),
        ("{card_id}", "{c}"),
        ("{class_id}", "{k}"),
        ("{user_id}", "{u}"),
        ("{job_id}", "{j}"),
        ("{hook_id}", "{h}"),
        ("{lesson_id}", "00000000-0000-0000-0000-000000000001"),
        ("{homework_id}", "{w}"),
        ("{name_id}", "{n}"),
        ("{link_id}", "00000000-0000-0000-0000-000000000001"),
        ("{digest}", "{m}"),
        ("{file:.*}", "main.js"),
    ];
    let path = names.iter().fold(route.path.to_owned(), |path, (name, sign)| path.replace(name, sign));
    assert!(!path.contains("_id}"), "{path} has no sample: say what stands in its braces");
    (format!("{path}{more}"), body)
}
