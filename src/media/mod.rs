//! Pictures and sounds of decks: where they are, what they are, and who may have them.

mod look;
mod session;

pub use look::{Look, look_at};
pub use session::{COOKIE, MediaSessions, PATH, TTL_MS};

use domain::ids::DeckId;
use ports::MediaDigest;

/// The address of a file in a deck. Who may see the deck may have the file.
pub fn address(deck: DeckId, digest: MediaDigest) -> String {
    format!("{PATH}/{deck}/{digest}")
}

/// The deck and the file of such an address.
pub fn parse_address(address: &str) -> Option<(DeckId, MediaDigest)> {
    let (deck, digest) = address.strip_prefix(PATH)?.strip_prefix('/')?.split_once('/')?;
    // One deck has one spelling here.
    let is_plain = deck.len() == 36 && !deck.bytes().any(|byte| byte.is_ascii_uppercase());
    Some((deck.parse().ok().filter(|_| is_plain)?, digest.parse().ok()?))
}

/// What plays a sound or a film, as HTML.
pub fn player(address: &str, kind: &str) -> String {
    let tag = if kind.starts_with("video/") { "video" } else { "audio" };
    format!("<p><{tag} controls src=\"{address}\"></{tag}></p>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written_and_nothing_else_is_one() {
        let (deck, digest) = (DeckId::from_u128(7), MediaDigest([0xab; 32]));
        let text = address(deck, digest);
        assert_eq!(parse_address(&text), Some((deck, digest)));
        let others = [
            text.to_uppercase(),
            format!("{text}/"),
            format!("{text}?x"),
            format!("/{text}"),
            format!("https://x{text}"),
            text.replace("/media", "/media/.."),
            "/media/x/y".to_owned(),
        ];
        assert!(others.iter().all(|other| parse_address(other).is_none()));
    }
}
