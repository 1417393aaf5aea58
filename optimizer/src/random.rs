//! Numbers that look random and are the same each time.

/// A number from 0 up to 1, of what is given: the finalizer of splitmix64.
pub(crate) fn share_of(parts: &[u64]) -> f64 {
    let mut z = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        z = (z ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    (z >> 11) as f64 / (1_u64 << 53) as f64
}
