//! The closed loop: so many askers, each asks again as soon as it is answered. It finds the most a server can do; for
//! what callers feel, see the open loop.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::SmallRng};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    connection::{Door, Scratch},
    question::Mix,
    tally::{Answered, Tally},
};

/// How a closed loop is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Askers on this thread.
    pub askers: usize,
    /// Whether connections are kept.
    pub kept: bool,
    /// Asked before it counts.
    pub settle: Duration,
    /// The time that counts.
    pub length: Duration,
    /// An answer past this is late.
    pub allowed: Duration,
}

/// Runs the plan on this thread's runtime.
///
/// # Errors
/// An asker that panicked. What goes wrong with a question is counted, also before it counts.
pub async fn run(plan: Plan, door: &Arc<Door>, mix: &Mix, seed: u64) -> std::io::Result<Tally> {
    let from = Instant::now() + plan.settle;
    let mut askers = JoinSet::new();
    for asker in 0..plan.askers {
        let (door, mix) = (Arc::clone(door), mix.clone());
        let dice = SmallRng::seed_from_u64(seed.wrapping_add(asker as u64));
        askers.spawn(async move { go_on(plan, &door, &mix, (from, dice)).await });
    }
    let mut tally = Tally::new(plan.allowed);
    while let Some(asker) = askers.join_next().await {
        tally.add(&asker.map_err(std::io::Error::other)?);
    }
    tally.window = from.elapsed();
    Ok(tally)
}

async fn go_on(plan: Plan, door: &Door, mix: &Mix, (from, mut dice): (Instant, SmallRng)) -> Tally {
    let mut tally = Tally::new(plan.allowed);
    let (mut scratch, mut kept) = (Scratch::default(), None);
    let end = from + plan.length;
    loop {
        let begun = Instant::now();
        if begun >= end {
            return tally;
        }
        let question = mix.draw(&mut dice);
        let outcome = if plan.kept {
            door.ask_kept(&mut kept, question, &mut scratch).await
        } else {
            door.ask(question, &mut scratch).await
        };
        let outcome = outcome.map(|seen| Answered { latency: seen.at - begun, lag: Duration::ZERO, hit: seen.hit });
        if begun >= from || outcome.is_err() {
            tally.count(outcome);
        }
    }
}
