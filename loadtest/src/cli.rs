//! The command line.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    bare, baseline,
    baseline::Tolerance,
    case::{Case, choose},
    crm,
    failed::whole,
    report::{Report, say, tell},
    session::{Means, run},
};

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p loadtest -- compare          the service beside a bare hyper server
  cargo run --release -p loadtest -- steady crm-down  two cases, one after the other
  cargo run --release -p loadtest -- all --quick      every case in its short form, for CI
  cargo run --release -p loadtest -- diff             the newest reports beside the base lines
  cargo run --release -p loadtest -- compare 2>/dev/null | jq .ratio_rps

Each case prints a table (standard error) and one line of JSON per variant (standard output), and is kept whole under
the reports' folder. Exit code: 0 all bounds hold, 1 a bound was missed, 2 a case could not be run.";

/// Load cases: what holds under load, with bounds.
#[derive(Debug, Parser)]
#[command(name = "loadtest", after_help = EXAMPLES)]
pub struct Arguments {
    /// Cases by name (the files of the cases' folder), `all`, or `diff` with the cases to compare.
    #[arg(required = true, value_name = "CASE")]
    pub names: Vec<String>,
    /// The short form: fewer pairs, seconds and numbers, the same bounds. Not a measure of anything.
    #[arg(long)]
    pub quick: bool,
    /// Only this variant of the cases; may be given again. Not kept.
    #[arg(long, value_name = "NAME", conflicts_with = "save_baseline")]
    pub variant: Vec<String>,
    /// Only the bare servers of a `compare` case: what the machine and the harness give; bounds nothing. Not kept.
    #[arg(long, conflicts_with = "save_baseline")]
    pub bare_only: bool,
    /// Keeps the result as the case's base line, where every bound holds.
    #[arg(long, conflicts_with = "quick")]
    pub save_baseline: bool,
    /// The folder of the cases and base lines.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR")))]
    pub folder: PathBuf,
    /// Where results are kept.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
}

impl Arguments {
    /// Whether the cases are run with all that they are made of: only then is a result kept.
    const fn is_whole(&self) -> bool {
        !self.bare_only && self.variant.is_empty()
    }
}

/// What goes wrong before any figure.
type Ending = Result<ExitCode, Box<dyn std::error::Error>>;

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let ending = match words.next() {
        // The harness's own children; not for people, so not in the help.
        Some(word) if word == "bare" => child(words.next(), bare::serve),
        Some(word) if word == "crm" => child(words.next(), crm::serve),
        _ => load(&Arguments::parse()),
    };
    ending.unwrap_or_else(|error| {
        tell(&format!("error: {}", whole(error.as_ref())));
        ExitCode::from(2)
    })
}

fn child(orders: Option<OsString>, serve: fn(&Path) -> std::io::Result<()>) -> Ending {
    let orders = orders.ok_or("expected the file with the child's orders, found nothing")?;
    serve(Path::new(&orders))?;
    Ok(ExitCode::SUCCESS)
}

fn load(arguments: &Arguments) -> Ending {
    let cases = Case::read_all(&arguments.folder.join("cases"))?;
    if let Some(at) = arguments.names.iter().position(|name| name == "diff") {
        let names: Vec<_> = arguments.names.iter().enumerate().filter(|(place, _)| *place != at).collect();
        let names: Vec<_> = names.into_iter().map(|(_, name)| name.clone()).collect();
        return diff(arguments, &choose(&cases, &names)?);
    }
    if cfg!(debug_assertions) {
        tell("This is a debug build: its figures mean nothing. Use cargo run --release.");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut held = true;
    for case in choose(&cases, &arguments.names)? {
        let case = if arguments.quick { case.shortened() } else { case }.with_variants(&arguments.variant)?;
        let means = Means { quick: arguments.quick, bare_only: arguments.bare_only };
        let report = runtime.block_on(run(&case, means))?;
        held &= report.missed.is_empty();
        show(&report, arguments)?;
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &Report, arguments: &Arguments) -> std::io::Result<()> {
    let form = if report.quick { " (quick: fewer pairs, seconds and numbers; not a measure)" } else { "" };
    tell(&format!("\n{}{form}, on {}\n{}", report.case, report.machine, report.text));
    for line in &report.lines {
        say(&serde_json::to_string(line)?)?;
    }
    for what in &report.missed {
        tell(&format!("MISSED {what}"));
    }
    if arguments.is_whole() {
        tell(&format!("kept as {}", report.keep(&arguments.reports)?.display()));
    }
    if arguments.save_baseline && report.missed.is_empty() {
        let path = arguments.folder.join("baselines").join(format!("{}.json", report.case));
        report.write(&path)?;
        tell(&format!("base line {}", path.display()));
    }
    Ok(())
}

fn diff(arguments: &Arguments, only: &[Case]) -> Ending {
    let folder = arguments.folder.join("baselines");
    let tolerance = Tolerance::read(&folder)?;
    let mut bases = Report::read_all(&folder)?;
    bases.retain(|base| only.is_empty() || only.iter().any(|case| case.name == base.case));
    bases.sort_by(|one, other| one.case.cmp(&other.case));
    if bases.is_empty() {
        return Err(format!("expected base lines in {}, found none", folder.display()).into());
    }
    let reports = Report::read_all(&arguments.reports)?;
    let mut held = true;
    for base in &bases {
        let Some(now) = baseline::newest(&reports, &base.case) else {
            tell(&format!("{}: expected a full report in {}, found none", base.case, arguments.reports.display()));
            held = false;
            continue;
        };
        if base.machine != now.machine {
            tell(&format!("{}: measured on another machine than its base line; only ratios are compared", base.case));
        }
        match baseline::compare(base, now, tolerance) {
            Ok(changes) => {
                for change in changes {
                    held &= !change.worse;
                    tell(&change.to_string());
                }
            }
            Err(gone) => {
                held = false;
                tell(&format!("gone: {}", gone.join(", ")));
            }
        }
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
