//! How far one text is from another: letters left out, put in, exchanged, and neighbours that changed places (optimal
//! string alignment). A letter is what a reader sees as one.

use unicode_segmentation::UnicodeSegmentation;

/// Farther than anything that is asked for.
const FAR: usize = usize::MAX / 2;

/// The distance, or `None` when it is more than `most`. Costs at most the length times twice `most` and one.
pub(super) fn within(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.graphemes(true).collect(), b.graphemes(true).collect());
    banded(&a, &b, most).0
}

/// The distance, and how many cells were computed. Whoever is `most` letters before or behind in one of both texts is that
/// far from the other already: only cells beside the diagonal matter (Ukkonen, 1985). In each row the cell `most` is on it.
fn banded(a: &[&str], b: &[&str], most: usize) -> (Option<usize>, usize) {
    if a.len().abs_diff(b.len()) > most {
        return (None, 0);
    }
    let width = 2 * most + 1;
    let mut before: Vec<usize> = vec![FAR; width];
    let column = |row: usize, at: usize| (row + at).checked_sub(most).filter(|column| *column <= b.len());
    let mut above: Vec<usize> = (0..width).map(|at| column(0, at).unwrap_or(FAR)).collect();
    let mut cells = 0;
    for row in 1..=a.len() {
        let mut cut: Vec<usize> = Vec::with_capacity(width);
        for at in 0..width {
            let Some(column) = column(row, at) else {
                cut.push(FAR);
                continue;
            };
            cells += 1;
            let of = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(FAR);
            let left = at.checked_sub(1).map_or(FAR, |at| of(&cut, at));
            cut.push(match column.checked_sub(1) {
                None => row,
                Some(last) => {
                    let exchanged = of(&above, at) + usize::from(a.get(row - 1) != b.get(last));
                    let least = exchanged.min(of(&above, at + 1) + 1).min(left + 1);
                    let swapped = row > 1
                        && last > 0
                        && a.get(row - 1) == b.get(last - 1)
                        && a.get(row - 2) == b.get(last);
                    if swapped { least.min(of(&before, at) + 1) } else { least }
                }
            });
        }
        if cut.iter().chain(&above).all(|n| *n > most) {
            return (None, cells);
        }
        (before, above) = (above, cut);
    }
    let last = (b.len() + most).checked_sub(a.len()).and_then(|at| above.get(at)).copied();
    (last.filter(|n| *n <= most), cells)
}

/// How many letters a text has.
pub(super) fn letters(text: &str) -> usize {
    text.graphemes(true).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The whole matrix.
    fn distance(a: &[&str], b: &[&str]) -> usize {
        let mut cells = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                cells[i][j] = match (i, j) {
                    (0, n) | (n, 0) => n,
                    (i, j) => {
                        let exchanged = cells[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                        let least = exchanged.min(cells[i - 1][j] + 1).min(cells[i][j - 1] + 1);
                        let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                        if swapped { least.min(cells[i - 2][j - 2] + 1) } else { least }
                    }
                };
            }
        }
        cells[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn it_is_what_the_whole_matrix_says(a in "[abc]{0,12}", b in "[abc]{0,12}", most in 0..5_usize) {
            let (x, y): (Vec<&str>, Vec<&str>) = (a.graphemes(true).collect(), b.graphemes(true).collect());
            let whole = distance(&x, &y);
            prop_assert_eq!(within(&a, &b, most), (whole <= most).then_some(whole));
        }
    }

    #[test]
    fn long_texts_cost_their_length_and_not_its_square() {
        let a: Vec<&str> = std::iter::repeat_n("a", 2_048).collect();
        let mut b = a.clone();
        b[2_046..].fill("b");
        let (far, cells) = banded(&a, &b, 3);
        assert_eq!(far, Some(2));
        assert!(cells <= 2_048 * 7, "{cells} cells");
        b[2_040..].fill("b");
        assert_eq!(banded(&a, &b, 3).0, None);
    }
}
