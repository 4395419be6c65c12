//! Chance, for spreading what would otherwise come at once. Not for secrets.

use std::hash::{BuildHasher, RandomState};

/// A number from 0 to 1.
#[must_use]
pub fn roll() -> f64 {
    // The keys of a hasher are the standard library's own randomness.
    let bits = RandomState::new().hash_one(0_u8) >> 32;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::roll;

    #[test]
    fn rolls_differ_and_lie_between_nought_and_one() {
        let rolls: Vec<f64> = (0..32).map(|_| roll()).collect();
        assert!(rolls.iter().all(|roll| (0.0..=1.0).contains(roll)));
        assert!(rolls.windows(2).any(|pair| pair[0].to_bits() != pair[1].to_bits()));
    }
}
