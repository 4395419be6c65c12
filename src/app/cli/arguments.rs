//! What may stand on the command line.

mod calls;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(super) use self::calls::{ReconcileArguments, ScenarioArguments, ScenarioCommand};
use super::route::RouteArguments;
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
    /// Look into what happened in calls and what was written of it; try entries again, or decide that they are not to be
    #[command(after_help = "Example:\n  predial journal list --project acme --state dead\n  \
        predial journal show --id 17\n  predial journal retry --state dead --project acme\n\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Journal(JournalArguments),
    /// Turn a project's writing to its CRM off: what is told of calls is stored meanwhile, calls are answered as ever
    #[command(after_help = "Example:\n  predial pause --project acme --reason \"the CRM is being moved\"\n\n\
        Exit: 0 when it is off, 1 otherwise.")]
    Pause(PauseArguments),
    /// Turn a project's writing to its CRM on again
    #[command(after_help = "Example:\n  predial resume --project acme --send-stored\n\n\
        Of what was stored meanwhile, that of today and the two days before is sent, in the project's time zone.\n\
        Older entries stay stored: predial journal retry sends them.\n\
        Exit: 0 when it is on, 1 otherwise.")]
    Resume(ResumeArguments),
    /// Try past calls with a changed configuration, or erase what is recorded of them
    #[command(after_help = "Example:\n  predial route try --project acme --since 7d --config changed\n\n\
        Exit: 0 when it was done, 2 when the configuration would be refused, 1 otherwise.")]
    Route(RouteArguments),
    /// Read calls whose events were lost from the telephone system's own list, and write them as if they had been told
    #[command(
        after_help = "Example:\n  predial reconcile --project acme --from 2026-11-20 --to \"2026-11-21 12:00\"\n\n\
        Times with an offset, or by the project's clock; a date alone is all of that day. What was told is known by the \
        call's id and is not written twice; the project's retention_days is as far back as that can be told.\n\
        Interrupting this command does not stop the run.\n\
        Exit: 0 when all of it was read, 1 otherwise."
    )]
    Reconcile(ReconcileArguments),
    /// Look at what a changed matrix would do
    #[command(after_help = "Example:\n  predial scenario try --project acme --since 7d --matrix pipedrive.toml\n\n\
        Exit: 0 when it was done, 2 when the matrix is refused, 1 otherwise.")]
    Scenario(ScenarioArguments),
    /// Look after a project's CRM
    #[command(after_help = "Example:\n  predial crm setup --project acme --create\n\n\
        Exit: 0 when nothing is missing, 1 otherwise.")]
    Crm(CrmArguments),
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

#[derive(Debug, Args)]
pub(super) struct JournalArguments {
    #[command(subcommand)]
    pub(super) command: JournalCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum JournalCommand {
    /// Print entries, newest first
    #[command(after_help = "Example:\n  predial journal list --project acme --state dead --limit 20\n\n\
        Where there are more, the line after the table says which --after shows them.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    List(JournalListArguments),
    /// Print one entry: what was told, how the call was judged, and each step with what became of it
    #[command(after_help = "Example:\n  predial journal show --id 17\n\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Show(JournalEntryArguments),
    /// Try an entry again, or all that are in a state: dead, dropped, stored or later
    #[command(after_help = "Example:\n  predial journal retry --id 17\n  \
        predial journal retry --state dead --project acme\n\n\
        What is done stays done; only what is left of an entry is tried.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Retry(JournalRetryArguments),
    /// Decide that an entry is not to be done (any more)
    #[command(after_help = "Example:\n  predial journal drop --id 17\n\n\
        predial journal retry takes this back. One that a worker is at is refused: ask again when that has ended.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Drop(JournalEntryArguments),
}

#[derive(Debug, Args)]
pub(super) struct JournalListArguments {
    /// Only this project's
    #[arg(long)]
    pub(super) project: Option<String>,
    /// Only those in this state: received, planned, leased, later, done, dead, stored, unreadable, dropped
    #[arg(long)]
    pub(super) state: Option<String>,
    /// So many at most, up to 1000
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(super) limit: u32,
    /// Only those that came before this one
    #[arg(long, value_name = "ID")]
    pub(super) after: Option<String>,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct JournalEntryArguments {
    /// The entry's number, as the list and the answer to the telephone system tell it
    #[arg(long)]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
#[group(id = "which", args = ["id", "state"], required = true, multiple = false)]
pub(super) struct JournalRetryArguments {
    /// One entry, by its number
    #[arg(long)]
    pub(super) id: Option<String>,
    /// All that are in this state: dead, dropped, stored or later
    #[arg(long)]
    pub(super) state: Option<String>,
    /// With --state: only this project's
    #[arg(long, requires = "state", conflicts_with = "id")]
    pub(super) project: Option<String>,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct PauseArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// Why, for whoever looks at the project meanwhile
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// Send what was stored meanwhile; without this and --keep-stored, as resend_after_pause of the project says
    #[arg(long, conflicts_with = "keep_stored")]
    pub(super) send_stored: bool,
    /// Send nothing of what was stored meanwhile
    #[arg(long)]
    pub(super) keep_stored: bool,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

#[derive(Debug, Args)]
pub(super) struct CrmArguments {
    #[command(subcommand)]
    pub(super) command: CrmCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum CrmCommand {
    /// Print which fields of [crm.fields] the CRM has; make those that are missing
    #[command(after_help = "Example:\n  predial crm setup --project acme --create\n\n\
        A field that the vendor's API cannot make has to be made in the CRM by hand; the table says so.\n\
        Exit: 0 when nothing is missing, 1 otherwise.")]
    Setup {
        /// The project, named as its file in projects/
        #[arg(long)]
        project: String,
        /// Make those that are missing, where the vendor's API can
        #[arg(long)]
        create: bool,
        #[command(flatten)]
        door: DoorArguments,
    },
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
            let name = sub.get_name().to_owned();
            for inner in sub.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
                let help = inner.render_help().to_string();
                assert!(help.contains(&format!("Example:\n  predial {name} {}", inner.get_name())), "{help}");
            }
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let line = ["predial", "warm", "--project", "acme", "--ops-token", "s3cret"];
        let arguments = Arguments::try_parse_from(line).expect("arguments");
        assert!(!format!("{arguments:?}").contains("s3cret"));
    }

    #[test]
    fn what_excludes_itself_is_refused() {
        for line in [
            "journal retry",
            "journal retry --project acme",
            "journal retry --id 1 --state dead",
            "journal retry --id 1 --project acme",
            "journal show",
            "resume --project acme --send-stored --keep-stored",
        ] {
            assert!(Arguments::try_parse_from(["predial"].into_iter().chain(line.split(' '))).is_err(), "{line}");
        }
        for line in ["journal retry --state dead", "journal retry --state dead --project acme", "journal retry --id 1"]
        {
            assert!(Arguments::try_parse_from(["predial"].into_iter().chain(line.split(' '))).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_number_may_begin_with_a_hyphen_or_a_plus() {
        for caller in ["+380671112233", "-1"] {
            let line = ["predial", "explain", "--project", "acme", "--block", "sales", "--caller", caller];
            assert!(Arguments::try_parse_from(line).is_ok(), "{caller}");
        }
    }
}
