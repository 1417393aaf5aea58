use super::*;

fn front(html: &str) -> CardTexts {
    CardTexts { front: html.to_owned(), back: "b".to_owned(), ..CardTexts::default() }
}

fn cleaned(html: &str) -> String {
    sanitise_card(front(&format!("x{html}"))).unwrap().front.split_off(1)
}

#[test]
fn what_a_card_needs_is_kept() {
    for html in [
        "<b>bold</b> H<sub>2</sub>O",
        "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
        "<ruby>漢<rt>kan</rt></ruby>",
        "a &lt; b &amp;&nbsp;c",
        "<img src=\"paris.jpg\" alt=\"a map\" referrerpolicy=\"no-referrer\">",
    ] {
        assert_eq!(cleaned(html), html);
    }
}

#[test]
fn what_could_act_is_taken_out() {
    for (html, safe) in [
        ("<script>alert(1)</script>", ""),
        ("<style>*{display:none}</style>", ""),
        ("<iframe src=\"https://a.example\"></iframe>", ""),
        ("<b onclick=\"x()\" style=\"color:red\">y</b>", "<b>y</b>"),
        ("<a href=\"javascript:alert(1)\">y</a>", "<a rel=\"noopener noreferrer\">y</a>"),
        ("<svg><a xlink:href=\"javascript:x\">y</a></svg>", ""),
        ("<form action=/x><input name=a></form>", ""),
    ] {
        assert_eq!(cleaned(html), safe, "{html}");
    }
}

#[test]
fn links_lead_outside_only_and_give_nothing_away() {
    assert_eq!(
        cleaned("<a href=\"https://a.example/b\">y</a>"),
        "<a href=\"https://a.example/b\" rel=\"noopener noreferrer\">y</a>"
    );
    assert!(!cleaned("<a href=\"/api/v1/me\">y</a>").contains("href"));
    assert!(!cleaned("<a href=\"//a.example\">y</a>").contains("href"));
}

#[test]
fn pictures_come_from_https_or_bear_a_media_name() {
    for kept in ["https://a.example/b.png", "HTTPS://a.example", "b c.png"] {
        assert!(cleaned(&format!("<img src=\"{kept}\">")).contains("src"), "{kept}");
    }
    for lost in
        ["data:image/png;base64,AA", "http://a.example/b", "//a.example/b", "/livez", "../b", "x:y", ""]
    {
        assert!(!cleaned(&format!("<img src=\"{lost}\">")).contains("src"), "{lost}");
    }
}

#[test]
fn sanitising_again_changes_nothing() {
    for html in
        ["<p>a<p>b", "<b><i>x</b></i>", "a & b < c", "<table>x<td>y", "<a href=https://a.example>z", "&nbsp;"]
    {
        let once = cleaned(html);
        assert_eq!(cleaned(&once), once);
    }
}

#[test]
fn plain_text_comes_out_as_the_sanitiser_would_write_it() {
    for text in ["a < b & c > d", "5\" disk, it's", "naïve 漢字 \u{a0}x", "&amp;", "{{c1::x}}"] {
        let html = escape_plain(text);
        assert_eq!(cleaned(&html), html);
        assert_eq!(
            plain_text(&html),
            text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    assert_eq!(escape_plain(" a\nb\u{0}\u{7} "), "a<br>b");
}

#[test]
fn the_text_of_html_keeps_words_whole_and_blocks_apart() {
    assert_eq!(plain_text("<p>one</p><p>t<b>w</b>o</p>a<br>b <img alt=\"x > y\" src=z>c"), "one two a b c");
}

#[test]
fn a_card_that_asks_nothing_is_refused() {
    for html in ["", "  ", "<b></b>", "<script>x</script>", "&nbsp;", "<!-- x -->"] {
        assert_eq!(sanitise_card(front(html)), Err(ContentError::Empty), "{html}");
    }
    assert!(sanitise_card(front("<img src=\"a.png\">")).is_ok());
}

#[test]
fn an_empty_hint_is_none() {
    let texts =
        CardTexts { hint: Some(" ".to_owned()), explanation: Some("<b></b>".to_owned()), ..front("a") };
    let texts = sanitise_card(texts).unwrap();
    assert_eq!((texts.hint, texts.explanation), (None, None));
}

#[test]
fn bounds_are_checked_before_anything_is_parsed() {
    let long = "x".repeat(FIELD_BYTES_MAX + 1);
    assert_eq!(sanitise_card(front(&long)).unwrap_err().code(), "field_too_long");
    assert_eq!(escape_card(front(&long)).unwrap_err().code(), "field_too_long");
    assert!(sanitise_card(front(&long[1..])).is_ok());
    let flat = "<i></i>".repeat(MARKUP_TAGS_MAX);
    assert!(sanitise_card(front(&format!("x{flat}"))).is_ok());
    assert_eq!(sanitise_card(front(&format!("x{flat}<i>"))).unwrap_err().code(), "too_many_tags");
    let deep = "<div>".repeat(MARKUP_DEPTH_MAX);
    assert!(sanitise_card(front(&format!("{deep}x"))).is_ok());
    assert_eq!(sanitise_card(front(&format!("{deep}<b>x"))).unwrap_err().code(), "nested_too_deep");
}

#[test]
fn four_full_fields_of_what_json_doubles_are_too_long_together() {
    let field = || "\"".repeat(FIELD_BYTES_MAX);
    let texts = CardTexts { front: field(), back: field(), hint: Some(field()), explanation: None };
    assert_eq!(sanitise_card(texts.clone()).unwrap_err().code(), "card_too_long");
    assert!(sanitise_card(CardTexts { hint: None, back: "x".to_owned(), ..texts }).is_ok());
}

#[test]
fn depth_cannot_be_hidden_from_the_count() {
    for unit in [
        "<div></b>",
        "<div><!--</div>-->",
        "<div x=\"</div>\">",
        "<div><script></div></script>",
        "<b x=1><p></b>",
        "<svg><style><b></style></svg>",
        "<b><svg><![CDATA[></svg></b>",
        "<b><script><!--<script></script></b></script>",
        "<b><svg><title><!--</title></svg></b>-->",
    ] {
        let html = unit.repeat(MARKUP_DEPTH_MAX + 2);
        assert!(Outline::of(&html).depth > MARKUP_DEPTH_MAX, "{unit}");
    }
    for unit in
        ["<p>x", "<li>x", "<br>", "<img src=a>", "<b>x</b>", "a < b", "</b>", "<style><!-- a{} --></style>"]
    {
        assert!(Outline::of(&unit.repeat(500)).depth <= 1, "{unit}");
    }
}

#[test]
fn markup_that_was_taken_out_is_noticed_and_nothing_else() {
    for (html, lost) in [
        ("<b>x</b>", false),
        ("<p>x<br/>y", false),
        ("<a href='https://a.example'>x</a><img src=a.png>", false),
        ("<b class=y>x</b>", true),
        ("<font>x</font>", true),
        ("x<script>y</script>", true),
    ] {
        let before = front(html);
        let after = sanitise_card(before.clone()).unwrap();
        assert_eq!(lost_markup(&before, &after).is_some(), lost, "{html}");
    }
}

#[test]
fn bounds_hold_for_what_is_safe_as_it_stands() {
    let nested = |depth: usize| format!("{}x{}", "<i>".repeat(depth), "</i>".repeat(depth));
    for (html, is_within) in [
        (nested(MARKUP_DEPTH_MAX), true),
        (nested(MARKUP_DEPTH_MAX + 1), false),
        (format!("x{}", "<br>".repeat(MARKUP_TAGS_MAX)), true),
        (format!("x{}", "<br>".repeat(MARKUP_TAGS_MAX + 1)), false),
        ("x".repeat(FIELD_BYTES_MAX), true),
        ("x".repeat(FIELD_BYTES_MAX + 1), false),
    ] {
        assert_eq!((stays(&html), bounded("front", &html).is_ok()), (is_within, is_within), "{}", html.len());
        assert_eq!(sanitise_card(front(&html)).is_ok(), is_within, "{}", html.len());
    }
}

mod soup {
    use super::*;
    use proptest::prelude::*;

    fn piece() -> impl Strategy<Value = String> {
        let tag = prop::sample::select(vec![
            "b", "i", "p", "div", "a", "table", "tr", "td", "li", "ul", "ruby", "rt", "img", "br", "svg",
            "math", "style", "script", "title", "h1", "pre", "select", "option", "template", "form", "font",
            "!--", "mglyph",
        ]);
        prop_oneof![
            (tag.clone(), prop::sample::select(vec!["", " href=x", " src='a>b'", " title=\"<b>\"", "/"]))
                .prop_map(|(tag, rest)| format!("<{tag}{rest}>")),
            tag.prop_map(|tag| format!("</{tag}>")),
            prop::sample::select(vec![
                "x", " ", "&lt;", "&", "<", ">", "-->", "e\u{301}", "\u{a0}", "\0", "\n", "\""
            ])
            .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn sanitising_any_markup_again_changes_nothing(html in prop::collection::vec(piece(), 0..24)) {
            if let Ok(once) = sanitise_card(front(&html.concat())) {
                prop_assert_eq!(sanitise_card(once.clone()), Ok(once));
            }
        }

        #[test]
        fn what_stays_is_within_its_bounds_and_as_cleaning_makes_it(pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "ä", "e\u{301}", "\u{a1}", "\u{a0}", "\u{7}", "\u{85}", "\r", "\n", "\t", " ", "<br>", "<b>x</b>",
                "<ul><li>1</li></ul>", "&amp;", "&", "<i>",
            ]), 0..8,
        )) {
            let html = pieces.concat();
            if stays(&html) {
                prop_assert_eq!(made_safe(&html), html.as_str());
                prop_assert_eq!(bounded("front", &html), Ok(()));
                prop_assert_eq!(settled::outline(&html), Some(Outline::of(&html)));
            }
        }

        #[test]
        fn any_text_shows_as_it_is(text in "\\PC{0,40}") {
            if let Ok(card) = escape_card(front(&text)) {
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                prop_assert_eq!(plain_text(&card.front), words(&composed(&text)));
                prop_assert_eq!(sanitise_card(card.clone()), Ok(card));
            }
        }
    }
}

#[test]
fn a_sign_that_was_escaped_is_seen_and_a_space_is_not() {
    for html in ["&lt;b&gt;", "&amp;nbsp;", "<b>&lt;</b>", "a"] {
        assert!(shows_something(html), "{html}");
    }
    for html in ["", "&nbsp;", "<b></b>", " "] {
        assert!(!shows_something(html), "{html}");
    }
}

#[test]
fn plain_text_is_escaped_alike_wherever_its_first_sign_stands() {
    for (text, html) in [
        ("plain ascii only", "plain ascii only"),
        (" a<b ", "a&lt;b"),
        ("<first", "&lt;first"),
        ("late ü & more", "late ü &amp; more"),
        ("line\nbreak\u{7}", "line<br>break"),
        ("a\tb\u{a0}", "a\tb"),
        ("a\u{a0}b~\u{7f}c", "a&nbsp;b~c"),
    ] {
        assert_eq!(escape_plain(text), html, "{text:?}");
    }
}
