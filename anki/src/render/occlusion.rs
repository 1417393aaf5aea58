//! Regions of a picture.

use crate::limits::POINTS_MAX;

/// The form of a region.
#[derive(Clone, PartialEq, Debug)]
pub enum Form {
    /// A rectangle.
    Rectangle,
    /// An ellipse with these radii.
    Ellipse {
        /// Half its width.
        rx: f32,
        /// Half its height.
        ry: f32,
    },
    /// A polygon through these points.
    Polygon(Vec<(f32, f32)>),
    /// A text that stands on the picture.
    Text(String),
}

/// A region of a picture. All lengths are fractions of the picture's width or height.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// Its form.
    pub form: Form,
    /// The number of its cloze; 0 belongs to no card and always shows.
    pub number: u16,
    /// Whether this card asks for what it covers.
    pub is_asked: bool,
    /// Whether it covers its region on cards that ask for another one.
    pub covers_always: bool,
    /// From the left edge.
    pub left: f32,
    /// From the top edge.
    pub top: f32,
    /// Its width; 0 where the form has it.
    pub width: f32,
    /// Its height; 0 where the form has it.
    pub height: f32,
    /// By how many degrees it is turned.
    pub angle: f32,
}

/// A picture some regions of which are covered.
#[derive(Clone, PartialEq, Debug)]
pub struct Occlusion {
    /// The picture's name.
    pub picture: Option<String>,
    /// The regions.
    pub shapes: Vec<Shape>,
}

/// Reads a region: `rect:left=.1:top=.2:width=.3:height=.4`, with `\:` for a colon in a text.
pub(super) fn read_shape(region: &str, number: u16, is_asked: bool) -> Option<Shape> {
    let (form, properties) = region.split_once(':')?;
    let mut shape = Shape {
        form: Form::Rectangle,
        number,
        is_asked,
        covers_always: false,
        left: 0.0,
        top: 0.0,
        width: 0.0,
        height: 0.0,
        angle: 0.0,
    };
    let (mut rx, mut ry, mut points, mut text) = (0.0, 0.0, Vec::new(), String::new());
    for property in divided(properties) {
        let Some((name, value)) = property.split_once('=') else { continue };
        let number = || value.trim().parse::<f32>().ok().filter(|number| number.is_finite()).unwrap_or(0.0);
        match name {
            "left" => shape.left = number(),
            "top" => shape.top = number(),
            "width" => shape.width = number(),
            "height" => shape.height = number(),
            "angle" => shape.angle = number(),
            "rx" => rx = number(),
            "ry" => ry = number(),
            "points" => points = points_of(value),
            "text" => value.clone_into(&mut text),
            "oi" => shape.covers_always = matches!(value, "1" | "true"),
            _ => {}
        }
    }
    shape.form = match form {
        "rect" => Form::Rectangle,
        "ellipse" => Form::Ellipse { rx, ry },
        "polygon" => Form::Polygon(points),
        "text" => Form::Text(text),
        _ => return None,
    };
    Some(shape)
}

/// Divides at colons that no backslash precedes, and takes the backslashes out.
fn divided(properties: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = properties.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|part| part.extend(letters.next())),
            letter => parts.last_mut().into_iter().for_each(|part| part.push(letter)),
        }
    }
    parts
}

fn points_of(value: &str) -> Vec<(f32, f32)> {
    let number = |text: &str| text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some((number(x)?, number(y)?))
    };
    value.split(' ').filter_map(point).take(POINTS_MAX).collect()
}

/// Where a region lies, in whole percents: from left to right, from top to bottom.
pub(super) fn extent(shape: &Shape) -> (u8, u8, u8, u8) {
    let (mut right, mut bottom) = (shape.left + shape.width, shape.top + shape.height);
    let (mut left, mut top) = (shape.left, shape.top);
    match &shape.form {
        Form::Ellipse { rx, ry } => (right, bottom) = (left + 2.0 * rx, top + 2.0 * ry),
        Form::Polygon(points) => {
            // Points are counted from the picture's corner; where they have a place of their own, it adds to them.
            for (x, y) in points {
                (right, bottom) = (right.max(*x), bottom.max(*y));
            }
            left = points.iter().map(|(x, _)| *x).reduce(f32::min).unwrap_or(left);
            top = points.iter().map(|(_, y)| *y).reduce(f32::min).unwrap_or(top);
        }
        Form::Rectangle | Form::Text(_) => {}
    }
    let percent = |fraction: f32| (fraction.clamp(0.0, 1.0) * 100.0).round() as u8;
    (percent(left), percent(right), percent(top), percent(bottom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_with_their_properties() {
        let shape = read_shape("rect:left=.1:top=.2:width=.3:height=.25:oi=1", 2, true).unwrap();
        assert_eq!((shape.form.clone(), shape.number, shape.is_asked), (Form::Rectangle, 2, true));
        assert!(shape.covers_always);
        assert_eq!(extent(&shape), (10, 40, 20, 45));
        let polygon = read_shape("polygon:points=0,0 .1,.1 .2,0 x", 1, false).unwrap();
        assert_eq!(polygon.form, Form::Polygon(vec![(0.0, 0.0), (0.1, 0.1), (0.2, 0.0)]));
        assert_eq!(extent(&polygon), (0, 20, 0, 10));
        let text = read_shape("text:left=.1:text=a\\:b\\\\:scale=1", 0, false).unwrap();
        assert_eq!(text.form, Form::Text("a:b\\".to_owned()));
    }

    #[test]
    fn what_is_no_region_is_none() {
        for region in ["", "rect", "circle:left=1"] {
            assert_eq!(read_shape(region, 1, true), None, "{region}");
        }
        let odd = read_shape("rect:left=NaN:top=inf:=:::width", 1, true).unwrap();
        assert_eq!(extent(&odd), (0, 0, 0, 0));
    }
}
