//! The open loop: requests begin when they are due, whether or not earlier ones have been answered, and their latency
//! counts from then. A server that stalls for a second therefore shows a second for everyone who came in it, not only
//! for the one request that a closed loop would have had under way.

use std::{future::Future, io, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use crate::{
    alarm::Alarm,
    connection::Seen,
    question::Question,
    tally::{Answered, Fault, Tally},
};

/// When requests are due and what counts as late.
#[derive(Debug)]
pub struct Plan<S> {
    /// The moments requests are due, counted from the start.
    pub schedule: S,
    /// No request is due from here on.
    pub length: Duration,
    /// An answer past this is late.
    pub allowed: Duration,
    /// What wakes us.
    pub alarm: Alarm,
}

/// Runs the plan: `draw` gives the next question, `ask` asks it.
///
/// # Errors
/// Those of the alarm; what goes wrong with a question is counted, not returned.
pub async fn run<S, A, F>(plan: Plan<S>, mut draw: impl FnMut() -> Question, ask: A) -> io::Result<Tally>
where
    S: Iterator<Item = Duration>,
    A: Fn(Question) -> F,
    F: Future<Output = Result<Seen, Fault>> + Send + 'static,
{
    let mut tally = Tally::new(plan.allowed);
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    for offset in plan.schedule.take_while(|&offset| offset < plan.length) {
        let due = begun + offset;
        plan.alarm.until(due).await?;
        let lag = due.elapsed();
        let asking = ask(draw());
        under_way
            .spawn(async move { asking.await.map(|seen| Answered { latency: seen.at - due, lag, hit: seen.hit }) });
        while let Some(done) = under_way.try_join_next() {
            tally.count(done.map_err(io::Error::other)?);
        }
        if lag > Duration::ZERO {
            // Behind the schedule the alarm does not wait: those under way must have their turn all the same.
            tokio::task::yield_now().await;
        }
    }
    while let Some(done) = under_way.join_next().await {
        tally.count(done.map_err(io::Error::other)?);
    }
    tally.window = plan.length;
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering::Relaxed},
        },
        time::Duration,
    };

    use tokio::{
        sync::Mutex,
        time::{Instant, sleep, sleep_until},
    };

    use super::{Plan, run};
    use crate::{
        alarm::Alarm,
        arrivals::{Schedule, Spread},
        connection::Seen,
        question::{Expected, Question},
        tally::{Fault, Tally},
    };

    const ANY: Question = Question { caller: 1, expected: Expected::Miss };

    fn plan(rate: f64, seconds: u64) -> Plan<Schedule> {
        Plan {
            schedule: Schedule::new(Spread::Constant, rate, 1),
            length: Duration::from_secs(seconds),
            allowed: Duration::from_millis(850),
            alarm: Alarm::Runtime,
        }
    }

    /// A server that takes a millisecond and serves one at a time, and does nothing at all in its `second` second.
    async fn stalling(second: u64) -> Tally {
        let (begun, desk) = (Instant::now(), Arc::new(Mutex::new(())));
        run(
            plan(100.0, 10),
            || ANY,
            |_| {
                let desk = Arc::clone(&desk);
                async move {
                    let _served = desk.lock().await;
                    if begun.elapsed().as_secs() == second {
                        sleep_until(begun + Duration::from_secs(second + 1)).await;
                    }
                    sleep(Duration::from_millis(1)).await;
                    Ok(Seen { at: Instant::now(), hit: true })
                }
            },
        )
        .await
        .expect("a paused run")
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_server_is_seen_by_everyone_who_came_meanwhile() {
        let tally = stalling(4).await;
        assert_eq!((tally.sent, tally.answered), (1000, 1000));
        // 100 of 1,000 requests came in the second without service, so one in twenty waited for half of it or more; a
        // closed loop would have seen one slow answer in a thousand.
        let p95 = tally.percentile_us(95.0).expect("answers");
        assert!((450_000.0..650_000.0).contains(&p95), "p95 {p95} µs");
        assert!(tally.percentile_us(85.0).is_some_and(|p85| p85 < 5_000.0), "the others were served at once");
        assert!(tally.late >= 14, "those who came in its first 150 ms are late, found {}", tally.late);
        assert_eq!(tally.apart(), 0, "the harness itself was on time");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_begin_on_time_although_none_is_answered() {
        let asked = AtomicU64::new(0);
        let tally = run(
            plan(50.0, 2),
            || ANY,
            |_| {
                asked.fetch_add(1, Relaxed);
                async {
                    sleep(Duration::from_secs(30)).await;
                    Err(Fault::Silent)
                }
            },
        )
        .await
        .expect("a paused run");
        assert_eq!((asked.into_inner(), tally.sent, tally.errors, tally.answered), (100, 100, 100, 0));
    }
}
