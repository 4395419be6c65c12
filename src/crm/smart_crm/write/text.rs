//! Texts and numbers as the vendor's columns take them. Pure.
//!
//! # Units
//! The vendor counts the code units of UTF-16, so they are counted here.

/// What stands where a text was cut.
pub(super) const CUT: &str = "…";

/// A text of at most `longest`, cut at its end.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut out = beginning(text, longest.saturating_sub(units(CUT))).to_owned();
    out.push_str(CUT);
    out
}

/// A text of at most `longest` in which the link stands whole: as it is where it fits, else with the link at its end.
///
/// A text without the link gets it as its last line. A link that is longer than the column is left out: half a link leads
/// nowhere.
pub(super) fn with_link(text: &str, link: Option<&str>, longest: usize) -> String {
    let text = text.trim_end();
    let Some(link) = link.filter(|link| units(link) <= longest) else { return cut(text, longest) };
    let whole = if text.contains(link) {
        text.to_owned()
    } else if text.is_empty() {
        link.to_owned()
    } else {
        format!("{text}\n{link}")
    };
    if units(&whole) <= longest {
        return whole;
    }
    let ending = format!("{CUT}\n{link}");
    let room = longest.saturating_sub(units(&ending));
    let before = text.split_once(link).map_or(text, |(before, _)| before);
    match room {
        0 => link.to_owned(),
        room => format!("{}{ending}", beginning(before.trim_end(), room)),
    }
}

/// What is stored, and below it every line that it does not have yet: what somebody wrote there since stays.
pub(super) fn merged(stored: &str, wanted: &str) -> String {
    let missing = |line: &&str| !line.trim().is_empty() && !stored.lines().any(|known| known.trim() == line.trim());
    let added: Vec<&str> = wanted.lines().filter(missing).collect();
    match (stored.trim_end(), added.is_empty()) {
        (_, true) => stored.to_owned(),
        ("", false) => wanted.to_owned(),
        (kept, false) => format!("{kept}\n{}", added.join("\n")),
    }
}

/// A number from its digits: international where it is long enough to be one.
pub(super) fn number(digits: &str) -> String {
    /// Shorter ones are extensions and services.
    const SHORTEST: usize = 7;
    let whole =
        digits.len() >= SHORTEST && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole { format!("+{digits}") } else { digits.to_owned() }
}

pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The longest beginning of so many units, and no half of a word that is a link.
fn beginning(text: &str, longest: usize) -> &str {
    let mut left = longest;
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let Some(rest) = left.checked_sub(letter.len_utf16()) else { break };
        (left, end) = (rest, at + letter.len_utf8());
    }
    let (kept, rest) = text.split_at(end);
    if rest.chars().next().is_none_or(char::is_whitespace) {
        return kept;
    }
    let word = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    if kept[word..].starts_with("http") { kept[..word].trim_end() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::{cut, merged, number, with_link};

    const LINK: &str = "https://app.ringostat.com/r.ogg?token=1";

    #[test]
    fn a_link_is_never_cut_whatever_stands_around_it() {
        for text in [String::new(), "a".repeat(3_000), format!("{}\n{LINK}\nafter", "ї".repeat(1_990)), LINK.to_owned()]
        {
            let out = with_link(&text, Some(LINK), 2_000);
            assert!(out.encode_utf16().count() <= 2_000, "{}", out.len());
            assert_eq!(out.matches(LINK).count(), 1, "{out}");
        }
        assert_eq!(with_link("Text", Some(LINK), 2_000), format!("Text\n{LINK}"));
        assert_eq!(with_link("Text", None, 2_000), "Text");
        assert_eq!(with_link("Text", Some(&"h".repeat(2_001)), 2_000), "Text");
    }

    #[test]
    fn what_is_cut_ends_in_no_half_letter_and_no_half_link() {
        assert_eq!(cut("дзвінок", 7), "дзвінок");
        assert_eq!(cut("дзвінки", 5), "дзві…");
        assert_eq!(cut("😀😀😀", 5), "😀😀…");
        assert_eq!(cut("see https://a.example/long", 12), "see…");
    }

    #[test]
    fn lines_that_are_there_stay_and_missing_ones_are_added_once() {
        assert_eq!(merged("", "a\nb"), "a\nb");
        assert_eq!(merged("a\nsomebody's own", "a\nb"), "a\nsomebody's own\nb");
        assert_eq!(merged("a\nsomebody's own\nb", "a\nb"), "a\nsomebody's own\nb");
        assert_eq!(merged("a", ""), "a");
    }

    #[test]
    fn numbers_are_international_and_extensions_are_not() {
        assert_eq!(number("380442000000"), "+380442000000");
        assert_eq!(number("101"), "101");
        assert_eq!(number("0442000000"), "0442000000");
    }
}
