//! What may stand behind `predial route`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use crate::app::cli::arguments::DoorArguments;

#[derive(Debug, Args)]
pub(in crate::app::cli) struct RouteArguments {
    #[command(subcommand)]
    pub(super) command: RouteCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RouteCommand {
    /// Tell which past calls a changed configuration would answer otherwise, and why; nothing is put in force
    #[command(after_help = "Example:\n  predial route try --project acme --since 7d --config changed\n\n\
        Answers from memory, under the configuration in force and under the changed one; no CRM is asked.\n\
        Without --config: the configuration folder of the running service, as it stands on disk and is not reloaded yet.\n\
        With it: DIR/projects/P.toml in the place of that folder's. Secrets stay where the service runs.\n\
        Exit: 0 when it was done, 2 when the configuration would be refused (every problem is printed), 1 otherwise.")]
    Try(TryArguments),
    /// Erase what calls were answered: those of one number, or all of the project's
    #[command(after_help = "Example:\n  predial route forget --project acme --caller +380671112233\n\n\
        The bytes are overwritten. A project that has left the configuration can be erased as a whole.\n\
        Exit: 0 when it was done, 1 otherwise.")]
    Forget(ForgetArguments),
}

#[derive(Debug, Args)]
pub(super) struct TryArguments {
    /// The project, named as its file in projects/
    #[arg(long)]
    pub(super) project: String,
    /// How far back: 7d, 12h, 30m
    #[arg(long, value_name = "TIME", value_parser = ago)]
    pub(super) since: Duration,
    /// A configuration folder on this machine, whose projects/P.toml is tried
    #[arg(long, value_name = "DIR")]
    pub(super) config: Option<PathBuf>,
    /// Print whole numbers; without it, they are masked
    #[arg(long)]
    pub(super) numbers: bool,
    /// So many differences at most, up to 10000; all are counted
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(super) limit: usize,
    #[command(flatten)]
    pub(super) door: DoorArguments,
}

/// A time back from now.
fn ago(text: &str) -> Result<Duration, String> {
    let expected = || format!("expected a time such as 7d, 12h or 30m, found {text:?}");
    let span: jiff::Span = text.parse().map_err(|_| expected())?;
    let whole = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| expected())?;
    Duration::try_from(whole).map_err(|_| expected())
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::ago;

    #[test]
    fn a_time_back_is_days_hours_or_minutes_and_no_date() {
        for (text, hours) in [("7d", 168), ("12h", 12), ("1w", 168), ("1d 6h", 30)] {
            assert_eq!(ago(text), Ok(Duration::from_secs(hours * 3_600)), "{text}");
        }
        for text in ["", "7", "-7d", "2026-11-28", "1y", "yesterday"] {
            assert!(ago(text).is_err(), "{text}");
        }
    }
}
