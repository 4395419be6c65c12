//! What is said of calls that are past.

use clap::Args;

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
