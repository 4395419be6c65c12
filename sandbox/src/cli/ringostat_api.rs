//! `sandbox ringostat-api`: the stand-in for Ringostat's own API by itself.

use clap::Args;
use sandbox::ringostat_api::Options;

pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo run -p sandbox -- ringostat-api --port 9110
  curl -H 'auth-key: sandbox-ringostat-key' http://127.0.0.1:9110/api/json-rpc \\
       -d '{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"getProjectStaffListAndDirections\", \"params\": {\"projectId\": 110070}}'
  curl -X POST http://127.0.0.1:9110/sandbox/change -d '{\"change\": \"remove\", \"staff_id\": 348104}'
  curl -X POST http://127.0.0.1:9110/sandbox/faults -d '{\"fault\": \"oddity\", \"how\": \"nobody\"}'";

#[derive(Args)]
pub(crate) struct RingostatApiArgs {
    /// The port on loopback; 0 takes any.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The key that is accepted.
    #[arg(long, default_value = "sandbox-ringostat-key")]
    auth_key: String,
    /// The id of the project.
    #[arg(long, default_value_t = 110_070)]
    project_id: u64,
}

impl From<RingostatApiArgs> for Options {
    fn from(args: RingostatApiArgs) -> Self {
        let RingostatApiArgs { port, auth_key, project_id } = args;
        Self { port, auth_key, project_id, ..Self::default() }
    }
}
