//! The journal with its workers, before a CRM that does as the test says, on a clock that the test moves and sets.

mod clock;
mod reconcile;
mod stage;
mod there;
