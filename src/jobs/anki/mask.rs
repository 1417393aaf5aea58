//! A picture whose regions are covered, as an SVG that holds the picture: shown wherever pictures are, without a script.

use anki::{Shape, ShapeForm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write;

/// What is asked for.
const ASKED: &str = "#f5b23c";
/// What is covered besides.
const COVERED: &str = "#c9cdd2";
const EDGE: &str = "#33373d";

/// The picture with these covers.
pub(super) fn masked(picture: &[u8], kind: &str, (width, height): (u32, u32), covers: &str) -> String {
    let mut svg = String::with_capacity(picture.len() * 4 / 3 + covers.len() + 1_024);
    let _ = write!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" href="data:{kind};base64,"#
    );
    BASE64.encode_string(picture, &mut svg);
    svg.push_str("\"/>");
    svg.push_str(covers);
    svg.push_str("</svg>");
    svg
}

/// What covers a picture of this size: what is asked for, and what is always covered.
pub(super) fn covers((width, height): (u32, u32), shapes: &[Shape]) -> String {
    let (w, h) = (f64::from(width), f64::from(height));
    let mut svg = String::new();
    let edge = (w.max(h) / 300.0).max(1.0);
    for shape in shapes {
        let fill = if shape.is_asked {
            ASKED
        } else if shape.covers_always {
            COVERED
        } else {
            continue;
        };
        // A region that belongs to no card is a part of the picture.
        if shape.number == 0 {
            continue;
        }
        let _ = write!(
            svg,
            r#"<g fill="{fill}" stroke="{EDGE}" stroke-width="{edge:.1}"{}>"#,
            turned(shape, w, h)
        );
        push_form(&mut svg, shape, w, h);
        svg.push_str("</g>");
    }
    svg
}

/// A form turns about its upper left corner.
fn turned(shape: &Shape, w: f64, h: f64) -> String {
    if shape.angle == 0.0 {
        return String::new();
    }
    let (x, y) = (f64::from(shape.left) * w, f64::from(shape.top) * h);
    format!(r#" transform="rotate({:.2} {x:.1} {y:.1})""#, shape.angle)
}

fn push_form(svg: &mut String, shape: &Shape, w: f64, h: f64) {
    let (x, y) = (f64::from(shape.left) * w, f64::from(shape.top) * h);
    let _ = match &shape.form {
        ShapeForm::Rectangle | ShapeForm::Text(_) => {
            let (width, height) = (f64::from(shape.width) * w, f64::from(shape.height) * h);
            write!(
                svg,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}"/>"#,
                width.max(0.0),
                height.max(0.0)
            )
        }
        ShapeForm::Ellipse { rx, ry } => {
            let (rx, ry) = (f64::from(*rx).max(0.0) * w, f64::from(*ry).max(0.0) * h);
            let (cx, cy) = (x + rx, y + ry);
            write!(svg, r#"<ellipse cx="{cx:.1}" cy="{cy:.1}" rx="{rx:.1}" ry="{ry:.1}"/>"#)
        }
        ShapeForm::Polygon(points) => {
            svg.push_str("<polygon points=\"");
            for (x, y) in points {
                let _ = write!(svg, "{:.1},{:.1} ", f64::from(*x) * w, f64::from(*y) * h);
            }
            svg.push_str("\"/>");
            Ok(())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(number: u16, is_asked: bool, covers_always: bool) -> Shape {
        Shape {
            form: ShapeForm::Rectangle,
            number,
            is_asked,
            covers_always,
            left: 0.1,
            top: 0.2,
            width: 0.3,
            height: 0.25,
            angle: 0.0,
        }
    }

    #[test]
    fn what_is_asked_for_and_what_always_hides_is_covered_and_nothing_else() {
        let svg = masked(b"x", "image/png", (200, 100), &covers((200, 100), &[shape(1, true, false)]));
        assert!(svg.contains(r#"<rect x="20.0" y="20.0" width="60.0" height="25.0"/>"#), "{svg}");
        assert!(svg.contains(r#"href="data:image/png;base64,eA=="/>"#), "{svg}");
        let covered = |shapes: &[Shape]| covers((9, 9), shapes).matches("<rect").count();
        assert_eq!(covered(&[shape(1, false, false)]), 0);
        assert_eq!(covered(&[shape(1, false, true), shape(2, true, true)]), 2);
        assert_eq!(covered(&[shape(0, true, true)]), 0);
    }

    #[test]
    fn ellipses_polygons_and_turned_forms_are_covered_too() {
        let ellipse = Shape { form: ShapeForm::Ellipse { rx: 0.1, ry: 0.05 }, ..shape(1, true, false) };
        let svg = covers((100, 100), &[ellipse]);
        assert!(svg.contains(r#"<ellipse cx="20.0" cy="25.0" rx="10.0" ry="5.0"/>"#), "{svg}");
        let points = vec![(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)];
        let polygon = Shape { form: ShapeForm::Polygon(points), angle: 45.0, ..shape(1, true, false) };
        let svg = covers((100, 100), &[polygon]);
        assert!(svg.contains("0.0,0.0 50.0,50.0 100.0,0.0 "), "{svg}");
        assert!(svg.contains("rotate(45.00 10.0 20.0)"), "{svg}");
    }
}
