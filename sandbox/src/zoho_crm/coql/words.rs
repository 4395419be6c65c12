//! A query's words.

use super::super::reply::Refusal;

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A keyword, a field, a module; as written.
    Name(String),
    /// In quotes.
    Text(String),
    Number(String),
    /// `(`, `)`, `,`, `=`, `!=`, `<`, `<=`, `>`, `>=`
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["!=", "<=", ">=", "(", ")", ",", "=", "<", ">"];

/// Splits a query into its words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Refusal> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = if first == '\'' {
            quoted(rest)?
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Word::Sign(sign), sign.len())
        } else if first.is_ascii_digit() {
            let length = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
            (Word::Number(rest[..length].to_owned()), length)
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '$' | '.');
            let length = rest.find(|sign: char| !inside(sign)).unwrap_or(rest.len());
            (Word::Name(rest[..length].to_owned()), length)
        } else {
            return Err(Refusal::syntax(&rest[..first.len_utf8()]));
        };
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// A text and how long it is with its quotes; a backslash takes a quote or itself as it is.
fn quoted(rest: &str) -> Result<(Word, usize), Refusal> {
    let mut text = String::new();
    let mut signs = rest.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\'' => return Ok((Word::Text(text), at + 1)),
            '\\' => text.extend(signs.next().map(|(_, escaped)| escaped)),
            other => text.push(other),
        }
    }
    Err(Refusal::syntax("'"))
}
