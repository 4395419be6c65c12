//! The same load on one server, or on several in turn in one run: what the machine does meanwhile it does to all.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    answer::Key,
    case::{Case, CrmState, Variant},
    connection::Door,
    figures::Figures,
    machine::{Processors, cpu_of},
    process::Process,
    question::{Book, Mix, Wire},
    report::{Row, tell},
    run::Run,
    tally::Tally,
};

/// How long past the deadline an answer is in time: CONTRACT's promise.
pub const GRACE: Duration = Duration::from_millis(50);
/// How long past the deadline the harness waits before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);

/// A server that is measured.
#[derive(Debug)]
pub struct Server<'a> {
    /// How the table calls it.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// Path and query up to the token.
    pub path: &'a str,
    /// Its process.
    pub process: &'a Process,
    /// What it must answer.
    pub answers: Answers<'a>,
}

/// What a server must answer.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// Always this body.
    Fixed(&'a str),
    /// A JSON object with the destination in this field.
    Json(&'a str),
    /// A redirection for everybody.
    Moved,
}

/// What was measured of one server under one load, a tally per pair.
#[derive(Debug)]
pub struct Measured {
    server: &'static str,
    runs: Vec<Tally>,
    server_cpu: Duration,
    harness_cpu: Duration,
    processors: Processors,
}

/// Runs `variant` on each of `servers` in turn, as often as the case says.
///
/// The servers take turns at being first: whoever comes after a rest has an advantage.
///
/// # Errors
/// Those of the operating system.
pub fn measure(case: &Case, variant: &Variant, servers: &[Server<'_>], book: &Arc<Book>) -> io::Result<Vec<Measured>> {
    let load = Load::new(case, variant, book);
    let mut all: Vec<_> = servers.iter().map(|server| Measured::of(server.name, Vec::new())).collect();
    for pair in 0..case.pairs {
        for turn in 0..servers.len() {
            let at = (turn + pair) % servers.len();
            load.on(&servers[at], pair, &mut all[at])?;
        }
    }
    Ok(all)
}

/// A variant's load, the same for whomever it is put on.
#[derive(Debug)]
pub struct Load<'a> {
    case: &'a Case,
    variant: &'a Variant,
    mix: Mix,
    seed: u64,
}

impl<'a> Load<'a> {
    /// The load of a variant with the numbers of `book`.
    #[must_use]
    pub fn new(case: &'a Case, variant: &'a Variant, book: &Arc<Book>) -> Self {
        let mix = Mix {
            book: Arc::clone(book),
            known_percent: variant.known_percent,
            strangers: variant.strangers,
            may_miss: variant.crm == CrmState::Unread,
        };
        // Each variant asks others: what the one before has left in memory would answer for it.
        let place = case.variants.iter().position(|other| other.name == variant.name).unwrap_or(0);
        let seed = case.crm.seed.wrapping_add(place as u64 * 1_000_000_007);
        Self { case, variant, mix, seed }
    }

    /// What it asks about.
    #[must_use]
    pub const fn mix(&self) -> &Mix {
        &self.mix
    }

    /// Puts it on `server` for one run, the `pair`th, and adds what comes of it to `measured`. Blocks this thread.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn on(&self, server: &Server<'_>, pair: usize, measured: &mut Measured) -> io::Result<()> {
        let run = Run {
            load: self.variant.load,
            length: Duration::from_secs_f64(self.variant.seconds),
            allowed: self.case.deadline + GRACE,
            seed: self.seed.wrapping_add(pair as u64),
        };
        let door = Arc::new(server.door(self.case, self.variant, &self.mix.book));
        let cpu = || (server.process.cpu().unwrap_or_default(), cpu_of("self").unwrap_or_default());
        let (before, clock) = (cpu(), Processors::now());
        let tally = run.on(&door, &self.mix)?;
        let (after, spent) = (cpu(), Processors::now().since(clock));
        tell(&measured.progress(self.variant, &tally, (pair + 1, self.case.pairs)));
        measured.runs.push(tally);
        measured.server_cpu += after.0.saturating_sub(before.0);
        measured.harness_cpu += after.1.saturating_sub(before.1);
        measured.processors = measured.processors.and(spent);
        Ok(())
    }
}

impl Server<'_> {
    fn door(&self, case: &Case, variant: &Variant, book: &Book) -> Door {
        let host = self.address.to_string();
        let kept = variant.load.kept();
        let key = match self.answers {
            Answers::Fixed(body) => Key::Fixed(body.as_bytes().to_vec()),
            Answers::Json(field) => Key::json(field, book),
            Answers::Moved => Key::Moved,
        };
        Door {
            address: self.address,
            wires: variant.forms.iter().map(|&form| Wire::new(form, &host, self.path, kept)).collect(),
            key,
            patience: case.deadline + PATIENCE,
        }
    }
}

impl Measured {
    /// What `runs` of the server called `server` gave.
    #[must_use]
    pub fn of(server: &'static str, runs: Vec<Tally>) -> Self {
        let (server_cpu, harness_cpu) = (Duration::ZERO, Duration::ZERO);
        Self { server, runs, server_cpu, harness_cpu, processors: Processors::default() }
    }

    /// The server's name.
    #[must_use]
    pub const fn server(&self) -> &'static str {
        self.server
    }

    fn progress(&self, variant: &Variant, tally: &Tally, (pair, pairs): (usize, usize)) -> String {
        let p99 = tally.percentile_us(99.0).unwrap_or_default();
        let (name, server, rps, errors) = (&variant.name, self.server, tally.rps(), tally.errors);
        format!("  {name} {pair}/{pairs} {server}: {rps:.0} answers/s, p99 {p99:.0} µs, {errors} errors")
    }

    /// Its row, with the ratios to `other` where there is one.
    #[must_use]
    pub fn row(&self, variant: &str, other: Option<&Self>) -> Row {
        let figures = Figures::of(&self.runs);
        let per_answer = |cpu: Duration| u32::try_from(figures.answered).ok().and_then(|count| cpu.checked_div(count));
        Row {
            variant: variant.to_owned(),
            server: self.server,
            server_cpu: per_answer(self.server_cpu),
            harness_cpu: per_answer(self.harness_cpu),
            others_percent: self.processors.others_percent(self.server_cpu + self.harness_cpu),
            sum: Tally::sum(&self.runs),
            figures: match other {
                Some(other) => figures.compared(&self.runs, &other.runs),
                None => figures,
            },
        }
    }
}
