//! Forms of the site: who filled one in, and which of the CRM's fields what they wrote goes into. Pure.
//!
//! Some of it is matched by itself: name, numbers, e-mail, the marks of where the visitor came from. The rest is the
//! project's to say, a row for each field of the CRM: `[[forms.contact]]`, `[[forms.deal]]` and so on.

mod mapping;
mod variable;

pub use self::{
    mapping::{MappedField, Mapping, Names, Source, Visitor},
    variable::Variable,
};
