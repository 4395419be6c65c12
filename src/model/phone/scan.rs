//! Digits out of a text that holds nothing but a number.

use crate::model::phone::{NotANumber, PhoneKey};

/// Digits that are kept: fifteen of a number and what may stand before them.
const MAX_DIGITS: usize = 20;
/// E.164's longest number.
pub(super) const MAX_WHOLE: usize = 15;
/// The shortest text of digits that is not an extension or a scheme's id.
pub(super) const MIN_DIGITS: usize = 7;

/// ASCII digits, in place.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    bytes: [u8; MAX_DIGITS],
    len: usize,
}

impl Digits {
    const NONE: Self = Self { bytes: [b'0'; MAX_DIGITS], len: 0 };

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, digit: u8) -> Result<(), Trouble> {
        let Some(place) = self.bytes.get_mut(self.len) else { return Err(Trouble::TooManyDigits) };
        *place = digit;
        self.len += 1;
        Ok(())
    }
}

/// What stands before the first digit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// Nothing that says anything.
    Bare,
    /// A plus: what follows is a whole international number.
    Plus,
    /// A blank as the very first character: probably a plus that an unescaped query has lost.
    Blank,
}

/// Why a text is not simply a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// Something besides digits and what people put between them.
    Other,
    TooManyDigits,
}

/// Folds the digits of `text`. Separators say nothing and are skipped.
///
/// # Cost
/// One pass, no allocation.
pub(super) fn fold(text: &str) -> Result<(Sign, Digits), Trouble> {
    let bytes = text.as_bytes();
    let mut sign = if bytes.first() == Some(&b' ') { Sign::Blank } else { Sign::Bare };
    let mut digits = Digits::NONE;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => digits.push(byte)?,
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'\t' | b'\r' | b'\n' => {}
            b'+' => sign = if digits.len == 0 { Sign::Plus } else { sign },
            0x80.. => {
                let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    return Err(Trouble::Other);
                };
                match foreign(letter) {
                    Foreign::Digit(digit) => digits.push(digit)?,
                    Foreign::Plus if digits.len == 0 => sign = Sign::Plus,
                    Foreign::Plus | Foreign::Separator => {}
                    Foreign::Other => return Err(Trouble::Other),
                }
                at += letter.len_utf8();
                continue;
            }
            _ => return Err(Trouble::Other),
        }
        at += 1;
    }
    Ok((sign, digits))
}

/// What a character beyond ASCII means within a number.
pub(super) enum Foreign {
    Digit(u8),
    Plus,
    Separator,
    Other,
}

pub(super) fn foreign(letter: char) -> Foreign {
    let digit = |zero: char| u8::try_from(u32::from(letter) - u32::from(zero)).map_or(b'0', |value| b'0' + value);
    match letter {
        '\u{ff10}'..='\u{ff19}' => Foreign::Digit(digit('\u{ff10}')),
        '\u{660}'..='\u{669}' => Foreign::Digit(digit('\u{660}')),
        '\u{6f0}'..='\u{6f9}' => Foreign::Digit(digit('\u{6f0}')),
        '\u{ff0b}' | '\u{2795}' | '\u{fe62}' => Foreign::Plus,
        // Blanks, invisible marks of address books, dashes, full-width punctuation, the middle dot.
        '\u{a0}'
        | '\u{ad}'
        | '\u{b7}'
        | '\u{2000}'..='\u{2015}'
        | '\u{202a}'..='\u{202f}'
        | '\u{205f}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{2212}'
        | '\u{3000}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{feff}'
        | '\u{ff08}'
        | '\u{ff09}'
        | '\u{ff0d}'
        | '\u{ff0e}'
        | '\u{ff0f}' => Foreign::Separator,
        _ => Foreign::Other,
    }
}

/// The key of a whole international number's digits.
pub(super) fn whole(digits: &[u8]) -> Result<PhoneKey, NotANumber> {
    if digits.len() > MAX_WHOLE {
        return Err(NotANumber::TooLong);
    }
    let value = digits.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0')));
    PhoneKey::from_digits(value).ok_or(NotANumber::Unreadable)
}
