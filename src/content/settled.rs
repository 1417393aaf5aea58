//! HTML that the sanitiser would leave as it is, told without parsing it: most of what comes in by the ten thousand is a
//! few words with line ends and bold letters.

/// Tags without attributes that may hold whatever else is here, as long as each is closed in its turn.
const PAIRED: [&str; 19] = [
    "b", "big", "center", "code", "div", "em", "i", "kbd", "li", "mark", "ol", "s", "small", "span",
    "strong", "sub", "sup", "u", "ul",
];
/// Tags that hold nothing.
const VOID: [&str; 2] = ["br", "hr"];
/// Characters as the sanitiser writes them.
const REFERENCES: [&str; 4] = ["&amp;", "&lt;", "&gt;", "&nbsp;"];

/// Whether it is certain that the HTML is safe and written as the sanitiser writes it. `false` says nothing.
pub(super) fn is_settled(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '>', '&', '\r', '\0', '\u{a0}']) {
        rest = &rest[at..];
        let length = match rest.as_bytes().first() {
            Some(b'&') => REFERENCES.iter().find(|known| rest.starts_with(**known)).map(|known| known.len()),
            Some(b'<') => tag(rest, &mut open),
            Some(_) | None => None,
        };
        let Some(length) = length else { return false };
        rest = &rest[length..];
    }
    open.is_empty()
}

/// The length of the tag here, if it stands in its place.
fn tag<'h>(rest: &'h str, open: &mut Vec<&'h str>) -> Option<usize> {
    let inside = rest.get(1..rest.find('>')?)?;
    if let Some(name) = inside.strip_prefix('/') {
        open.pop_if(|last| *last == name)?;
    } else if PAIRED.contains(&inside) {
        // Elsewhere it might close another one.
        let in_list = open.last().is_some_and(|last| matches!(*last, "ul" | "ol"));
        if inside == "li" && !in_list {
            return None;
        }
        open.push(inside);
    } else if !VOID.contains(&inside) {
        return None;
    }
    Some(inside.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_with_a_few_tags_are_settled_and_what_a_parser_might_change_is_not() {
        for settled in
            ["", "a", "a<br>b", "<b>x <i>y</i></b>&nbsp;&amp;", "<ul><li>1</li><li>2<hr></li></ul>", "ä\n\t"]
        {
            assert!(is_settled(settled), "{settled}");
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
        ] {
            assert!(!is_settled(open), "{open}");
        }
    }
}
