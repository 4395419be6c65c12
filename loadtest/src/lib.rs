//! The load-testing harness of predial: cases as data, an open-loop client, answers checked, base lines.
//!
//! It knows the service from outside only: its command line, its doors, its configuration. The exception is `bare`,
//! whose second server decodes a request as predial does, to tell what the decoding costs.

pub mod alarm;
pub mod answer;
pub mod arrivals;
pub mod bare;
pub mod baseline;
pub mod beside;
pub mod bound;
pub mod case;
pub mod cli;
pub mod closed;
pub mod connection;
pub mod crawling;
pub mod crm;
pub mod failed;
pub mod figures;
pub mod http;
pub mod judged;
pub mod machine;
pub mod measure;
pub mod open;
pub mod process;
pub mod question;
pub mod report;
pub mod run;
pub mod scheduling;
pub mod service;
pub mod session;
pub mod tally;
pub mod telling;
pub mod vendor;
