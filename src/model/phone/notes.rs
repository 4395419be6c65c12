//! Numbers in what people type into a CRM's field: several of them, words around them, extensions behind.

use std::borrow::Cow;

use crate::model::phone::{
    NotANumber,
    envelope::{self, EXTENSION},
    scan::{self, MAX_WHOLE, MIN_DIGITS},
};

/// A field, at most; what follows is not looked at.
const MAX_FIELD_BYTES: usize = 1_024;
/// Digits of a number that stands beside others with nothing but a blank or a slash between.
const MIN_BESIDE: usize = 9;

/// The parts of `text` that look like a number each, in order; what is too short is left out unless there is no other.
pub(super) fn numbers_in(text: &str) -> Vec<Result<Cow<'_, str>, NotANumber>> {
    let mut end = text.len().min(MAX_FIELD_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text[..end].trim();
    if text.is_empty() {
        return vec![Err(NotANumber::Missing)];
    }
    let mut found = Vec::new();
    for run in runs(text) {
        split(run, &mut found);
    }
    if found.is_empty() {
        let digits = text.chars().filter(|&letter| is_digit(letter)).count();
        let why = envelope::in_words(text).unwrap_or_else(|| match envelope::too_few(text, digits) {
            NotANumber::Missing => NotANumber::Unreadable,
            why => why,
        });
        return vec![Err(why)];
    }
    found
}

/// Stretches of digits and separators, without those that a word marks as an extension.
fn runs(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut word, mut digits) = (Vec::new(), None, 0, 0);
    let mut close = |from: Option<usize>, to: usize, word: usize, digits: usize| {
        let Some(from) = from else { return };
        if digits >= MIN_DIGITS && !marks_extension(&text[word..from]) {
            found.push(&text[from..to]);
        }
    };
    for (at, letter) in text.char_indices() {
        let is_plus = matches!(letter, '+' | '\u{ff0b}');
        if start.is_some() && (!belongs(letter) || (is_plus && digits > 0)) {
            close(start, at, word, digits);
            (start, word, digits) = (None, at, 0);
        }
        if belongs(letter) && start.is_none() {
            start = Some(at);
        }
        digits += usize::from(is_digit(letter));
    }
    close(start, text.len(), word, digits);
    found
}

/// Whether the words right before a number say that it is an extension.
fn marks_extension(words: &str) -> bool {
    let words = words.to_lowercase();
    let word = words.trim_end_matches(|letter: char| " .:=(".contains(letter));
    let is_marker = |marker: &&str| {
        word.strip_suffix(*marker).is_some_and(|before| !before.ends_with(char::is_alphabetic))
            && !",;".contains(*marker)
    };
    EXTENSION.iter().any(is_marker)
}

/// One stretch into its numbers.
fn split<'a>(run: &'a str, found: &mut Vec<Result<Cow<'a, str>, NotANumber>>) {
    let count = |part: &str| part.chars().filter(|&letter| is_digit(letter)).count();
    for separator in ['/', '\n', '\r', '\t'] {
        let mut parts = run.split(separator).filter(|part| count(part) > 0);
        if run.contains(separator) && parts.clone().count() > 1 && parts.clone().all(|part| count(part) >= MIN_BESIDE) {
            return parts.for_each(|part| split(part, found));
        }
        // "067 111 22 33 / 34": the second number is written by its end only.
        let first = parts.next().filter(|first| count(first) >= MIN_BESIDE);
        if let Some(first) = first.filter(|_| parts.next().is_some()) {
            return split(first, found);
        }
    }
    if count(run) > MAX_WHOLE && run.split_whitespace().any(|part| count(part) >= MIN_BESIDE) {
        let parts = run.split_whitespace().filter(|part| count(part) >= MIN_BESIDE);
        return found.extend(parts.map(|part| Ok(Cow::Borrowed(part))));
    }
    found.push(Ok(Cow::Borrowed(run)));
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(scan::foreign(letter), scan::Foreign::Digit(_))
}

fn belongs(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_digit() || "+ -./()\t\r\n".contains(letter);
    }
    !matches!(scan::foreign(letter), scan::Foreign::Other)
}
