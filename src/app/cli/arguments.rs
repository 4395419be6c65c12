//! What may stand on the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::base::secret::Secret;

/// Answers who is responsible for a caller, before the dial.
#[derive(Debug, Parser)]
#[command(name = "predial", version, about, arg_required_else_help = true)]
#[command(after_help = "Example:\n  predial check --config config && predial serve --config config")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Answer the telephone system, until SIGTERM; SIGHUP reads the configuration again
    #[command(after_help = "Example:\n  predial serve --config config --data data\n\n\
        Prints one line, edge=http://… ops=http://…, once both doors are open.\n\
        Exit: 0 after SIGTERM, 2 when the configuration is refused or another process holds the data \
        folder, 1 when something else is in the way.")]
    Serve(ServeArguments),
    /// Show the main job on a fresh machine: stand-in CRMs, the service before them, calls and their answers
    #[command(after_help = "Example:\n  predial demo --once\n\n\
        Needs no account and no network. Exit: 0 when every answer was the expected one, 1 otherwise.")]
    Demo(DemoArguments),
    /// Read the whole configuration, connect to nothing, and list every problem as file:row: reason
    #[command(after_help = "Example:\n  predial check --config config\n\n\
        Exit: 0 when serve would take it, 2 when there are problems.")]
    Check(CheckArguments),
    /// Tell how a call would be answered: the walk for a number, by the running service
    #[command(after_help = "Example:\n  predial explain --project acme --block sales --caller +380671112233\n\n\
        Exit: 0 when somebody is responsible, 3 when nobody is, 1 when the service could not be asked.")]
    Explain(ExplainArguments),
    /// Fill a project's memory from its CRM and show how far it is; follows a warm-up that is under way
    #[command(after_help = "Example:\n  predial warm --project acme --full\n\n\
        Interrupting this command does not stop the warm-up; asked again, it goes on showing it.\n\
        Exit: 0 when the warm-up ended well, 1 otherwise.")]
    Warm(WarmArguments),
    /// List the generations of a project's memory on disk, or put one of them in force
    #[command(after_help = "Example:\n  predial snapshot list --project acme\n  \
        predial snapshot rollback --project acme --at 20261121T033000.123Z\n\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Snapshot(SnapshotArguments),
    /// Print the numbers of a project's CRM that could not be read, as CSV: kind, id, text, why
    #[command(after_help = "Example:\n  predial numbers --project acme > wrong-numbers.csv\n\n\
        Texts that a spreadsheet would take for a formula begin with an apostrophe.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Numbers(NumbersArguments),
    /// Print a shell's completions to standard output
    #[command(after_help = "Example:\n  predial completions bash > /etc/bash_completion.d/predial")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The folder of default.toml and projects/
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub(super) config: PathBuf,
}

/// The service's doors and folders.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    pub(super) config: CheckArguments,
    /// The telephone system's door, over edge.listen; port 0 = any
    #[arg(long, value_name = "ADDR")]
    pub(super) edge: Option<SocketAddr>,
    /// The operators' door, over ops.listen; port 0 = any
    #[arg(long, value_name = "ADDR")]
    pub(super) ops: Option<SocketAddr>,
    /// The folder of the service's files, over data.dir
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

/// The demo's doors.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct DemoArguments {
    /// End by itself when every call has been answered
    #[arg(long)]
    pub(super) once: bool,
    /// The telephone system's door; port 0 = any
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(super) edge: SocketAddr,
    /// The operators' door; port 0 = any
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(super) ops: SocketAddr,
}

/// Where a running service is asked.
#[derive(Debug, Args)]
pub(super) struct DoorArguments {
    /// The running service's ops door
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    pub(super) ops: String,
    /// The ops door's token; better by the environment, where other users do not see it
    #[arg(long, value_name = "TOKEN", env = "PREDIAL_OPS_TOKEN", hide_env_values = true, value_parser = secret)]
    pub(super) ops_token: Option<Secret>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// The block of the project whose priority is walked
    #[arg(long)]
    pub(super) block: String,
    /// The caller's number, in any form a telephone system may send
    #[arg(long, allow_hyphen_values = true)]
    pub(super) caller: String,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct WarmArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// Read everything; without it, what changed since the last time
    #[arg(long)]
    pub(super) full: bool,
    /// Accept a result that shrinks the memory more than the guard allows
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct SnapshotArguments {
    #[command(subcommand)]
    pub(super) command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum SnapshotCommand {
    /// Print the generations, newest first
    #[command(after_help = "Example:\n  predial snapshot list --project acme")]
    List {
        /// The project, named as its file in projects/
        #[arg(long)]
        project: String,
        #[command(flatten)]
        door: DoorArguments,
    },
    /// Put a generation in force; what was in force becomes a generation first, so that this can be undone
    #[command(after_help = "Example:\n  predial snapshot rollback --project acme --at 2026-11-21T03:30:00Z\n\n\
        Changes since that generation are read from the CRM again; a record deleted since shows until the next full crawl.")]
    Rollback {
        /// The project, named as its file in projects/
        #[arg(long)]
        project: String,
        /// A generation's name, or a time: the newest made until then; without it, the newest there is
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        door: DoorArguments,
    },
}

#[derive(Debug, Args)]
pub(super) struct NumbersArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[expect(clippy::unnecessary_wraps, reason = "clap's value parsers are fallible")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_by_an_example() {
        let mut command = Arguments::command();
        command.build();
        for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
            let help = sub.render_help().to_string();
            assert!(help.contains(&format!("Example:\n  predial {}", sub.get_name())), "{help}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let line = ["predial", "warm", "--project", "acme", "--ops-token", "s3cret"];
        let arguments = Arguments::try_parse_from(line).expect("arguments");
        assert!(!format!("{arguments:?}").contains("s3cret"));
    }

    #[test]
    fn a_number_may_begin_with_a_hyphen_or_a_plus() {
        for caller in ["+380671112233", "-1"] {
            let line = ["predial", "explain", "--project", "acme", "--block", "sales", "--caller", caller];
            assert!(Arguments::try_parse_from(line).is_ok(), "{caller}");
        }
    }
}
