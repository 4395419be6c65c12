//! Parameters of a request, read as strictly as the vendor does.

use jiff::Timestamp;

use super::reply::Refusal;
use crate::kit;

/// The parameters of a request.
#[derive(Debug)]
pub(super) struct Query<'a>(kit::Query<'a>);

impl<'a> Query<'a> {
    /// Decodes a query string.
    pub(super) fn read(text: &'a str) -> Self {
        Self(kit::Query::read(text))
    }

    /// Refuses what the endpoint does not know and what is given twice: the second API validates strictly.
    pub(super) fn only(&self, known: &[&[&str]]) -> Result<(), Refusal> {
        if let Some(name) = self.0.unknown(known) {
            return Err(Refusal::parameter(name, &format!("Parameter '{name}' is not allowed for this request")));
        }
        let again = |name| Err(Refusal::parameter(name, "expected one value, found several"));
        self.0.repeated().map_or(Ok(()), again)
    }

    /// A parameter as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name)
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.0.number(name).map_err(|_| Refusal::parameter(name, "expected an integer"))
    }

    /// `true` or `false`, nothing else.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::parameter(name, "expected true or false")),
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let wrong = || Refusal::parameter(name, "expected one of the supported values");
        found.map(Some).ok_or_else(wrong)
    }

    /// A comma-separated list; empty when the parameter is absent.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.0.list(name)
    }

    /// A comma-separated list of known words.
    pub(super) fn words(&self, name: &str, known: &[&str]) -> Result<Vec<&str>, Refusal> {
        let list = self.list(name);
        match list.iter().find(|word| !known.contains(word)) {
            Some(word) => Err(Refusal::parameter(name, &format!("'{word}' is not a supported value"))),
            None => Ok(list),
        }
    }

    /// How many records a page may have.
    pub(super) fn limit(&self, most: u64) -> Result<usize, Refusal> {
        let limit = self.number("limit")?.unwrap_or_else(|| most.min(100));
        if limit == 0 || limit > most {
            return Err(Refusal::parameter("limit", &format!("expected 1 to {most}, found {limit}")));
        }
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// A time, in seconds since 1970 UTC. Fractions of a second are refused, as users of the live API found.
    pub(super) fn time_s(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let whole = text.as_bytes().get(10) == Some(&b'T') && !text.contains('.');
        match text.parse::<Timestamp>() {
            Ok(time) if whole => Ok(Some(time.as_second())),
            _ => Err(Refusal::parameter(name, "not a valid datetime")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, Refusal};

    #[test]
    fn a_time_needs_whole_seconds_and_a_zone() {
        let read = |text: &str| Query::read(&format!("updated_since={text}")).time_s("updated_since");
        assert_eq!(read("2025-01-01T10:20:00Z"), Ok(Some(1_735_726_800)));
        assert_eq!(read("2025-01-01T12:20:00%2B02:00"), Ok(Some(1_735_726_800)));
        for wrong in ["2025-01-01T10:20:00.000Z", "2025-01-01 10:20:00", "2025-01-01", "yesterday"] {
            assert!(matches!(read(wrong), Err(Refusal::Invalid(_))), "{wrong}");
        }
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        assert!(Query::read("limit=1&cursor=x").only(&[&["limit"], &["cursor"]]).is_ok());
        assert!(Query::read("limt=1").only(&[&["limit"]]).is_err());
        assert!(Query::read("limit=1&limit=2").only(&[&["limit"]]).is_err());
    }
}
