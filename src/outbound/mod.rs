//! The one HTTP client: time-outs, a cap on bodies, hosts allowed, redaction.
//!
//! Only this module names reqwest; adapters speak [`Request`], [`Reply`] and [`SendError`]. It knows no CRM and decides
//! nothing about a status: what a reply means is the adapter's matter.
//!
//! On purpose there is no retry here (the ledger and the caller decide that), no redirect (a token must not follow one),
//! no proxy from the environment (an operator's shell must not decide where tokens go) and no compression.

mod client;
mod hosts;
mod message;

pub use client::{Bounds, BuildError, Outbound, SendError};
pub use hosts::Hosts;
pub use message::{FilePart, Method, Reply, Request};
