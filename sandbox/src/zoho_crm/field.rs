//! The fields of the modules, and what each may hold.
//!
//! # Source
//! The vendor's pages on each module's fields and on the types of fields with their lengths. The customer's own ones are
//! made up.

use super::module::{CUSTOM_NUMBER, Module};

/// What a field holds, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bigint,
    Owner,
    Lookup,
    DateTime,
    Date,
    Boolean,
    Text,
    Phone,
    Email,
    Website,
    Picklist,
    TextArea,
    Integer,
    Currency,
    /// A reminder.
    Alarm,
}

impl Type {
    /// `data_type`
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bigint => "bigint",
            Self::Owner => "ownerlookup",
            Self::Lookup => "lookup",
            Self::DateTime => "datetime",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Text => "text",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Website => "website",
            Self::Picklist => "picklist",
            Self::TextArea => "textarea",
            Self::Integer => "integer",
            Self::Currency => "currency",
            Self::Alarm => "ALARM",
        }
    }

    /// The type that somebody asks a new field to be of; `None` for those that this stand-in makes none of.
    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Text, Self::Phone, Self::Email, Self::Website, Self::TextArea].into_iter().find(|own| own.word() == word)
    }

    /// The most signs that a field of it can have.
    pub(super) const fn longest(self) -> usize {
        match self {
            Self::TextArea => 32_000,
            Self::Website => 450,
            Self::Phone => 30,
            Self::Email => 100,
            Self::Picklist => 120,
            _ => 255,
        }
    }
}

/// A field of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// `api_name`
    pub(super) name: &'static str,
    pub(super) holds: Type,
    /// Whether the customer added it.
    pub(super) custom: bool,
    /// Whether no two records may have the same in it.
    pub(super) unique: bool,
    /// Signs, at most.
    pub(super) length: usize,
}

const fn field(name: &'static str, holds: Type) -> Field {
    Field { name, holds, custom: false, unique: false, length: holds.longest() }
}

const fn short(name: &'static str, length: usize) -> Field {
    Field { length, ..field(name, Type::Text) }
}

const fn custom(name: &'static str, holds: Type) -> Field {
    Field { custom: true, ..field(name, holds) }
}

/// What every module of this customer has for the data of calls.
pub(super) const WRITTEN: &[Field] = &[
    custom("UTM_Source", Type::Text),
    custom("UTM_Medium", Type::Text),
    custom("UTM_Campaign", Type::Text),
    custom("UTM_Term", Type::Text),
    custom("UTM_Content", Type::Text),
    custom("GA_Client", Type::Text),
    custom("Ringostat_Call", Type::Text),
    custom("Ringostat_Status", Type::Text),
    custom("Ringostat_Record", Type::Website),
    Field { unique: true, ..custom("Predial_Mark", Type::Text) },
];

const LEADS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Last_Name", 80),
    short("Company", 200),
    field("Email", Type::Email),
    field("Phone", Type::Phone),
    field("Mobile", Type::Phone),
    field("Converted__s", Type::Boolean),
    field("Converted_Date_Time", Type::DateTime),
    field("Salutation", Type::Picklist),
    short("First_Name", 40),
    short("Designation", 100),
    field("Secondary_Email", Type::Email),
    short("Fax", 30),
    field("Website", Type::Website),
    field("Lead_Source", Type::Picklist),
    field("Lead_Status", Type::Picklist),
    field("Industry", Type::Picklist),
    field("Rating", Type::Picklist),
    field("No_of_Employees", Type::Integer),
    field("Annual_Revenue", Type::Currency),
    field("Skype_ID", Type::Text),
    field("Twitter", Type::Text),
    field("Street", Type::Text),
    field("City", Type::Text),
    field("State", Type::Text),
    field("Zip_Code", Type::Text),
    field("Country", Type::Text),
    field("Description", Type::TextArea),
];
const CONTACTS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Last_Name", 80),
    field("Email", Type::Email),
    field("Account_Name", Type::Lookup),
    field("Phone", Type::Phone),
    field("Mobile", Type::Phone),
    field("Home_Phone", Type::Phone),
    field("Other_Phone", Type::Phone),
    field("Asst_Phone", Type::Phone),
    custom(CUSTOM_NUMBER, Type::Text),
    field("Salutation", Type::Picklist),
    short("First_Name", 40),
    short("Title", 100),
    short("Department", 50),
    field("Secondary_Email", Type::Email),
    short("Assistant", 50),
    short("Fax", 30),
    field("Date_of_Birth", Type::Date),
    field("Lead_Source", Type::Picklist),
    field("Skype_ID", Type::Text),
    field("Twitter", Type::Text),
    field("Mailing_Street", Type::Text),
    field("Mailing_City", Type::Text),
    field("Mailing_State", Type::Text),
    field("Mailing_Zip", Type::Text),
    field("Mailing_Country", Type::Text),
    field("Other_Street", Type::Text),
    field("Other_City", Type::Text),
    field("Other_State", Type::Text),
    field("Other_Zip", Type::Text),
    field("Other_Country", Type::Text),
    field("Description", Type::TextArea),
];
const ACCOUNTS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Account_Name", 200),
    field("Phone", Type::Phone),
    custom("Second_Phone", Type::Phone),
    field("Account_Site", Type::Text),
    field("Account_Type", Type::Picklist),
    short("Fax", 30),
    field("Website", Type::Website),
    field("Industry", Type::Picklist),
    field("Ownership", Type::Picklist),
    field("Rating", Type::Picklist),
    short("Ticker_Symbol", 30),
    field("Employees", Type::Integer),
    field("Annual_Revenue", Type::Currency),
    field("Billing_Street", Type::Text),
    field("Billing_City", Type::Text),
    field("Billing_State", Type::Text),
    field("Billing_Code", Type::Text),
    field("Billing_Country", Type::Text),
    field("Shipping_Street", Type::Text),
    field("Shipping_City", Type::Text),
    field("Shipping_State", Type::Text),
    field("Shipping_Code", Type::Text),
    field("Shipping_Country", Type::Text),
    field("Description", Type::TextArea),
];
const DEALS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Deal_Name", 120),
    field("Stage", Type::Picklist),
    field("Pipeline", Type::Picklist),
    field("Closing_Date", Type::Date),
    field("Contact_Name", Type::Lookup),
    field("Account_Name", Type::Lookup),
    short("Next_Step", 100),
    field("Type", Type::Picklist),
    field("Lead_Source", Type::Picklist),
    field("Amount", Type::Currency),
    field("Expected_Revenue", Type::Currency),
    field("Probability", Type::Integer),
    field("Description", Type::TextArea),
];
const TASKS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Subject", 300),
    field("Status", Type::Picklist),
    field("Due_Date", Type::Date),
    field("Remind_At", Type::Alarm),
    field("Who_Id", Type::Lookup),
    field("What_Id", Type::Lookup),
    field("Description", Type::TextArea),
];
const CALLS: &[Field] = &[
    field("id", Type::Bigint),
    field("Owner", Type::Owner),
    field("Created_Time", Type::DateTime),
    field("Modified_Time", Type::DateTime),
    short("Subject", 300),
    field("Call_Type", Type::Picklist),
    field("Call_Start_Time", Type::DateTime),
    short("Call_Duration", 10),
    field("Outgoing_Call_Status", Type::Picklist),
    short("Caller_ID", 100),
    short("Dialled_Number", 100),
    field("Voice_Recording__s", Type::Website),
    field("Who_Id", Type::Lookup),
    field("What_Id", Type::Lookup),
    field("Description", Type::TextArea),
];

/// The vendor's fields of a module, and the customer's old ones.
pub(super) const fn own(module: Module) -> &'static [Field] {
    match module {
        Module::Leads => LEADS,
        Module::Contacts => CONTACTS,
        Module::Accounts => ACCOUNTS,
        Module::Deals => DEALS,
        Module::Tasks => TASKS,
        Module::Calls => CALLS,
    }
}

/// Fields that the vendor keeps; what is written into them is left out without a word.
pub(super) const KEPT: [&str; 5] = ["id", "Created_Time", "Modified_Time", "Converted__s", "Converted_Date_Time"];

/// What a list of values has, but for stages and pipelines, which are the customer's.
pub(super) fn choices(name: &str) -> &'static [&'static str] {
    match name {
        "Status" => &["Not Started", "Deferred", "In Progress", "Completed", "Waiting for input"],
        "Call_Type" => &["Inbound", "Outbound", "Missed"],
        "Outgoing_Call_Status" => &["Scheduled", "Completed", "Overdue", "Cancelled"],
        "Salutation" => &["Mr.", "Mrs.", "Ms."],
        "Lead_Source" => &["Advertisement", "Cold Call", "Web Download", "Chat"],
        "Lead_Status" => &["Attempted to Contact", "Contacted", "Not Contacted"],
        "Industry" => &["Data/Telecom OEM", "Small/Medium Enterprise", "Service Provider"],
        "Rating" => &["Acquired", "Active", "Shut Down"],
        "Account_Type" => &["Customer", "Partner"],
        "Ownership" => &["Private", "Public"],
        "Type" => &["Existing Business", "New Business"],
        _ => &[],
    }
}
