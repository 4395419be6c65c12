//! Parameters of a request.

use std::borrow::Cow;

/// The parameters of a request, decoded, in their order.
#[derive(Debug)]
pub struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// A parameter that is no whole number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number, found {0:?}")]
pub struct NoNumber(pub String);

impl<'a> Query<'a> {
    /// Decodes a query string, or a form.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).collect())
    }

    /// Names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// A parameter as text; the first one, where it is given twice.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every value of a parameter.
    pub fn texts<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.pairs().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`NoNumber`] where it is something else.
    pub fn number(&self, name: &str) -> Result<Option<u64>, NoNumber> {
        let read = |text: &str| text.parse().map_err(|_| NoNumber(text.to_owned()));
        self.text(name).map(read).transpose()
    }

    /// A comma-separated list; empty when the parameter is absent.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    /// The first parameter that is none of these.
    #[must_use]
    pub fn unknown(&self, known: &[&[&str]]) -> Option<&str> {
        self.pairs().map(|(name, _)| name).find(|name| !known.iter().any(|names| names.contains(name)))
    }

    /// The first parameter that is given twice.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let again =
            |&(at, (name, _)): &(usize, &(Cow<'_, str>, _))| self.0[..at].iter().any(|(known, _)| known == name);
        self.0.iter().enumerate().find(again).map(|(_, (name, _))| name.as_ref())
    }
}
