//! What hangs on records: phone calls, tasks and notes. Nothing of it is seeded.
//!
//! # Source
//! The Common Data Model's files for columns, lengths and option sets; what every activity inherits, and the names that
//! records are hung on others by, stand in Microsoft's pages only.

use super::schema::{
    self, Bind, CREATED, CUSTOM, Column, MODIFIED, OWNED, OWNER, STATE, STATUS, Schema, Type, bind, key, lookup, text,
    whole,
};
use crate::kit::EntityKind;

/// An entity set that can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Set {
    Records(EntityKind),
    PhoneCalls,
    Tasks,
    Notes,
}

impl Set {
    /// The set of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "phonecalls" => Self::PhoneCalls,
            "tasks" => Self::Tasks,
            "annotations" => Self::Notes,
            name => Self::Records(schema::kind_of_set(name)?),
        })
    }

    pub(super) const fn schema(self) -> &'static Schema {
        match self {
            Self::Records(kind) => schema::of(kind),
            Self::PhoneCalls => &PHONE_CALL,
            Self::Tasks => &TASK,
            Self::Notes => &ANNOTATION,
        }
    }

    /// What is read-only once it is closed.
    pub(super) const fn is_activity(self) -> bool {
        matches!(self, Self::PhoneCalls | Self::Tasks)
    }
}

/// Somebody who takes part in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party {
    /// 1 from, 2 to.
    pub(super) mask: i64,
    /// Logical name and id.
    pub(super) who: Option<(&'static str, u128)>,
    pub(super) address: Option<String>,
}

/// The collection of a call's parties, and how each leads to a record.
pub(super) const PARTIES: &str = "phonecall_activity_parties";
pub(super) static PARTY_BINDS: [Bind; 4] = [
    bind("partyid_contact", "", &["contacts"]),
    bind("partyid_account", "", &["accounts"]),
    bind("partyid_lead", "", &["leads"]),
    bind("partyid_systemuser", "", &["systemusers"]),
];

const fn time(name: &'static str) -> Column {
    Column { name, holds: Type::Time }
}
const REGARDING: &str = "_regardingobjectid_value";

pub(super) static PHONE_CALL: Schema = Schema {
    logical: "phonecall",
    set: "phonecalls",
    columns: &[
        key("activityid"),
        text("subject", 200),
        text("description", 2_000),
        text("phonenumber", 200),
        Column { name: "directioncode", holds: Type::Flag },
        whole("actualdurationminutes"),
        time("actualstart"),
        time("actualend"),
        lookup(REGARDING),
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    more: &[],
    custom: &CUSTOM,
    phones: &[],
    binds: &[
        bind("regardingobjectid_contact_phonecall", REGARDING, &["contacts"]),
        bind("regardingobjectid_account_phonecall", REGARDING, &["accounts"]),
        bind("regardingobjectid_lead_phonecall", REGARDING, &["leads"]),
        bind("regardingobjectid_opportunity_phonecall", REGARDING, &["opportunities"]),
        bind("regardingobjectid_incident_phonecall", REGARDING, &["incidents"]),
        OWNED,
    ],
    required: &["subject"],
    states: &[(0, &[1]), (1, &[2, 4]), (2, &[3])],
};

pub(super) static TASK: Schema = Schema {
    logical: "task",
    set: "tasks",
    columns: &[
        key("activityid"),
        text("subject", 200),
        text("description", 2_000),
        time("scheduledend"),
        whole("percentcomplete"),
        lookup(REGARDING),
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    more: &[],
    custom: &CUSTOM,
    phones: &[],
    binds: &[
        bind("regardingobjectid_contact_task", REGARDING, &["contacts"]),
        bind("regardingobjectid_account_task", REGARDING, &["accounts"]),
        bind("regardingobjectid_lead_task", REGARDING, &["leads"]),
        bind("regardingobjectid_opportunity_task", REGARDING, &["opportunities"]),
        bind("regardingobjectid_incident_task", REGARDING, &["incidents"]),
        OWNED,
    ],
    required: &["subject"],
    states: &[(0, &[2, 3, 4, 7]), (1, &[5]), (2, &[6])],
};

pub(super) static ANNOTATION: Schema = Schema {
    logical: "annotation",
    set: "annotations",
    columns: &[
        key("annotationid"),
        text("subject", 500),
        text("notetext", 100_000),
        lookup("_objectid_value"),
        OWNER,
        CREATED,
        MODIFIED,
    ],
    more: &[],
    custom: &[],
    phones: &[],
    binds: &[
        bind("objectid_contact", "_objectid_value", &["contacts"]),
        bind("objectid_account", "_objectid_value", &["accounts"]),
        bind("objectid_lead", "_objectid_value", &["leads"]),
        bind("objectid_opportunity", "_objectid_value", &["opportunities"]),
        bind("objectid_incident", "_objectid_value", &["incidents"]),
        bind("objectid_phonecall", "_objectid_value", &["phonecalls"]),
        bind("objectid_task", "_objectid_value", &["tasks"]),
        OWNED,
    ],
    required: &["subject"],
    states: &[],
};
