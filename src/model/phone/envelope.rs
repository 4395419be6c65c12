//! What telephone systems put around a caller's number.

use std::borrow::Cow;

use crate::model::phone::{
    NotANumber,
    scan::{self, Digits, MIN_DIGITS, Sign, Trouble},
};

/// Words that stand where a caller keeps the number back.
const HIDDEN: &[&str] = &[
    "anonymous",
    "private",
    "unknown",
    "restricted",
    "withheld",
    "unavailable",
    "blocked",
    "hidden",
    "невідомий",
    "прихований",
    "анонім",
    "неизвестный",
    "скрытый",
    "аноним",
];

/// Words that programs write for nothing.
const NOTHING: &[&str] = &["null", "none", "nil", "undefined"];

/// Words and signs that stand before an extension; longer ones first.
pub(super) const EXTENSION: &[&str] = &[
    "extension",
    "extn",
    "ext",
    "xtn",
    "доб",
    "внутр",
    "вн",
    "wew",
    "poste",
    "durchwahl",
    "dw",
    "x",
    "х",
    "#",
    ",",
    ";",
];

/// Takes the number out of `"Name" <number>`, an address, escapes, and off its extension.
///
/// # Errors
/// [`NotANumber`] when there is none; never [`NotANumber::TooLong`] for what stands outside the number.
pub(super) fn open(text: &str) -> Result<(Sign, Digits), NotANumber> {
    let text = unescape_html(text);
    let (name, address) = match (text.rfind('<'), text.rfind('>')) {
        (Some(start), Some(end)) if start < end => (&text[..start], &text[start + 1..end]),
        _ => ("", &*text),
    };
    let found = bare(address);
    let of_name = || bare(name.trim().trim_matches(['"', '\'']));
    match found {
        Err(NotANumber::Unreadable | NotANumber::Missing) if !name.trim().is_empty() => of_name().or(found),
        _ => found,
    }
}

/// Why a text of separators and few digits is no number.
pub(super) fn too_few(text: &str, digits: usize) -> NotANumber {
    match text.trim() {
        "" => NotANumber::Missing,
        "-1" => NotANumber::Hidden,
        _ if digits == 0 => NotANumber::Unreadable,
        _ => NotANumber::Short,
    }
}

/// Whether the text says, in words, that the number is kept back or absent.
pub(super) fn in_words(text: &str) -> Option<NotANumber> {
    if text.chars().any(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let text = text.to_lowercase();
    let says = |words: &[&str]| text.split(|letter: char| !letter.is_alphanumeric()).any(|word| words.contains(&word));
    if says(HIDDEN) {
        Some(NotANumber::Hidden)
    } else if NOTHING.contains(&text.trim()) {
        Some(NotANumber::Missing)
    } else {
        None
    }
}

/// An address without a display name.
fn bare(address: &str) -> Result<(Sign, Digits), NotANumber> {
    let address = address.trim_matches(['"', '\'', '\t']);
    let number = user_of(address);
    if number.trim().is_empty() {
        return Err(NotANumber::Missing);
    }
    if let Some(why) = in_words(&number) {
        return Err(why);
    }
    let (sign, digits) = match scan::fold(without_extension(&number)) {
        Ok(found) => found,
        Err(Trouble::TooManyDigits) => return Err(NotANumber::TooLong),
        Err(Trouble::Other) => return Err(NotANumber::Unreadable),
    };
    if digits.as_slice().len() < MIN_DIGITS {
        return Err(too_few(&number, digits.as_slice().len()));
    }
    Ok((sign, digits))
}

/// `380…` of `sip:380…@host;user=phone` and `tel:380…`.
fn user_of(address: &str) -> Cow<'_, str> {
    let trimmed = address.trim_start();
    let schemed = ["sips:", "sip:", "tel:", "callto:"].into_iter().find_map(|scheme| {
        let head = trimmed.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &trimmed[scheme.len()..])
    });
    let user = schemed.unwrap_or(address);
    let user = user.split_once('@').map_or(user, |(user, _)| user);
    match percent_encoding::percent_decode_str(user).decode_utf8() {
        Ok(user) => user,
        Err(_) => Cow::Borrowed(user),
    }
}

/// The number before an extension; the text as it is where what follows the digits is no extension.
fn without_extension(text: &str) -> &str {
    let mut digits = 0;
    for (at, letter) in text.char_indices() {
        if letter.is_ascii_digit() {
            digits += 1;
        } else if digits >= MIN_DIGITS && !is_part_of_number(letter) {
            return if is_extension(&text[at..]) { &text[..at] } else { text };
        }
    }
    text
}

fn is_part_of_number(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_digit() || "+ -./()\t\r\n".contains(letter);
    }
    !matches!(scan::foreign(letter), scan::Foreign::Other)
}

fn is_extension(tail: &str) -> bool {
    let tail = tail.to_lowercase();
    let Some(marker) = EXTENSION.iter().find(|marker| tail.starts_with(**marker)) else { return false };
    // The parameters of an address: ;ext=101;phone-context=…
    *marker == ";" || tail[marker.len()..].chars().all(|letter| letter.is_ascii_digit() || " .:=#*-()".contains(letter))
}

fn unescape_html(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    const ESCAPES: &[(&str, &str)] = &[
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#43;", "+"),
        ("&#x2b;", "+"),
        ("&#x2B;", "+"),
        ("&plus;", "+"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    let text = ESCAPES.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    Cow::Owned(text)
}
