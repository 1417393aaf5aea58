//! Text to lines, of which each may have so many bytes and no more: a longer one is thrown away while it passes.

use super::report::FileFault;

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Which it is, from 1.
    pub number: u64,
    /// Its text; `None` if it is too long.
    pub text: Option<&'a str>,
}

/// Divides text into lines. They end with LF or CRLF.
#[derive(Debug)]
pub(crate) struct Lines {
    number: u64,
    bytes_max: usize,
    /// The line's beginning, where it lay in an earlier piece.
    begun: String,
    is_too_long: bool,
}

impl Lines {
    /// Lines of at most so many bytes.
    pub(crate) const fn new(bytes_max: usize) -> Lines {
        Lines { number: 1, bytes_max, begun: String::new(), is_too_long: false }
    }

    /// Which line is being read.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Reads on; every line that ends goes to `each`.
    pub(crate) fn feed(
        &mut self,
        mut text: &str,
        each: &mut impl FnMut(Line) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        while let Some((line, rest)) = text.split_once('\n') {
            text = rest;
            if self.begun.is_empty() && !self.is_too_long {
                self.tell(line, each)?;
            } else {
                self.push(line);
                self.tell_begun(each)?;
            }
            self.number += 1;
        }
        self.push(text);
        Ok(())
    }

    /// Ends the last line.
    pub(crate) fn finish(
        &mut self,
        each: &mut impl FnMut(Line) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        if self.begun.is_empty() && !self.is_too_long { Ok(()) } else { self.tell_begun(each) }
    }

    fn push(&mut self, text: &str) {
        // One more: it may be the first half of the line's end.
        if self.is_too_long || self.begun.len() + text.len() > self.bytes_max + 1 {
            self.is_too_long = true;
            self.begun.clear();
        } else {
            self.begun.push_str(text);
        }
    }

    fn tell_begun(&mut self, each: &mut impl FnMut(Line) -> Result<(), FileFault>) -> Result<(), FileFault> {
        if std::mem::take(&mut self.is_too_long) {
            return each(Line { number: self.number, text: None });
        }
        let begun = std::mem::take(&mut self.begun);
        let told = self.tell(&begun, each);
        self.begun = begun;
        self.begun.clear();
        told
    }

    fn tell(
        &self,
        line: &str,
        each: &mut impl FnMut(Line) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        each(Line { number: self.number, text: (line.len() <= self.bytes_max).then_some(line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines_of(pieces: &[&str], bytes_max: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(bytes_max);
        let mut told = Vec::new();
        let mut each = |line: Line| {
            told.push((line.number, line.text.map(str::to_owned)));
            Ok(())
        };
        pieces.iter().for_each(|piece| lines.feed(piece, &mut each).unwrap());
        lines.finish(&mut each).unwrap();
        told
    }

    #[test]
    fn lines_end_with_either_end_and_the_last_needs_none() {
        let told = lines_of(&["a\r\nb\n\nlong line\nc"], 3);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told, [(1, text("a")), (2, text("b")), (3, text("")), (4, None), (5, text("c"))]);
    }

    proptest! {
        #[test]
        fn how_a_text_is_cut_makes_no_difference(text in "[ab\r\n]{0,40}", cut in 0_usize..40) {
            let (a, b) = text.split_at(cut.min(text.len()));
            prop_assert_eq!(lines_of(&[a, b], 5), lines_of(&[&text], 5));
        }
    }
}
