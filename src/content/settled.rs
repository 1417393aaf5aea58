//! HTML that the sanitiser would leave as it is, told without parsing it: most of what comes in by the ten thousand is a
//! few words with line ends and bold letters.

use super::outline::Outline;

/// Tags without attributes that may hold whatever else is here, as long as each is closed in its turn.
const PAIRED: [&str; 19] = [
    "b", "big", "center", "code", "div", "em", "i", "kbd", "li", "mark", "ol", "s", "small", "span",
    "strong", "sub", "sup", "u", "ul",
];
/// Tags that hold nothing.
const VOID: [&str; 2] = ["br", "hr"];
/// Characters as the sanitiser writes them.
const REFERENCES: [&str; 4] = ["&amp;", "&lt;", "&gt;", "&nbsp;"];

/// The measure of HTML that certainly is safe and written as the sanitiser writes it; `None` says nothing.
pub(super) fn outline(html: &str) -> Option<Outline> {
    // A parser takes the mark of a file's beginning away.
    if html.starts_with('\u{feff}') {
        return None;
    }
    let mut outline = Outline::default();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.bytes().position(is_looked_at) {
        rest = rest.get(at..)?;
        let length = match rest.as_bytes().first() {
            Some(b'&') => REFERENCES.iter().find(|known| rest.starts_with(**known))?.len(),
            Some(b'<') => tag(rest, &mut open, &mut outline)?,
            // A letter that begins as a space without a break does, and is none.
            Some(&FIRST_OF_NBSP) if !rest.starts_with('\u{a0}') => 2,
            Some(_) | None => return None,
        };
        rest = rest.get(length..)?;
    }
    open.is_empty().then_some(outline)
}

/// The first byte of a space without a break, and of other letters of two bytes.
const FIRST_OF_NBSP: u8 = 0xc2;

const fn is_looked_at(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'&' | b'\r' | b'\0' | FIRST_OF_NBSP)
}

/// The length of the tag here, if it stands in its place.
fn tag<'h>(rest: &'h str, open: &mut Vec<&'h str>, outline: &mut Outline) -> Option<usize> {
    let inside = rest.get(1..rest.find('>')?)?;
    if let Some(name) = inside.strip_prefix('/') {
        open.pop_if(|last| *last == name)?;
        return Some(inside.len() + 2);
    }
    if PAIRED.contains(&inside) {
        // Elsewhere it might close another one.
        let in_list = open.last().is_some_and(|last| matches!(*last, "ul" | "ol"));
        if inside == "li" && !in_list {
            return None;
        }
        open.push(inside);
        outline.depth = outline.depth.max(open.len());
    } else if !VOID.contains(&inside) {
        return None;
    }
    outline.tags += 1;
    Some(inside.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_with_a_few_tags_are_settled_and_what_a_parser_might_change_is_not() {
        for settled in [
            "",
            "a",
            "é \u{a1} a",
            "a<br>b",
            "<b>x <i>y</i></b>&nbsp;&amp;",
            "<ul><li>1</li><li>2<hr></li></ul>",
            "ä\n\t",
            "a\u{feff}",
        ] {
            assert_eq!(outline(settled), Some(Outline::of(settled)), "{settled}");
        }
        for open in [
            "<b>x",
            "x</b>",
            "<b><i>x</b></i>",
            "<B>x</B>",
            "<br/>",
            "<b class=x>y</b>",
            "<script>",
            "a & b",
            "&quot;",
            "&#38;",
            "a > b",
            "<li>x</li>",
            "<ul><li><li>x</li></li></ul>",
            "<",
            "</",
            "<b",
            "a\u{a0}b",
            "a\rb",
            "</>",
            "\u{feff}a",
        ] {
            assert_eq!(outline(open), None, "{open}");
        }
    }
}
