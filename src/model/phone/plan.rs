//! Numbering plans, as far as digits alone can tell a national number from a whole one.
//!
//! Everything is asked of rlibphonenumber once, when a reader is made; nothing is copied from its metadata by hand but
//! the few habits below, which its metadata no longer knows.

use std::sync::{Arc, LazyLock};

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use crate::model::phone::PhoneKey;

/// Trunk prefixes that are out of use and still typed: the Soviet 8 before the 0, Poland's 0, Mexico's 01, 044, 045.
const OLD_TRUNKS: &[(Region, &[u8])] =
    &[(Region::UA, b"80"), (Region::PL, b"0"), (Region::MX, b"01"), (Region::MX, b"044"), (Region::MX, b"045")];

/// Prefixes that might open a national call somewhere; which of them do is tried per country.
const TRUNKS: &[&str] = &["0", "8", "80", "06", "01", "02"];
/// Prefixes that might open an international call and do not begin like the usual `00` does, and Australia's, which does.
const EXITS: &[&str] = &["011", "0011", "810", "8~10", "010", "119"];

/// The lengths of national numbers, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Lengths(u16);

impl Lengths {
    pub(super) const fn has(self, len: usize) -> bool {
        len < 16 && self.0 & (1 << len) != 0
    }

    fn of(mut possible: impl FnMut(&PhoneNumber) -> bool, country_code: i32) -> Self {
        let mut bits = 0;
        for len in 2..=14_u32 {
            let national_number = 2 * 10_u64.pow(len - 1);
            if possible(&PhoneNumber { country_code, national_number, ..PhoneNumber::default() }) {
                bits |= 1 << len;
            }
        }
        Self(bits)
    }
}

/// Every country code and the lengths of the numbers behind it.
pub(super) struct World(Box<[Lengths; 1000]>);

impl World {
    /// The one table.
    pub(super) fn get() -> &'static Self {
        static WORLD: LazyLock<World> = LazyLock::new(World::ask);
        &WORLD
    }

    fn ask() -> Self {
        let mut lengths = Box::new([Lengths::default(); 1000]);
        for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
            if let Some(place) = usize::try_from(code).ok().and_then(|at| lengths.get_mut(at)) {
                let possible =
                    |number: &PhoneNumber| number.is_possible_with_reason() == Ok(NumberLengthType::IsPossible);
                *place = Lengths::of(possible, code);
            }
        }
        Self(lengths)
    }

    /// How long the country code is that `digits` begin with. No code is the beginning of another.
    pub(super) fn code_len(&self, digits: &[u8]) -> Option<usize> {
        if digits.first() == Some(&b'0') {
            return None;
        }
        let mut code = 0;
        for (at, digit) in digits.iter().take(3).enumerate() {
            code = code * 10 + usize::from(digit.wrapping_sub(b'0'));
            if self.0.get(code).is_some_and(|lengths| lengths.0 != 0) {
                return Some(at + 1);
            }
        }
        None
    }

    /// Whether `digits` have the length of a whole number of some country.
    pub(super) fn fits(&self, digits: &[u8]) -> bool {
        let Some(len) = self.code_len(digits) else { return false };
        let code = digits[..len].iter().fold(0, |code, digit| code * 10 + usize::from(digit.wrapping_sub(b'0')));
        self.0.get(code).is_some_and(|lengths| lengths.has(digits.len() - len))
    }
}

/// How numbers are written in one country.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) region: Region,
    /// The country code's digits.
    pub(super) code: Box<[u8]>,
    pub(super) lengths: Lengths,
    /// What opens a national call, the usual one first.
    pub(super) trunks: Vec<Box<[u8]>>,
    /// So many digits without a trunk prefix are rather a whole number than a national one: more than the country's own
    /// numbers have where people leave the prefix out, and never fewer than eleven.
    pub(super) long: usize,
    pub(super) old_trunks: Vec<&'static [u8]>,
    /// What opens an international call, where `00` does not.
    pub(super) exits: Vec<Box<[u8]>>,
}

impl Plan {
    /// `None` for what is no country of rlibphonenumber's.
    pub(super) fn of(country: &str) -> Option<Arc<Self>> {
        if country.len() != 2 {
            return None;
        }
        let region = Region::from_code(&country.to_ascii_uppercase()).ok()?;
        let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
        Some(Arc::new(Self {
            region,
            code: code.to_string().into_bytes().into_boxed_slice(),
            lengths: lengths(code),
            old_trunks: OLD_TRUNKS.iter().filter(|(of, _)| *of == region).map(|(_, trunk)| *trunk).collect(),
            exits: exits(region),
            trunks: trunks(region),
            long: long(region),
        }))
    }

    /// Whether people put something before a national number.
    pub(super) fn has_trunk(&self) -> bool {
        !self.trunks.is_empty()
    }
}

/// Lengths of the numbers that call or are called; voice mail boxes and pagers left out, whose lengths would make a
/// Czech `420…` look national.
fn lengths(code: i32) -> Lengths {
    use PhoneNumberType as Type;
    const TYPES: [Type; 7] =
        [Type::FixedLine, Type::Mobile, Type::TollFree, Type::VoIP, Type::SharedCost, Type::PersonalNumber, Type::UAN];
    let possible = |number: &PhoneNumber| {
        TYPES.into_iter().any(|kind| {
            let reason = PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(number, kind);
            reason == Ok(NumberLengthType::IsPossible)
        })
    };
    Lengths::of(possible, code)
}

fn examples(region: Region) -> Vec<PhoneNumber> {
    [PhoneNumberType::FixedLine, PhoneNumberType::Mobile]
        .into_iter()
        .filter_map(|kind| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok())
        .collect()
}

/// The prefixes that rlibphonenumber takes off a national number here, the one it would write itself first.
fn trunks(region: Region) -> Vec<Box<[u8]>> {
    let mut found: Vec<(bool, &str)> = Vec::new();
    for example in examples(region) {
        let national = example.get_national_significant_number();
        let written = digits_of(&example.format_as(PhoneNumberFormat::National));
        for &trunk in TRUNKS {
            let typed = format!("{trunk}{national}");
            let taken_off = PHONE_NUMBER_UTIL.parse(&typed, Some(region)).is_ok_and(|read| {
                read.country_code == example.country_code && read.get_national_significant_number() == national
            });
            if taken_off && !found.iter().any(|(_, known)| *known == trunk) {
                found.push((typed == written, trunk));
            }
        }
    }
    found.sort_by_key(|(written, _)| !written);
    found.into_iter().map(|(_, trunk)| trunk.as_bytes().into()).collect()
}

fn long(region: Region) -> usize {
    let written = examples(region).into_iter().filter_map(|example| {
        let national = example.get_national_significant_number();
        (digits_of(&example.format_as(PhoneNumberFormat::National)) == national).then_some(national.len() + 1)
    });
    written.max().unwrap_or_default().max(11)
}

fn exits(region: Region) -> Vec<Box<[u8]>> {
    // A number of another country, whatever the region.
    let abroad = if region == Region::DE { "380671112233" } else { "4930123456" };
    EXITS
        .iter()
        .filter(|exit| {
            let read = PHONE_NUMBER_UTIL.parse(format!("{exit}{abroad}"), Some(region));
            read.is_ok_and(|read| digits_of(&read.format_as(PhoneNumberFormat::E164)) == abroad && read.is_valid())
        })
        .map(|exit| digits_of(exit).into_bytes().into_boxed_slice())
        .collect()
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What rlibphonenumber makes of digits: with a plus for a region of `None`, nationally otherwise. `None` when the result
/// could be no number of its country.
pub(super) fn canonical(digits: &[u8], region: Option<Region>) -> Option<(PhoneKey, bool)> {
    let digits = std::str::from_utf8(digits).ok()?;
    let read = match region {
        None => PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None),
        Some(_) => PHONE_NUMBER_UTIL.parse(digits, region),
    };
    let read = read.ok()?;
    if read.is_possible_with_reason() != Ok(NumberLengthType::IsPossible) {
        return None;
    }
    let key = digits_of(&read.format_as(PhoneNumberFormat::E164)).parse().ok().and_then(PhoneKey::from_digits)?;
    Some((key, read.is_valid()))
}
