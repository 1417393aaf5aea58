//! What filters do to a text. All of it in linear time.

/// Whether a field counts as empty: nothing but spaces and line ends, written as HTML or not.
pub(super) fn is_empty(field: &str) -> bool {
    let mut rest = field.trim_start_matches(is_gap);
    while !rest.is_empty() {
        let Some(after) = blank_tag(rest) else { return false };
        rest = after.trim_start_matches(is_gap);
    }
    true
}

const fn is_gap(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// What follows a `<br>` or `<div>` without attributes, opening or closing.
fn blank_tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let named = |name: &str| {
        let is_named = inner.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        inner.get(name.len()..).filter(|_| is_named)
    };
    let inner = named("br").or_else(|| named("div"))?;
    let inner = inner.strip_prefix(' ').unwrap_or(inner);
    inner.strip_prefix('/').unwrap_or(inner).strip_prefix('>')
}

/// Text without comments, styles, scripts and tags; entities stay as they are.
pub(super) fn strip_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut ends = Ends::default();
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        out.push_str(text);
        let whole = ["style", "script"].into_iter().find_map(|name| ends.of_element(tag, name));
        let end = whole.or_else(|| ends.of_comment(tag)).or_else(|| tag.find('>').map(|end| end + 1));
        let Some(end) = end else {
            out.push_str(tag);
            return out;
        };
        rest = tag.get(end..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// Where what opens ends. What was looked for in vain is not looked for again: so a text is read once, whatever it opens.
#[derive(Debug, Default)]
pub(super) struct Ends {
    missing: Vec<&'static str>,
    comments_are_open: bool,
}

impl Ends {
    /// Where an element of this name ends, if one opens right here.
    pub fn of_element(&mut self, tag: &str, name: &'static str) -> Option<usize> {
        let opens = tag.get(1..).is_some_and(|inner| {
            starts_with(inner, name)
                && inner.as_bytes().get(name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric())
        });
        if !opens || self.missing.contains(&name) {
            return None;
        }
        let end = element_end(tag, name);
        self.missing.extend(end.is_none().then_some(name));
        end
    }

    /// Where a comment ends, if one opens right here.
    pub fn of_comment(&mut self, tag: &str) -> Option<usize> {
        if self.comments_are_open || !tag.starts_with("<!--") {
            return None;
        }
        let end = tag.find("-->").map(|end| end + 3);
        self.comments_are_open = end.is_none();
        end
    }
}

/// Where an element that opens right here ends, its end tag included. `None` if it never does.
fn element_end(html: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = html.get(from..)?.find("</") {
        let at = from + at;
        let after = html.get(at + 2..)?;
        if starts_with(after, name) {
            return after.find('>').map(|end| at + 2 + end + 1);
        }
        from = at + 2;
    }
    None
}

/// Whether a text starts with another, whatever its case; the other is ASCII.
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// What a filter keeps of a word and its reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    /// Both, one above the other.
    Both,
    /// The word.
    Word,
    /// The reading.
    Sound,
}

/// ` 日本[にほん]` as a word with its reading. A word has at least one letter and no space or `>`, and its reading stands on
/// one line. Sounds stay as they are.
pub(super) fn furigana(text: &str, keep: Reading) -> String {
    let text = text.replace("&nbsp;", " ");
    let mut out = String::with_capacity(text.len() * 2);
    // Behind the last closing bracket no reading ends.
    let end = text.rfind(']').map_or(0, |at| at + 1);
    let (mut written, mut word_at, mut at) = (0, 0, 0);
    while let Some(byte) = text.as_bytes().get(at).filter(|_| at < end) {
        at += 1;
        match byte {
            b' ' | b'>' => word_at = at,
            b'[' if at - 1 > word_at => match reading(&text, at) {
                Ok(reading) => {
                    let word = text.get(word_at..at - 1).unwrap_or("");
                    let after = at + reading.len() + 1;
                    if !reading.starts_with("sound:") {
                        let lead = text.get(written..word_at).unwrap_or("");
                        out.push_str(lead.strip_suffix(' ').unwrap_or(lead));
                        push_reading(word, reading, keep, &mut out);
                        written = after;
                    }
                    (word_at, at) = (after, after);
                }
                Err(line_end) => {
                    let skipped = text.get(at..line_end).unwrap_or("");
                    word_at = skipped.rfind([' ', '>']).map_or(word_at, |gap| at + gap + 1);
                    at = line_end;
                }
            },
            _ => {}
        }
    }
    out.push_str(text.get(written..).unwrap_or(""));
    out
}

fn push_reading(word: &str, reading: &str, keep: Reading, out: &mut String) {
    match keep {
        Reading::Both => {
            for part in ["<ruby>", word, "<rt>", reading, "</rt></ruby>"] {
                out.push_str(part);
            }
        }
        Reading::Word => out.push_str(word),
        Reading::Sound => out.push_str(reading),
    }
}

/// The reading of at least one letter that begins right here, or else where its line ends, up to which none begins.
fn reading(text: &str, from: usize) -> Result<&str, usize> {
    let inner = text.get(from..).unwrap_or("");
    let first = inner.chars().next().map_or(0, char::len_utf8);
    let is_end = |letter: char| matches!(letter, ']' | '\n');
    let end = first + inner.get(first..).and_then(|rest| rest.find(is_end)).unwrap_or(0);
    let is_good = !inner.starts_with('\n') && inner.as_bytes().get(end) == Some(&b']');
    // Spaces on the way to the end of the line begin words, but none of them has a reading.
    inner.get(..end).filter(|_| is_good).ok_or(if inner.starts_with('\n') { from } else { from + end })
}

/// The character references that people write, as characters; others stay.
pub(super) fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let end = reference.bytes().take(12).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((end, character(reference.get(1..end)?)?)));
        let bytes = found.map_or(1, |(end, letter)| {
            out.push(letter);
            end + 1
        });
        if found.is_none() {
            out.push('&');
        }
        rest = reference.get(bytes..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).map(|letter| if letter == '\u{a0}' { ' ' } else { letter })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_blank_tags_is_empty() {
        for field in ["", " \n", "<br>", "<div><br /></div>", "<DIV></DIV> <br/>", "</br >"] {
            assert!(is_empty(field), "{field}");
        }
        for field in ["x", "<b></b>", "&nbsp;", "<div class=a></div>", "<br", "<br  >", "\u{3000}"] {
            assert!(!is_empty(field), "{field}");
        }
    }

    #[test]
    fn tags_are_taken_out_and_text_stays() {
        assert_eq!(strip_tags("<b>a</b> &amp; b<br>c"), "a &amp; bc");
        assert_eq!(strip_tags("a<style>x</style>b<SCRIPT>y<z></script >c<!-- > -->d"), "abcd");
        assert_eq!(strip_tags("1 < 2"), "1 < 2");
    }

    #[test]
    fn words_have_their_readings_above_them() {
        let both = |text| furigana(text, Reading::Both);
        assert_eq!(both("日本[にほん] 語[ご]"), "<ruby>日本<rt>にほん</rt></ruby><ruby>語<rt>ご</rt></ruby>");
        assert_eq!(both("a 日[に]"), "a<ruby>日<rt>に</rt></ruby>");
        assert_eq!(both("a>b[c]"), "a><ruby>b<rt>c</rt></ruby>");
        assert_eq!(both("x [sound:a.mp3] [y] z[]"), "x [sound:a.mp3] [y] z[]");
        assert_eq!(both("a[b c\nd[e]"), "a[b<ruby>c\nd<rt>e</rt></ruby>");
        assert_eq!(both("[[x] [y]"), "<ruby>[<rt>x</rt></ruby> [y]");
        assert_eq!(furigana(" 日本[にほん]です", Reading::Word), "日本です");
        assert_eq!(furigana(" 日本[にほん]です", Reading::Sound), "にほんです");
    }

    #[test]
    fn character_references_are_read() {
        assert_eq!(decoded("a &amp;&lt; &#39;&#x41; &nope; & b&nbsp;c"), "a &< 'A &nope; & b c");
    }

    #[test]
    fn long_nonsense_takes_no_time() {
        for unit in ["[", "]", "a[", "[a]", "<", "&", "<style>", "<!--a>", " [", "<script></", "[\n"] {
            let text = unit.repeat(50_000) + "]";
            furigana(&text, Reading::Both);
            decoded(&text);
            strip_tags(&text);
        }
    }
}
