use proptest::prelude::proptest;

use crate::crm::pipedrive::path::term;
use crate::model::phone::PhoneKey;

fn term_of(digits: u64) -> String {
    term(PhoneKey::from_digits(digits).expect("a number"))
}

#[test]
fn the_term_is_contained_in_the_ways_that_people_type_a_number() {
    let term = term_of(380_671_112_233);
    assert_eq!(term, "1112233");
    for typed in [
        "+380671112233",
        "380671112233",
        "00380671112233",
        "0671112233",
        "671112233",
        "067 1112233",
        "(067)1112233",
        "+38(067)1112233",
        "+38 067 1112233",
        "067-1112233",
        "0671112233 Olena, work",
        "80671112233",
    ] {
        assert!(typed.contains(&term), "{typed}");
    }
}

/// What the doc comment of [`term`] owns up to. When one of these is contained, that comment is to be mended.
#[test]
fn separators_inside_the_last_seven_digits_are_missed() {
    let term = term_of(380_671_112_233);
    for typed in ["067 111-22-33", "+38 (067) 111 22 33", "067.111.22.33", "067 111 2233"] {
        assert!(!typed.contains(&term), "{typed}");
    }
}

#[test]
fn the_term_never_reaches_into_the_countrys_code() {
    // Andorra has six digits after 376, Iceland seven after 354.
    assert_eq!(term_of(376_312_345), "312345");
    assert_eq!(term_of(3_545_811_234), "5811234");
    assert_eq!(term_of(12_125_551_234), "5551234");
}

proptest! {
    #[test]
    fn a_term_is_an_end_of_its_number_and_long_enough_for_the_vendor(digits in 10_000_u64..1_000_000_000_000_000) {
        let term = term_of(digits);
        assert!(digits.to_string().ends_with(&term) && (4..=7).contains(&term.len()));
    }
}
