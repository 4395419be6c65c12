//! `sandbox smart-crm`: the stand-in for SMART CRM by itself.

use clap::Args;
use sandbox::smart_crm::{Limits, Options};

use super::Basic;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- smart-crm --port 9105 --clients 100000 --seed 7
  curl http://127.0.0.1:9105/sandbox/samples
  curl -X POST http://127.0.0.1:9105/sandbox/faults -d '{\"fault\": \"rate_limit\", \"how\": \"execution\", \"times\": 3}'
  curl -X POST http://127.0.0.1:9105/sandbox/change -d '{\"change\": \"reshape\", \"kind\": \"contact\"}'";

#[derive(Args)]
pub(crate) struct SmartCrmArgs {
    #[command(flatten)]
    basic: Basic,
    /// Without the vendor's limits.
    #[arg(long)]
    unlimited: bool,
    /// Requests a day.
    #[arg(long)]
    daily: Option<u64>,
    /// The application may not register webhooks.
    #[arg(long)]
    no_webhooks: bool,
}

impl From<SmartCrmArgs> for Options {
    fn from(args: SmartCrmArgs) -> Self {
        let SmartCrmArgs { basic, unlimited, daily, no_webhooks } = args;
        let Basic { port, clients, seed, speed } = basic;
        let mut limits = if unlimited { Limits::none() } else { Limits::default() };
        limits.daily = daily.unwrap_or(limits.daily);
        Self { port, clients, seed, speed, may_register: !no_webhooks, limits, ..Self::default() }
    }
}
