//! Telephone numbers: the key under which a client is known.

use std::{fmt, num::NonZeroU64};

/// A whole international number, country code first, as an integer: `380671112233`.
///
/// Whoever holds one need not clean anything again. At most 15 digits (E.164), so 64 bits suffice and the directory
/// compares integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneKey(NonZeroU64);

impl PhoneKey {
    /// The key of `digits` read as a decimal number; `None` for zero or for more than 15 digits.
    #[must_use]
    pub const fn from_digits(digits: u64) -> Option<Self> {
        if digits > 999_999_999_999_999 {
            return None;
        }
        match NonZeroU64::new(digits) {
            Some(digits) => Some(Self(digits)),
            None => None,
        }
    }

    /// The number as an integer, for stores and for requests to a CRM. Not for logs: those print the key itself.
    #[must_use]
    pub const fn digits(self) -> u64 {
        self.0.get()
    }
}

/// Masked: numbers of people do not stand in logs. `380*****2233`.
impl fmt::Display for PhoneKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        if digits.len() <= 7 {
            return write!(out, "{}", "*".repeat(digits.len()));
        }
        let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
        write!(out, "{head}{}{tail}", "*".repeat(digits.len() - 7))
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PhoneKey({self})")
    }
}
