//! The records of the account, as the stand-in keeps them.

use std::borrow::Cow;

use serde_json::Number;

use super::fields::Custom;
use crate::kit::Record;

/// The deal's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under way.
    Open,
    /// Closed, won.
    Won,
    /// Closed, lost.
    Lost,
}

/// A number of a person, as somebody typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phone {
    pub(super) value: String,
    pub(super) label: Cow<'static, str>,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: u64,
    pub(super) org: Option<u64>,
    pub(super) phones: Vec<Phone>,
    /// The main one first.
    pub(super) emails: Vec<String>,
    pub(super) custom: Custom,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: u64,
    pub(super) address: Option<String>,
    pub(super) more: More,
    /// The custom field of type phone.
    pub(super) phone: Option<String>,
    pub(super) custom: Custom,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) owner: u64,
    pub(super) person: Option<u64>,
    pub(super) org: Option<u64>,
    pub(super) value: Number,
    pub(super) expected_close_date: Option<String>,
    pub(super) status: Status,
    /// When it was won or lost.
    pub(super) close_s: Option<i64>,
    /// When it was archived.
    pub(super) archive_s: Option<i64>,
    pub(super) custom: Custom,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Lead {
    /// A UUID.
    pub(super) id: u128,
    pub(super) title: String,
    pub(super) owner: u64,
    pub(super) person: Option<u64>,
    pub(super) org: Option<u64>,
    pub(super) archived: bool,
    pub(super) expected_close_date: Option<String>,
    pub(super) custom: Custom,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) deleted: bool,
}

/// What an organization says of itself besides.
#[derive(Debug, Clone, Default)]
pub(super) struct More {
    pub(super) website: Option<String>,
    pub(super) linkedin: Option<String>,
    pub(super) annual_revenue: Option<u64>,
    pub(super) employee_count: Option<u64>,
}

/// An activity: a task, a call, whatever its type says.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) id: u64,
    pub(super) subject: String,
    pub(super) kind: String,
    pub(super) owner: u64,
    pub(super) deal: Option<u64>,
    pub(super) lead: Option<u128>,
    pub(super) org: Option<u64>,
    /// Who takes part, the primary one first.
    pub(super) persons: Vec<u64>,
    /// `YYYY-MM-DD`
    pub(super) due_date: Option<String>,
    /// `HH:MM:SS`, UTC
    pub(super) due_time: Option<String>,
    /// `HH:MM:SS`
    pub(super) duration: Option<String>,
    pub(super) done: bool,
    /// HTML.
    pub(super) note: Option<String>,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
}

/// A note on one or several records.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) id: u64,
    /// HTML.
    pub(super) content: String,
    pub(super) user: u64,
    pub(super) person: Option<u64>,
    pub(super) org: Option<u64>,
    pub(super) deal: Option<u64>,
    pub(super) lead: Option<u128>,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
}

/// What is known of a call; whom it is about stands in its activity.
#[derive(Debug, Clone)]
pub(super) struct CallLog {
    pub(super) id: String,
    pub(super) activity: u64,
    pub(super) user: u64,
    pub(super) outcome: String,
    pub(super) from: Option<String>,
    pub(super) to: String,
    /// Seconds, as text.
    pub(super) duration: Option<String>,
    pub(super) start_s: i64,
    pub(super) end_s: i64,
    /// The size of its recording.
    pub(super) audio: Option<u64>,
}

/// A user of the account.
#[derive(Debug, Clone, serde::Serialize)]
pub struct User {
    /// The id that `owner_id` refers to.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// A free text.
    pub phone: Option<String>,
    /// Whether the user may still log in; one who left stays the owner of what they owned.
    pub active_flag: bool,
}

macro_rules! record {
    ($($kind:ty, $id:ty);+) => {$(
        impl Record for $kind {
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
            fn add_s(&self) -> i64 {
                self.add_s
            }
            fn update_s(&self) -> i64 {
                self.update_s
            }
        }
    )+};
}
record!(Person, u64; Organization, u64; Deal, u64; Lead, u128; Activity, u64);

/// A UUID in its hyphenated form.
pub(super) fn uuid_text(id: u128) -> String {
    let hex = format!("{id:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What [`uuid_text`] wrote.
pub(super) fn uuid_of(text: &str) -> Option<u128> {
    let hyphens = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-');
    let hex: String = text.chars().filter(|&sign| sign != '-').collect();
    (hyphens && hex.len() == 32).then(|| u128::from_str_radix(&hex, 16).ok())?
}
