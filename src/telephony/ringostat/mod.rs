//! Ringostat's side of a look-up, as its webhook forwarding number sends it and reads the answer.

pub mod answer;
pub mod event;
pub mod fields;
pub mod form;
mod json;
mod query;
pub mod request;

pub use answer::{AnswerShape, Rendered};
pub use request::{decode, token_of_query};
