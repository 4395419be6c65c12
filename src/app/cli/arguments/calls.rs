//! What is said of calls that are past.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DoorArguments;

#[derive(Debug, Args)]
pub(in crate::app::cli) struct ReconcileArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(in crate::app::cli) project: String,
    /// Calls that began at this time or later
    #[arg(long, value_name = "TIME")]
    pub(in crate::app::cli) from: String,
    /// Calls that began at this time or earlier
    #[arg(long, value_name = "TIME")]
    pub(in crate::app::cli) to: String,
    #[command(flatten)]
    pub(in crate::app::cli) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(in crate::app::cli) struct ScenarioArguments {
    #[command(subcommand)]
    pub(in crate::app::cli) command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::app::cli) enum ScenarioCommand {
    /// Run past calls through a changed matrix and print what it would have done otherwise; touches no CRM
    #[command(after_help = "Example:\n  predial scenario try --project acme --since 7d\n  \
        predial scenario try --project acme --since 12h --matrix pipedrive.toml\n\n\
        A line for each call that differs, then how many calls each pair of rows decided. What the project switches \
        off, changes and adds goes with either matrix.\n\
        Exit: 0 when it was done, 2 when the matrix is refused, 1 otherwise.")]
    Try {
        /// The project, named as its file in projects/
        #[arg(long)]
        project: String,
        /// Calls that came so long ago or later: 7d, 12h, 30m; or a time
        #[arg(long, value_name = "TIME")]
        since: String,
        /// A matrix's file; without it, what lies in the service's configuration folder now
        #[arg(long, value_name = "FILE")]
        matrix: Option<PathBuf>,
        #[command(flatten)]
        door: DoorArguments,
    },
}
