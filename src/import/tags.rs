//! Tags in one cell: between spaces, as in Anki, or commas, as people write them in a sheet. A tag that holds one of these
//! stands in quotes, and a quote in it is doubled: `verbs "two words" "a,b"`.

use crate::content::composed;

/// The tags of a cell, in its order. A quote that is never closed is a letter like others.
pub(super) fn divided(written: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = written.trim_start_matches(divides);
    while !rest.is_empty() {
        let (tag, after) = quoted(rest).unwrap_or_else(|| {
            let (tag, after) = rest.split_at(rest.find(divides).unwrap_or(rest.len()));
            (tag.to_owned(), after)
        });
        let tag = composed(tag.trim());
        if !tag.is_empty() {
            tags.push(tag);
        }
        rest = after.trim_start_matches(divides);
    }
    tags
}

/// A cell with these tags, of which [`divided`] makes them again.
pub fn joined(tags: &[String]) -> String {
    let cell = |tag: &String| {
        let is_plain = !tag.contains(divides) && !tag.starts_with('"');
        if is_plain { tag.clone() } else { format!("\"{}\"", tag.replace('"', "\"\"")) }
    };
    tags.iter().map(cell).collect::<Vec<_>>().join(" ")
}

fn divides(letter: char) -> bool {
    letter.is_whitespace() || letter == ',' || letter == ';'
}

/// The tag in quotes at the beginning, and what follows it. Its quote is closed before a space, a comma or the end.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut tag = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        tag.push_str(part);
        match after.chars().next() {
            Some('"') => {
                tag.push('"');
                rest = after.strip_prefix('"')?;
            }
            None => return Some((one_line(&tag), after)),
            Some(letter) if divides(letter) => return Some((one_line(&tag), after)),
            Some(_) => return None,
        }
    }
}

/// No tag has line ends or tabs.
fn one_line(tag: &str) -> String {
    tag.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_lie_between_spaces_and_commas_or_in_quotes() {
        assert_eq!(divided(" a b,c;;d\te "), ["a", "b", "c", "d", "e"]);
        assert_eq!(
            divided(r#"verbs "two words","x,y" "say ""hi""" end"#),
            ["verbs", "two words", "x,y", "say \"hi\"", "end"]
        );
        assert_eq!(divided(r#""open a"b c" 5" "x"y"#), ["\"open", "a\"b", "c\"", "5\"", "\"x\"y"]);
        assert_eq!(divided("\" \" \"\""), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn what_is_joined_is_divided_into_the_same(tags in prop::collection::vec("[a-z\", ;é]{1,6}", 0..6)) {
            let tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
            prop_assert_eq!(divided(&joined(&tags)), tags);
        }
    }
}
