//! How far one text is from another: letters left out, put in, exchanged, and neighbours that changed places (optimal
//! string alignment). A letter is what a reader sees as one.

use unicode_segmentation::UnicodeSegmentation;

/// The distance, or `None` when it is more than `most`. Costs at most the product of both lengths.
pub(super) fn within(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.graphemes(true).collect(), b.graphemes(true).collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let exchanged = at(&above, j) + usize::from(x != y);
            let mut least = exchanged.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        if row.iter().all(|n| *n > most) && above.iter().all(|n| *n > most) {
            return None;
        }
        (before, above) = (above, row);
    }
    above.last().copied().filter(|n| *n <= most)
}

/// How many letters a text has.
pub(super) fn letters(text: &str) -> usize {
    text.graphemes(true).count()
}
