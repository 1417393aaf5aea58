//! From what Anki shows to what may stand on a card: scripts, styles and comments go, sounds and pictures become
//! references. It does not make HTML safe: that is the sanitiser's work, and this is done before it so that what goes
//! anyway counts neither as markup nor as length.

mod tags;

use super::filters::{Ends, decoded, starts_with};
use super::{Loss, Losses, MediaKind, MediaRef, Side};
use crate::limits::MEDIA_PER_CARD_MAX;
use crate::package::composed;
use tags::{Address, address, closing, hides, is_outside, opens, percent_decoded, tag_end, tag_text};

/// Where the front stands within the back. A text that holds it by itself loses it.
pub(super) const FRONT: char = '\u{1}';
/// Stands where a sound is heard.
const SOUND: &str = "🔊";
/// Elements that go with all that is in them.
const DROPPED: [&str; 2] = ["script", "style"];
/// In a note of a covered picture, buttons and canvases go too: they do nothing here.
const DROPPED_WITH_PICTURES: [&str; 2] = ["button", "canvas"];
/// Elements that templates hide until a script shows them.
const HIDEABLE: [&str; 4] = ["div", "span", "p", "section"];
/// What is hidden is opened by the learner: without its style it would be seen at once.
const HIDDEN: (&str, &str) = ("<details><summary>…</summary>", "</details>");

/// Gives media their names here: what `src` is to be for a media name, or `None` if there is no such file.
pub type Names<'n> = dyn FnMut(&str) -> Option<String> + 'n;

/// Takes one side through.
pub(super) struct Settling<'s, 'n> {
    pub side: Side,
    pub names: &'s mut Names<'n>,
    pub media: &'s mut Vec<MediaRef>,
    pub losses: &'s mut Losses,
    pub drops_controls: bool,
}

impl Settling<'_, '_> {
    /// The markup of a side; `front` is put where the back wants it.
    pub fn settle(mut self, html: &str, front: &str) -> String {
        let mut out = String::with_capacity(html.len());
        let mut ends = Ends::default();
        let mut open = Open::default();
        let mut rest = html;
        while let Some(at) = rest.find(['<', '[', FRONT]) {
            let (text, here) = rest.split_at(at);
            out.push_str(text);
            if let Some(bytes) = self.hidden(here, &mut open, &mut out) {
                rest = here.get(bytes..).unwrap_or("");
                continue;
            }
            let bytes = match here.as_bytes().first() {
                Some(b'<') => self.tag(here, &mut ends, &mut out),
                Some(b'[') => self.bracket(here, &mut open, &mut out),
                Some(_) | None => {
                    out.push_str(front);
                    FRONT.len_utf8()
                }
            };
            rest = here.get(bytes..).unwrap_or("");
        }
        out.push_str(rest);
        out
    }

    /// The beginning or end of an element that is hidden by its style. One within another is shown with it.
    fn hidden(&mut self, here: &str, open: &mut Open, out: &mut String) -> Option<usize> {
        if open.hidden_until == Some(here.len()) {
            open.hidden_until = None;
            out.push_str(HIDDEN.1);
            return here.find('>').map(|end| end + 1);
        }
        if open.hidden_until.is_some() || open.hidden_in_vain || self.drops_controls {
            return None;
        }
        let name = HIDEABLE.into_iter().find(|name| opens(here, name))?;
        let end = tag_end(here)?;
        let is_hidden = here.get(..end).is_some_and(hides);
        if !is_hidden {
            return None;
        }
        let Some(until) = closing(here, name) else {
            open.hidden_in_vain = true;
            return None;
        };
        open.hidden_until = Some(here.len() - until);
        self.losses.add(Loss::Hidden);
        out.push_str(HIDDEN.0);
        Some(end)
    }

    /// Something that may be a tag: writes what becomes of it, and returns how much of the text it was.
    fn tag(&mut self, here: &str, ends: &mut Ends, out: &mut String) -> usize {
        if let Some(end) = ends.of_comment(here) {
            return end;
        }
        for name in DROPPED {
            if let Some(end) = ends.of_element(here, name) {
                if name == "script" {
                    self.losses.add(Loss::Script);
                }
                return end;
            }
        }
        let also = if self.drops_controls { &DROPPED_WITH_PICTURES[..] } else { &[] };
        if let Some(end) = also.iter().find_map(|name| ends.of_element(here, name)) {
            return end;
        }
        let kind = [("<img", MediaKind::Picture), ("<audio", MediaKind::Sound), ("<video", MediaKind::Sound)]
            .into_iter()
            .chain([("<source", MediaKind::Sound), ("<object", MediaKind::Sound)])
            .find(|(start, _)| starts_with(here, start))
            .map(|(_, kind)| kind);
        let Some((kind, end)) = kind.zip(tag_end(here)) else {
            out.push('<');
            return 1;
        };
        // A front within a tag would be no markup: its place goes.
        let tag = here.get(..end).unwrap_or("").replace(FRONT, "");
        match (kind, address(&tag)) {
            (MediaKind::Picture, Some(address)) => self.picture(&tag, address, out),
            (MediaKind::Sound, Some(address)) => self.sound(&decoded(tag_text(&tag, address)), out),
            (MediaKind::Picture | MediaKind::Sound, None) => {}
        }
        end
    }

    fn picture(&mut self, tag: &str, address: Address, out: &mut String) {
        let written = decoded(tag_text(tag, address));
        let written = written.trim();
        if starts_with(written, "data:") {
            self.losses.add(Loss::InlinePicture);
            return;
        }
        let src = if is_outside(written) { None } else { self.named(written, MediaKind::Picture) };
        match src {
            None => out.push_str(tag),
            Some(src) => {
                // Quotes of its own may stand around the old one, or none.
                out.push_str(tag.get(..address.from).unwrap_or(""));
                out.push('"');
                escape_into(&src, out);
                out.push('"');
                out.push_str(tag.get(address.to..).unwrap_or(""));
            }
        }
    }

    fn sound(&mut self, written: &str, out: &mut String) {
        let written = written.trim();
        if !is_outside(written) {
            self.named(written, MediaKind::Sound);
        }
        out.push_str(SOUND);
    }

    /// Notes a reference, and returns what its name is here.
    fn named(&mut self, written: &str, kind: MediaKind) -> Option<String> {
        let mut name = composed(written);
        let mut found = (self.names)(&name);
        if found.is_none() && name.contains('%') {
            // Programs have written addresses where names belong.
            let other = percent_decoded(&name);
            found = (self.names)(&other);
            if found.is_some() {
                name = other;
            }
        }
        if found.is_none() {
            self.losses.add(Loss::MediaMissing);
        }
        let side = self.side;
        if self.media.len() < MEDIA_PER_CARD_MAX
            && !self.media.iter().any(|m| m.name == name && m.side == side)
        {
            self.media.push(MediaRef { name, kind, side });
        }
        found
    }

    /// `[sound:…]` and `[anki:tts …]…[/anki:tts]`, or a bracket.
    fn bracket(&mut self, here: &str, open: &mut Open, out: &mut String) -> usize {
        if let Some(inner) = here.strip_prefix("[sound:").filter(|_| !open.sound) {
            let end = inner.find([']', '<']);
            open.sound = end.is_none();
            if let Some(name) = end.filter(|end| inner.as_bytes().get(*end) == Some(&b']')) {
                self.sound(&decoded(inner.get(..name).unwrap_or("")), out);
                return "[sound:".len() + name + 1;
            }
        }
        if here.starts_with("[anki:tts") && !open.speech {
            const END: &str = "[/anki:tts]";
            if let Some(end) = here.find(END) {
                self.losses.add(Loss::Speech);
                return end + END.len();
            }
            open.speech = true;
        }
        out.push('[');
        1
    }
}

/// What was looked for in vain: it is not looked for again.
#[derive(Debug, Default)]
struct Open {
    sound: bool,
    speech: bool,
    /// How much of the text is left where what is hidden ends.
    hidden_until: Option<usize>,
    hidden_in_vain: bool,
}

/// Text as it may stand in HTML or in an attribute.
pub(super) fn escape_into(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(html: &str) -> (String, Vec<MediaRef>, Vec<Loss>) {
        let (mut media, mut losses) = (Vec::new(), Losses::default());
        let mut names = |name: &str| (!name.contains("gone")).then(|| format!("m/{name}"));
        let settling = Settling {
            side: Side::Front,
            names: &mut names,
            media: &mut media,
            losses: &mut losses,
            drops_controls: false,
        };
        let html = settling.settle(html, "FRONT");
        (html, media, losses.each().collect())
    }

    #[test]
    fn scripts_styles_and_comments_go() {
        let (html, _, losses) = settled("a<script>x<b></script>b<STYLE>y</STYLE>c<!-- <b> -->d<scripty>e");
        assert_eq!(html, "abcd<scripty>e");
        assert_eq!(losses, [Loss::Script]);
    }

    #[test]
    fn pictures_and_sounds_become_references_by_name() {
        let (html, media, losses) = settled(
            "<img src=\"a &amp; b.png\" alt='>'><IMG alt=x src=c.png/><img src='d%20e.png'>[sound:f.mp3]<img src=gone>",
        );
        assert_eq!(
            html,
            "<img src=\"m/a &amp; b.png\" alt='>'><IMG alt=x src=\"m/c.png/\"><img src=\"m/d%20e.png\">🔊<img src=gone>"
        );
        let names: Vec<&str> = media.iter().map(|media| media.name.as_str()).collect();
        assert_eq!(names, ["a & b.png", "c.png/", "d%20e.png", "f.mp3", "gone"]);
        assert_eq!(losses, [Loss::MediaMissing]);
    }

    #[test]
    fn what_lies_on_the_net_stays_and_what_lies_in_the_text_goes() {
        let (html, media, losses) =
            settled("<img src=https://a.example/b.png><img src=\"data:image/png;base64,AA\">x");
        assert_eq!(html, "<img src=https://a.example/b.png>x");
        assert!(media.is_empty());
        assert_eq!(losses, [Loss::InlinePicture]);
    }

    #[test]
    fn what_a_style_hides_is_opened_by_the_learner() {
        let (html, _, losses) =
            settled("a<DIV id=h style=\"color: red; Display : none\">b<div>c</div>[x]</div>d<div>e</div>");
        assert_eq!(html, "a<details><summary>…</summary>b<div>c</div>[x]</details>d<div>e</div>");
        assert_eq!(losses, [Loss::Hidden]);
        // What never ends is left as it is.
        assert_eq!(settled("<div style='display:none'>b").0, "<div style='display:none'>b");
    }

    #[test]
    fn speech_goes_and_other_brackets_stay() {
        let (html, _, losses) = settled("[a][anki:tts lang=en]x[/anki:tts][sound:<b>][latex]x[/latex]\u{1}");
        assert_eq!(html, "[a][sound:<b>][latex]x[/latex]FRONT");
        assert_eq!(losses, [Loss::Speech]);
    }

    #[test]
    fn a_front_within_a_tag_is_none() {
        assert_eq!(settled("<img src='a\u{1}.png' alt='\u{1}'>").0, "<img src=\"m/a.png\" alt=''>");
        assert_eq!(settled("<img src='gone\u{1}'>\u{1}").0, "<img src='gone'>FRONT");
        assert_eq!(settled("[sound:a\u{1}.mp3]").0, "🔊");
    }

    #[test]
    fn long_nonsense_takes_no_time() {
        for unit in [
            "<img ",
            "<img src=",
            "<img src=\"",
            "[sound:",
            "[anki:tts",
            "<script>",
            "<!--",
            "<",
            "<img a=b ",
        ] {
            settled(&unit.repeat(20_000));
        }
    }
}
