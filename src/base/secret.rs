//! Values that are never printed.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A token, password or key. It prints as `***` and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a door keeps to recognise this secret without holding it.
    #[must_use]
    pub fn seal(&self) -> Seal {
        Seal(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// The digest of a secret: compares in constant time, whatever the length of what was presented.
#[derive(Clone, Copy)]
pub struct Seal([u8; 32]);

impl Seal {
    /// Whether `presented` is the secret. Allocates nothing.
    #[must_use]
    pub fn opens(&self, presented: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(presented).into();
        self.0.ct_eq(&digest).into()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_as_stars_and_opens_its_own_seal_only() {
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?} {:?}", secret.seal()), "*** ***");
        assert!(secret.seal().opens(b"s3cret"));
        assert!(!secret.seal().opens(b"s3cre") && !secret.seal().opens(b""));
    }
}
