//! What a call or a form leaves in the CRM: the situation it was, the row of the project's matrix that fits, and what that row says
//! is due at a moment. Pure: facts in, actions out.
//!
//! A matrix is data (`config/scenarios/*.toml`). Nothing here knows a CRM, a telephone system's words, or who owns what
//! under which id: owners are *the one who answered*, *the responsible*, *the top manager*.

mod matrix;
mod plan;
mod situation;
mod text;

pub use self::{
    matrix::{At, Create, Do, Matrix, Owner, Row, Task, Update, What, When},
    plan::{Decision, Due, decide, may_create},
    situation::{Answerer, Client, Situation, SoughtBy, Statuses},
    text::{FormWords, Template, TemplateError, Words},
};
