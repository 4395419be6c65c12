//! What an account holds that was not there from the beginning, in words that are no vendor's: what a test reads after
//! somebody has written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Something that was made, or an entity that was changed, through the vendor's API.
///
/// As JSON: `{"what": "task", "id": "17", "owner": "101", "on": [{"what": "contact", "id": "4"}], "state": "open", …}`.
/// Texts are as the vendor stores them, HTML where it stores HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thing {
    /// `contact`, `organization`, `lead`, `deal`, `ticket`, `task`, `call`, `note`.
    pub what: String,
    /// Its id, as the API gives it, as text.
    pub id: String,
    /// Whether it was there from the beginning and has only been changed.
    pub seeded: bool,
    /// Whose it is.
    pub owner: Option<String>,
    /// What it hangs on, in the order of kinds and ids: associations, `Who_Id`, `What_Id`, participants, `regarding`.
    pub on: Vec<Reference>,
    /// A name, title or subject.
    pub title: String,
    /// A description, body or note.
    pub text: String,
    /// Of a task: `open` or `completed`. Of a call: the vendor's own word. Of a deal or ticket: `open` or `closed`.
    pub state: Option<String>,
    /// When a task is due, as exactly as the vendor keeps it: RFC 3339, or a date.
    pub due: Option<String>,
    /// Of a call: `in` or `out`.
    pub direction: Option<String>,
    /// Of a call: how long it was, in seconds, as the vendor understands what it was told.
    pub seconds: Option<u64>,
    /// The recording's link, where the vendor has a place of its own for one.
    pub recording: Option<String>,
    /// The size of an uploaded recording.
    pub audio_bytes: Option<u64>,
    /// Numbers, as they are stored.
    pub numbers: Vec<String>,
    /// Every other field that was written, custom ones among them, by the vendor's name.
    pub fields: BTreeMap<String, String>,
}

/// What something hangs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// As [`Thing::what`]; `user` for a party of a call who works here, `address` for one who is only a number.
    pub what: String,
    /// Its id; of an address, the address.
    pub id: String,
    /// In which role, where the vendor has several: `from`, `to`, `regarding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}
