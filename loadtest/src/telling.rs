//! Events told while calls are answered: at a constant rate, each on a connection of its own, every acknowledgement
//! counted; and what the disk's bare flush takes in the same run.

use std::{
    fs::File,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use rand::{SeedableRng, rngs::SmallRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    alarm::Alarm,
    answer::read,
    arrivals::{Schedule, Spread},
    connection::Seen,
    failed::Failed,
    http, open,
    question::{Mix, Question},
    tally::{Fault, Tally},
};

/// Told longer than the load is measured, which begins a moment later: all of it has events under way.
const LONGER: Duration = Duration::from_secs(1);
/// Longer than any answer of this door.
const PATIENCE: Duration = Duration::from_secs(10);
/// Flushes of one measurement.
const FLUSHES: usize = 300;
/// An event of usual size on a page of the journal.
const APPENDED: [u8; 4_096] = [0x5a; 4_096];
/// What an event's acknowledgement says when it was new.
const STORED: &[u8] = br#""status":"stored""#;

/// What is told, and where.
#[derive(Debug, Clone)]
pub struct Teller {
    /// The telephone system's door.
    pub edge: SocketAddr,
    /// Events a second.
    pub rate: f64,
    /// How long the load is beside which they are told.
    pub beside: Duration,
    /// Whose numbers call.
    pub mix: Mix,
    /// What the order of the numbers follows from, and what tells the calls of one run from those of another.
    pub seed: u64,
}

/// What came of the events of a variant.
#[derive(Debug)]
pub struct Intake {
    tally: Tally,
    flushes: Histogram<u64>,
    /// Entries of the journal, as the operators' door counts them.
    pub entries: u64,
}

/// Figures of the events of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Told {
    /// Events that were acknowledged as stored.
    pub stored: u64,
    /// Events that were due and not acknowledged, and those that were and are not in the journal, or are there twice.
    pub lost: u64,
    /// From when it was due to its acknowledgement, 99th percentile; none where the harness itself was late.
    pub p99_us: Option<f64>,
    /// The bare flush of a page on the same file system in the same run, 99th percentile.
    pub fsync_p99_us: Option<f64>,
}

impl Teller {
    /// Begins to tell, on a thread of its own; ends by itself a second after the load does.
    #[must_use]
    pub fn begin(self) -> thread::JoinHandle<io::Result<Tally>> {
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.tell())
        })
    }

    async fn tell(self) -> io::Result<Tally> {
        let Self { edge, rate, beside, mix, seed } = self;
        let schedule = Schedule::new(Spread::Constant, rate, seed);
        let plan = open::Plan { schedule, length: beside + LONGER, allowed: PATIENCE, alarm: Alarm::kernel()? };
        let mut dice = SmallRng::seed_from_u64(seed);
        let mut at = 0_u64;
        // Three events a call, of one client: what is drawn is drawn for the call.
        let mut call = mix.draw(&mut dice);
        let draw = || {
            if at.is_multiple_of(3) {
                call = mix.draw(&mut dice);
            }
            at += 1;
            call
        };
        let told = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let ask = |question: Question| {
            let place = told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let request = event(edge, question.caller, seed, place);
            async move { acknowledged(edge, &request).await }
        };
        open::run(plan, draw, ask).await
    }
}

/// The request of an event, the `place`th of its run: a call's three moments follow each other.
fn event(edge: SocketAddr, caller: u64, run: u64, place: u64) -> String {
    let call_id = format!("ua0_-{run}.{}", place / 3);
    let (moment, told) = match place % 3 {
        0 => ("before-call", format!("call_type=in&callers_number={caller}&destination=380442000000")),
        1 => ("pick-up", format!("type=in&caller_number={caller}&destination=380442000000&connected_with=acme_1")),
        _ => (
            "after-call",
            format!(
                "type=in&caller={caller}&callee=380442000000&connected_with=acme_1&status=ANSWERED&call_duration=87\
                 &waiting=12&dialog=75&utm_source=google&utm_medium=cpc&utm_campaign=autumn"
            ),
        ),
    };
    let body = format!("call_id={call_id}&{told}");
    format!(
        "POST /acme/events/{moment}?token=load-token HTTP/1.1\r\nHost: {edge}\r\nConnection: close\r\n\
         User-Agent: ringostat HTTP Client v1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends an event over a connection of its own and waits until it is acknowledged as stored.
async fn acknowledged(edge: SocketAddr, request: &str) -> Result<Seen, Fault> {
    let broken = |error: io::Error| Fault::Broken(error.kind());
    let whole = async {
        let mut stream = TcpStream::connect(edge).await.map_err(|error| Fault::Connect(error.kind()))?;
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        let mut arrived = Vec::with_capacity(1024);
        loop {
            if stream.read_buf(&mut arrived).await.map_err(broken)? == 0 {
                return Err(Fault::Cut);
            }
            let Some(reply) = read(&arrived)? else { continue };
            let at = tokio::time::Instant::now();
            if reply.status != 200 || !reply.body.windows(STORED.len()).any(|window| window == STORED) {
                let said = String::from_utf8_lossy(reply.body).into_owned();
                return Err(Fault::Wrong(format!("expected to be stored, found {} {said}", reply.status)));
            }
            // The server closes first, so that the harness's port is free again.
            return match stream.read(&mut [0; 16]).await {
                Ok(0) => Ok(Seen { at, hit: true }),
                _ => Err(Fault::NotClosed),
            };
        }
    };
    timeout(PATIENCE, whole).await.unwrap_or(Err(Fault::Silent))
}

impl Intake {
    /// Nothing told yet.
    ///
    /// # Errors
    /// None in practice: the histogram's bounds are constants.
    pub fn new() -> Result<Self, Failed> {
        let flushes = Histogram::new_with_bounds(100, 600_000_000_000, 3).map_err(io::Error::other);
        let flushes = flushes.map_err(Failed::system("a histogram"))?;
        Ok(Self { tally: Tally::new(PATIENCE), flushes, entries: 0 })
    }

    /// Adds what a teller counted.
    ///
    /// # Errors
    /// [`Failed`] when it could not tell at all.
    pub fn add(&mut self, telling: thread::JoinHandle<io::Result<Tally>>) -> Result<(), Failed> {
        let told = telling.join().unwrap_or_else(|_| Err(io::Error::other("the telling thread panicked")));
        self.tally.add(&told.map_err(Failed::system("telling of events"))?);
        Ok(())
    }

    /// Appends a page to a file in `folder` and flushes it, some hundred times: the price that no journal is below.
    ///
    /// # Errors
    /// [`Failed`] when the folder cannot be written.
    pub fn flush(&mut self, folder: &Path) -> Result<(), Failed> {
        let failed = || Failed::system("flushing a page");
        let mut file = File::create(folder.join("flushed")).map_err(failed())?;
        for _ in 0..FLUSHES {
            let began = Instant::now();
            file.write_all(&APPENDED).and_then(|()| file.sync_data()).map_err(failed())?;
            self.flushes.saturating_record(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// What came of it, for people.
    #[must_use]
    pub fn note(&self, variant: &str) -> String {
        let Told { stored, lost, p99_us, fsync_p99_us } = self.told();
        let ms = |us: Option<f64>| us.map_or_else(|| "-".to_owned(), |us| format!("{:.2} ms", us / 1_000.0));
        let (p50, p99, flush) = (ms(self.tally.percentile_us(50.0)), ms(p99_us), ms(fsync_p99_us));
        let mut note = format!(
            "{variant}: {stored} events stored, {lost} lost; acknowledged p50 {p50}, p99 {p99}; bare flush p99 {flush}"
        );
        if let Some(why) = self.tally.void() {
            note.push_str(&format!("; void: {why}"));
        }
        for (what, times) in self.tally.faults() {
            note.push_str(&format!("; {times} × {what}"));
        }
        note
    }

    /// The figures.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a flush stay far below 2^53")]
    pub fn told(&self) -> Told {
        Told {
            stored: self.tally.answered,
            lost: self.tally.errors + self.tally.answered.abs_diff(self.entries),
            p99_us: self.tally.percentile_us(99.0).filter(|_| self.tally.void().is_none()),
            fsync_p99_us: (!self.flushes.is_empty()).then(|| self.flushes.value_at_percentile(99.0) as f64 / 1_000.0),
        }
    }
}

/// Turns the writing to the CRM off: what is told is stored and nothing more.
///
/// # Errors
/// [`Failed`] when the operators' door refuses.
pub async fn pause(ops: SocketAddr) -> Result<(), Failed> {
    let reply = http::post(ops, "/api/projects/acme/pause", &serde_json::json!({})).await;
    let reply = reply.map_err(Failed::system("pausing the project"))?;
    let said = String::from_utf8_lossy(&reply.body).into_owned();
    if reply.status == 200 {
        Ok(())
    } else {
        Err(Failed::unexpected("a pause (200)", format!("{}: {said}", reply.status)))
    }
}

/// How many entries the journal has, in whatever state.
///
/// # Errors
/// [`Failed`] when the operators' door does not say.
pub async fn entries(ops: SocketAddr) -> Result<u64, Failed> {
    let reply =
        http::get(ops, "/api/projects/acme").await.map_err(Failed::system("asking for the journal's counts"))?;
    let view = reply.json();
    let by_state = view["journal"]["by_state"].as_object();
    let by_state = by_state.ok_or_else(|| Failed::unexpected("the journal's counts", view.to_string()))?;
    Ok(by_state.values().filter_map(serde_json::Value::as_u64).sum())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Intake, event};
    use crate::tally::{Answered, Fault};

    #[test]
    fn a_call_is_told_in_three_moments_under_one_id() {
        let edge = ([127, 0, 0, 1], 8080).into();
        let told = [6, 7, 8, 9].map(|place| event(edge, 380_671_112_233, 5, place));
        for (told, moment) in told.iter().zip(["before-call", "pick-up", "after-call"]) {
            assert!(told.starts_with(&format!("POST /acme/events/{moment}?token=")), "{told}");
            assert!(told.contains("\r\n\r\ncall_id=ua0_-5.2&") && told.contains("380671112233"), "{told}");
        }
        assert!(told[3].contains("call_id=ua0_-5.3&"), "{}", told[3]);
    }

    #[test]
    fn what_was_not_acknowledged_and_what_is_not_in_the_journal_is_lost() {
        let mut intake = Intake::new().expect("constant bounds");
        let answered = Answered { latency: Duration::from_millis(3), lag: Duration::ZERO, hit: true };
        (0..10).for_each(|_| intake.tally.count(Ok(answered)));
        intake.entries = 10;
        assert_eq!((intake.told().stored, intake.told().lost), (10, 0));
        intake.entries = 9;
        assert_eq!(intake.told().lost, 1, "acknowledged and not there");
        intake.entries = 11;
        assert_eq!(intake.told().lost, 1, "there twice");
        intake.entries = 10;
        intake.tally.count(Err(Fault::Cut));
        assert_eq!(intake.told().lost, 1, "not acknowledged");
    }

    #[test]
    fn a_flush_is_measured_where_the_journal_lies() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut intake = Intake::new().expect("constant bounds");
        assert_eq!(intake.told().fsync_p99_us, None);
        intake.flush(folder.path()).expect("flushed");
        assert!(intake.told().fsync_p99_us.is_some_and(|p99| p99 > 0.0));
    }
}
