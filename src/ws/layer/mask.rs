//! Takes the mask of a client's frame away, piece by piece.

/// A frame's mask, and how far into its four bytes the payload has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mask {
    key: [u8; 4],
}

impl Mask {
    /// The mask at the beginning of a payload.
    #[must_use]
    pub const fn new(key: [u8; 4]) -> Self {
        Self { key }
    }

    /// Unmasks the next piece of the payload in place.
    pub fn apply(&mut self, piece: &mut [u8]) {
        let wide = u64::from_ne_bytes([
            self.key[0],
            self.key[1],
            self.key[2],
            self.key[3],
            self.key[0],
            self.key[1],
            self.key[2],
            self.key[3],
        ]);
        let (words, rest) = piece.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(self.key.iter().cycle()) {
            *byte ^= key;
        }
        let turn = rest.len() % 4;
        self.key.rotate_left(turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_of_any_size_give_what_the_whole_gives(
            key: [u8; 4], payload: Vec<u8>, cuts in prop::collection::vec(0usize..40, 0..20)
        ) {
            let whole: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            let mut pieces = payload;
            let (mut mask, mut at) = (Mask::new(key), 0);
            for cut in cuts {
                let end = (at + cut).min(pieces.len());
                mask.apply(&mut pieces[at..end]);
                at = end;
            }
            mask.apply(&mut pieces[at..]);
            prop_assert_eq!(pieces, whole);
        }
    }
}
