//! `sandbox hubspot`: the stand-in for HubSpot by itself.

use clap::Args;
use sandbox::hubspot::{Limits, Options};

use super::Basic;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- hubspot --port 9100 --clients 100000 --seed 7
  curl -H 'authorization: Bearer sandbox-token' 'http://127.0.0.1:9100/crm/objects/2026-03/contacts?limit=2'
  curl http://127.0.0.1:9100/sandbox/samples
  curl -X POST http://127.0.0.1:9100/sandbox/faults -d '{\"fault\": \"rate_limit\", \"how\": \"secondly\", \"times\": 3}'
  curl -X POST http://127.0.0.1:9100/sandbox/change \\
       -d '{\"change\": \"set_owner\", \"item\": {\"kind\": \"contact\", \"id\": 1}, \"owner_id\": 102}'
  curl -X POST http://127.0.0.1:9100/sandbox/change \\
       -d '{\"change\": \"tell_at\", \"url\": \"http://127.0.0.1:8080/acme/crm-changes?token=secret\"}'";

#[derive(Args)]
pub(crate) struct HubspotArgs {
    #[command(flatten)]
    basic: Basic,
    /// The private app's token that is accepted.
    #[arg(long, default_value = "sandbox-token")]
    token: String,
    /// The account's requests a day.
    #[arg(long)]
    daily: Option<u64>,
    /// No limit of requests, searches or the day.
    #[arg(long)]
    unlimited: bool,
    /// The customer's plan has no leads.
    #[arg(long)]
    without_leads: bool,
}

impl From<HubspotArgs> for Options {
    fn from(args: HubspotArgs) -> Self {
        let HubspotArgs { basic, token, daily, unlimited, without_leads } = args;
        let Basic { port, clients, seed, speed } = basic;
        let mut limits = if unlimited { Limits::unlimited() } else { Limits::default() };
        limits.daily = daily.unwrap_or(limits.daily);
        Self { port, clients, seed, speed, token, leads: !without_leads, limits, ..Self::default() }
    }
}
