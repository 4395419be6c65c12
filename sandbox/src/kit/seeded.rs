//! What the seed says of users, organizations, deals, leads and tickets.

/// A user of every account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeededUser {
    /// The name; the e-mail is `name@acme.example`, lower case.
    pub name: &'static str,
    /// A free text.
    pub phone: Option<&'static str>,
    /// Whether the user may still log in; one who left stays the owner of what they owned.
    pub active: bool,
}

impl SeededUser {
    /// The e-mail.
    #[must_use]
    pub fn email(&self) -> String {
        format!("{}@acme.example", self.name.to_lowercase())
    }
}

const fn user(name: &'static str, phone: Option<&'static str>, active: bool) -> SeededUser {
    SeededUser { name, phone, active }
}

/// The users: four who take calls, one who left, and one that is a program. Owners are places in this list.
pub const USERS: [SeededUser; 6] = [
    user("Anna", Some("0671112233"), true),
    user("Bohdan", Some("+380 50 999 88 77"), true),
    user("Oksana", None, true),
    user("Petro", None, true),
    user("Ihor", Some("0630000000"), false),
    user("Robot", None, true),
];

/// A number as somebody typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedNumber {
    /// What they typed; may be no number at all.
    pub value: String,
    /// `work`, `mobile` or `home`.
    pub label: &'static str,
}

/// An organization of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededFirm {
    /// Its name.
    pub name: String,
    /// The owner's place in [`USERS`].
    pub owner: usize,
    /// Its number, as typed.
    pub phone: Option<String>,
    /// Whether it has an address.
    pub address: Option<&'static str>,
}

/// How a deal of the seed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeededStatus {
    /// Under way.
    Open,
    /// Closed, won.
    Won,
    /// Closed, lost.
    Lost,
}

/// A deal of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededDeal {
    /// The place of the client.
    pub client: u64,
    /// Its title.
    pub title: String,
    /// The owner's place in [`USERS`].
    pub owner: usize,
    /// What it is worth.
    pub value: u32,
    /// How it stands.
    pub status: SeededStatus,
    /// Whether it is archived, open or not.
    pub archived: bool,
}

/// A lead of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededLead {
    /// The place of the client.
    pub client: u64,
    /// Its title.
    pub title: String,
    /// The owner's place in [`USERS`].
    pub owner: usize,
    /// Whether it is archived; converted or disqualified where the vendor has no archive.
    pub archived: bool,
    /// 48 bits of chance, to make an id of.
    pub chance: u64,
}

/// A ticket of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededTicket {
    /// Its title.
    pub title: String,
    /// The owner's place in [`USERS`].
    pub owner: usize,
    /// Whether it is open.
    pub open: bool,
}
