//! The records of the portal, as the stand-in keeps them.

use std::collections::BTreeMap;

use crate::kit::Record;

/// What every status of a ticket is a kind of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StatusType {
    /// Under way.
    Open,
    /// Under way, and waiting.
    #[serde(rename = "On Hold")]
    OnHold,
    /// Done.
    Closed,
}

/// What is written through the API and that no seed has.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) description: Option<String>,
    /// Custom fields by their API names; what is empty is not here.
    pub(super) cf: BTreeMap<String, String>,
    /// Further properties of the vendor's own, by their names.
    pub(super) others: BTreeMap<&'static str, String>,
    /// Of a ticket.
    pub(super) channel: Option<String>,
    /// Of a ticket.
    pub(super) priority: Option<String>,
}

/// A contact.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub(super) id: u64,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) owner: Option<u64>,
    pub(super) account: Option<u64>,
    pub(super) phone: Option<String>,
    pub(super) mobile: Option<String>,
    /// The custom field [`super::CONTACT_PHONE`].
    pub(super) second_phone: Option<String>,
    pub(super) email: Option<String>,
    /// How many letters of notes it has.
    pub(super) notes: usize,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) trashed: bool,
    pub(super) made: Made,
}

/// An account: an organization.
#[derive(Debug, Clone)]
pub(super) struct Firm {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: Option<u64>,
    pub(super) phone: Option<String>,
    pub(super) street: Option<String>,
    pub(super) notes: usize,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    pub(super) trashed: bool,
    pub(super) made: Made,
}

/// A ticket.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) id: u64,
    pub(super) subject: String,
    pub(super) assignee: Option<u64>,
    pub(super) contact: Option<u64>,
    pub(super) account: Option<u64>,
    pub(super) department: u64,
    /// The label, free per department.
    pub(super) status: String,
    pub(super) status_type: StatusType,
    pub(super) notes: usize,
    pub(super) add_s: i64,
    pub(super) update_s: i64,
    /// Put away by the vendor, some months after it was closed: neither listed nor found, but read by its id.
    pub(super) archived: bool,
    pub(super) trashed: bool,
    pub(super) made: Made,
}

/// An agent.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The id that owners are given by.
    #[serde(serialize_with = "as_text")]
    pub id: u64,
    /// Empty: names are one word here.
    pub first_name: String,
    /// The name.
    pub last_name: String,
    /// The e-mail.
    pub email_id: String,
    /// A free text.
    pub phone: Option<String>,
    /// Another.
    pub mobile: Option<String>,
    /// The telephone extension.
    pub extn: Option<String>,
    /// `ACTIVE` or `DISABLED`.
    pub status: &'static str,
    /// The id in Zoho at large.
    #[serde(serialize_with = "as_text")]
    pub zuid: u64,
    /// Everybody is in both.
    pub associated_department_ids: Vec<String>,
}

impl Agent {
    /// Whether they may log in.
    #[must_use]
    pub fn active(&self) -> bool {
        self.status == "ACTIVE"
    }
}

pub(super) fn as_text<S: serde::Serializer>(id: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

/// What the lists, the search and the trash need to know of any kind.
pub(super) trait Entry: Record<Id = u64> {
    /// In the trash.
    fn trashed(&self) -> bool;
    /// Neither listed nor found.
    fn hidden(&self) -> bool {
        self.trashed()
    }
    /// To be changed by hand.
    fn touched(&mut self) -> Touched<'_>;
}

/// What every record can be changed in.
pub(super) struct Touched<'a> {
    pub(super) owner: &'a mut Option<u64>,
    pub(super) update_s: &'a mut i64,
    pub(super) notes: &'a mut usize,
    pub(super) trashed: &'a mut bool,
}

macro_rules! record {
    ($($kind:ty, $owner:ident, $hidden:expr);+) => {$(
        impl Record for $kind {
            type Id = u64;
            fn id(&self) -> u64 {
                self.id
            }
            fn add_s(&self) -> i64 {
                self.add_s
            }
            fn update_s(&self) -> i64 {
                self.update_s
            }
        }
        impl Entry for $kind {
            fn trashed(&self) -> bool {
                self.trashed
            }
            fn hidden(&self) -> bool {
                let hidden: fn(&Self) -> bool = $hidden;
                hidden(self)
            }
            fn touched(&mut self) -> Touched<'_> {
                let Self { $owner, update_s, notes, trashed, .. } = self;
                Touched { owner: $owner, update_s, notes, trashed }
            }
        }
    )+};
}
record!(
    Contact, owner, |contact| contact.trashed;
    Firm, owner, |firm| firm.trashed;
    Ticket, assignee, |ticket| ticket.trashed || ticket.archived
);
