//! What may stand behind `predial route`.

use clap::{Args, Subcommand};

use crate::app::cli::arguments::DoorArguments;

#[derive(Debug, Args)]
pub(in crate::app::cli) struct RouteArguments {
    #[command(subcommand)]
    pub(super) command: RouteCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RouteCommand {
    /// Erase what calls were answered: those of one number, or all of the project's
    #[command(after_help = "Example:\n  predial route forget --project acme --caller +380671112233\n\n\
        The bytes are overwritten. A project that has left the configuration can be erased as a whole.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Forget(ForgetArguments),
}

#[derive(Debug, Args)]
pub(super) struct ForgetArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// The caller's number, in any form a telephone system may send; without it, all of the project's
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(super) caller: Option<String>,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}
