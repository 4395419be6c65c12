//! The modules that the stand-in has, and the stages of deals.

use serde::{Deserialize, Serialize};

use super::field::{self, Field, Type};

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
    /// What is to be done, or was.
    Tasks,
    /// Telephone calls.
    Calls,
}

/// A field of contacts that the customer added for numbers; its type is text, so a search by phone does not look there.
pub const CUSTOM_NUMBER: &str = "Viber";

impl Module {
    /// Every module.
    pub const ALL: [Self; 6] = [Self::Leads, Self::Contacts, Self::Accounts, Self::Deals, Self::Tasks, Self::Calls];

    /// The name in URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leads => "Leads",
            Self::Contacts => "Contacts",
            Self::Accounts => "Accounts",
            Self::Deals => "Deals",
            Self::Tasks => "Tasks",
            Self::Calls => "Calls",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.name().eq_ignore_ascii_case(name))
    }

    /// The fields that were there from the beginning; what somebody made since stands in the world.
    pub(super) fn fields(self) -> impl Iterator<Item = Field> {
        field::own(self).iter().chain(field::WRITTEN).copied()
    }

    /// Where a record's own name stands.
    pub(super) const fn name_field(self) -> &'static str {
        match self {
            Self::Leads | Self::Contacts => "Last_Name",
            Self::Accounts => "Account_Name",
            Self::Deals => "Deal_Name",
            Self::Tasks | Self::Calls => "Subject",
        }
    }

    /// The fields of type phone, in the order in which numbers fill them.
    pub(super) fn phones(self) -> impl Iterator<Item = &'static str> {
        self.fields().filter(|field| field.holds == Type::Phone).map(|field| field.name)
    }

    /// A digit of its ids.
    const fn digit(self) -> u64 {
        match self {
            Self::Leads => 1,
            Self::Contacts => 2,
            Self::Accounts => 3,
            Self::Deals => 4,
            Self::Tasks => 5,
            Self::Calls => 6,
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

/// The pipelines: which stages a deal in it can be in, by their places in [`STAGES`].
///
/// The customer has two, so that a deal has to say in which it is.
pub(super) const PIPELINES: [(&str, &[usize]); 2] =
    [("Стандартна", &[0, 1, 2, 3, 4, 5, 6, 7]), ("Партнери", &[1, 4, 5])];

/// A stage by what is shown.
pub(super) fn stage_shown(shown: &str) -> Option<Stage> {
    STAGES.into_iter().find(|stage| stage.shown == shown)
}
