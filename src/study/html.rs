//! Cards are HTML; a terminal shows text.

/// The text of sanitised HTML: blocks become lines, pictures their words, and nothing that a terminal could
/// take for a command is left.
pub fn to_text(html: &str) -> String {
    let mut text = Text::default();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { tag(&mut text, rest) } else { entity(&mut text, rest) };
    }
    text.push(rest);
    text.finish()
}

/// Text in the making: spaces are run together, as HTML has it.
#[derive(Default)]
struct Text {
    out: String,
    space: bool,
}

impl Text {
    fn push(&mut self, text: &str) {
        text.chars().for_each(|letter| self.letter(letter));
    }

    fn letter(&mut self, letter: char) {
        if letter.is_whitespace() && letter != '\u{a0}' {
            self.space = true;
        } else if !letter.is_control() && !is_bidi_control(letter) {
            if self.space && !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push(' ');
            }
            self.space = false;
            self.out.push(if letter == '\u{a0}' { ' ' } else { letter });
        }
    }

    /// Ends the line, unless it is empty.
    fn line(&mut self) {
        self.space = false;
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn finish(self) -> String {
        self.out.trim_end().to_owned()
    }
}

/// Characters that make a line read in another order than it is written.
const fn is_bidi_control(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Takes a tag (or a `<` that is none) off `rest`.
fn tag<'a>(text: &mut Text, rest: &'a str) -> &'a str {
    let Some(end) = rest.find('>') else {
        text.push("<");
        return &rest[1..];
    };
    let inside = &rest[1..end];
    let name: String =
        inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    let after = &rest[end + 1..];
    match name.to_ascii_lowercase().as_str() {
        "br" => {
            text.space = false;
            text.out.push('\n');
        }
        "li" if !inside.starts_with('/') => {
            text.line();
            text.push("-");
            text.space = true;
        }
        "p" | "div" | "li" | "ul" | "ol" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
        | "hr" | "pre" | "blockquote" => text.line(),
        "td" | "th" => text.space = true,
        "img" => picture(text, inside),
        "style" | "script" if !inside.starts_with('/') => return after_closing(after, &name),
        _ => {}
    }
    after
}

fn picture(text: &mut Text, inside: &str) {
    let alt = inside.split_once("alt=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(alt, _)| alt);
    text.push("[");
    match alt.filter(|alt| !alt.is_empty()) {
        Some(alt) => text.push(&to_text(alt)),
        None => text.push("picture"),
    }
    text.push("]");
}

/// What follows the end of an element whose content is not text.
fn after_closing<'a>(rest: &'a str, name: &str) -> &'a str {
    let closing = format!("</{}", name.to_ascii_lowercase());
    let Some(at) = rest.to_ascii_lowercase().find(&closing) else { return "" };
    rest[at..].split_once('>').map_or("", |(_, after)| after)
}

/// Takes an entity (or an `&` that is none) off `rest`.
fn entity<'a>(text: &mut Text, rest: &'a str) -> &'a str {
    let known = rest[1..].split_once(';').filter(|(name, _)| name.len() <= 8);
    let Some((letter, after)) = known.and_then(|(name, after)| Some((letter_of(name)?, after))) else {
        text.letter('&');
        return &rest[1..];
    };
    text.letter(letter);
    after
}

fn letter_of(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Breaks text into lines of at most `width` characters, between words where it can.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut length = 0;
        for word in paragraph.split(' ') {
            let mut word: Vec<char> = word.chars().collect();
            if length > 0 && length + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            while word.len() > width {
                lines.push(word.drain(..width).collect());
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            length += word.len();
            line.extend(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_spaces_run_together() {
        assert_eq!(to_text("<p>one\n  two</p><div>three<br>four</div>"), "one two\nthree\nfour");
        assert_eq!(to_text("<ul><li>a</li><li><b>b</b>c</li></ul>"), "- a\n- bc");
        assert_eq!(to_text("a <i>b</i> c"), "a b c");
    }

    #[test]
    fn entities_are_read_once_and_unknown_ones_left_alone() {
        assert_eq!(
            to_text("1 &lt; 2 &amp;&amp; &#228; &#x1F600;&nbsp; x &foo; & b"),
            "1 < 2 && ä 😀  x &foo; & b"
        );
        assert_eq!(to_text("&amp;lt;"), "&lt;");
    }

    #[test]
    fn what_is_not_text_is_left_out() {
        assert_eq!(
            to_text("<STYLE>.a{}</style>x<img src=\"a\" alt=\"a &quot;map&quot;\"><img src=b>"),
            "x[a \"map\"][picture]"
        );
        assert_eq!(to_text("a < b"), "a < b");
        assert_eq!(to_text("<script>x"), "");
    }

    #[test]
    fn nothing_reaches_the_terminal_that_it_could_obey() {
        assert_eq!(to_text("\u{1b}[2Jx&#27;]0;y\u{7}\u{202e}z\u{9b}1"), "[2Jx]0;yz1");
    }

    #[test]
    fn lines_are_broken_between_words_where_that_can_be() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("abcdefghijklmnop q", 8), ["abcdefgh", "ijklmnop", "q"]);
        assert_eq!(wrapped("a\n\nb", 20), ["a", "", "b"]);
    }
}
