//! The tables and their columns: every property name that is known here. Any other is refused.
//!
//! # Source
//! The Common Data Model's files for names, types and lengths, by their source names; the columns that every table
//! inherits (`createdon`, `modifiedon`, `ownerid`) and the names of entity sets stand in Microsoft's pages only.

use crate::kit::EntityKind;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text of so many characters at most.
    Text(usize),
    /// A whole number, options among them.
    Whole,
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
    /// Where numbers stand, the first one first.
    pub(super) phones: &'static [&'static str],
}

/// The property names of a table, for whoever holds them against the vendor's files.
#[derive(Debug)]
pub struct ClosedList {
    /// The logical name of the table.
    pub logical: &'static str,
    /// Every property.
    pub properties: fn() -> Vec<&'static str>,
}

/// Every property that this stand-in knows.
pub const CLOSED_LISTS: [ClosedList; 6] = [
    ClosedList { logical: "contact", properties: || CONTACT.properties() },
    ClosedList { logical: "account", properties: || ACCOUNT.properties() },
    ClosedList { logical: "lead", properties: || LEAD.properties() },
    ClosedList { logical: "opportunity", properties: || OPPORTUNITY.properties() },
    ClosedList { logical: "incident", properties: || INCIDENT.properties() },
    ClosedList { logical: "systemuser", properties: || SYSTEM_USER.properties() },
];

const fn key(name: &'static str) -> Column {
    Column { name, holds: Type::Key }
}
const fn text(name: &'static str, longest: usize) -> Column {
    Column { name, holds: Type::Text(longest) }
}
const fn whole(name: &'static str) -> Column {
    Column { name, holds: Type::Whole }
}
const fn lookup(name: &'static str) -> Column {
    Column { name, holds: Type::Lookup }
}
const CREATED: Column = Column { name: "createdon", holds: Type::Time };
const MODIFIED: Column = Column { name: "modifiedon", holds: Type::Time };
const OWNER: Column = lookup("_ownerid_value");
const STATE: Column = whole("statecode");
const STATUS: Column = whole("statuscode");
const MASTER: Column = lookup("_masterid_value");

/// The custom column that this organization has on contacts, for `[crm.fields] phone`.
pub(super) const CUSTOM_PHONE: &str = "new_whatsapp";

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
        text("description", 2_000_000),
        lookup("_parentcustomerid_value"),
        MASTER,
        OWNER,
        STATE,
        STATUS,
        CREATED,
        MODIFIED,
    ],
    phones: &["mobilephone", "telephone1", "telephone2", "telephone3", "pager", "assistantphone", "managerphone"],
};

pub(super) static ACCOUNT: Schema = Schema {
    logical: "account",
    set: "accounts",
    columns: &[
        key("accountid"),
        text("name", 160),
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
};

pub(super) static LEAD: Schema = Schema {
    logical: "lead",
    set: "leads",
    columns: &[
        key("leadid"),
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
};

pub(super) static OPPORTUNITY: Schema = Schema {
    logical: "opportunity",
    set: "opportunities",
    columns: &[
        key("opportunityid"),
        text("name", 300),
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
};

pub(super) static INCIDENT: Schema = Schema {
    logical: "incident",
    set: "incidents",
    columns: &[
        key("incidentid"),
        text("title", 200),
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
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column of its own id.
    pub(super) fn key(&self) -> &'static Column {
        &self.columns[0]
    }

    fn properties(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
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
