//! The outside world of predial, over HTTP: stand-in CRMs with their vendors' rules and staged faults, and a telephone
//! system that asks as Ringostat does.
//!
//! Nothing here knows predial: it sees the stand-ins as it would see the vendors, over the wire. Each stand-in runs in
//! process (tests, demo, load cases) or as its own program (`cargo run -p sandbox -- pipedrive`).

pub mod hubspot;
pub mod kit;
pub mod pbx;
pub mod pipedrive;
pub mod ringostat_api;
pub mod smart_crm;
pub mod zoho_crm;
pub mod zoho_desk;
