//! The main job on a fresh machine, with no account anywhere: stand-in CRMs, the service in front of them, calls placed
//! as Ringostat does, and what each CRM holds when they are over.

mod accounts;
mod calls;
mod following;
mod held;
mod stage;
mod telling;
mod told;

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use sandbox::pbx::Heard;

use self::{
    calls::{Call, Expected, calls},
    stage::Stage,
};
use super::StartError;

/// The project whose CRM never lets its lists be read.
const COLD: &str = "bistro";

/// How the demo runs.
#[derive(Debug, Clone, Copy)]
pub struct DemoOptions {
    /// Ends by itself when every call has been answered.
    pub once: bool,
    /// The telephone system's door.
    pub edge: SocketAddr,
    /// The operators' door.
    pub ops: SocketAddr,
}

/// Why the demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The service did not start.
    #[error("the service did not start")]
    Start(#[from] StartError),
    /// The operating system, or a stand-in.
    #[error("the demo's stage could not be set")]
    Stage(#[from] io::Error),
    /// The warm-up did not end in time.
    #[error("expected the warm-up to end within {} s, found it under way", .0.as_secs())]
    Cold(Duration),
    /// What was told was not written in time.
    #[error("expected the journal to be worked off within {} s, found {}", .0.as_secs(), .1)]
    Unwritten(Duration, String),
}

/// Shows the main job; `true` when every answer was the expected one and every CRM holds what it must.
///
/// # Errors
/// [`DemoError`] when it could not be shown at all.
///
/// # Cost
/// Blocks until it is over, or with `once` off until Ctrl-C: not for a runtime's thread.
pub fn run(options: DemoOptions) -> Result<bool, DemoError> {
    let mut out = io::stdout();
    writeln!(out, "Starting stand-ins of five CRMs and the service in front of them …")?;
    let began = Instant::now();
    let stage = Stage::set(options)?;
    writeln!(out, "edge=http://{} ops=http://{}\n", stage.edge(), stage.ops())?;
    tell_what_is_warm(&stage, began, &mut out)?;
    let calls = calls();
    let wrong = place_calls(&stage, &calls, &mut out)?;
    writeln!(out, "\nThe calls are over: their events are told and written …")?;
    let held = held::show(&stage, &stage.follow()?, &mut out)?;
    tell_the_crms(&stage, &mut out)?;
    conclude(&calls, wrong, &mut out)?;
    held::conclude(&held, &mut out)?;
    if !options.once {
        writeln!(out, "\nBoth doors stay open until Ctrl-C. Try:\n  {}", stage.sample_command())?;
        stage.wait_for_signal()?;
    }
    stage.strike()?;
    Ok(wrong == 0 && held.wrong == 0)
}

fn conclude(calls: &[Call], wrong: usize, out: &mut impl Write) -> io::Result<()> {
    match wrong {
        0 => writeln!(out, "\nAll {} answers were the expected ones.", calls.len()),
        wrong => writeln!(out, "\n{wrong} of {} answers were not the expected ones.", calls.len()),
    }
}

fn tell_what_is_warm(stage: &Stage, began: Instant, out: &mut impl Write) -> Result<(), DemoError> {
    for account in stage.accounts().iter().filter(|account| account.project != COLD) {
        let known = stage.warmed(account.project)?;
        writeln!(
            out,
            "Project {:<9} is warm: {} numbers of {} open records of {}, {:.1} s after the start.",
            account.project,
            known.numbers,
            known.records.values().sum::<usize>(),
            account.called,
            began.elapsed().as_secs_f64()
        )?;
    }
    writeln!(out, "Project {COLD:<9} stays cold: its CRM answers searches, and never its lists.\n")?;
    Ok(())
}

fn place_calls(stage: &Stage, calls: &[Call], out: &mut impl Write) -> Result<usize, DemoError> {
    writeln!(
        out,
        "{:<36} {:<8} {:<19} {:<20} {:<15} {:<12} {:<10} {:>9}",
        "what", "form", "caller", "block", "answer", "entity", "source", "time"
    )?;
    let mut wrong = 0;
    for call in calls {
        let heard = stage.place(call)?;
        let problem = call.judge(&heard);
        wrong += usize::from(problem.is_some());
        tell_the_call(call, &heard, out)?;
        if let Some(problem) = problem {
            writeln!(out, "    WRONG: {problem}")?;
        }
    }
    Ok(wrong)
}

fn tell_the_call(call: &Call, heard: &Heard, out: &mut impl Write) -> io::Result<()> {
    let answer = match call.destination_of(heard) {
        Ok(Some(destination)) => destination,
        Ok(None) => "– (next block)".to_owned(),
        Err(problem) => problem.to_string(),
    };
    let took = format!("{:.2} ms", heard.took.as_secs_f64() * 1_000.0);
    let header = |name| heard.header(name).unwrap_or("–").to_owned();
    writeln!(
        out,
        "{:<36} {:<8} {:<19} {:<20} {:<15} {:<12} {:<10} {:>9}",
        call.what,
        call.form.word(),
        call.caller,
        format!("{}/{}", call.project, call.block),
        answer,
        header("x-predial-entity"),
        header("x-predial-source"),
        took
    )
}

fn tell_the_crms(stage: &Stage, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    for account in stage.accounts() {
        let asked = account.crm.asked();
        let spent: u64 = asked.iter().map(|asked| asked.tokens).sum();
        let (project, called) = (account.project, account.called);
        writeln!(out, "{called} of {project} was asked {} times, for {spent} of its units.", asked.len())?;
    }
    Ok(())
}

impl Call {
    /// What is wrong with an answer; `None` when it is the expected one, in time.
    fn judge(&self, heard: &Heard) -> Option<String> {
        let Expected { destination, entity, source } = self.expected;
        let found = match self.destination_of(heard) {
            Ok(found) => found,
            Err(problem) => return Some(problem.to_string()),
        };
        if found.as_deref() != destination {
            return Some(format!("expected the destination {destination:?}, found {found:?}"));
        }
        if heard.header("x-predial-entity") != entity {
            return Some(format!("expected the entity {entity:?}, found {:?}", heard.header("x-predial-entity")));
        }
        if heard.header("x-predial-source") != Some(source) {
            return Some(format!("expected the source {source}, found {:?}", heard.header("x-predial-source")));
        }
        let limit = stage::DEADLINE + Duration::from_millis(50);
        (heard.took > limit).then(|| format!("expected an answer within {limit:?}, found {:?}", heard.took))
    }
}
