//! Telephone numbers of seeded clients, and the way back from a search term to the client.
//!
//! The vendor searches stored strings. A million clients' strings are not stored here but made when asked for, so an
//! index of them would be the largest thing in the process. Instead a number *is* its place: a bijection between places
//! and nine-digit national numbers. A term that contains enough of a number leads to the few places that could carry it,
//! and those are compared as strings, exactly as the vendor would. Shorter terms cost a scan.

use super::dice::{pick, roll};

/// How many numbers a plan has: twelve codes of ten million.
pub(crate) const SPAN: u64 = 12 * CODE_SIZE;
const CODE_SIZE: u64 = 10_000_000;
/// No common factor with [`SPAN`] (2⁹·3·5⁷), so that multiplying by it is a bijection.
const STRIDE: u64 = 87_178_291;
const STRIDE_BACK: u64 = inverse(STRIDE, SPAN);
/// The longest extension typed behind a number.
const EXTENSION_DIGITS: usize = 3;
/// Beyond this many completions of a fragment, looking at every client is cheaper.
const MOST_COMPLETIONS: u64 = 200_000;

/// Where numbers of one sort come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// The longest prefix that is typed before a national number; the others are its tails.
    prefix: &'static [u8],
    /// The country code, for the number as a whole.
    country: &'static str,
    codes: [u64; 12],
    salt: u64,
}

/// Ukrainian mobile numbers: persons.
pub(crate) const MOBILE: Plan =
    Plan { prefix: b"00380", country: "380", codes: [50, 63, 66, 67, 68, 73, 93, 95, 96, 97, 98, 99], salt: 1 };
/// Ukrainian land lines but for Kyiv's, which the samples use: organizations.
pub(crate) const LANDLINE: Plan =
    Plan { prefix: b"00380", country: "380", codes: [32, 35, 43, 46, 48, 51, 52, 54, 55, 56, 57, 61], salt: 2 };
/// Polish mobile numbers: persons from abroad.
pub(crate) const FOREIGN: Plan =
    Plan { prefix: b"0048", country: "48", codes: [50, 51, 53, 57, 60, 66, 69, 72, 73, 78, 79, 88], salt: 3 };

impl Plan {
    /// The national number at a place below [`SPAN`].
    pub(crate) const fn national(&self, seed: u64, place: u64) -> u64 {
        let mixed = (place * STRIDE + self.shift(seed)) % SPAN;
        self.codes[(mixed / CODE_SIZE) as usize] * CODE_SIZE + mixed % CODE_SIZE
    }

    /// The place of a national number.
    fn place(&self, seed: u64, national: u64) -> Option<u64> {
        let code = self.codes.iter().position(|&code| code == national / CODE_SIZE)? as u64;
        let mixed = code * CODE_SIZE + national % CODE_SIZE;
        Some((mixed + SPAN - self.shift(seed)) % SPAN * STRIDE_BACK % SPAN)
    }

    /// The whole number, digits only.
    pub(crate) fn whole(&self, seed: u64, place: u64) -> String {
        format!("{}{:09}", self.country, self.national(seed, place))
    }

    const fn shift(&self, seed: u64) -> u64 {
        roll(seed, 100 + self.salt, 0) % SPAN
    }

    /// The places whose typed number may contain `term` (digits, at least seven of them). `None`: too many to say.
    pub(crate) fn places(&self, seed: u64, term: &[u8]) -> Option<Vec<u64>> {
        let mut places = Vec::new();
        let mut budget = MOST_COMPLETIONS;
        let before = isize::try_from(self.prefix.len()).unwrap_or(0);
        for shift in -before..9 {
            let Some(known) = self.known(term, shift) else { continue };
            let unknown = known.iter().filter(|digit| digit.is_none()).count();
            let completions = 10_u64.pow(u32::try_from(unknown).unwrap_or(9));
            budget = budget.checked_sub(completions)?;
            for filling in 0..completions {
                places.extend(self.place(seed, filled(&known, filling)));
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The digits of the national number that `term` gives when its first digit stands at `shift` of it; `None` when
    /// what lies before or behind could not have been typed there.
    fn known(&self, term: &[u8], shift: isize) -> Option<[Option<u8>; 9]> {
        let mut known = [None; 9];
        for (at, &digit) in term.iter().enumerate() {
            let position = isize::try_from(at).ok()? + shift;
            if position < 0 {
                let from_end = position.unsigned_abs();
                let typed = self.prefix.len().checked_sub(from_end).map(|index| self.prefix[index])?;
                if typed != digit {
                    return None;
                }
            } else if let Some(slot) = known.get_mut(position.unsigned_abs()) {
                *slot = Some(digit - b'0');
            } else if position.unsigned_abs() >= 9 + EXTENSION_DIGITS {
                return None;
            }
        }
        Some(known)
    }
}

fn filled(known: &[Option<u8>; 9], mut filling: u64) -> u64 {
    known.iter().fold(0, |number, digit| {
        let digit = digit.map_or_else(
            || {
                let next = filling % 10;
                filling /= 10;
                next
            },
            u64::from,
        );
        number * 10 + digit
    })
}

const fn inverse(of: u64, modulus: u64) -> u64 {
    let (mut remainder, mut next) = (modulus as i64, of as i64);
    let (mut factor, mut next_factor) = (0_i64, 1_i64);
    while next != 0 {
        let quotient = remainder / next;
        (remainder, next) = (next, remainder - quotient * next);
        (factor, next_factor) = (next_factor, factor - quotient * next_factor);
    }
    factor.rem_euclid(modulus as i64).unsigned_abs()
}

/// Every way in which people type a Ukrainian number; `{}` is left out of the way of the digits by [`typed`].
const HABITS: [&str; 14] = [
    "+380#########",
    "380#########",
    "0#########",
    "0## ### ## ##",
    "(0##) ###-##-##",
    "+38 (0##) ###-##-##",
    "+380 ## ### ####",
    "0##\t###\u{a0}##\u{a0}##",
    "0##-###-##-##",
    "00380#########",
    "0##.###.##.##",
    "0## ### ## ## ext 12",
    "0## ####### доб. 305",
    " +380(##)####### ",
];
const HABITS_ABROAD: [&str; 3] = ["+48 ### ### ###", "0048#########", "+48#########"];

/// The number as somebody typed it; which habit they had is decided by `habit`.
pub(crate) fn typed(national: u64, habit: u64) -> String {
    fill_in(pick(&HABITS, habit), national)
}

/// The same for a number from abroad.
pub(crate) fn typed_abroad(national: u64, habit: u64) -> String {
    fill_in(pick(&HABITS_ABROAD, habit), national)
}

fn fill_in(habit: &str, national: u64) -> String {
    let mut left = CODE_SIZE * 10;
    let mut text = String::with_capacity(habit.len());
    for sign in habit.chars() {
        if sign == '#' {
            let digit = u8::try_from(national / left % 10).unwrap_or(0);
            text.push(char::from(b'0' + digit));
            left /= 10;
        } else {
            text.push(sign);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{FOREIGN, HABITS, LANDLINE, MOBILE, SPAN, typed};

    #[test]
    fn a_number_leads_back_to_its_place_and_no_two_places_share_one() {
        for plan in [MOBILE, LANDLINE, FOREIGN] {
            for place in (0..SPAN).step_by(1_234_567) {
                assert_eq!(plan.place(7, plan.national(7, place)), Some(place));
            }
        }
    }

    #[test]
    fn any_seven_digits_in_a_row_of_any_habit_find_the_place() {
        for (habit, _) in HABITS.iter().enumerate() {
            let text = typed(MOBILE.national(7, 4_711), habit as u64);
            let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
            for length in 7..=digits.len() {
                for term in digits.windows(length) {
                    if let Some(places) = MOBILE.places(7, term) {
                        assert!(places.contains(&4_711), "{text:?} by {:?}", String::from_utf8_lossy(term));
                    } else {
                        assert!(length < 12, "a whole number must not cost a scan: {text:?}");
                    }
                }
            }
        }
    }

    /// Only an end that looks like the beginning of a country's code does: then it may stand anywhere.
    #[test]
    fn the_last_seven_digits_of_a_number_rarely_cost_a_scan() {
        for plan in [MOBILE, LANDLINE, FOREIGN] {
            let (mut looked, mut scanned) = (0, 0);
            for place in (0..SPAN).step_by(1_234_567) {
                let whole = plan.whole(7, place);
                looked += 1;
                match plan.places(7, &whole.as_bytes()[whole.len() - 7..]) {
                    Some(places) => assert!(places.contains(&place), "{whole}"),
                    None => scanned += 1,
                }
            }
            assert!(scanned * 30 < looked, "{scanned} of {looked}");
        }
    }

    #[test]
    fn the_habits_type_the_same_digits() {
        assert_eq!(typed(671_112_233, 0), "+380671112233");
        assert_eq!(typed(671_112_233, 4), "(067) 111-22-33");
        assert_eq!(typed(671_112_233, 7), "067\t111\u{a0}22\u{a0}33");
    }
}
