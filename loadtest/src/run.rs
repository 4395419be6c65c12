//! One run: a load on a door for a time, on threads of its own.

use std::{io, sync::Arc, thread, time::Duration};

use rand::{SeedableRng, rngs::SmallRng};

use crate::{
    alarm::Alarm,
    arrivals::Schedule,
    case::Load,
    closed,
    connection::{Door, Scratch},
    open,
    question::Mix,
    scheduling,
    tally::Tally,
};

/// Asked before it counts: pages, branches and listeners get warm. Errors in it count all the same.
const SETTLE: Duration = Duration::from_millis(300);

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// How requests come.
    pub load: Load,
    /// How long.
    pub length: Duration,
    /// An answer past this is late.
    pub allowed: Duration,
    /// What arrivals and questions follow from: the same for both servers of a pair.
    pub seed: u64,
}

impl Run {
    /// Runs it to its end.
    ///
    /// # Errors
    /// Those of the operating system; what goes wrong with a question is counted.
    pub fn on(self, door: &Arc<Door>, mix: &Mix) -> io::Result<Tally> {
        match self.load {
            Load::Open { .. } => {
                let settled = self.open(door, mix, SETTLE)?;
                let mut tally = self.open(door, mix, self.length)?;
                tally.add_errors(&settled);
                Ok(tally)
            }
            Load::Closed { connections, kept } => {
                // As many threads as cores: a client that is itself the narrow place would make all servers equal.
                let threads = thread::available_parallelism()?.get().min(connections);
                let plan = |thread| closed::Plan {
                    askers: connections / threads + usize::from(thread < connections % threads),
                    kept,
                    settle: SETTLE,
                    length: self.length,
                    allowed: self.allowed,
                };
                let workers: Vec<_> = (0..threads)
                    .map(|thread| {
                        let (plan, door, mix) = (plan(thread), Arc::clone(door), mix.clone());
                        let seed = self.seed.wrapping_add(thread as u64 * 1_000_003);
                        thread::spawn(move || runtime()?.block_on(closed::run(plan, &door, &mix, seed)))
                    })
                    .collect();
                joined(workers, self.allowed)
            }
        }
    }

    fn open(self, door: &Arc<Door>, mix: &Mix, length: Duration) -> io::Result<Tally> {
        let Load::Open { rate, spread } = self.load else { return Err(io::ErrorKind::InvalidInput.into()) };
        let (door, mix) = (Arc::clone(door), mix.clone());
        let worker = thread::spawn(move || {
            scheduling::come_at_once();
            runtime()?.block_on(async {
                let schedule = Schedule::new(spread, rate, self.seed);
                let plan = open::Plan { schedule, length, allowed: self.allowed, alarm: Alarm::kernel()? };
                let mut dice = SmallRng::seed_from_u64(self.seed);
                let ask = |question| {
                    let door = Arc::clone(&door);
                    async move { door.ask(question, &mut Scratch::default()).await }
                };
                open::run(plan, || mix.draw(&mut dice), ask).await
            })
        });
        joined(vec![worker], self.allowed)
    }
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn joined(workers: Vec<thread::JoinHandle<io::Result<Tally>>>, allowed: Duration) -> io::Result<Tally> {
    let mut sum = Tally::new(allowed);
    for worker in workers {
        let tally = worker.join().map_err(|_| io::Error::other("a thread of the harness panicked"))??;
        sum.add(&tally);
        sum.window = sum.window.max(tally.window);
    }
    Ok(sum)
}
