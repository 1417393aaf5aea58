//! Cards look as they do in Anki.

use crate::canonical::{of_anki, of_ours};
use crate::kit::{anki_says, each_card, fixture, open};
use anki::{Kind, Loss, MediaKind, RenderError, Rendered, Renderer, Side};
use std::collections::{BTreeMap, HashSet};

/// Every card of a package as we render it, by guid and number.
fn rendered(name: &str) -> BTreeMap<(String, u16), (Kind, Result<Rendered, RenderError>)> {
    let opened = open(&fixture(name));
    let definitions = opened.collection.definitions();
    let renderer = Renderer::new(&definitions.notetypes);
    let names: HashSet<String> = opened.package.media().iter().map(|media| media.name.clone()).collect();
    let mut cards = BTreeMap::new();
    each_card(&opened.collection, |row| {
        let deck = definitions.deck_path(row.card.deck);
        let mut name = |name: &str| names.contains(name).then(|| name.to_owned());
        let kind = renderer.notetype(row.note.notetype).unwrap().kind;
        let card = renderer.render(&row, deck, &mut name);
        cards.insert((row.note.guid.to_owned(), row.card.ord), (kind, card));
    });
    cards
}

#[test]
fn both_sides_of_every_card_are_what_anki_shows() {
    for package in ["legacy2.apkg", "latest.colpkg"] {
        let ours = rendered(package);
        let said = anki_says();
        for card in &said.cards {
            let (kind, rendered) = &ours[&(card.guid.clone(), card.ord)];
            let rendered = rendered.as_ref().unwrap();
            if *kind == Kind::ImageOcclusion {
                continue;
            }
            // What is typed is shown with its markup.
            let typed =
                if card.question.contains("tree") { "<b>árbol</b>&nbsp;" } else { "<b>日本</b> &amp;" };
            let typed = match rendered.typed.as_deref() {
                Some("word" | "other") => rendered.typed.clone().unwrap(),
                Some(_) | None => typed.to_owned(),
            };
            let question = of_anki(&card.question, &typed, true);
            assert_eq!(of_ours(rendered.front.as_unsafe()), question, "{package}");
            // The back repeats the front, without what is typed there.
            let answer = if card.answer.starts_with(&card.question) {
                question + &of_anki(&card.answer[card.question.len()..], &typed, false)
            } else {
                of_anki(&card.answer, &typed, false)
            };
            assert_eq!(of_ours(rendered.back.as_unsafe()), answer, "{package}");
        }
        assert_eq!(ours.len(), said.cards.len());
    }
}

#[test]
fn what_is_typed_is_told_as_plain_text() {
    let ours = rendered("latest.apkg");
    let typed: HashSet<&str> =
        ours.values().filter_map(|(_, card)| card.as_ref().unwrap().typed.as_deref()).collect();
    assert_eq!(typed, HashSet::from(["árbol", "日本 &", "word", "other"]));
}

#[test]
fn media_are_told_by_name_and_what_is_lost_is_said() {
    let ours = rendered("latest.apkg");
    let card = |front: &str| {
        let has = |card: &&Rendered| card.front.as_unsafe().contains(front);
        ours.values().map(|(_, card)| card.as_ref().unwrap()).find(has).unwrap()
    };
    let sums = card("<div>a &amp; b</div>");
    let media: Vec<_> = sums.media.iter().map(|m| (m.name.as_str(), m.kind, m.side)).collect();
    let expected =
        [("a b #2 %41.png", MediaKind::Picture, Side::Back), ("日本語.mp3", MediaKind::Sound, Side::Back)];
    assert_eq!(media, expected);
    let rich = card("<p>no extra</p>");
    assert!(
        rich.losses.has(Loss::Script)
            && rich.losses.has(Loss::Speech)
            && rich.losses.has(Loss::UnknownFilter)
    );
    assert!(!rich.losses.has(Loss::MediaMissing));
}

#[test]
fn of_a_covered_picture_the_regions_are_told() {
    for package in ["legacy2.apkg", "latest.apkg"] {
        let ours = rendered(package);
        let covered: Vec<&Rendered> = ours
            .values()
            .filter(|(kind, _)| *kind == Kind::ImageOcclusion)
            .map(|(_, card)| card.as_ref().unwrap())
            .collect();
        assert_eq!(covered.len(), 2);
        for (card, asked) in covered.iter().zip([1, 2]) {
            let occlusion = card.occlusion.as_ref().unwrap();
            assert_eq!(occlusion.picture.as_deref(), Some("heart.png"));
            assert_eq!(occlusion.shapes.len(), 4);
            let asks: HashSet<u16> =
                occlusion.shapes.iter().filter(|s| s.is_asked).map(|s| s.number).collect();
            assert_eq!(asks, HashSet::from([asked]));
            let (front, back) = (card.front.as_unsafe(), card.back.as_unsafe());
            assert!(front.contains("<img src=\"heart.png\">") && front.contains(&format!("▢ {asked}/2")));
            assert!(back.contains("back <u>extra</u>"));
            assert!(!front.contains("script") && !back.contains("Toggle"), "{back}");
        }
    }
}
