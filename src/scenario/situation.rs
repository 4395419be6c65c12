//! What a call was, in the words of the matrices.

use serde::{Deserialize, Serialize};

use crate::model::{
    call::{Direction, Outcome},
    client::KindSet,
};

/// Whether the client was there before this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// No open entity carries the number.
    New,
    /// At least one does.
    Existing,
}

/// Who answered, or made, the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answerer {
    /// The responsible.
    Owner,
    /// Another employee of ours.
    Other,
    /// A line that belongs to nobody who is configured.
    Unknown,
}

/// What the client of a form was looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoughtBy {
    /// Their numbers.
    Phone,
    /// Their e-mail: they left no number.
    Email,
    /// Their id at the site's counter: they left neither.
    ClientId,
}

/// A call or a form as a row of a matrix sees it. What is `None` is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Who called whom.
    pub direction: Direction,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Whether the client was there before.
    pub client: Client,
    /// The kinds of open entities that carried the number before.
    pub has: KindSet,
    /// Who answered or made it; `None` also where nobody did.
    pub answerer: Option<Answerer>,
    /// What the client was looked for by, of a form; `None` of a call.
    pub form: Option<SoughtBy>,
}

impl Situation {
    /// Of a form: nobody called or answered, and nothing of it becomes known later.
    #[must_use]
    pub const fn of_form(sought_by: SoughtBy, client: Client, has: KindSet) -> Self {
        Self { direction: Direction::In, outcome: None, client, has, answerer: None, form: Some(sought_by) }
    }

    /// Whether a row that does not fit may yet, once more is known.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none() && self.form.is_none()
    }
}

/// What the telephone system's words for a call's end mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    /// Both spoke.
    pub answered: Vec<String>,
    /// The client was asked to leave a message.
    pub voicemail: Vec<String>,
    /// They did not speak.
    pub missed: Vec<String>,
    /// It is not over.
    pub under_way: Vec<String>,
}

impl Default for Statuses {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            answered: words(&["ANSWERED", "PROPER", "REPEATED"]),
            voicemail: words(&["VOICEMAIL"]),
            missed: words(&[
                "NO ANSWER",
                "BUSY",
                "FAILED",
                "NO-FORWARD",
                "CLIENT NO ANSWER",
                "DECLINE",
                "WRONG EXTENSION",
                "NO EXTENSION",
                "FAILED FORBIDDEN DESTINATION",
            ]),
            under_way: words(&["IN PROGRESS", "CALLING"]),
        }
    }
}

impl Statuses {
    /// What a word means; `None` for one that says that the call is not over.
    ///
    /// A word that nobody listed, or none at all, is an answered call where somebody `talked`, else a missed one: a new
    /// word must not lose a call.
    #[must_use]
    pub fn outcome(&self, word: Option<&str>, talked: bool) -> Option<Outcome> {
        let is_in = |words: &[String]| word.is_some_and(|word| words.iter().any(|known| known == word));
        if is_in(&self.under_way) {
            return None;
        }
        Some(if is_in(&self.answered) {
            Outcome::Answered
        } else if is_in(&self.voicemail) {
            Outcome::Voicemail
        } else if talked && !is_in(&self.missed) {
            Outcome::Answered
        } else {
            Outcome::Missed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Statuses;
    use crate::model::call::Outcome::{Answered, Missed, Voicemail};

    #[test]
    fn each_word_for_a_calls_end_means_what_it_says_whether_or_not_somebody_talked() {
        let words = [
            ("ANSWERED", [Some(Answered); 2]),
            ("PROPER", [Some(Answered); 2]),
            ("REPEATED", [Some(Answered); 2]),
            ("VOICEMAIL", [Some(Voicemail); 2]),
            ("NO ANSWER", [Some(Missed); 2]),
            ("BUSY", [Some(Missed); 2]),
            ("FAILED", [Some(Missed); 2]),
            ("NO-FORWARD", [Some(Missed); 2]),
            ("CLIENT NO ANSWER", [Some(Missed); 2]),
            ("DECLINE", [Some(Missed); 2]),
            ("WRONG EXTENSION", [Some(Missed); 2]),
            ("NO EXTENSION", [Some(Missed); 2]),
            ("FAILED FORBIDDEN DESTINATION", [Some(Missed); 2]),
            ("IN PROGRESS", [None; 2]),
            ("CALLING", [None; 2]),
            // A new word is judged by whether somebody talked.
            ("TRANSFERRED", [Some(Missed), Some(Answered)]),
        ];
        let statuses = Statuses::default();
        for (word, meant) in words {
            assert_eq!([false, true].map(|talked| statuses.outcome(Some(word), talked)), meant, "{word}");
        }
        assert_eq!([false, true].map(|talked| statuses.outcome(None, talked)), [Some(Missed), Some(Answered)]);
    }
}
