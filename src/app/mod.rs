//! Assembly, start, stop, command line.

mod accounts;
pub mod cli;
mod days;
pub mod demo;
mod follow;
pub mod lock;
mod log;
mod operations;
mod record;
mod run;
pub mod runtime;
mod watch;

pub use self::run::{Overrides, Service, Signals, StartError};
