//! The ways in which the vendor says "too much".

/// A way of saying "too much".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// 429 with the `x-ratelimit-*` headers.
    Headers,
    /// 429 without.
    Bare,
    /// 403 with the shield's HTML page.
    Cloudflare,
}

impl RateLimit {
    /// The words for it in a staged fault.
    pub(super) const WORDS: [&'static str; 3] = ["headers", "bare", "cloudflare"];

    pub(super) fn of(word: &str) -> Self {
        match word {
            "bare" => Self::Bare,
            "cloudflare" => Self::Cloudflare,
            _ => Self::Headers,
        }
    }
}

impl From<RateLimit> for String {
    fn from(how: RateLimit) -> Self {
        let word = match how {
            RateLimit::Headers => "headers",
            RateLimit::Bare => "bare",
            RateLimit::Cloudflare => "cloudflare",
        };
        word.to_owned()
    }
}
