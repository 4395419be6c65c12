//! Texts to keys, with one project's country in mind.

use std::sync::Arc;

use crate::model::phone::{
    NotANumber, PhoneKey, envelope, notes,
    plan::{self, Plan, World},
    scan::{self, MAX_WHOLE, MIN_DIGITS, Sign},
};

/// A caller's text, at most; a display name may stand in it.
const MAX_CALLER_BYTES: usize = 256;

/// Reads numbers as people of one country write them. Cloning it costs a reference.
#[derive(Clone)]
pub struct NumberReader {
    plan: Arc<Plan>,
    world: &'static World,
}

impl std::fmt::Debug for NumberReader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "NumberReader({:?})", self.plan.region)
    }
}

/// What a text could mean, the likeliest first, nothing twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    keys: [PhoneKey; Self::MOST],
    len: usize,
}

impl Readings {
    /// Readings of one text, at most.
    pub const MOST: usize = 4;

    const fn of(key: PhoneKey) -> Self {
        Self { keys: [key; Self::MOST], len: 1 }
    }

    fn add(&mut self, key: PhoneKey) {
        if self.len < Self::MOST && !self.as_slice().contains(&key) {
            self.keys[self.len] = key;
            self.len += 1;
        }
    }

    /// The keys; never empty.
    #[must_use]
    pub fn as_slice(&self) -> &[PhoneKey] {
        &self.keys[..self.len]
    }

    /// The likeliest.
    #[must_use]
    pub const fn first(&self) -> PhoneKey {
        self.keys[0]
    }

    /// The keys, the likeliest first.
    pub fn iter(&self) -> impl Iterator<Item = PhoneKey> + '_ {
        self.as_slice().iter().copied()
    }
}

/// A number as a CRM's text search may have to be asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renderings {
    /// `380671112233`
    pub digits: String,
    /// `+380671112233`
    pub plus: String,
    /// `0671112233`: with the trunk prefix; for a number of the reader's own country.
    pub national: Option<String>,
    /// `671112233`: the last nine digits, all of them where there are fewer.
    pub tail: String,
}

/// How a text's digits were understood.
#[derive(Clone, Copy)]
enum Reading {
    /// The digits leave one choice.
    Plain(PhoneKey),
    /// rlibphonenumber was asked.
    Settled(PhoneKey),
    /// No plan has such a number: the digits, as they are.
    Guess(PhoneKey),
}

impl Reading {
    const fn key(self) -> PhoneKey {
        match self {
            Self::Plain(key) | Self::Settled(key) | Self::Guess(key) => key,
        }
    }
}

impl NumberReader {
    /// A reader for a country by its two ISO letters, in either case; `None` when there is no such country.
    ///
    /// # Cost
    /// Some dozen parses, once per project.
    #[must_use]
    pub fn new(country: &str) -> Option<Self> {
        Some(Self { plan: Plan::of(country)?, world: World::get() })
    }

    /// The likeliest whole number of a caller.
    ///
    /// # Shape
    /// `380…`, `+380…`, `00380…`, the country's own exit code, national with or without the trunk prefix, with separators
    /// between; a leading blank stands for a `+` that a query has lost. Also `"Name" <380…>`, `sip:` and `tel:`
    /// addresses, HTML-escaped ones, and a number with an extension, which is dropped.
    ///
    /// # Errors
    /// [`NotANumber`] for what nobody could look up.
    ///
    /// # Cost
    /// Whole numbers and national ones with their trunk prefix are folded in one pass, without an allocation. What stands
    /// in an envelope, and digits that several plans would accept, cost some microseconds.
    pub fn quick(&self, text: &str) -> Result<PhoneKey, NotANumber> {
        self.caller(text).map(|(reading, ..)| reading.key())
    }

    /// Everything that a caller's text could mean: what [`NumberReader::quick`] says, then rlibphonenumber's own form of
    /// it, the national reading in this country, the whole international reading.
    ///
    /// # Errors
    /// As [`NumberReader::quick`].
    ///
    /// # Cost
    /// Some microseconds; for after a miss.
    pub fn readings(&self, text: &str) -> Result<Readings, NotANumber> {
        let (reading, sign, digits) = self.caller(text)?;
        let key = reading.key();
        let mut readings = Readings::of(key);
        let also = |digits: &[u8], region| plan::canonical(digits, region).map(|(key, _)| key);
        also(key.digits().to_string().as_bytes(), None).into_iter().for_each(|key| readings.add(key));
        if sign != Sign::Plus {
            also(digits.as_slice(), Some(self.plan.region)).into_iter().for_each(|key| readings.add(key));
        }
        let bare = trim_zeros(digits.as_slice());
        if bare.len() >= MIN_DIGITS {
            also(bare, None).into_iter().for_each(|key| readings.add(key));
        }
        for key in readings.as_slice().to_vec() {
            other_habit(key).into_iter().for_each(|key| readings.add(key));
        }
        Ok(readings)
    }

    /// A number as somebody typed it into the CRM: its first number that can be read.
    ///
    /// # Errors
    /// [`NotANumber`] when the text holds none.
    ///
    /// # Cost
    /// Some microseconds; for when a record enters the directory.
    pub fn stored(&self, text: &str) -> Result<PhoneKey, NotANumber> {
        self.stored_all(text).map(|keys| keys[0])
    }

    /// Every number of a field that people have typed several into, in its order, nothing twice; never empty.
    ///
    /// An explicit `+` or `00` wins; otherwise a reading within the own country comes before that as a whole
    /// international number. Extensions, words and what is too short are dropped; numbers of no known plan count only
    /// where there is no other.
    ///
    /// # Errors
    /// [`NotANumber`] when the text holds none.
    pub fn stored_all(&self, text: &str) -> Result<Vec<PhoneKey>, NotANumber> {
        let (mut known, mut guesses, mut trouble) = (Vec::new(), Vec::new(), NotANumber::Missing);
        for part in notes::numbers_in(text) {
            match part.and_then(|part| self.typed(&part)) {
                Ok(Reading::Guess(key)) => guesses.push(key),
                Ok(reading) => known.push(reading.key()),
                Err(why) => trouble = why,
            }
        }
        let mut keys = if known.is_empty() { guesses } else { known };
        let mut seen = Vec::with_capacity(keys.len());
        keys.retain(|key| {
            !seen.contains(key) && {
                seen.push(*key);
                true
            }
        });
        if keys.is_empty() { Err(trouble) } else { Ok(keys) }
    }

    /// The forms of a number that a CRM's search over stored text needs.
    #[must_use]
    pub fn renderings(&self, key: PhoneKey) -> Renderings {
        let digits = key.digits().to_string();
        let own = digits.strip_prefix(&*String::from_utf8_lossy(&self.plan.code)).filter(|rest| !rest.is_empty());
        let national = own.map(|rest| {
            let trunk = self.plan.trunks.first().map(|trunk| String::from_utf8_lossy(trunk)).unwrap_or_default();
            format!("{trunk}{rest}")
        });
        let tail = digits[digits.len().saturating_sub(9)..].to_owned();
        Renderings { plus: format!("+{digits}"), digits, national, tail }
    }

    fn caller(&self, text: &str) -> Result<(Reading, Sign, scan::Digits), NotANumber> {
        if text.len() > MAX_CALLER_BYTES {
            return Err(NotANumber::TooLong);
        }
        let (sign, digits) = match scan::fold(text) {
            Ok(found) if found.1.as_slice().len() >= MIN_DIGITS => found,
            Ok(found) => return Err(envelope::too_few(text, found.1.as_slice().len())),
            Err(scan::Trouble::TooManyDigits) => return Err(NotANumber::TooLong),
            Err(scan::Trouble::Other) => envelope::open(text)?,
        };
        self.read(sign, digits.as_slice()).map(|reading| (reading, sign, digits))
    }

    /// One number of a CRM's field.
    fn typed(&self, text: &str) -> Result<Reading, NotANumber> {
        let (sign, digits) = scan::fold(text.trim()).map_err(|trouble| match trouble {
            scan::Trouble::TooManyDigits => NotANumber::TooLong,
            scan::Trouble::Other => NotANumber::Unreadable,
        })?;
        if digits.as_slice().len() < MIN_DIGITS {
            return Err(NotANumber::Short);
        }
        let reading = self.read(sign, digits.as_slice())?;
        let Reading::Plain(key) = reading else { return Ok(reading) };
        let canonical = plan::canonical(key.digits().to_string().as_bytes(), None);
        Ok(Reading::Settled(canonical.map_or(key, |(key, _)| key)))
    }

    fn read(&self, sign: Sign, digits: &[u8]) -> Result<Reading, NotANumber> {
        for exit in &self.plan.exits {
            if let Some(rest) = digits.strip_prefix(&**exit)
                && sign != Sign::Plus
                && self.world.fits(rest)
            {
                return self.international(rest);
            }
        }
        let abroad = digits.starts_with(b"00");
        if abroad || (sign == Sign::Plus && digits[0] != b'0') {
            return self.international(if abroad { trim_zeros(digits) } else { digits });
        }
        self.bare(sign, digits)
    }

    /// Digits that were said to be a whole number.
    fn international(&self, digits: &[u8]) -> Result<Reading, NotANumber> {
        if digits.is_empty() {
            return Err(NotANumber::Unreadable);
        }
        if digits.len() < MIN_DIGITS {
            return Err(NotANumber::Short);
        }
        if let Some(key) = mexican_mobile(digits) {
            return Ok(Reading::Plain(key));
        }
        let national = self.world.code_len(digits).map(|len| &digits[len..]);
        if national.is_some_and(|national| national.first() == Some(&b'0')) {
            // A trunk prefix after the country code, +49 (0)30…, unless it belongs to the number as in Italy.
            if let Some((key, _)) = plan::canonical(digits, None) {
                return Ok(Reading::Settled(key));
            }
        }
        let key = scan::whole(digits)?;
        Ok(if self.world.fits(digits) { Reading::Plain(key) } else { Reading::Guess(key) })
    }

    /// Digits that could be national or whole.
    fn bare(&self, sign: Sign, digits: &[u8]) -> Result<Reading, NotANumber> {
        let plan = &*self.plan;
        let fits = |national: &[u8]| plan.lengths.has(national.len());
        let own = digits.strip_prefix(&*plan.code).filter(|national| fits(national) && national[0] != b'0');
        if own.is_some() && plan.has_trunk() {
            return scan::whole(digits).map(Reading::Plain);
        }
        let foreign = own.is_none() && self.world.fits(digits);
        if sign == Sign::Blank && foreign {
            return scan::whole(digits).map(Reading::Plain);
        }
        for trunk in &plan.trunks {
            if let Some(national) = digits.strip_prefix(&**trunk).filter(|national| fits(national)) {
                let home = self.home(national)?;
                return Ok(if foreign { self.settle(home, digits, true) } else { Reading::Plain(home) });
            }
        }
        for trunk in &plan.old_trunks {
            if let Some(national) = digits.strip_prefix(*trunk).filter(|rest| fits(rest) && rest[0] != b'0') {
                return self.home(national).map(Reading::Plain);
            }
        }
        let national = fits(digits) && !(plan.has_trunk() && digits[0] == b'0');
        match (national, own.is_some() || foreign) {
            (true, false) => self.home(digits).map(Reading::Plain),
            (false, true) => scan::whole(digits).map(Reading::Plain),
            (true, true) => Ok(self.settle(self.home(digits)?, digits, digits.len() < plan.long)),
            (false, false) => self.odd(digits),
        }
    }

    /// Digits as long as a national number, `home`, and as a whole one: the reading that its plan calls valid, the national
    /// one first, but for digits too many to be typed without a trunk prefix: a German plan would take them all.
    fn settle(&self, home: PhoneKey, digits: &[u8], home_first: bool) -> Reading {
        let valid = |digits: &[u8]| plan::canonical(digits, None).filter(|(_, valid)| *valid).map(|(key, _)| key);
        let (whole, national) = (|| valid(digits), || valid(home.digits().to_string().as_bytes()));
        let found = if home_first { national().or_else(whole) } else { whole().or_else(national) };
        Reading::Settled(found.unwrap_or(home))
    }

    /// No plan's length fits the digits as they stand.
    fn odd(&self, digits: &[u8]) -> Result<Reading, NotANumber> {
        if let Some((key, true)) = plan::canonical(digits, Some(self.plan.region)) {
            return Ok(Reading::Settled(key));
        }
        if let Some(key) = mexican_mobile(digits) {
            return Ok(Reading::Plain(key));
        }
        let whole = trim_zeros(digits);
        if whole.len() < MIN_DIGITS {
            return Err(if whole.is_empty() { NotANumber::Unreadable } else { NotANumber::Short });
        }
        if whole.len() < digits.len() && self.plan.trunks.iter().any(|trunk| **trunk == *b"0") {
            return self.home(whole).map(Reading::Guess);
        }
        scan::whole(whole).map(Reading::Guess)
    }

    /// A national number of the own country, made whole.
    fn home(&self, national: &[u8]) -> Result<PhoneKey, NotANumber> {
        let (code, mut digits) = (&self.plan.code, [0; MAX_WHOLE]);
        let len = code.len() + national.len();
        let Some(place) = digits.get_mut(..len) else { return Err(NotANumber::TooLong) };
        place[..code.len()].copy_from_slice(code);
        place[code.len()..].copy_from_slice(national);
        scan::whole(place)
    }
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros..]
}

/// Mexico dropped the 1 between country code and mobile number in 2019; people and networks did not all notice.
fn mexican_mobile(digits: &[u8]) -> Option<PhoneKey> {
    if digits.len() != 13 || !digits.starts_with(b"521") {
        return None;
    }
    let number = scan::whole(digits).ok()?.digits() - 5_210_000_000_000;
    PhoneKey::from_digits(520_000_000_000 + number)
}

/// The same line under its other habit: Argentina's mobiles carry a 9 abroad that networks leave out.
fn other_habit(key: PhoneKey) -> Option<PhoneKey> {
    let digits = key.digits();
    match digits {
        540_000_000_000..=549_999_999_999 => PhoneKey::from_digits(digits - 540_000_000_000 + 5_490_000_000_000),
        5_490_000_000_000..=5_499_999_999_999 => PhoneKey::from_digits(digits - 5_490_000_000_000 + 540_000_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::NumberReader;
    use crate::model::phone::{NotANumber, PhoneKey};

    fn reader(country: &str) -> NumberReader {
        NumberReader::new(country).expect(country)
    }

    fn key(digits: u64) -> PhoneKey {
        PhoneKey::from_digits(digits).expect("a key")
    }

    #[track_caller]
    fn quick_gives(country: &str, expected: u64, texts: &[&str]) {
        let reader = reader(country);
        for text in texts {
            assert_eq!(reader.quick(text).map(PhoneKey::digits), Ok(expected), "{country} {text:?}");
            let readings = reader.readings(text).expect(text);
            assert_eq!(readings.first(), key(expected), "{country} {text:?}");
        }
    }

    #[track_caller]
    fn stored_gives(country: &str, rows: &[(&str, u64)]) {
        let reader = reader(country);
        for (text, expected) in rows {
            assert_eq!(reader.stored(text).map(PhoneKey::digits), Ok(*expected), "{country} {text:?}");
        }
    }

    #[test]
    fn a_country_is_two_letters_in_either_case() {
        assert!(NumberReader::new("UA").is_some() && NumberReader::new("ua").is_some());
        for unknown in ["", "U", "UKR", "ZZ", "001", "ÜA", "1\0"] {
            assert!(NumberReader::new(unknown).is_none(), "{unknown:?}");
        }
    }

    #[test]
    fn one_caller_is_one_key_however_written() {
        quick_gives(
            "UA",
            380_671_112_233,
            &[
                "380671112233",
                "+380671112233",
                " 380671112233",
                "00380671112233",
                "0671112233",
                "067 111 22 33",
                "067 111-22-33",
                "(067) 111.22/33",
                "+38 (067) 111-22-33",
                "+38\u{a0}067\u{2013}111\u{2011}22\u{2212}33",
                "\u{202a}+380671112233\u{202c}",
                "671112233",
                "80671112233",
                "+0671112233",
                "+3800671112233",
                "+380 (0) 67 111 22 33",
                "３８０６７１１１２２３３",
            ],
        );
    }

    #[test]
    fn a_caller_in_an_envelope_is_the_same_caller() {
        quick_gives(
            "UA",
            380_671_112_233,
            &[
                "\"Support PhonerLite\" <380671112233>",
                "Anna 2 <+380671112233>",
                "\"Unknown\" <380671112233>",
                "&quot;Anna&quot; &lt;380671112233&gt;",
                "&#43;380671112233",
                "<sip:380671112233@sip.example.net>",
                "sip:+380671112233@sip.example.net;user=phone",
                "SIP:%2B380671112233@sip.example.net",
                "tel:+380-67-111-22-33;ext=101",
                "380671112233@sip.example.net",
                "380671112233 ext. 101",
                "380671112233x101",
                "380671112233#101",
                "+380 67 111 22 33 доб. 5",
                "%2B380671112233",
                "\"380671112233\" <acme_anna>",
            ],
        );
    }

    #[test]
    fn callers_of_other_countries_are_whole_numbers() {
        quick_gives("UA", 48_501_234_567, &["48501234567", "+48501234567", "0048 501 234 567", " 48501234567"]);
        quick_gives("DE", 380_671_112_233, &["380671112233", "+380671112233", "00380671112233"]);
        // A German plan would take these too, but nobody types so many digits without the 0.
        quick_gives("DE", 48_512_345_678, &["48512345678", "0048512345678"]);
        quick_gives("IT", 375_294_911_911, &["375294911911"]);
        quick_gives("US", 380_671_112_233, &["380671112233", "011380671112233", "00380671112233"]);
        quick_gives("RU", 380_671_112_233, &["380671112233", "810380671112233"]);
        quick_gives("AU", 380_671_112_233, &["380671112233", "0011380671112233"]);
        quick_gives("UA", 493_012_345_678, &["+49 (0)30 12345678", "493012345678"]);
        quick_gives("UA", 390_212_345_678, &["+39 02 1234 5678", "390212345678"]);
    }

    #[test]
    fn what_is_no_number_says_why() {
        let reader = reader("UA");
        let rows: &[(&[&str], NotANumber)] = &[
            (&["", " ", "\t", "<>", "\"\" <>", "null", "None"], NotANumber::Missing),
            (
                &[
                    "anonymous",
                    "Anonymous",
                    "PRIVATE",
                    "Private number",
                    "unknown",
                    "restricted",
                    "withheld",
                    "unavailable",
                    "blocked",
                    "-1",
                    "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
                    "\"x\" <-1>",
                ],
                NotANumber::Hidden,
            ),
            (&["1", "101", "231146", "+12345", "00123456", "\"Anna\" <101>", "sip:101@acme"], NotANumber::Short),
            (
                &["1234567890123456789012345678901234567890", "+1234567890123456", "<12345678901234567890123>"],
                NotANumber::TooLong,
            ),
            (
                &[
                    "abc",
                    "acme_anna",
                    "📞",
                    "38067\u{0}1112233",
                    "0000000",
                    "---",
                    "380671112233abc",
                    "1-800-FLOWERS",
                    "%00%01",
                ],
                NotANumber::Unreadable,
            ),
        ];
        for (texts, expected) in rows {
            for text in *texts {
                assert_eq!(reader.quick(text), Err(*expected), "{text:?}");
                assert_eq!(reader.readings(text), Err(*expected), "{text:?}");
            }
        }
        assert_eq!(reader.quick(&"1 ".repeat(129)), Err(NotANumber::TooLong));
    }

    #[test]
    fn what_people_type_into_a_crm_is_read_by_their_countrys_plan() {
        stored_gives(
            "UA",
            &[
                ("067 111 22 33", 380_671_112_233),
                ("8 (067) 111-22-33", 380_671_112_233),
                ("+38 (067) 111-22-33", 380_671_112_233),
                ("380671112233", 380_671_112_233),
                ("671112233", 380_671_112_233),
                ("48501234567", 48_501_234_567),
                ("0 800 500 123", 380_800_500_123),
                ("+48 501 234 567", 48_501_234_567),
                ("00 49 30 123456", 4_930_123_456),
            ],
        );
        stored_gives(
            "PL",
            &[
                ("501 234 567", 48_501_234_567),
                ("0501234567", 48_501_234_567),
                ("48 501 234 567", 48_501_234_567),
                ("+48501234567", 48_501_234_567),
                ("(22) 123-45-67", 48_221_234_567),
                ("380671112233", 380_671_112_233),
            ],
        );
        stored_gives(
            "US",
            &[
                ("(201) 555-0123", 12_015_550_123),
                ("1-201-555-0123", 12_015_550_123),
                ("201.555.0123 x12", 12_015_550_123),
                ("+1 201 555 0123", 12_015_550_123),
                ("011 380 67 111 2233", 380_671_112_233),
            ],
        );
        stored_gives(
            "DE",
            &[
                ("030 123456", 4_930_123_456),
                ("030/123456", 4_930_123_456),
                ("+49 (0)30 123456", 4_930_123_456),
                ("0151 23456789", 4_915_123_456_789),
                ("4930123456", 4_930_123_456),
                ("380671112233", 380_671_112_233),
            ],
        );
        stored_gives(
            "GB",
            &[
                ("020 7946 0018", 442_079_460_018),
                ("07400 123456", 447_400_123_456),
                ("+44 (0)20 7946 0018", 442_079_460_018),
                ("447400123456", 447_400_123_456),
            ],
        );
    }

    #[test]
    fn italys_zero_stays_and_russias_eight_goes() {
        stored_gives(
            "IT",
            &[
                ("02 1234 5678", 390_212_345_678),
                ("+39 02 1234 5678", 390_212_345_678),
                ("390212345678", 390_212_345_678),
                ("312 345 6789", 393_123_456_789),
                ("393123456789", 393_123_456_789),
            ],
        );
        for country in ["KZ", "RU"] {
            stored_gives(
                country,
                &[
                    ("8 (701) 111-22-33", 77_011_112_233),
                    ("7011112233", 77_011_112_233),
                    ("+7 701 111 22 33", 77_011_112_233),
                    ("77011112233", 77_011_112_233),
                    ("8 495 123-45-67", 74_951_234_567),
                    ("8~10 380 67 1112233".replace('~', "").as_str(), 380_671_112_233),
                ],
            );
        }
        stored_gives(
            "FR",
            &[
                ("06 12 34 56 78", 33_612_345_678),
                ("+33 (0)6 12 34 56 78", 33_612_345_678),
                ("33612345678", 33_612_345_678),
                ("612345678", 33_612_345_678),
            ],
        );
        stored_gives(
            "CZ",
            &[
                ("601 123 456", 420_601_123_456),
                ("420601123456", 420_601_123_456),
                ("00420 601 123 456", 420_601_123_456),
            ],
        );
        stored_gives(
            "MX",
            &[
                ("55 1234 5678", 525_512_345_678),
                ("044 55 1234 5678", 525_512_345_678),
                ("01 55 1234 5678", 525_512_345_678),
                ("+52 1 55 1234 5678", 525_512_345_678),
                ("5215512345678", 525_512_345_678),
            ],
        );
    }

    #[test]
    fn several_numbers_in_one_field_are_each_found() {
        let reader = reader("UA");
        let all = |text: &str| -> Vec<u64> {
            reader.stored_all(text).expect(text).into_iter().map(PhoneKey::digits).collect()
        };
        let both = [380_671_112_233, 380_501_112_233];
        for text in [
            "0671112233, 0501112233",
            "0671112233; +380 50 111 22 33",
            "0671112233 / 0501112233",
            "0671112233 0501112233",
            "+380671112233+380501112233",
            "тел. 067 111 22 33, моб. 050-111-22-33 (Анна)",
            "0671112233\n0501112233\n067-111-22-33",
            "0671112233 або 0501112233",
            "067 111 22 33 доб. 1234567, 0501112233",
        ] {
            assert_eq!(all(text), both, "{text:?}");
        }
        let german = NumberReader::new("DE").expect("DE").stored_all("030 123456 Durchwahl 1234567");
        assert_eq!(german, Ok(vec![key(4_930_123_456)]), "an extension as long as a number");
        assert_eq!(all("067 111 22 33 / 34"), [380_671_112_233]);
        assert_eq!(all("0671112233,101"), [380_671_112_233]);
        assert_eq!(all("12.05.2024 0671112233"), [380_671_112_233]);
        assert_eq!(all("0671112233 (12.05.2024)"), [380_671_112_233]);
    }

    #[test]
    fn a_field_without_a_number_says_why() {
        let reader = reader("UA");
        for (text, expected) in [
            ("", NotANumber::Missing),
            ("  ", NotANumber::Missing),
            ("n/a", NotANumber::Unreadable),
            ("unknown", NotANumber::Hidden),
            ("101", NotANumber::Short),
            ("call 101 or 102", NotANumber::Short),
            ("1234567890123456789012345678901234567890", NotANumber::TooLong),
        ] {
            assert_eq!(reader.stored(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn readings_hold_what_else_the_digits_could_mean() {
        let has = |country: &str, text: &str, digits: u64| {
            let readings = reader(country).readings(text).expect(text);
            assert!(readings.iter().any(|found| found == key(digits)), "{country} {text}: {readings:?}");
        };
        has("DE", "49123456789", 49_123_456_789);
        has("AR", "541123456789", 5_491_123_456_789);
        has("AR", "5491123456789", 541_123_456_789);
        has("AR", "011 15-2345-6789", 5_491_123_456_789);
        has("MX", "5215512345678", 525_512_345_678);
        has("RU", "84951234567", 74_951_234_567);
        has("RU", "84951234567", 84_951_234_567);
    }

    #[test]
    fn renderings_are_what_people_may_have_typed() {
        let renderings = reader("UA").renderings(key(380_671_112_233));
        assert_eq!(renderings.digits, "380671112233");
        assert_eq!(renderings.plus, "+380671112233");
        assert_eq!(renderings.national.as_deref(), Some("0671112233"));
        assert_eq!(renderings.tail, "671112233");
        assert_eq!(reader("UA").renderings(key(48_501_234_567)).national, None);
        assert_eq!(reader("PL").renderings(key(48_501_234_567)).national.as_deref(), Some("501234567"));
        assert_eq!(reader("KZ").renderings(key(77_011_112_233)).national.as_deref(), Some("87011112233"));
    }
}
