//! Assembly, start, stop, command line.

pub mod cli;
pub mod lock;
pub mod runtime;
