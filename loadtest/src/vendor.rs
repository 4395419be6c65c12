//! The CRMs that a case can be run with: how the stand-in of each is started, and what the service is told of it. Another
//! one is a row of [`VENDORS`].

use std::{io, pin::Pin};

use sandbox::{hubspot, kit::StandIn, pipedrive, smart_crm, zoho_crm, zoho_desk};

use crate::case::LimitsOf;

/// More than any case spends of a day, and asks for in a window or at a time.
const UNLIMITED: u64 = 1_000_000_000;
/// The same where the vendor's stand-in counts by machine words.
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
    /// The custom field that a client's third number stands in, where the vendor's own fields are fewer.
    pub further_numbers: Option<&'static str>,
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

/// The same in a portal.
const IN_A_PORTAL: &str = r#"org_id = "60001280952"
client_id = "sandbox-client"
client_secret = { env = "LOAD_CLIENT_SECRET" }
refresh_token = { env = "LOAD_REFRESH" }
"#;

/// The vendor's application that has no refresh token.
const GRANTED: &str = r#"tenant = "0a1b2c3d-1111-4222-8333-444455556666"
client_id = "5ca1ab1e-0000-4000-8000-00000000c11e"
client_secret = { env = "LOAD_CLIENT_SECRET" }
"#;

static PIPEDRIVE: Vendor = Vendor {
    name: "pipedrive",
    start: |seeded| Box::pin(start_pipedrive(seeded)),
    rows: REFRESHED,
    further_numbers: None,
    priority: &["contact", "organization", "deal"],
};

/// Every CRM that a case can be run with.
pub static VENDORS: &[&Vendor] = &[
    &PIPEDRIVE,
    &Vendor {
        name: "hubspot",
        start: |seeded| Box::pin(start_hubspot(seeded)),
        rows: REFRESHED,
        further_numbers: Some(hubspot::SECOND_PHONE),
        priority: &["contact", "organization", "deal", "ticket"],
    },
    &Vendor {
        name: "zoho-crm",
        start: |seeded| Box::pin(start_zoho_crm(seeded)),
        rows: REFRESHED,
        further_numbers: None,
        priority: &["contact", "organization", "deal"],
    },
    &Vendor {
        name: "zoho-desk",
        start: |seeded| Box::pin(start_zoho_desk(seeded)),
        rows: IN_A_PORTAL,
        further_numbers: Some(zoho_desk::CONTACT_PHONE),
        priority: &["contact", "organization", "ticket"],
    },
    &Vendor {
        name: "smart-crm",
        start: |seeded| Box::pin(start_smart_crm(seeded)),
        rows: GRANTED,
        further_numbers: None,
        priority: &["contact", "organization", "deal", "ticket"],
    },
];

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

async fn start_pipedrive(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    use pipedrive::{Limits, Options, Pipedrive, Plan};
    let windows = match limits {
        LimitsOf::Vendor => Limits::default(),
        LimitsOf::Nobody => {
            Limits { burst: Some(UNLIMITED_REQUESTS), search_burst: UNLIMITED_REQUESTS, ..Limits::default() }
        }
    };
    let limits = Limits { daily_tokens: Some(UNLIMITED), ..windows };
    let options = Options { clients, seed, plan: Plan::Ultimate, limits, ..Options::default() };
    Ok(Box::new(Pipedrive::start(options).await?))
}

async fn start_hubspot(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    use hubspot::{HubSpot, Limits, Options};
    let limits = match limits {
        LimitsOf::Vendor => Limits { daily: UNLIMITED, ..Limits::default() },
        LimitsOf::Nobody => Limits::unlimited(),
    };
    Ok(Box::new(HubSpot::start(Options { clients, seed, limits, ..Options::default() }).await?))
}

async fn start_zoho_crm(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    use zoho_crm::{Edition, Limits, Options, ZohoCrm};
    let at_once = match limits {
        LimitsOf::Vendor => Limits::default(),
        LimitsOf::Nobody => {
            Limits { at_once: Some(UNLIMITED_REQUESTS), sub_at_once: UNLIMITED_REQUESTS, ..Limits::default() }
        }
    };
    let limits = Limits { credits: Some(UNLIMITED), ..at_once };
    let options = Options { clients, seed, edition: Edition::Enterprise, limits, ..Options::default() };
    Ok(Box::new(ZohoCrm::start(options).await?))
}

async fn start_zoho_desk(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    use zoho_desk::{Desk, Edition, Limits, Options};
    let limits = match limits {
        LimitsOf::Vendor => Limits { daily_credits: Some(UNLIMITED), ..Limits::default() },
        LimitsOf::Nobody => Limits::none(),
    };
    let options = Options { clients, seed, edition: Edition::Enterprise, limits, ..Options::default() };
    Ok(Box::new(Desk::start(options).await?))
}

async fn start_smart_crm(Seeded { clients, seed, limits }: Seeded) -> io::Result<Box<dyn StandIn>> {
    use smart_crm::{Limits, Options, SmartCrm};
    let limits = match limits {
        LimitsOf::Vendor => Limits { daily: UNLIMITED, ..Limits::default() },
        LimitsOf::Nobody => Limits::none(),
    };
    Ok(Box::new(SmartCrm::start(Options { clients, seed, limits, ..Options::default() }).await?))
}
