//! The account's quota.

/// The ledger of one CRM account.
#[derive(Debug)]
pub struct Ledger {}
