//! The people calls are sent to.

/// An employee of the project, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// How people call them.
    pub name: Box<str>,
    /// The user of the CRM they are: an id or an e-mail.
    pub crm_user: Box<str>,
    /// Directions that are dialled, the first one first; never empty. Numbers are digits only.
    pub main: Vec<Box<str>>,
    /// Directions that are never dialled; they tell who answered.
    pub other: Vec<Box<str>>,
    /// Ringostat's id of the employee.
    pub staff_id: Option<Box<str>>,
    /// The e-mail, the second way to match a CRM's user.
    pub email: Option<Box<str>>,
    /// The internal number.
    pub extension: Option<Box<str>>,
    /// Whether this is the one who gets what belongs to nobody.
    pub top_manager: bool,
}
