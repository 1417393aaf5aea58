//! How cards that were made or changed here stand in a package: as notes of a type of their own, which comes in again
//! field by field.

use crate::content::CardTexts;
use crate::import::limits::{TAG_BYTES_MAX, TAGS_PER_CARD_MAX};
use crate::media::parse_address;
use anki::{ANYTHING, Kind, Notetype, Rendered, Template};
use domain::ids::DeckId;
use ports::MediaDigest;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// The id of the note type. The first that Anki could give is far above it.
pub const OWN_NOTETYPE: i64 = 1_000_000_000_001;
/// Its name.
const NAME: &str = "studyhall";
/// The fields of such a note.
const FIELDS: [&str; 4] = ["Front", "Back", "Hint", "Explanation"];
/// The least id that a deck has in a package. Ids of decks are moments in Anki: those of ours lie from 2001 to 2019.
const DECK_NUMBER_MIN: u64 = 1_000_000_000_000;
/// Over how much they are spread.
const DECK_NUMBERS: u64 = 1 << 39;
/// How the name of a picture with its covers begins,
const COVERED: &str = "_covered-";
/// and how it ends.
const COVER_ENDING: &str = ".svg";
/// And how long it is, with the digest between.
const COVER_NAME_BYTES: usize = COVERED.len() + 64 + COVER_ENDING.len();

/// The note type of cards that were made or changed here.
pub fn own_notetype() -> Notetype {
    let front = "{{Front}}{{#Hint}}<br>{{hint:Hint}}{{/Hint}}";
    let back = "{{FrontSide}}<hr id=answer>{{Back}}{{#Explanation}}<br><br>{{Explanation}}{{/Explanation}}";
    Notetype {
        id: OWN_NOTETYPE,
        name: NAME.to_owned(),
        kind: Kind::Standard,
        fields: FIELDS.map(str::to_owned).to_vec(),
        templates: vec![Template { name: "Card 1".into(), front: front.into(), back: back.into() }],
        css: ".card { font-family: sans-serif; font-size: 20px; text-align: center; }".to_owned(),
        latex_head: String::new(),
        latex_tail: String::new(),
    }
}

/// Whether a note type is that one. Its id may be another: Anki gives ids anew where two types have one.
pub fn is_own(name: &str, fields: &[String]) -> bool {
    name == NAME && fields == FIELDS
}

/// Note types as they are rendered, and which of them are our own: the first card of theirs shows its fields, and no template.
/// Whoever added templates to them in Anki has more cards, which are like any others.
pub fn by_fields(notetypes: &BTreeMap<i64, Notetype>) -> (Cow<'_, BTreeMap<i64, Notetype>>, HashSet<i64>) {
    let is_own = |of: &&Notetype| of.kind == Kind::Standard && is_own(&of.name, &of.fields);
    let own: HashSet<i64> = notetypes.values().filter(is_own).map(|of| of.id).collect();
    let mut shown = Cow::Borrowed(notetypes);
    if !own.is_empty() {
        let back = format!("{{{{Back}}}}{ANYTHING}{{{{Hint}}}}{ANYTHING}{{{{Explanation}}}}");
        for notetype in shown.to_mut().values_mut().filter(|of| own.contains(&of.id)) {
            let fields = Template { name: "Card 1".into(), front: "{{Front}}".into(), back: back.clone() };
            match notetype.templates.first_mut() {
                Some(first) => *first = fields,
                None => notetype.templates.push(fields),
            }
        }
    }
    (shown, own)
}

/// The texts of a rendered card, yet without players. One of our own type has its fields apart.
pub fn texts_of(rendered: &Rendered, is_own: bool) -> CardTexts {
    let front = rendered.front.as_unsafe().to_owned();
    if is_own
        && let [explanation, hint, back] =
            rendered.back.as_unsafe().rsplitn(3, ANYTHING).collect::<Vec<_>>()[..]
    {
        let some = |html: &str| (!html.is_empty()).then(|| html.to_owned());
        return CardTexts { front, back: back.to_owned(), hint: some(hint), explanation: some(explanation) };
    }
    // The mark before the answer is in nearly all templates: without its name the sanitiser has nothing to do there.
    let back = rendered.back.as_unsafe().replace("<hr id=answer>", "<hr>");
    CardTexts { front, back, hint: None, explanation: None }
}

/// Those of a note's tags that its cards have, and how many were left out.
pub fn taken_tags<'t>(tags: impl Iterator<Item = &'t str>) -> (Vec<String>, u64) {
    let (mut taken, mut left_out): (Vec<String>, u64) = (Vec::new(), 0);
    for tag in tags {
        if taken.len() == TAGS_PER_CARD_MAX || tag.len() > TAG_BYTES_MAX {
            left_out += 1;
        } else if !taken.iter().any(|known| known == tag) {
            taken.push(tag.to_owned());
        }
    }
    (taken, left_out)
}

/// A tag as Anki may have it: it ends at a space there.
pub fn tag_there(tag: &str) -> String {
    tag.replace(char::is_whitespace, "_")
}

/// The id that a deck and its options have in a package: one deck has one, whenever it goes out, and no two have the same.
pub fn deck_number(deck: DeckId) -> i64 {
    let digest: [u8; 32] = Sha256::digest(deck.bytes()).into();
    let bits = digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    (DECK_NUMBER_MIN + bits % DECK_NUMBERS).cast_signed()
}

/// The name of a picture with its covers, by which it is told from a file of the same beginning: it holds its digest.
pub fn cover_name(of: MediaDigest) -> String {
    format!("{COVERED}{of}{COVER_ENDING}")
}

/// What a cover with this name has to be; `None` if it is none.
pub fn cover_of(name: &str) -> Option<MediaDigest> {
    name.strip_prefix(COVERED)?.strip_suffix(COVER_ENDING)?.parse().ok()
}

/// The covers that a note's fields name.
pub fn covers_in(fields: &str) -> impl Iterator<Item = MediaDigest> {
    let name = |at: usize| cover_of(fields.get(at..at + COVER_NAME_BYTES)?);
    fields.match_indices(COVERED).filter_map(move |(at, _)| name(at))
}

/// A text, and the players that stand at its end: the addresses of what they play, in their order.
pub fn without_players(html: &str) -> (&str, Vec<&str>) {
    let (mut text, mut players) = (html, Vec::new());
    while let Some((before, address)) = last_player(text) {
        text = before;
        players.push(address);
    }
    players.reverse();
    (text, players)
}

/// What stands before a player at the end of a text, and what it plays.
fn last_player(html: &str) -> Option<(&str, &str)> {
    let (tag, end) = [("<p><audio ", "></audio></p>"), ("<p><video ", "></video></p>")]
        .into_iter()
        .find(|(_, end)| html.ends_with(end))?;
    let (before, attributes) = html.strip_suffix(end)?.rsplit_once(tag)?;
    let address = attributes.split("src=\"").nth(1)?.split('"').next()?;
    let is_player = !attributes.contains(['<', '>']) && parse_address(address).is_some();
    is_player.then_some((before, address))
}

/// What stands on a back between the front that it begins with and the answer; `None` where it does not begin with it.
pub fn lead<'b>(back: &'b str, front: &str) -> Option<&'b str> {
    let after = back.strip_prefix(without_players(front).0)?;
    let answer = after.trim_start().strip_prefix("<hr>")?.trim_start();
    after.get(..after.len() - answer.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deck_has_one_number_that_no_other_has_and_that_anki_takes() {
        let numbers: HashSet<i64> = (0..2_000).map(|n| deck_number(DeckId::from_u128(n))).collect();
        assert_eq!(numbers.len(), 2_000);
        assert!(numbers.iter().all(|number| (1_000_000_000_000..1_600_000_000_000).contains(number)));
        assert_eq!(deck_number(DeckId::from_u128(7)), deck_number(DeckId::from_u128(7)));
    }

    #[test]
    fn players_at_the_end_are_taken_off_and_nothing_else() {
        let address = |n| crate::media::address(DeckId::from_u128(1), MediaDigest([n; 32]));
        let (one, two) = (address(1), address(2));
        let audio = format!("<p><audio src=\"{one}\" controls=\"\"></audio></p>");
        let video = format!("<p><video controls src=\"{two}\"></video></p>");
        let both = format!("🔊 a{audio}{video}");
        assert_eq!(without_players(&both), ("🔊 a", vec![one.as_str(), two.as_str()]));
        let before_text = format!("🔊{audio}more");
        assert_eq!(without_players(&before_text), (before_text.as_str(), vec![]));
        let outside = "x<p><audio src=\"https://x\"></audio></p>";
        assert_eq!(without_players(outside), (outside, vec![]));
        let within = format!("<p><audio src=\"{one}\"></audio>text<b></audio></p>");
        assert_eq!(without_players(&within).1, Vec::<&str>::new());
    }

    #[test]
    fn covers_are_known_by_their_names_wherever_they_stand() {
        let (one, two) = (MediaDigest([1; 32]), MediaDigest([0xab; 32]));
        let fields =
            format!("<img src=\"{}\">\u{1f}_covered-ä_covered-x.svg {}", cover_name(one), cover_name(two));
        assert_eq!(covers_in(&fields).collect::<Vec<_>>(), [one, two]);
        assert_eq!(cover_of("_covered-picture.svg"), None);
    }

    #[test]
    fn a_back_begins_with_its_front_only_where_a_line_follows() {
        assert_eq!(lead("q\n\n<hr>\n\na", "q"), Some("\n\n<hr>\n\n"));
        assert_eq!(lead("q<hr>", "q"), Some("<hr>"));
        assert_eq!(lead("qa<hr>", "q"), None);
        assert_eq!(lead("a", "q"), None);
    }
}
