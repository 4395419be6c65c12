//! Telephone numbers: the key under which a client is known, and how texts become one.
//!
//! A caller's number is read on the way to the answer ([`NumberReader::quick`]), a CRM's when it enters the directory
//! ([`NumberReader::stored`]). Both decide by the same rules, so that what a person typed and what a telephone system
//! sends meet under one key.

mod envelope;
mod notes;
mod plan;
mod reader;
mod scan;

use std::{fmt, num::NonZeroU64};

pub use reader::{NumberReader, Readings, Renderings};

/// A whole international number, country code first, as an integer: `380671112233`.
///
/// Whoever holds one need not clean anything again. At most 15 digits (E.164), so 64 bits suffice and the directory
/// compares integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
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

    /// The digits behind the country code: area code and subscriber's number, `671112233`. All of them where no country
    /// has such a code.
    #[must_use]
    pub fn without_country_code(self) -> String {
        let digits = self.0.to_string();
        match plan::World::get().code_len(digits.as_bytes()) {
            Some(len) if len < digits.len() => digits[len..].to_owned(),
            _ => digits,
        }
    }
}

/// How many digits count for a CRM that compares the ends of numbers (rows `zd-match`, `zc-match`).
const COMPARED: u64 = 1_000_000_000;

impl PhoneKey {
    /// The last nine digits, as a number; `None` for a number that has fewer.
    #[must_use]
    pub fn last_nine(self) -> Option<u32> {
        let digits = self.digits();
        if digits < COMPARED / 10 {
            return None;
        }
        u32::try_from(digits % COMPARED).ok()
    }

    /// How many digits both end in alike.
    #[must_use]
    pub const fn shared_ending(self, other: Self) -> u32 {
        let (mut one, mut another, mut shared) = (self.digits(), other.digits(), 0);
        while one > 0 && another > 0 && one % 10 == another % 10 {
            (one, another, shared) = (one / 10, another / 10, shared + 1);
        }
        shared
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

/// Why a text is no number that could be looked up. To a call each of them is a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotANumber {
    /// Nothing was sent.
    #[error("expected a number, found nothing")]
    Missing,
    /// The caller keeps it back: *anonymous*, *private*, `-1` and the like.
    #[error("expected a number, found a hidden caller")]
    Hidden,
    /// Fewer than seven digits: an extension, a scheme's id.
    #[error("expected at least 7 digits, found fewer")]
    Short,
    /// More than fifteen digits, or a text longer than any number.
    #[error("expected at most 15 digits, found more")]
    TooLong,
    /// Letters, emoji, control characters, zeros alone.
    #[error("expected digits, found something else")]
    Unreadable,
}

impl NotANumber {
    /// The word that `explain` and logs use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Hidden => "hidden",
            Self::Short => "short",
            Self::TooLong => "too_long",
            Self::Unreadable => "unreadable",
        }
    }
}
