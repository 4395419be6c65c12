//! The stand-ins from outside: over sockets, as a program that does not share their process sees them.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod account;
mod bodies;
mod description;
mod description_writing;
mod faults;
mod form_fields;
mod hubspot;
mod hubspot_hooks;
mod hubspot_writing;
mod kit;
mod limits;
mod lists;
mod pbx;
mod pipedrive_writing;
mod ringostat_api;
#[cfg(test)]
mod ringostat_calls;
mod search;
mod smart_crm;
mod smart_crm_delta;
mod smart_crm_hooks;
mod smart_crm_writing;
mod support;
mod webhooks;
mod zoho_crm;
mod zoho_crm_limits;
mod zoho_crm_queries;
mod zoho_crm_watch;
mod zoho_crm_writing;
mod zoho_desk;
mod zoho_desk_forms;
mod zoho_desk_hooks;
mod zoho_desk_writing;
