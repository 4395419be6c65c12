//! Facts: numbers, clients, employees, identifiers. No I/O, no clock, nothing that knows a CRM or a telephone system.

pub mod client;
pub mod employee;
pub mod ids;
pub mod phone;
