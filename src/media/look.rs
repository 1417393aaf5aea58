//! What a media file is, told by its bytes: names and what others say of it are not believed.

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its media type; `application/octet-stream` for what no page shows.
    pub kind: &'static str,
    /// Width and height of a picture, in pixels, where they are told.
    pub size: Option<(u32, u32)>,
}

/// What no page shows.
const OTHER: &str = "application/octet-stream";
/// Bytes at the head in which a vector picture has to begin.
const SVG_HEAD_BYTES: usize = 4_096;

/// Tells what a file is.
pub fn look_at(content: &[u8]) -> Look {
    let (kind, size) =
        picture(content).or_else(|| sound(content).map(|kind| (kind, None))).unwrap_or((OTHER, None));
    Look { kind, size: size.filter(|(width, height)| *width > 0 && *height > 0) }
}

type Size = Option<(u32, u32)>;

fn picture(content: &[u8]) -> Option<(&'static str, Size)> {
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(("image/png", be32(content, 16).zip(be32(content, 20))));
    }
    if content.starts_with(b"GIF87a") || content.starts_with(b"GIF89a") {
        return Some(("image/gif", le16(content, 6).zip(le16(content, 8))));
    }
    if content.starts_with(b"\xff\xd8\xff") {
        return Some(("image/jpeg", jpeg_size(content)));
    }
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Some(("image/webp", webp_size(content)));
    }
    if content.starts_with(b"BM") && content.len() > 26 {
        return Some(("image/bmp", le32(content, 18).zip(le32(content, 22))));
    }
    if matches!(content.get(4..12), Some(b"ftypavif" | b"ftypavis")) {
        return Some(("image/avif", None));
    }
    is_svg(content).then_some(("image/svg+xml", None))
}

fn sound(content: &[u8]) -> Option<&'static str> {
    let starts = |mark: &[u8]| content.starts_with(mark);
    if starts(b"ID3") || matches!(content, [0xff, second, ..] if second & 0xe6 == 0xe2) {
        return Some("audio/mpeg");
    }
    if starts(b"OggS") {
        let head = content.get(..64.min(content.len())).unwrap_or_default();
        let is_film = head.windows(6).any(|window| window == b"theora");
        return Some(if is_film { "video/ogg" } else { "audio/ogg" });
    }
    if starts(b"RIFF") && content.get(8..12) == Some(b"WAVE") {
        return Some("audio/wav");
    }
    if starts(b"fLaC") {
        return Some("audio/flac");
    }
    if matches!(content, [0xff, second, ..] if second & 0xf6 == 0xf0) {
        return Some("audio/aac");
    }
    if starts(b"\x1a\x45\xdf\xa3") {
        return Some("video/webm");
    }
    match (content.get(4..8), content.get(8..12)) {
        (Some(b"ftyp"), Some(b"M4A " | b"M4B ")) => Some("audio/mp4"),
        (Some(b"ftyp"), Some(b"3gp4" | b"3gp5" | b"3gp6")) => Some("video/3gpp"),
        (Some(b"ftyp"), Some(_)) => Some("video/mp4"),
        (_, _) => None,
    }
}

fn is_svg(content: &[u8]) -> bool {
    let head = content.get(..SVG_HEAD_BYTES.min(content.len())).unwrap_or_default();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    head.starts_with(b"<") && head.windows(4).any(|window| window.eq_ignore_ascii_case(b"<svg"))
}

/// The first frame header tells the size; segments before it are passed over.
fn jpeg_size(content: &[u8]) -> Size {
    let mut at = 2;
    loop {
        if content.get(at)? != &0xff {
            return None;
        }
        let marker = *content.get(at + 1)?;
        match marker {
            0xff => at += 1,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return be16(content, at + 7).zip(be16(content, at + 5));
            }
            0x01 | 0xd0..=0xd8 => at += 2,
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(be16(content, at + 2)?).ok()?.max(2),
        }
    }
}

fn webp_size(content: &[u8]) -> Size {
    match content.get(12..16)? {
        b"VP8 " => Some((le16(content, 26)? & 0x3fff, le16(content, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le32(content, 21)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((le24(content, 24)? + 1, le24(content, 27)? + 1)),
        _ => None,
    }
}

fn be16(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(content.get(at..at + 2)?.try_into().ok()?)))
}

fn be32(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?))
}

fn le16(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(content.get(at..at + 2)?.try_into().ok()?)))
}

fn le24(content: &[u8], at: usize) -> Option<u32> {
    Some(le16(content, at)? | u32::from(*content.get(at + 2)?) << 16)
}

fn le32(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(content.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(content: &[u8]) -> (&'static str, Size) {
        let Look { kind, size } = look_at(content);
        (kind, size)
    }

    #[test]
    fn pictures_are_known_with_their_sizes() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 1, 0, 0, 0, 0, 9]);
        assert_eq!(look(&png), ("image/png", Some((256, 9))));
        assert_eq!(look(b"GIF89a\x05\x00\x07\x00"), ("image/gif", Some((5, 7))));
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08\x00\x20\x00\x40";
        assert_eq!(look(jpeg), ("image/jpeg", Some((64, 32))));
        let webp = b"RIFF....WEBPVP8X....\0\0\0\0\x0f\0\0\x1f\0\0";
        assert_eq!(look(webp), ("image/webp", Some((16, 32))));
        assert_eq!(look(b"<?xml version=\"1.0\"?>\n<svg/>"), ("image/svg+xml", None));
    }

    #[test]
    fn sounds_and_films_are_known_and_all_else_is_shown_by_no_page() {
        assert_eq!(look(b"ID3\x03").0, "audio/mpeg");
        assert_eq!(look(&[0xff, 0xfb, 0x90]).0, "audio/mpeg");
        assert_eq!(look(b"OggS").0, "audio/ogg");
        assert_eq!(look(b"\0\0\0\x20ftypisom").0, "video/mp4");
        for other in [&b""[..], b"<html><script>", b"%PDF-1.4", b"\xff", b"MZ"] {
            assert_eq!(look(other), (OTHER, None), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_to_fall(start in 0_usize..6, rest in prop::collection::vec(any::<u8>(), 0..64)) {
            let starts: [&[u8]; 6] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF....WEBP", b"BM", b"GIF89a"];
            look_at(&[starts[start], &rest].concat());
        }
    }
}
