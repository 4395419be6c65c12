//! How a number is looked for in stored text.

use crate::model::phone::PhoneKey;

/// Digits that are looked for: the last seven.
///
/// The last nine decide (row `zc-match`), but the first two of them are a code that people set apart in more ways than can
/// be asked for: `(067)`, `067 `, `67-`. What else ends in the same seven is dropped when digits are verified: among a
/// million numbers, one in ten.
const WANTED: usize = 7;
/// No country's code is longer, so what follows it is the number as it is typed inside the country, too.
const LONGEST_CODE: usize = 3;
const LEAST: usize = 4;

/// Pieces of text of which one stands in most ways of writing `number`, the usual ways first.
///
/// The vendor compares with the text as it was typed. `+380671112233`, `380671112233`, `0671112233`, `671112233` and
/// whatever stands before or behind them hold `1112233`; `067 111 22 33` and `(067) 111-22-33` hold the groups that people
/// make, `603 123 456` those of others. Missed: dots, tabs, no-break spaces, other groups. The crawl knows those.
pub(super) fn pieces(number: PhoneKey) -> Vec<String> {
    let digits = number.digits().to_string();
    let taken = digits.len().saturating_sub(LONGEST_CODE).clamp(LEAST, WANTED).min(digits.len());
    let end = &digits[digits.len() - taken..];
    let mut pieces = vec![end.to_owned()];
    if end.len() == WANTED {
        let (three, four) = end.split_at(3);
        let (two, last) = four.split_at(2);
        let (first, six) = end.split_at(1);
        pieces.extend([
            format!("{three} {two} {last}"),
            format!("{three}-{two}-{last}"),
            format!("{three} {four}"),
            format!("{first} {} {}", &six[..3], &six[3..]),
            format!("{three}-{four}"),
        ]);
    }
    pieces
}

/// What the vendor's search is asked, one after the other until something is found: the whole number, then the last nine
/// digits. How that search compares is not documented.
pub(super) fn terms(number: PhoneKey) -> [String; 2] {
    let digits = number.digits().to_string();
    let nine = digits.len().saturating_sub(9);
    [format!("+{digits}"), digits[nine..].to_owned()]
}
