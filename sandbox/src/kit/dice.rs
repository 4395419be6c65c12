//! Chance without state: what happens to a client follows from the seed and the client's place alone, so that a million
//! of them need no memory and every run sees the same ones.

/// A fair 64-bit number that depends on nothing but its arguments (the finaliser of SplitMix64).
pub const fn roll(seed: u64, what: u64, place: u64) -> u64 {
    let mut mixed = seed ^ what.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// One of `items`, by a roll.
pub fn pick<T: Copy>(items: &[T], roll: u64) -> T {
    items[usize::try_from(roll % items.len() as u64).unwrap_or(0)]
}
