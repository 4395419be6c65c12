//! The modules that the stand-in has, and their fields.

use serde::{Deserialize, Serialize};

/// A module of the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Module {
    /// Whoever asked first.
    Leads,
    /// People.
    Contacts,
    /// Firms.
    Accounts,
    /// Deals.
    Deals,
}

/// What a field holds, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bigint,
    Owner,
    Lookup,
    DateTime,
    Boolean,
    Text,
    Phone,
    Email,
    Picklist,
    TextArea,
}

impl Type {
    /// `data_type`
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bigint => "bigint",
            Self::Owner => "ownerlookup",
            Self::Lookup => "lookup",
            Self::DateTime => "datetime",
            Self::Boolean => "boolean",
            Self::Text => "text",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Picklist => "picklist",
            Self::TextArea => "textarea",
        }
    }
}

/// A field of a module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// `api_name`
    pub(super) name: &'static str,
    pub(super) holds: Type,
    /// Whether the customer added it.
    pub(super) custom: bool,
}

const fn field(name: &'static str, holds: Type) -> Field {
    Field { name, holds, custom: false }
}

const fn custom(name: &'static str, holds: Type) -> Field {
    Field { name, holds, custom: true }
}

const LEADS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    field("Last_Name", Type::Text),
    field("Company", Type::Text),
    field("Email", Type::Email),
    field("Phone", Type::Phone),
    field("Mobile", Type::Phone),
    field("Converted__s", Type::Boolean),
    field("Converted_Date_Time", Type::DateTime),
    field("Description", Type::TextArea),
];
const CONTACTS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    field("Last_Name", Type::Text),
    field("Email", Type::Email),
    field("Account_Name", Type::Lookup),
    field("Phone", Type::Phone),
    field("Mobile", Type::Phone),
    field("Home_Phone", Type::Phone),
    field("Other_Phone", Type::Phone),
    field("Asst_Phone", Type::Phone),
    custom(CUSTOM_NUMBER, Type::Text),
    field("Description", Type::TextArea),
];
const ACCOUNTS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    field("Account_Name", Type::Text),
    field("Phone", Type::Phone),
    custom("Second_Phone", Type::Phone),
    field("Description", Type::TextArea),
];
const DEALS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    field("Deal_Name", Type::Text),
    field("Stage", Type::Picklist),
    field("Contact_Name", Type::Lookup),
    field("Account_Name", Type::Lookup),
    field("Description", Type::TextArea),
];

/// A field of contacts that the customer added for numbers; its type is text, so a search by phone does not look there.
pub const CUSTOM_NUMBER: &str = "Viber";

impl Module {
    /// Every module.
    pub const ALL: [Self; 4] = [Self::Leads, Self::Contacts, Self::Accounts, Self::Deals];

    /// The name in URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leads => "Leads",
            Self::Contacts => "Contacts",
            Self::Accounts => "Accounts",
            Self::Deals => "Deals",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.name().eq_ignore_ascii_case(name))
    }

    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Leads => LEADS,
            Self::Contacts => CONTACTS,
            Self::Accounts => ACCOUNTS,
            Self::Deals => DEALS,
        }
    }

    pub(super) fn field(self, name: &str) -> Option<Field> {
        self.fields().iter().copied().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Where a record's own name stands.
    pub(super) const fn name_field(self) -> &'static str {
        match self {
            Self::Leads | Self::Contacts => "Last_Name",
            Self::Accounts => "Account_Name",
            Self::Deals => "Deal_Name",
        }
    }

    /// The fields of type phone, in the order in which numbers fill them.
    pub(super) fn phones(self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().filter(|field| field.holds == Type::Phone).map(|field| field.name)
    }

    /// A digit of its ids.
    const fn digit(self) -> u64 {
        match self {
            Self::Leads => 1,
            Self::Contacts => 2,
            Self::Accounts => 3,
            Self::Deals => 4,
        }
    }

    /// The id of the record of this module and number: eighteen digits, growing with the number, no two alike in all of
    /// the CRM.
    #[must_use]
    pub const fn id(self, number: u64) -> u64 {
        ORG + number * 10 + self.digit()
    }

    /// The number of an id of this module.
    pub(super) fn number(self, id: u64) -> Option<u64> {
        id.checked_sub(ORG).filter(|rest| rest % 10 == self.digit()).map(|rest| rest / 10)
    }
}

/// All ids of an organisation begin alike.
pub(super) const ORG: u64 = 554_023_000_000_000_000;

/// A stage of deals: what is shown, what is stored, `forecast_type`, the name of the forecast category.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    pub(super) shown: &'static str,
    pub(super) stored: &'static str,
    pub(super) forecast: &'static str,
    pub(super) category: &'static str,
}

const fn stage(shown: &'static str, stored: &'static str, forecast: &'static str, category: &'static str) -> Stage {
    Stage { shown, stored, forecast, category }
}

/// The customer's stages: renamed, some in their own language, an open one that no forecast counts.
pub(super) const STAGES: [Stage; 8] = [
    stage("Новий запит", "Qualification", "Open", "Pipeline"),
    stage("Identify Decision Makers", "Id. Decision Makers", "Open", "Pipeline"),
    stage("Negotiation/Review", "Negotiation/Review", "Open", "Pipeline"),
    stage("Чекаємо", "On Hold", "Open", "Omitted"),
    stage("Виграно", "Closed Won", "Closed Won", "Closed"),
    stage("Closed Lost", "Closed Lost", "Closed Lost", "Omitted"),
    stage("Closed-Lost to Competition", "Closed Lost to Competition", "Closed Lost", "Omitted"),
    stage("Customer's \"no\"", "Refused", "Closed Lost", "Omitted"),
];

/// A stage by what is shown.
pub(super) fn stage_shown(shown: &str) -> Option<Stage> {
    STAGES.into_iter().find(|stage| stage.shown == shown)
}
