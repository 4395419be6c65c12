//! The load-testing harness of predial: cases as data, an open-loop client, answers checked, base lines.
//!
//! It knows the service from outside only: its command line, its doors, its configuration. The exception is `bare`,
//! whose second server decodes a request as predial does, to tell what the decoding costs.

pub mod alarm;
pub mod answer;
pub mod arrivals;
pub mod closed;
pub mod connection;
pub mod open;
pub mod question;
pub mod tally;
