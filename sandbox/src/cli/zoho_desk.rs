//! `sandbox zoho-desk`: the stand-in for Zoho Desk by itself.

use clap::{Args, ValueEnum};
use sandbox::zoho_desk::{Edition, Limits, Options};

use super::Basic;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- zoho-desk --port 9130 --clients 100000 --seed 7
  curl -d 'grant_type=refresh_token&client_id=sandbox-client&client_secret=sandbox-secret&refresh_token=sandbox-refresh' \\
       http://127.0.0.1:9130/oauth/v2/token
  curl -H 'authorization: Zoho-oauthtoken 1000.sandbox-00000001' -H 'orgId: 60001280952' \\
       'http://127.0.0.1:9130/api/v1/contacts/search?phone=%2B380442001001'
  curl http://127.0.0.1:9130/sandbox/samples
  curl -X POST http://127.0.0.1:9130/sandbox/neutral \\
       -d '{\"change\": \"close\", \"entity\": {\"kind\": \"ticket\", \"id\": \"217301000500000003\"}}'";

#[derive(Args)]
pub(crate) struct ZohoDeskArgs {
    #[command(flatten)]
    basic: Basic,
    /// The portal's id.
    #[arg(long, default_value_t = sandbox::zoho_desk::ORG_ID)]
    org_id: u64,
    /// The customer's edition: credits a day, requests at once, webhooks.
    #[arg(long, value_enum, default_value = "professional")]
    edition: EditionWord,
    /// The customer's agents; credits a day are a base and so many for each.
    #[arg(long, default_value_t = 5)]
    agents: u64,
    /// Credits a day, whatever edition and agents say.
    #[arg(long)]
    daily_credits: Option<u64>,
    /// No limit that anybody would meet.
    #[arg(long)]
    unlimited: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum EditionWord {
    Free,
    Express,
    Standard,
    Professional,
    Enterprise,
}

impl From<ZohoDeskArgs> for Options {
    fn from(args: ZohoDeskArgs) -> Self {
        let ZohoDeskArgs { basic, org_id, edition, agents, daily_credits, unlimited } = args;
        let Basic { port, clients, seed, speed } = basic;
        let edition = match edition {
            EditionWord::Free => Edition::Free,
            EditionWord::Express => Edition::Express,
            EditionWord::Standard => Edition::Standard,
            EditionWord::Professional => Edition::Professional,
            EditionWord::Enterprise => Edition::Enterprise,
        };
        let mut options = Self { port, clients, seed, speed, org_id, edition, agents, ..Self::default() };
        if unlimited {
            options.limits = Limits { index_lag: options.limits.index_lag, ..Limits::none() };
        }
        options.limits.daily_credits = daily_credits.or(options.limits.daily_credits);
        options
    }
}
