//! `sandbox zoho-crm`: the stand-in for Zoho CRM by itself.

use clap::{Args, ValueEnum};
use sandbox::zoho_crm::{Edition, Options};

use super::Basic;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- zoho-crm --port 9101 --clients 100000 --seed 7
  curl http://127.0.0.1:9101/sandbox/samples
  curl 'http://127.0.0.1:9101/oauth/v2/token' -d 'grant_type=refresh_token&refresh_token=sandbox-refresh' \\
       -d 'client_id=sandbox-client&client_secret=sandbox-secret'
  curl -H 'authorization: Zoho-oauthtoken TOKEN' http://127.0.0.1:9101/crm/v8/coql \\
       -d '{\"select_query\": \"select id, Phone from Contacts where id is not null limit 2\"}'
  curl -X POST http://127.0.0.1:9101/sandbox/faults -d '{\"fault\": \"rate_limit\", \"how\": \"at-once\", \"times\": 3}'";

#[derive(Args)]
pub(crate) struct ZohoCrmArgs {
    #[command(flatten)]
    basic: Basic,
    /// The customer's edition: credits in any 24 hours, requests at once.
    #[arg(long, value_enum, default_value = "standard")]
    edition: EditionWord,
    /// Credits in any 24 hours, whatever the edition.
    #[arg(long)]
    credits: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum EditionWord {
    Free,
    Standard,
    Professional,
    Enterprise,
}

impl From<ZohoCrmArgs> for Options {
    fn from(args: ZohoCrmArgs) -> Self {
        let ZohoCrmArgs { basic, edition, credits } = args;
        let Basic { port, clients, seed, speed } = basic;
        let edition = match edition {
            EditionWord::Free => Edition::Free,
            EditionWord::Standard => Edition::Standard,
            EditionWord::Professional => Edition::Professional,
            EditionWord::Enterprise => Edition::Enterprise,
        };
        let mut options = Self { port, clients, seed, speed, edition, ..Self::default() };
        options.limits.credits = credits;
        options
    }
}
