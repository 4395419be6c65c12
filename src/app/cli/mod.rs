//! The command line.
//!
//! | command | asks | exit |
//! | --- | --- | --- |
//! | `serve` | nobody; it is the service | 0, 2 refused or locked, 1 anything else |
//! | `demo` | a service of its own | 0, 1 |
//! | `check` | nobody; reads the configuration | 0, 2 |
//! | `explain` | the running service | 0 hit, 3 miss, 1 could not ask |
//! | `warm` | the running service | 0, 1 |
//! | `snapshot` | the running service | 0, 1 |
//! | `numbers` | the running service | 0, 1 |
//! | `journal` | the running service | 0, 1 |
//! | `pause`, `resume` | the running service | 0, 1 |
//! | `route` | the running service | 0, 2 the tried configuration would be refused, 1 |
//! | `reconcile` | the running service | 0, 1 |
//! | `scenario try` | the running service | 0, 2 the matrix is refused, 1 anything else |
//! | `crm setup` | the running service | 0, 1 something is missing or it could not ask |
//! | `completions` | nobody | 0 |
//!
//! Results go to standard output, everything else to standard error. What is asked of a running service goes through
//! its ops door, by `door`; nothing here reads a directory or a CRM.

mod arguments;
mod check;
mod crm;
mod demo;
mod door;
mod explain;
mod journal;
mod numbers;
mod pause;
mod reconcile;
mod route;
mod run;
mod scenario;
mod serve;
mod snapshot;
mod warm;

use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};

use self::arguments::{Arguments, Command};

/// How a command ended, as its exit code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Ending {
    /// Done; for `explain`, a hit.
    Good = 0,
    /// Not done.
    Failed = 1,
    /// The configuration is refused, or the data folder is held by another process.
    Refused = 2,
    /// `explain`: nobody is responsible.
    Miss = 3,
}

type Outcome = Result<Ending, Box<dyn Error>>;

/// Reads the arguments, does what they say, and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and version come this way too: clap knows which stream and which code each takes.
        Err(told) => {
            let _ = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(arguments.command) {
        Ok(ending) => ExitCode::from(ending as u8),
        Err(error) => {
            complain(error.as_ref());
            ExitCode::from(Ending::Failed as u8)
        }
    }
}

fn dispatch(command: Command) -> Outcome {
    match command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => asking(explain::run(arguments)),
        Command::Warm(arguments) => asking(warm::run(arguments)),
        Command::Snapshot(arguments) => asking(snapshot::run(arguments)),
        Command::Numbers(arguments) => asking(numbers::run(arguments)),
        Command::Journal(arguments) => asking(journal::run(arguments)),
        Command::Pause(arguments) => asking(pause::pause(arguments)),
        Command::Resume(arguments) => asking(pause::resume(arguments)),
        Command::Route(arguments) => asking(route::run(arguments)),
        Command::Reconcile(arguments) => asking(reconcile::run(arguments)),
        Command::Scenario(arguments) => asking(scenario::run(arguments)),
        Command::Crm(arguments) => asking(crm::run(arguments)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "predial", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Runs what asks a service, on this thread alone.
fn asking(question: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(question)
}

/// Writes a result to standard output.
fn print(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `predial … | head` has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ending::Good),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Ending::Good),
    }
}

/// Says something beside the result.
fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes an error and what caused it to standard error, a line each.
fn complain(error: &dyn Error) {
    let mut text = format!("predial: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    remark(&text);
}
