//! Numbers by every country's own plan, and by chance.

use std::sync::LazyLock;

use predial::model::phone::{NotANumber, NumberReader, PhoneKey};
use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};

/// Countries of the golden tables.
const USUAL: [&str; 11] = ["UA", "PL", "US", "DE", "GB", "IT", "KZ", "RU", "FR", "CZ", "MX"];

static READERS: LazyLock<Vec<(&str, NumberReader)>> =
    LazyLock::new(|| USUAL.into_iter().map(|country| (country, NumberReader::new(country).expect(country))).collect());

/// A valid number of a country, as its plan's description gives one.
#[derive(Debug)]
struct Example {
    country: String,
    digits: String,
    national: String,
    international: String,
    significant: usize,
}

impl Example {
    fn key(&self) -> PhoneKey {
        PhoneKey::from_digits(self.digits.parse().expect("digits")).expect("a key")
    }
}

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
    let of = |region: Region| {
        [PhoneNumberType::FixedLine, PhoneNumberType::Mobile].into_iter().filter_map(move |kind| {
            let number = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok()?;
            let written = |format| number.format_as(format).to_string();
            Some(Example {
                country: format!("{region:?}"),
                digits: written(PhoneNumberFormat::E164).trim_start_matches('+').to_owned(),
                national: written(PhoneNumberFormat::National),
                international: written(PhoneNumberFormat::International),
                significant: number.get_national_significant_number().len(),
            })
        })
    };
    PHONE_NUMBER_UTIL.get_supported_regions().flat_map(of).collect()
});

#[test]
fn every_countrys_own_numbers_are_one_key_to_callers_and_to_people() {
    assert!(EXAMPLES.len() > 450, "{} examples", EXAMPLES.len());
    for example in EXAMPLES.iter() {
        let reader = NumberReader::new(&example.country).expect(&example.country);
        let digits = &example.digits;
        let mut texts =
            vec![digits.clone(), format!("+{digits}"), format!("00{digits}"), example.international.clone()];
        // Seven digits tell a number from an extension; islands with shorter ones have to send whole numbers.
        if example.significant >= 7 {
            texts.push(example.national.clone());
        }
        for text in texts {
            assert_eq!(reader.quick(&text), Ok(example.key()), "quick {} {text}", example.country);
            assert_eq!(reader.stored(&text), Ok(example.key()), "stored {} {text}", example.country);
        }
    }
}

#[test]
fn numbers_of_all_countries_are_whole_where_a_sign_says_so() {
    for (country, reader) in READERS.iter() {
        for example in EXAMPLES.iter() {
            let digits = &example.digits;
            for text in
                [format!("+{digits}"), format!("00{digits}"), format!(" {digits}"), example.international.clone()]
            {
                assert_eq!(reader.quick(&text), Ok(example.key()), "{country} {} {text:?}", example.country);
            }
        }
    }
}

#[test]
fn bare_foreign_numbers_are_found_among_the_readings_and_read_alike_by_both() {
    for (country, reader) in READERS.iter() {
        let mut missed = Vec::new();
        for example in EXAMPLES.iter() {
            let readings = reader.readings(&example.digits).expect("a number");
            assert_eq!(reader.stored(&example.digits), Ok(readings.first()), "{country} {}", example.digits);
            if !readings.as_slice().contains(&example.key()) {
                missed.push(&example.digits);
            }
        }
        assert!(missed.is_empty(), "{country}: {missed:?}");
    }
}

#[test]
fn a_caller_and_a_client_meet_whatever_a_usual_country_writes() {
    for example in EXAMPLES.iter().filter(|example| USUAL.contains(&example.country.as_str())) {
        let reader = NumberReader::new(&example.country).expect(&example.country);
        let renderings = reader.renderings(example.key());
        assert_eq!(renderings.digits, example.digits);
        let national = renderings.national.expect("a national form");
        assert_eq!(reader.quick(&national), Ok(example.key()), "{} {national}", example.country);
        assert!(example.digits.ends_with(&renderings.tail) && renderings.tail.len() == 9);
    }
}

/// What people put between digits.
fn separators() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "", " ", "-", ".", "/", "(", ")", "\t", "\u{a0}", "\u{2011}", "\u{2013}", "\u{202f}", ") ",
    ])
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic_and_what_it_reads_is_a_number(text in ".{0,300}") {
        for (_, reader) in READERS.iter() {
            let quick = reader.quick(&text);
            if let Ok(key) = quick {
                prop_assert!((1_000_000..1_000_000_000_000_000).contains(&key.digits()), "{key:?}");
            }
            prop_assert_eq!(reader.readings(&text).map(|readings| readings.first()), quick);
            if let Ok(keys) = reader.stored_all(&text) {
                prop_assert_eq!(reader.stored(&text), Ok(keys[0]));
                prop_assert!(keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key)));
            }
        }
    }

    #[test]
    fn nor_does_anything_that_looks_like_a_number(text in r#"[0-9+ ()./<>"'&;:#x@%,\u{a0}\u{2013}\u{660}-]{0,60}"#) {
        for (_, reader) in READERS.iter() {
            if let Ok(readings) = reader.readings(&text) {
                prop_assert!(readings.iter().all(|key| key.digits() >= 1_000_000), "{readings:?}");
            }
            let _ = reader.stored_all(&text);
        }
    }

    #[test]
    fn separators_say_nothing(
        at in any::<prop::sample::Index>(),
        between in prop::collection::vec(separators(), 16),
    ) {
        let example = at.get(&EXAMPLES);
        let spread: String = example.digits.chars().zip(between.iter().cycle()).flat_map(|(digit, between)| {
            [digit.to_string(), (*between).to_owned()]
        }).collect();
        for (country, reader) in READERS.iter() {
            let plus = format!("+{spread}");
            prop_assert_eq!(reader.quick(&plus), Ok(example.key()), "{} {:?}", country, plus);
            prop_assert_eq!(reader.quick(&spread), reader.quick(&example.digits), "{} {:?}", country, spread);
        }
    }

    #[test]
    fn a_stored_key_written_whole_is_itself_again(text in r"[0-9+ ()-]{7,24}") {
        for (country, reader) in READERS.iter() {
            let Ok(key) = reader.stored(&text) else { continue };
            let again = reader.stored(&format!("+{}", key.digits()));
            prop_assert_eq!(again, Ok(key), "{} {:?}", country, text);
        }
    }

    #[test]
    fn an_envelope_says_nothing(name in r#"[^<>&"'0-9@+]{0,20}"#, at in 0..USUAL.len(), digits in 1_000_000_u64..=999_999_999_999_999) {
        let (_, reader) = &READERS[at];
        let bare = reader.quick(&digits.to_string());
        for text in [
            format!("\"{name}\" <{digits}>"),
            format!("&quot;{name}&quot; &lt;{digits}&gt;"),
            format!("<sip:{digits}@sip.example.net;transport=tcp>"),
            format!("tel:{digits};ext=12"),
        ] {
            prop_assert_eq!(reader.quick(&text), bare, "{:?}", text);
        }
    }

    #[test]
    fn too_many_digits_are_never_a_number(digits in "[1-9][0-9]{15,200}") {
        for (_, reader) in READERS.iter() {
            prop_assert_eq!(reader.quick(&format!("+{digits}")), Err(NotANumber::TooLong));
        }
    }
}
