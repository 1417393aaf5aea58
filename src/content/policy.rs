//! What may stand on a flashcard.

use super::settled;
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Tags that stand within a line of text.
pub(super) const INLINE_TAGS: [&str; 24] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "u", "var", "wbr",
];

/// Tags that make blocks, lists, tables, pictures and readings above characters.
const BLOCK_TAGS: [&str; 38] = [
    "audio",
    "blockquote",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "rp",
    "rt",
    "ruby",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "big",
    "video",
];

/// Tags of which not even the text inside is kept: it was never meant to be read.
const DROPPED_WITH_CONTENT: [&str; 14] = [
    "embed", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style",
    "svg", "template", "title", "xmp",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(INLINE_TAGS.into_iter().chain(BLOCK_TAGS).collect())
        .clean_content_tags(DROPPED_WITH_CONTENT.into())
        .generic_attributes(["dir", "lang", "title"].into())
        .tag_attributes(attributes())
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(|tag, attribute, value| match (tag, attribute) {
            ("img", "src") => is_picture(value).then_some(Cow::Borrowed(value)),
            ("audio" | "video", "src") => is_media(value.trim()).then_some(Cow::Borrowed(value)),
            ("a", "href") => is_link(value).then_some(Cow::Borrowed(value)),
            _ => Some(Cow::Borrowed(value)),
        })
        // One attribute a tag at most: the order in which several are added is not always the same.
        .link_rel(None)
        .set_tag_attribute_value("a", "rel", "noopener noreferrer")
        .set_tag_attribute_value("audio", "controls", "")
        .set_tag_attribute_value("video", "controls", "")
        .set_tag_attribute_value("img", "referrerpolicy", "no-referrer")
        .strip_comments(true);
    cleaner
});

fn attributes() -> HashMap<&'static str, HashSet<&'static str>> {
    HashMap::from([
        ("a", HashSet::from(["href", "rel"])),
        ("audio", HashSet::from(["controls", "src"])),
        ("bdo", HashSet::from(["dir"])),
        ("img", HashSet::from(["alt", "height", "referrerpolicy", "src", "width"])),
        ("ol", HashSet::from(["start", "type"])),
        ("td", HashSet::from(["colspan", "rowspan"])),
        ("th", HashSet::from(["colspan", "rowspan"])),
        ("video", HashSet::from(["controls", "src"])),
    ])
}

/// Passes after which markup that still changes (line ends at the top of `<pre>`, tags crossing in tables) is given up.
const PASSES_MAX: usize = 6;

/// Safe HTML of bounded HTML, its ends trimmed, such that doing it again changes nothing. Markup that never settles is
/// left out, and its text stays.
pub(super) fn clean(html: &str) -> String {
    let mut html = html.trim().to_owned();
    for _ in 0..PASSES_MAX {
        if settled::outline(&html).is_some() {
            return html;
        }
        let next = CLEANER.clean(&html).to_string().trim().to_owned();
        // What has grown beyond the bounds is refused by whoever asked.
        if next == html || super::bounded("", &next).is_err() {
            return next;
        }
        html = next;
    }
    super::escape_plain(&super::plain_text(&html))
}

/// An `https` address, the address of a media file here, or a name of one: no path, no scheme.
fn is_picture(address: &str) -> bool {
    let address = address.trim();
    has_scheme(address, "https://")
        || is_media(address)
        || !address.is_empty() && !address.contains(['/', '\\', ':', '?', '#'])
}

/// The address of a media file on this server: nothing else here is asked for by showing a card.
fn is_media(address: &str) -> bool {
    crate::media::parse_address(address).is_some()
}

/// An address outside: one within this server has no meaning on a card.
fn is_link(address: &str) -> bool {
    let address = address.trim();
    ["https://", "http://", "mailto:"].iter().any(|scheme| has_scheme(address, scheme))
}

fn has_scheme(address: &str, scheme: &str) -> bool {
    address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece() -> impl Strategy<Value = String> {
        let tag = prop::sample::select(vec![
            "b", "big", "br", "center", "code", "div", "em", "hr", "i", "kbd", "li", "mark", "ol", "p", "s",
            "small", "span", "strong", "sub", "sup", "table", "td", "u", "ul",
        ]);
        prop_oneof![
            3 => (tag, prop::bool::ANY).prop_map(|(name, ends)| format!("<{}{name}>", if ends { "/" } else { "" })),
            2 => "[a-z \\n\\t&;<>äあ]{0,4}",
            1 => prop::sample::select(vec!["&amp;", "&lt;", "&gt;", "&nbsp;", "&quot;", "\u{a0}", "\u{feff}"]).prop_map(str::to_owned),
            1 => prop::char::any().prop_map(String::from),
        ]
    }

    /// Pieces of which each tag is closed in its turn, so that much of it is settled.
    fn closed() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![piece(), "[a-z\\n ]{0,3}", Just("<br>".to_owned())];
        leaf.prop_recursive(6, 24, 4, |inner| {
            let paired = prop::sample::select(vec![
                "b", "i", "code", "div", "center", "ul", "li", "ol", "span", "big",
            ]);
            let of = |(name, inside): (&str, Vec<String>)| format!("<{name}>{}</{name}>", inside.concat());
            (paired, prop::collection::vec(inner, 0..4)).prop_map(of)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_settled_is_left_as_it_is_by_the_parser(html in prop_oneof![
            prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat()),
            prop::collection::vec(closed(), 0..3).prop_map(|pieces| pieces.concat()),
        ]) {
            if settled::outline(&html).is_some() {
                prop_assert_eq!(CLEANER.clean(&html).to_string(), html);
            }
        }
    }
}
