//! A telephone call, as far as it is known: what its events said, put together.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::phone::PhoneKey;

/// A moment of a call that the telephone system tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// An incoming call, before anybody is dialled.
    BeforeCall,
    /// Somebody took the call. Comes again when it is handed over.
    PickUp,
    /// The call went on to another line.
    Forward,
    /// The incoming call is over.
    AfterCall,
    /// The client rated it.
    Rating,
    /// An outgoing call, before the client is dialled.
    BeforeOutgoing,
    /// The outgoing call is over.
    AfterOutgoing,
    /// No call at all: a form of the site was sent.
    Form,
}

impl Moment {
    /// Every moment of a call.
    pub const ALL: [Self; 7] = [
        Self::BeforeCall,
        Self::PickUp,
        Self::Forward,
        Self::AfterCall,
        Self::Rating,
        Self::BeforeOutgoing,
        Self::AfterOutgoing,
    ];

    /// The word that addresses and the journal use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeCall => "before-call",
            Self::PickUp => "pick-up",
            Self::Forward => "forward",
            Self::AfterCall => "after-call",
            Self::Rating => "rating",
            Self::BeforeOutgoing => "before-outgoing",
            Self::AfterOutgoing => "after-outgoing",
            Self::Form => "form",
        }
    }

    /// The moment of a call that [`Moment::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|moment| moment.word() == word)
    }
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The client called; a call-back counts as one.
    In,
    /// An employee called the client.
    Out,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Both spoke.
    Answered,
    /// They did not.
    Missed,
    /// The client was asked to leave a message.
    Voicemail,
}

/// Who answered, or made, a call: whatever the telephone system said of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Speaker {
    /// The SIP login or the number that was connected.
    pub line: Option<String>,
    /// The telephone system's id of the employee.
    pub staff_id: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// Their extension.
    pub extension: Option<String>,
    /// Their name.
    pub name: Option<String>,
}

impl Speaker {
    /// Whether nothing at all is said of them.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a client came from, as the site's counters say. Words that mean nothing, `(direct)`, `(none)`, `(not set)`, are
/// not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Utm {
    /// `utm_source`
    pub source: Option<String>,
    /// `utm_medium`
    pub medium: Option<String>,
    /// `utm_campaign`
    pub campaign: Option<String>,
    /// `utm_term`
    pub term: Option<String>,
    /// `utm_content`
    pub content: Option<String>,
}

/// Whether a value of the site's counter says anything: it has words of its own for *nothing*.
#[must_use]
pub fn says_something(text: &str) -> bool {
    let nothing = ["", "(direct)", "(none)", "(not set)", "null", "undefined", "-"];
    !nothing.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// A call, as far as it is known.
///
/// # Units
/// Durations are what the telephone system said, to its second or millisecond. Times are UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The telephone system's id of it.
    pub id: Option<String>,
    /// Who called whom.
    pub direction: Direction,
    /// How it ended; `None` while it is under way.
    pub outcome: Option<Outcome>,
    /// The telephone system's word for that, in capitals with blanks: `NO ANSWER`.
    pub status: Option<String>,
    /// The client's number.
    pub client: Option<PhoneKey>,
    /// The client's name, where the number came with one.
    pub client_name: Option<String>,
    /// The client's e-mail, where one is known.
    pub client_email: Option<String>,
    /// The company's number that was called, or that the client was called from, in digits.
    pub company: Option<String>,
    /// Who answered, or made it. Of several the last one.
    pub speaker: Speaker,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How long both spoke.
    pub talk: Option<Duration>,
    /// How long the client waited.
    pub wait: Option<Duration>,
    /// All of it.
    pub total: Option<Duration>,
    /// Where the audio lies; https.
    pub recording: Option<String>,
    /// Where the client came from.
    pub utm: Utm,
    /// The client's id at the site's counter.
    pub client_id: Option<String>,
}

impl Call {
    /// A call of which nothing else is known.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self {
            id: None,
            direction,
            outcome: None,
            status: None,
            client: None,
            client_name: None,
            client_email: None,
            company: None,
            speaker: Speaker::default(),
            started: None,
            talk: None,
            wait: None,
            total: None,
            recording: None,
            utm: Utm::default(),
            client_id: None,
        }
    }

    /// The number that was dialled: ours of an incoming call, the client's of an outgoing one; in digits.
    #[must_use]
    pub fn dialled(&self) -> Option<String> {
        match self.direction {
            Direction::In => self.company.clone(),
            Direction::Out => self.client.map(|client| client.digits().to_string()),
        }
    }

    /// When it ended: its beginning and all of its length.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        let length = self.total.or_else(|| match (self.wait, self.talk) {
            (None, None) => None,
            (wait, talk) => Some(wait.unwrap_or_default().saturating_add(talk.unwrap_or_default())),
        });
        self.started?.checked_add(length.unwrap_or_default()).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Call, Direction, Moment};
    use crate::model::phone::PhoneKey;

    #[test]
    fn every_moment_is_found_by_its_word() {
        for moment in Moment::ALL {
            assert_eq!(Moment::from_word(moment.word()), Some(moment));
        }
        assert_eq!(Moment::from_word("after call"), None);
    }

    #[test]
    fn the_dialled_number_is_ours_of_an_incoming_call_and_the_clients_of_an_outgoing_one() {
        let company = Some("380442000000".to_owned());
        let call = |direction| Call {
            client: PhoneKey::from_digits(380_671_112_233),
            company: company.clone(),
            ..Call::new(direction)
        };
        assert_eq!(call(Direction::In).dialled(), company);
        assert_eq!(call(Direction::Out).dialled().as_deref(), Some("380671112233"));
    }

    #[test]
    fn a_call_ends_its_whole_length_after_its_beginning() {
        let started = Timestamp::from_second(1_728_427_645).ok();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let call = Call { started, wait: seconds(27), talk: seconds(23), ..Call::new(Direction::In) };
        assert_eq!(call.ended(), Timestamp::from_second(1_728_427_695).ok());
        assert_eq!(Call { total: seconds(60), ..call }.ended(), Timestamp::from_second(1_728_427_705).ok());
        assert_eq!(Call::new(Direction::In).ended(), None);
    }

    #[test]
    fn a_call_survives_the_journal() {
        let call = Call { client: PhoneKey::from_digits(380_671_112_233), ..Call::new(Direction::Out) };
        let text = serde_json::to_string(&call).expect("JSON");
        assert_eq!(serde_json::from_str::<Call>(&text).expect("a call"), call);
    }
}
