//! Pictures of cards: for whoever sees the deck, by a cookie and never by a token in an address.

use super::kit::{Answer, Person, fixture};
use crate::study::binary::Place;

/// The addresses of all media that cards show.
fn addresses(person: &Person) -> Vec<String> {
    let html: String = person.all().into_iter().flat_map(|(_, cards)| cards).map(|(f, b)| f + &b).collect();
    let mut found: Vec<String> = html
        .split("src=\"/media/")
        .skip(1)
        .map(|part| format!("/media/{}", part.split('"').next().unwrap()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn cookie(person: &Person) -> String {
    let begun = person.post("/media/session", b"");
    assert_eq!(begun.status, 200, "{}", begun.text());
    let set = &begun.headers["set-cookie"];
    for part in ["HttpOnly", "SameSite=Strict", "Path=/media", "Max-Age=3600"] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

#[test]
fn pictures_come_to_who_sees_the_deck_whole_or_in_parts_and_to_nobody_else() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    assert_eq!(person.import("filename=x.apkg", &fixture("latest.apkg"))["phase"], "done");
    let cookies = [cookie(&person), cookie(&other)];
    let get = |address: &str, headers: &[(&str, &str)]| -> Answer {
        person.get_with(&format!("{}{address}", place.url()), headers)
    };
    let addresses = addresses(&person);
    assert!(!addresses.is_empty());
    let mut covered = 0;
    for address in &addresses {
        let whole = get(address, &[("cookie", &cookies[0])]);
        assert_eq!(whole.status, 200, "{address}: {}", whole.text());
        let header = |name: &str| whole.headers[name].as_str();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("immutable"));
        assert!(header("content-security-policy").contains("sandbox"));
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        covered += usize::from(header("content-type") == "image/svg+xml");
        assert_eq!(header("content-length"), whole.body.len().to_string());
        let digest = address.rsplit('/').next().unwrap();
        assert_eq!(header("etag"), format!("\"{digest}\""));
        let known = get(address, &[("cookie", &cookies[0]), ("if-none-match", header("etag"))]);
        assert_eq!((known.status, known.body.len()), (304, 0));
        let part = get(address, &[("cookie", &cookies[0]), ("range", "bytes=1-3")]);
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[1..4]));
        assert_eq!(part.headers["content-range"], format!("bytes 1-3/{}", whole.body.len()));
        let beyond = get(address, &[("cookie", &cookies[0]), ("range", "bytes=99999999-")]);
        assert_eq!(beyond.status, 416);
        let token = format!("Bearer {}", person.token);
        assert_eq!(get(address, &[("authorization", &token)]).body, whole.body);
        get(address, &[]).refuses(401, "unauthorized");
        get(&format!("{address}?token={}", person.token), &[]).refuses(401, "unauthorized");
        get(address, &[("cookie", &cookies[1])]).refuses(404, "not_found");
        // Two people at one browser: each sees what is one's own.
        let both = cookies.join("; ");
        assert_eq!(get(address, &[("cookie", &both)]).status, 200);
        let forged = format!("{}x", cookies[0]);
        assert_eq!(get(address, &[("cookie", &forged)]).status, 401);
    }
    assert!(covered > 0, "{addresses:?}");
    // A cookie is good for nothing else.
    let value = cookies[0].split_once('=').unwrap().1;
    let asked =
        person.get_with(&format!("{}/decks", person.api), &[("authorization", &format!("Bearer {value}"))]);
    assert_eq!(asked.status, 401);
}

#[test]
fn a_file_of_one_deck_is_not_to_be_had_through_another() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    person.import("filename=x.apkg", &fixture("latest.apkg"));
    let theirs = other.import("filename=words.csv", b"front,back\na,1\n");
    let digest = addresses(&person)[0].rsplit('/').next().unwrap().to_owned();
    let address = format!("{}/media/{}/{digest}", place.url(), theirs["decks"][0].as_str().unwrap());
    other.get_with(&address, &[("cookie", &cookie(&other))]).refuses(404, "not_found");
}
