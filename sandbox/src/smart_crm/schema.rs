//! The tables and their columns: every property name that is known here. Any other is refused.
//!
//! # Source
//! The Common Data Model's files for names, types and lengths, by their source names; the columns that every table
//! inherits (`createdon`, `modifiedon`, `ownerid`) and the names of entity sets stand in Microsoft's pages only.

use super::{activities, standard};
use crate::kit::EntityKind;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text of so many characters at most.
    Text(usize),
    /// A whole number, options among them.
    Whole,
    /// A whole number from none to so many.
    Count(i64),
    /// A sum of money between these, with two places.
    Money(i64, i64),
    /// True or false.
    Flag,
    /// A moment, whole seconds.
    Time,
    /// The record's own id.
    Key,
    /// The id of another record: the property is `_NAME_value`.
    Lookup,
}

/// One column, by the name of its property.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) holds: Type,
}

/// One table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Schema {
    /// The logical name, which webhooks and lookups use.
    pub(super) logical: &'static str,
    /// The entity set, which addresses use.
    pub(super) set: &'static str,
    pub(super) columns: &'static [Column],
    /// Further ones, where people type.
    pub(super) more: &'static [Column],
    /// Those that this organization added.
    pub(super) custom: &'static [Column],
    /// Where numbers stand, the first one first.
    pub(super) phones: &'static [&'static str],
    /// How a record is hung on another.
    pub(super) binds: &'static [Bind],
    /// What a record cannot be made without.
    pub(super) required: &'static [&'static str],
    /// Each `statecode` with its values of `statuscode`, the one that it has by itself first.
    pub(super) states: &'static [(i64, &'static [i64])],
}

/// A navigation property of one value: what stands before `@odata.bind`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) name: &'static str,
    /// The column that it sets.
    pub(super) column: &'static str,
    /// Entity sets that it may lead to.
    pub(super) to: &'static [&'static str],
}

/// A navigation property by its name, the lookup it sets, and where it may lead.
pub(super) const fn bind(name: &'static str, column: &'static str, to: &'static [&'static str]) -> Bind {
    Bind { name, column, to }
}
pub(super) const OWNED: Bind = bind("ownerid", "_ownerid_value", &["systemusers", "teams"]);

/// The property names of a table, for whoever holds them against the vendor's files.
#[derive(Debug)]
pub struct ClosedList {
    /// The logical name of the table.
    pub logical: &'static str,
    /// Every property.
    pub properties: fn() -> Vec<&'static str>,
}

/// Every property that this stand-in knows.
pub const CLOSED_LISTS: [ClosedList; 9] = [
    ClosedList { logical: "contact", properties: || CONTACT.properties() },
    ClosedList { logical: "account", properties: || ACCOUNT.properties() },
    ClosedList { logical: "lead", properties: || LEAD.properties() },
    ClosedList { logical: "opportunity", properties: || OPPORTUNITY.properties() },
    ClosedList { logical: "incident", properties: || INCIDENT.properties() },
    ClosedList { logical: "systemuser", properties: || SYSTEM_USER.properties() },
    ClosedList { logical: "phonecall", properties: || activities::PHONE_CALL.properties() },
    ClosedList { logical: "task", properties: || activities::TASK.properties() },
    ClosedList { logical: "annotation", properties: || activities::ANNOTATION.properties() },
];

pub(super) const fn key(name: &'static str) -> Column {
    Column { name, holds: Type::Key }
}
pub(super) const fn text(name: &'static str, longest: usize) -> Column {
    Column { name, holds: Type::Text(longest) }
}
pub(super) const fn whole(name: &'static str) -> Column {
    Column { name, holds: Type::Whole }
}
pub(super) const fn lookup(name: &'static str) -> Column {
    Column { name, holds: Type::Lookup }
}
pub(super) const CREATED: Column = Column { name: "createdon", holds: Type::Time };
pub(super) const MODIFIED: Column = Column { name: "modifiedon", holds: Type::Time };
pub(super) const OWNER: Column = lookup("_ownerid_value");
pub(super) const STATE: Column = whole("statecode");
pub(super) const STATUS: Column = whole("statuscode");
const MASTER: Column = lookup("_masterid_value");

/// The custom column that this organization has on contacts, for `[crm.fields] phone`.
pub(super) const CUSTOM_PHONE: &str = "new_whatsapp";

/// The columns that this organization has for what a call leaves, on whatever can be written.
pub(super) static CUSTOM: [Column; 12] = [
    text("new_utm_source", 100),
    text("new_utm_medium", 100),
    text("new_utm_campaign", 100),
    text("new_utm_term", 100),
    text("new_utm_content", 100),
    text("new_client_id", 100),
    text("new_call_id", 100),
    text("new_call_status", 100),
    text("new_recording", 2_000),
    text("new_mark", 100),
    text("new_city", 100),
    text("new_comment", 4_000),
];
const ACTIVE: &[(i64, &[i64])] = &[(0, &[1]), (1, &[2])];

pub(super) static CONTACT: Schema = Schema {
    logical: "contact",
    set: "contacts",
    columns: &[
        key("contactid"),
        text("fullname", 160),
        text("emailaddress1", 100),
        text("mobilephone", 50),
        text("telephone1", 50),
        text("telephone2", 50),
        text("telephone3", 50),
        text("pager", 50),
        text("assistantphone", 50),
        text("managerphone", 50),
        text(CUSTOM_PHONE, 100),
        text("description", 2_000),
        text("firstname", 50),
        text("lastname", 50),
        lookup("_parentcustomerid_value"),
        MASTER,
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &["mobilephone", "telephone1", "telephone2", "telephone3", "pager", "assistantphone", "managerphone"],
    more: &standard::CONTACT,
    custom: &CUSTOM,
    binds: &[
        bind("parentcustomerid_account", "_parentcustomerid_value", &["accounts"]),
        bind("parentcustomerid_contact", "_parentcustomerid_value", &["contacts"]),
        OWNED,
    ],
    required: &[],
    states: ACTIVE,
};

pub(super) static ACCOUNT: Schema = Schema {
    logical: "account",
    set: "accounts",
    columns: &[
        key("accountid"),
        text("name", 160),
        text("description", 2_000),
        text("telephone1", 50),
        text("telephone2", 50),
        text("telephone3", 50),
        lookup("_primarycontactid_value"),
        lookup("_parentaccountid_value"),
        MASTER,
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &["telephone1", "telephone2", "telephone3"],
    more: &standard::ACCOUNT,
    custom: &CUSTOM,
    binds: &[
        bind("primarycontactid", "_primarycontactid_value", &["contacts"]),
        bind("parentaccountid", "_parentaccountid_value", &["accounts"]),
        OWNED,
    ],
    required: &["name"],
    states: ACTIVE,
};

pub(super) static LEAD: Schema = Schema {
    logical: "lead",
    set: "leads",
    columns: &[
        key("leadid"),
        text("subject", 300),
        text("firstname", 50),
        text("lastname", 50),
        text("companyname", 100),
        text("description", 2_000),
        text("fullname", 160),
        text("mobilephone", 20),
        text("telephone1", 50),
        text("telephone2", 50),
        text("telephone3", 50),
        text("address1_telephone1", 50),
        text("address1_telephone2", 50),
        text("address1_telephone3", 50),
        lookup("_parentcontactid_value"),
        lookup("_parentaccountid_value"),
        MASTER,
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &[
        "mobilephone",
        "telephone1",
        "telephone2",
        "telephone3",
        "address1_telephone1",
        "address1_telephone2",
        "address1_telephone3",
    ],
    more: &standard::LEAD,
    custom: &CUSTOM,
    binds: &[
        bind("parentcontactid", "_parentcontactid_value", &["contacts"]),
        bind("parentaccountid", "_parentaccountid_value", &["accounts"]),
        OWNED,
    ],
    required: &["subject"],
    states: &[(0, &[1, 2]), (1, &[3]), (2, &[4, 5, 6, 7])],
};

pub(super) static OPPORTUNITY: Schema = Schema {
    logical: "opportunity",
    set: "opportunities",
    columns: &[
        key("opportunityid"),
        text("name", 300),
        text("description", 2_000),
        lookup("_parentcontactid_value"),
        lookup("_parentaccountid_value"),
        lookup("_customerid_value"),
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &[],
    more: &standard::OPPORTUNITY,
    custom: &CUSTOM,
    binds: &[
        bind("parentcontactid", "_parentcontactid_value", &["contacts"]),
        bind("parentaccountid", "_parentaccountid_value", &["accounts"]),
        bind("customerid_contact", "_customerid_value", &["contacts"]),
        bind("customerid_account", "_customerid_value", &["accounts"]),
        OWNED,
    ],
    required: &["name"],
    states: &[(0, &[1, 2]), (1, &[3]), (2, &[4, 5])],
};

pub(super) static INCIDENT: Schema = Schema {
    logical: "incident",
    set: "incidents",
    columns: &[
        key("incidentid"),
        text("title", 200),
        text("description", 2_000),
        whole("caseorigincode"),
        lookup("_customerid_value"),
        lookup("_primarycontactid_value"),
        MASTER,
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &[],
    more: &standard::INCIDENT,
    custom: &CUSTOM,
    binds: &[
        bind("customerid_contact", "_customerid_value", &["contacts"]),
        bind("customerid_account", "_customerid_value", &["accounts"]),
        bind("primarycontactid", "_primarycontactid_value", &["contacts"]),
        OWNED,
    ],
    required: &["title", "_customerid_value"],
    states: &[(0, &[1, 2, 3, 4]), (1, &[5, 1_000]), (2, &[6, 2_000])],
};

pub(super) static SYSTEM_USER: Schema = Schema {
    logical: "systemuser",
    set: "systemusers",
    columns: &[
        key("systemuserid"),
        text("fullname", 200),
        text("domainname", 1024),
        text("internalemailaddress", 100),
        text("mobilephone", 64),
        text("homephone", 50),
        text("address1_telephone1", 64),
        Column { name: "isdisabled", holds: Type::Flag },
        whole("accessmode"),
        CREATED,
        MODIFIED,
    ],
    phones: &["mobilephone", "address1_telephone1", "homephone"],
    more: &[],
    custom: &[],
    binds: &[],
    required: &[],
    states: &[],
};

/// The five kinds, in the order of their places among the tables.
pub(super) const KINDS: [EntityKind; 5] =
    [EntityKind::Contact, EntityKind::Organization, EntityKind::Deal, EntityKind::Lead, EntityKind::Ticket];

/// The table of a kind.
pub(super) const fn of(kind: EntityKind) -> &'static Schema {
    match kind {
        EntityKind::Contact => &CONTACT,
        EntityKind::Organization => &ACCOUNT,
        EntityKind::Deal => &OPPORTUNITY,
        EntityKind::Lead => &LEAD,
        EntityKind::Ticket => &INCIDENT,
    }
}

/// The kind whose entity set this is.
pub(super) fn kind_of_set(set: &str) -> Option<EntityKind> {
    KINDS.into_iter().find(|&kind| of(kind).set == set)
}

impl Schema {
    pub(super) fn column(&self, name: &str) -> Option<&'static Column> {
        self.all().find(|column| column.name == name)
    }

    /// Every column, those that were added last.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.columns.iter().chain(self.more).chain(self.custom)
    }

    /// The column of its own id.
    pub(super) fn key(&self) -> &'static Column {
        &self.columns[0]
    }

    pub(super) fn properties(&self) -> Vec<&'static str> {
        self.all().map(|column| column.name).collect()
    }
}

/// `6d81597f-0f9f-e711-8122-000d3aa2331c`
pub(super) fn guid_text(id: u128) -> String {
    let text = format!("{id:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// The id that [`guid_text`] writes; nothing else.
pub(super) fn guid_of(text: &str) -> Option<u128> {
    let whole = text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-');
    let digits: String = text.chars().filter(|&sign| sign != '-').collect();
    let sound = whole && digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sound { u128::from_str_radix(&digits, 16).ok() } else { None }
}
