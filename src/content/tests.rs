use super::*;
use proptest::prelude::*;

fn html(text: &str) -> String {
    field(text, Format::Html).unwrap()
}

#[test]
fn what_could_run_is_taken_out_and_the_rest_stays() {
    for (given, kept) in [
        ("<b>bold</b> &amp; <i>italic</i>", "<b>bold</b> &amp; <i>italic</i>"),
        ("a < b", "a &lt; b"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>*{}</style>x", "x"),
        ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
        ("<img src=\"javascript:alert(1)\">", "<img>"),
        ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<iframe src=//evil></iframe>x", "x"),
        ("<p style=\"position:fixed\">x</p>", "<p>x</p>"),
        ("<svg><script>alert(1)</script></svg>", ""),
        ("<table><tr><td>1<td>2</table>", "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
    ] {
        assert_eq!(html(given), kept, "{given}");
    }
}

#[test]
fn pictures_come_from_here_or_over_https() {
    assert_eq!(html("<img src=\"https://a.example/x.png\">"), "<img src=\"https://a.example/x.png\">");
    assert_eq!(html("<img src=\"media/x.png\">"), "<img src=\"media/x.png\">");
    for refused in ["http://a/x.png", "//a/x.png", "data:image/png;base64,AA", "\\\\a\\x", "HTTP://a"] {
        assert_eq!(html(&format!("<img src=\"{refused}\">")), "<img>", "{refused}");
    }
}

#[test]
fn plain_text_shows_every_character_as_itself() {
    let shown = field("a < b & \"c\" 'd'\r\nnext\rlast", Format::Text).unwrap();
    assert_eq!(shown, "a &lt; b &amp; &quot;c&quot; &#39;d&#39;<br>next<br>last");
    assert_eq!(field("{{c1::x}} # ;", Format::Text).unwrap(), "{{c1::x}} # ;");
}

#[test]
fn bounds_are_checked_before_the_sanitiser_runs() {
    assert_eq!(field(&"<div>".repeat(6_000), Format::Html), Err(ContentError::TooDeep));
    assert_eq!(field(&"<b><p></p>".repeat(65), Format::Html), Err(ContentError::TooDeep));
    assert_eq!(field(&"<br>".repeat(4_001), Format::Html), Err(ContentError::TooManyElements));
    assert_eq!(field(&"x".repeat(32 * 1024 + 1), Format::Text), Err(ContentError::TooLong(32 * 1024 + 1)));
    assert!(matches!(field(&"<".repeat(32 * 1024), Format::Text), Err(ContentError::TooLong(_))));
    assert_eq!(field("a\0b", Format::Html), Err(ContentError::Nul));
    assert!(field(&"<li>x".repeat(500), Format::Html).is_ok());
    assert!(field(&"<p>x<br>".repeat(500), Format::Html).is_ok());
}

#[test]
fn letters_have_one_form() {
    assert_eq!(html("cafe\u{301}"), "caf\u{e9}");
    assert_eq!(tags(vec!["cafe\u{301}".into(), "caf\u{e9} ".into()]), Ok(vec!["caf\u{e9}".into()]));
}

#[test]
fn blank_is_what_shows_nothing() {
    for blank in ["", "  ", "<p></p>", "<b> </b>&nbsp;<br>", "<p"] {
        assert!(is_blank(blank), "{blank}");
    }
    for shown in ["x", "<p>x</p>", "<img src=\"a\">", "&lt;"] {
        assert!(!is_blank(shown), "{shown}");
    }
}

#[test]
fn labels_are_bounded() {
    assert_eq!(tags(vec![" a ".into(), "b".into(), "a".into()]), Ok(vec!["a".into(), "b".into()]));
    assert_eq!(tags(vec![" ".into()]), Err(ContentError::BadTag));
    assert_eq!(tags(vec!["x".repeat(101)]), Err(ContentError::BadTag));
    assert_eq!(tags((0..65).map(|n| n.to_string()).collect()), Err(ContentError::TooManyTags));
}

proptest! {
    #[test]
    fn sanitising_again_changes_nothing(text in "[<>/a-c \"'=&;]{0,200}") {
        if let Ok(once) = field(&text, Format::Html) {
            prop_assert_eq!(field(&once, Format::Html).unwrap(), once);
        }
    }

    #[test]
    fn no_text_brings_a_script_through(text in "(<|</|>|script|img|src=|onerror=|javascript:|\"|'| |svg|x){0,40}") {
        if let Ok(clean) = field(&text, Format::Html) {
            let clean = clean.to_lowercase();
            prop_assert!(!clean.contains("<script"), "{}", clean);
            for tag in clean.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap();
                prop_assert!(!tag.contains(" onerror"), "{}", clean);
            }
        }
    }
}
