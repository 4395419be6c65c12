//! The port for writing: what predial does in any CRM after a call, and how a write whose answer was lost is found again.
//!
//! Every [`Order`] carries a mark of its own. A writer leaves it in the CRM with what it makes, in the way that vendor
//! allows, so that after an answer that was lost [`Writer::find`] can tell whether the thing was made. That is the only
//! guard against doubles that holds whatever fails: searches lag, and a retry sees nothing of what is still being indexed.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::crm::{Record, failure::Failure};
use crate::model::{
    action::{Action, Link},
    call::Call,
    ids::CrmId,
    phone::PhoneKey,
};

/// What a step leaves in the CRM so that it can be found there: `pd` and 32 hexadecimal digits, the same for the same
/// step however often it is tried, and no other step's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(String);

impl Mark {
    /// The mark of what these words name together: project, call, step.
    #[must_use]
    pub fn of(words: &[&str]) -> Self {
        let name = words.join("\u{1f}");
        Self(format!("pd{}", uuid::Uuid::new_v5(&NAMESPACE, name.as_bytes()).simple()))
    }

    /// A mark as the journal kept it.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, 34 letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same as a UUID (version 5), for vendors whose ids we choose.
    #[must_use]
    pub fn uuid(&self) -> uuid::Uuid {
        self.0.strip_prefix("pd").and_then(|digits| uuid::Uuid::try_parse(digits).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Ours, made once by chance: marks are UUIDs of version 5 under it.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x8f1d_5a1e_64c3_4b0e_9d0a_7c52_11e8_40b7);

/// One thing to be done, whole: nothing else has to be known to do it.
#[derive(Debug, Clone)]
pub struct Order {
    /// What it is found by again.
    pub mark: Mark,
    /// What is to be done.
    pub action: Action,
    /// The user whose it becomes; `None` = whoever the credentials are, or the vendor's default.
    pub owner: Option<CrmId>,
    /// What it hangs on, all of it found or made before. Of an [`Action::Update`]: the entities that are written.
    pub on: Vec<Link>,
    /// The call it comes of.
    pub call: Call,
    /// The project's zone: the day that something is due on, where a vendor keeps no more than a day.
    pub zone: TimeZone,
    /// The recording itself, where [`Writer::wants_audio`] asked for it.
    pub audio: Option<Audio>,
}

/// A recording, fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// What the vendor is told it is called, `call.ogg`.
    pub file_name: String,
    /// Its media type, `audio/ogg`.
    pub media_type: String,
    /// Its bytes, at most what the configuration allows.
    pub bytes: Bytes,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The id of what was made or written, in the CRM's own words. Never empty.
    pub id: String,
    /// Whether the order is carried out with it. An order that takes several requests is performed once per part, each
    /// noted in the journal before the next is begun.
    pub whole: bool,
}

/// Whom a call or a form is about, to be looked up afresh before anything is made for them: by one of number, e-mail and
/// client id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The number.
    pub number: Option<PhoneKey>,
    /// The e-mail of a contact or lead, whole, its case folded. Only those that have it are answered, and what hangs on
    /// them.
    pub email: Option<String>,
    /// The client's id at the site's counter, whole, in the field of a contact or lead that is configured for it; without
    /// such a field nobody is found.
    pub client_id: Option<String>,
    /// What is believed to be theirs: entities of the directory, and those that the journal made lately, which the CRM's
    /// search may not show yet. Read by id.
    pub known: Vec<Link>,
}

impl Look {
    /// By a number.
    #[must_use]
    pub fn by_number(number: PhoneKey) -> Self {
        Self { number: Some(number), ..Self::default() }
    }

    /// By an e-mail.
    #[must_use]
    pub fn by_email(email: &str) -> Self {
        Self { email: Some(email.to_owned()), ..Self::default() }
    }

    /// By an id at the site's counter.
    #[must_use]
    pub fn by_client_id(id: &str) -> Self {
        Self { client_id: Some(id.to_owned()), ..Self::default() }
    }
}

/// A field of the CRM that the configuration names, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldState {
    /// What it is a field of: `contact`, `deal`, `task`, `call`, …
    pub of: String,
    /// Which key of `[crm.fields]` names it.
    pub key: String,
    /// The CRM's own name of it.
    pub name: String,
    /// Whether it is there.
    pub there: bool,
    /// Why it cannot be used although it is there, or cannot be made by predial: for an operator to read.
    pub trouble: Option<String>,
}

/// Writes into one CRM. Every request is paid for as [`Purpose::Write`](crate::crm::quota::Purpose::Write) and waits for
/// its turn behind calls. Used for one client at a time: orders of one client come in order and never at once.
#[async_trait]
pub trait Writer: Send + Sync {
    /// What is open under the number and of what is known, with what hangs on it, as the CRM has it now. Found as a live
    /// question finds it, and read again by id, so that nobody who has left is among it. Digits are verified by the
    /// caller of this: records whose numbers turn out to be others may be among them.
    async fn look(&self, look: &Look) -> Result<Vec<Record>, Failure>;

    /// Does the next part of the order: the one after `parts`, the receipts' ids of those that are done. One request that
    /// changes something, and whatever it takes to read beforehand.
    ///
    /// # Errors
    /// [`Failure::Refused`] where the same again would be refused again, with the vendor's words; [`Failure::Unclear`]
    /// where the request may have been carried out: [`Writer::find`] is asked then before this is asked again.
    async fn perform(&self, order: &Order, parts: &[String]) -> Result<Receipt, Failure>;

    /// Whether the next part of the order was carried out although its answer was lost: looks for its mark, or for what
    /// it would have changed.
    async fn find(&self, order: &Order, parts: &[String]) -> Result<Option<Receipt>, Failure>;

    /// How long the vendor may take until [`Writer::find`] shows what was written: *not found* is believed only then.
    fn settles_within(&self, order: &Order, parts: &[String]) -> Duration {
        let _ = (order, parts);
        Duration::ZERO
    }

    /// Whether the next part uploads the recording: it is fetched then and handed over as [`Order::audio`].
    fn wants_audio(&self, order: &Order, parts: &[String]) -> bool {
        let _ = (order, parts);
        false
    }

    /// Whether the credentials are accepted, by the cheapest request there is.
    async fn check(&self) -> Result<(), Failure>;

    /// The fields that `[crm.fields]` names and whether the CRM has them, each of the entities it is named for.
    async fn fields(&self) -> Result<Vec<FieldState>, Failure>;

    /// Makes a field that is missing.
    ///
    /// # Errors
    /// [`Failure::Refused`] also where the vendor's API makes no fields.
    async fn make_field(&self, field: &FieldState) -> Result<(), Failure>;
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn a_mark_is_the_same_for_the_same_step_and_no_other_steps() {
        let mark = Mark::of(&["acme", "us1_-1728427645.1098915", "deal"]);
        assert_eq!(mark, Mark::of(&["acme", "us1_-1728427645.1098915", "deal"]));
        assert_ne!(mark, Mark::of(&["acme", "us1_-1728427645.1098915", "contact"]));
        assert_ne!(Mark::of(&["ab", "c"]), Mark::of(&["a", "bc"]));
        assert_eq!(mark.as_str().len(), 34);
        assert_eq!(mark.as_str()[2..], mark.uuid().simple().to_string());
    }
}
