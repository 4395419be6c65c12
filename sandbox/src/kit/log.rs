//! What a stand-in was asked.

use std::collections::{BTreeMap, VecDeque};

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
    /// The query as it came, still encoded; secrets of a request for a token are replaced.
    pub query: String,
    /// Names of the headers it carried, lower case, sorted.
    pub headers: Vec<String>,
    /// The values of those headers that [`super::Vendor::KEPT_HEADERS`] names.
    pub told: BTreeMap<String, String>,
    /// The body, where it is JSON or a form of at most 64 KiB; secrets of a request for a token are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The status it was answered with; none when it was not answered.
    pub status: Option<u16>,
    /// What the vendor answered, where replies are kept ([`super::Basics::keep_replies`]); a staged reply is not the
    /// vendor's, and tokens are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// What it was charged, in the vendor's unit.
    pub tokens: u64,
    /// The fault that befell it.
    pub fault: Option<&'static str>,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// How a request was answered.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) cost: u64,
    pub(crate) reply: Option<String>,
}

/// Requests beyond this many push out the oldest.
const MOST: usize = 100_000;

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    asked: VecDeque<Asked>,
    count: u64,
}

impl Log {
    /// Notes a request that has just come and says its number.
    pub(crate) fn note(&mut self, asked: Asked) -> u64 {
        self.count += 1;
        if self.asked.len() == MOST {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { number: self.count, ..asked });
        self.count
    }

    /// Notes how a request was answered.
    pub(crate) fn answered(&mut self, number: u64, outcome: Outcome) {
        let Some(first) = self.asked.front().map(|asked| asked.number) else { return };
        let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(asked) = at.and_then(|at| self.asked.get_mut(at)) {
            (asked.status, asked.tokens, asked.reply) = (Some(outcome.status), outcome.cost, outcome.reply);
        }
    }

    /// Requests after the one of that number.
    pub(crate) fn after(&self, number: u64) -> Vec<Asked> {
        self.asked.iter().filter(|asked| asked.number > number).cloned().collect()
    }

    /// Takes out the oldest that have been answered, up to the first that has not.
    pub(crate) fn take_answered(&mut self) -> Vec<Asked> {
        let answered = self.asked.iter().take_while(|asked| asked.status.is_some()).count();
        self.asked.drain(..answered).collect()
    }

    /// Forgets them; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.asked.clear();
    }
}
