//! What the stand-in was asked.

use std::collections::VecDeque;

use jiff::Timestamp;

/// A request, as it was asked and answered. Credentials are not kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Which one it was, counted from 1.
    pub number: u64,
    /// When it came.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// `GET`, …
    pub method: String,
    /// The path.
    pub path: String,
    /// The query as it came, still encoded.
    pub query: String,
    /// Names of the headers it carried, lower case, sorted.
    pub headers: Vec<String>,
    /// The status it was answered with; none when it was not answered.
    pub status: Option<u16>,
    /// Tokens it was charged.
    pub tokens: u64,
    /// The fault that befell it.
    pub fault: Option<&'static str>,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// Requests beyond this many push out the oldest.
const MOST: usize = 100_000;

/// The log.
#[derive(Debug, Default)]
pub(super) struct Log {
    asked: VecDeque<Asked>,
    count: u64,
}

impl Log {
    /// Notes a request that has just come and says its number.
    pub(super) fn note(&mut self, asked: Asked) -> u64 {
        self.count += 1;
        if self.asked.len() == MOST {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { number: self.count, ..asked });
        self.count
    }

    /// Notes how a request was answered.
    pub(super) fn answered(&mut self, number: u64, status: u16, tokens: u64) {
        let Some(first) = self.asked.front().map(|asked| asked.number) else { return };
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(asked) = at.and_then(|at| self.asked.get_mut(at)) {
            (asked.status, asked.tokens) = (Some(status), tokens);
        }
    }

    /// Requests after the one of that number.
    pub(super) fn after(&self, number: u64) -> Vec<Asked> {
        self.asked.iter().filter(|asked| asked.number > number).cloned().collect()
    }

    /// Forgets them; numbers go on.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
    }
}
