//! The CRMs that a case can be run with: how the stand-in of each is started, and what the service is told of it. Another
//! one is a row of [`VENDORS`].

use std::{io, pin::Pin};

use sandbox::{
    kit::StandIn,
    pipedrive::{Limits as PipedriveLimits, Options as PipedriveOptions, Pipedrive, Plan as PipedrivePlan},
};

use crate::case::LimitsOf;

/// More than any case asks for, in any vendor's unit.
const UNLIMITED: u64 = 1_000_000_000;
/// The same where the vendor counts by machine words.
const UNLIMITED_REQUESTS: usize = 1_000_000_000;

/// A CRM.
#[derive(Debug)]
pub struct Vendor {
    /// The word of `crm.kind`.
    pub name: &'static str,
    /// Starts the stand-in.
    pub start: fn(Seeded) -> Starting,
    /// The rows of `[crm]` that this vendor needs beside `kind`, `base_url` and `auth_url`.
    pub rows: &'static str,
    /// The block's `priority`: what every client has first, then what this vendor has besides.
    pub priority: &'static [&'static str],
}

/// What a stand-in is made of.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    /// How many clients it has.
    pub clients: usize,
    /// What they follow from.
    pub seed: u64,
    /// Whose limits it keeps.
    pub limits: LimitsOf,
}

/// A stand-in that is being started.
pub type Starting = Pin<Box<dyn Future<Output = io::Result<Box<dyn StandIn>>> + Send>>;

/// OAuth with a refresh token: where a vendor allows other proofs as well, it allows this one the most.
const REFRESHED: &str = r#"client_id = "sandbox-client"
client_secret = { env = "LOAD_CLIENT_SECRET" }
refresh_token = { env = "LOAD_REFRESH" }
"#;

/// The CRM of every case that is not about which one it is.
static PIPEDRIVE: Vendor = Vendor {
    name: "pipedrive",
    start: |seeded| Box::pin(pipedrive(seeded)),
    rows: REFRESHED,
    priority: &["contact", "organization", "deal"],
};

/// Every CRM that a case can be run with.
pub static VENDORS: &[&Vendor] = &[&PIPEDRIVE];

/// The CRM of every case that is not about which one it is.
#[must_use]
pub fn usual() -> &'static Vendor {
    &PIPEDRIVE
}

/// The vendor of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().copied().find(|vendor| vendor.name == name)
}

/// The day's tokens never end a case: only the windows are the vendor's.
async fn pipedrive(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    let windows = match limits {
        LimitsOf::Vendor => PipedriveLimits::default(),
        LimitsOf::Nobody => PipedriveLimits {
            burst: Some(UNLIMITED_REQUESTS),
            search_burst: UNLIMITED_REQUESTS,
            ..PipedriveLimits::default()
        },
    };
    let limits = PipedriveLimits { daily_tokens: Some(UNLIMITED), ..windows };
    let plan = PipedrivePlan::Ultimate;
    let options = PipedriveOptions { clients, seed, plan, limits, ..PipedriveOptions::default() };
    Ok(Box::new(Pipedrive::start(options).await?))
}
