//! `sandbox pipedrive`: the stand-in for Pipedrive by itself.

use clap::{Args, ValueEnum};
use sandbox::pipedrive::{Options, Plan};

use super::Basic;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- pipedrive --port 9100 --clients 100000 --seed 7
  curl -H 'x-api-token: sandbox-token' 'http://127.0.0.1:9100/api/v2/persons?limit=2'
  curl http://127.0.0.1:9100/sandbox/samples
  curl -X POST http://127.0.0.1:9100/sandbox/faults -d '{\"fault\": \"hang\", \"path\": \"/api/v2\", \"times\": 3}'
  curl -X DELETE http://127.0.0.1:9100/sandbox/faults
  curl -X POST http://127.0.0.1:9100/sandbox/change \\
       -d '{\"change\": \"set_owner\", \"item\": {\"kind\": \"person\", \"id\": 1}, \"owner_id\": 102}'";

#[derive(Args)]
pub(crate) struct PipedriveArgs {
    #[command(flatten)]
    basic: Basic,
    /// The API token that is accepted.
    #[arg(long, default_value = "sandbox-token")]
    token: String,
    /// The customer's plan: burst limits and tokens a day.
    #[arg(long, value_enum, default_value = "growth")]
    plan: PlanWord,
    /// The customer's seats; tokens a day are 30,000 x plan x seats.
    #[arg(long, default_value_t = 5)]
    seats: u64,
    /// Tokens a day, whatever plan and seats say.
    #[arg(long)]
    daily_tokens: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PlanWord {
    Lite,
    Growth,
    Premium,
    Ultimate,
}

impl From<PipedriveArgs> for Options {
    fn from(args: PipedriveArgs) -> Self {
        let PipedriveArgs { basic, token, plan, seats, daily_tokens } = args;
        let Basic { port, clients, seed, speed } = basic;
        let plan = match plan {
            PlanWord::Lite => Plan::Lite,
            PlanWord::Growth => Plan::Growth,
            PlanWord::Premium => Plan::Premium,
            PlanWord::Ultimate => Plan::Ultimate,
        };
        let mut options = Self { port, clients, seed, speed, api_token: token, plan, seats, ..Self::default() };
        options.limits.daily_tokens = daily_tokens;
        options
    }
}
