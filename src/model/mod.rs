//! Facts: numbers, clients, employees, calls, what is to be done about them. No I/O, no clock, nothing that knows a CRM or a telephone system.

pub mod action;
pub mod call;
pub mod client;
pub mod employee;
pub mod event;
pub mod form;
pub mod ids;
pub mod phone;
