//! Anki's rendering and ours in one form, so that they can be compared: what we set off, leave out or put differently on
//! purpose is put alike, and nothing else.

/// Replaces every stretch from `open` to the next `close`.
fn each_between(html: &str, open: &str, close: &str, with: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(open) {
        let Some(end) = rest[at + open.len()..].find(close) else { break };
        out += &rest[..at];
        out += &with(&rest[at + open.len()..at + open.len() + end]);
        rest = &rest[at + open.len() + end + close.len()..];
    }
    out + rest
}

/// Anki's rendering. `typed` is what is to be typed, as HTML; `front` is set for the front.
pub fn of_anki(html: &str, typed: &str, is_front: bool) -> String {
    let html = each_between(html, "<!--", "-->", |_| String::new());
    let html = each_between(&html, "<script>", "</script>", |_| String::new());
    let html = each_between(&html, "[anki:tts", "[/anki:tts]", |_| String::new());
    let html = each_between(&html, "[sound:", "]", |_| "🔊".to_owned());
    let html =
        each_between(&html, "[[type:", "]]", |_| if is_front { String::new() } else { typed.to_owned() });
    // A hint is a link and a hidden box after it.
    let html = each_between(&html, "\n<a class=hint", "</a>\n<div id=\"hint", |link| {
        format!("<details><summary>{}</summary>@", link.rsplit(">\n").next().unwrap())
    });
    let html = each_between(&html, "@", "\">", |_| String::new());
    let html = each_between(&html, "</summary>", "</div>\n", |text| format!("</summary>{text}</details>"));
    alike(&html)
}

/// Ours.
pub fn of_ours(html: &str) -> String {
    alike(html)
}

fn alike(html: &str) -> String {
    let html = each_between(html, "<span", ">", |_| String::new());
    let html =
        ["</span>", "<b>", "</b>", "<rb>", "</rb>"].iter().fold(html, |html, tag| html.replace(tag, ""));
    html.replace("&amp;", "&").replace('\'', "\"")
}
