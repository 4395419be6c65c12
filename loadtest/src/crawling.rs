//! Full crawls one after the other, while something else is measured.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use crate::{failed::Failed, http};

/// The project's warm-ups.
const WARM: &str = "/api/projects/acme/warm";
/// Between two looks at the one under way.
const LOOK: Duration = Duration::from_millis(5);

/// A full crawl that ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crawl {
    /// When it was asked for.
    pub began: Instant,
    /// When it was seen to have ended.
    pub ended: Instant,
    /// How long it took, as the service says.
    pub took: Duration,
}

/// Crawls under way, one after the other, until told to end.
#[derive(Debug)]
pub struct Crawls {
    enough: Arc<AtomicBool>,
    following: JoinHandle<Result<Vec<Crawl>, Failed>>,
}

impl Crawls {
    /// Has the first one begin, and another one whenever one has ended. Needs a thread of the runtime that nothing blocks.
    ///
    /// # Errors
    /// [`Failed`] when the first does not begin.
    pub async fn begin(ops: SocketAddr) -> Result<Self, Failed> {
        let (first, enough) = (start(ops).await?, Arc::new(AtomicBool::new(false)));
        let following = tokio::spawn(follow(ops, first, Arc::clone(&enough)));
        Ok(Self { enough, following })
    }

    /// Begins no further one, and waits for the end of the one under way: its time counts as well.
    ///
    /// # Errors
    /// [`Failed`] when one of them did not end well.
    pub async fn end(self) -> Result<Vec<Crawl>, Failed> {
        self.enough.store(true, Ordering::Release);
        self.following
            .await
            .unwrap_or_else(|problem| Err(Failed::unexpected("crawls to be followed", problem.to_string())))
    }
}

/// How long the crawl took that ended last.
///
/// # Errors
/// [`Failed`] when the last warm-up was none, or did not end well.
pub async fn last(ops: SocketAddr) -> Result<Duration, Failed> {
    let progress = progress(ops).await?;
    ended_well(&progress)
}

async fn follow(ops: SocketAddr, mut began: Instant, enough: Arc<AtomicBool>) -> Result<Vec<Crawl>, Failed> {
    let mut crawls = Vec::new();
    loop {
        let progress = progress(ops).await?;
        if progress["state"] == "running" {
            sleep(LOOK).await;
            continue;
        }
        crawls.push(Crawl { began, ended: Instant::now(), took: ended_well(&progress)? });
        if enough.load(Ordering::Acquire) {
            return Ok(crawls);
        }
        began = start(ops).await?;
    }
}

async fn start(ops: SocketAddr) -> Result<Instant, Failed> {
    let began = Instant::now();
    let reply = http::post(ops, WARM, &json!({ "full": true })).await;
    let reply = reply.map_err(Failed::system("asking for a full crawl"))?;
    match reply.status {
        202 => Ok(began),
        status => {
            let body = String::from_utf8_lossy(&reply.body);
            Err(Failed::unexpected("a full crawl to begin (202)", format!("{status}: {body}")))
        }
    }
}

async fn progress(ops: SocketAddr) -> Result<Value, Failed> {
    Ok(http::get(ops, WARM).await.map_err(Failed::system("asking how far the crawl is"))?.json())
}

fn ended_well(progress: &Value) -> Result<Duration, Failed> {
    let took = progress["seconds"].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let well = progress["state"] == "done" && progress["full"] == true;
    took.filter(|_| well).ok_or_else(|| Failed::unexpected("a full crawl that ended well", progress.to_string()))
}

/// Of a hundred parts of the spans, how many had a crawl under way; crawls follow one another and do not overlap.
#[must_use]
pub fn under_way_percent(crawls: &[Crawl], spans: &[(Instant, Instant)]) -> Option<f64> {
    let within = |crawl: &Crawl, &(from, to): &(Instant, Instant)| {
        crawl.ended.min(to).saturating_duration_since(crawl.began.max(from))
    };
    let whole: Duration = spans.iter().map(|(from, to)| to.saturating_duration_since(*from)).sum();
    let busy: Duration = crawls.iter().flat_map(|crawl| spans.iter().map(move |span| within(crawl, span))).sum();
    (!whole.is_zero()).then(|| busy.as_secs_f64() * 100.0 / whole.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Crawl, ended_well, under_way_percent};

    #[test]
    fn only_what_lies_within_the_load_counts_and_gaps_do_not() {
        let zero = Instant::now();
        let at = |s| zero + Duration::from_secs(s);
        let crawl =
            |began, ended| Crawl { began: at(began), ended: at(ended), took: Duration::from_secs(ended - began) };
        // Begun before the load; a gap of two; ended after it.
        let crawls = [crawl(0, 6), crawl(8, 30)];
        let percent = under_way_percent(&crawls, &[(at(4), at(14)), (at(20), at(30))]).expect("a load");
        assert!((percent - 90.0).abs() < 1e-9, "{percent}");
        assert_eq!(under_way_percent(&[], &[(at(4), at(14))]), Some(0.0));
        assert_eq!(under_way_percent(&crawls, &[]), None);
    }

    #[test]
    fn a_crawl_that_failed_or_was_none_is_no_figure() {
        let progress = |state: &str, full: bool| json!({ "state": state, "full": full, "seconds": 1.5 });
        assert_eq!(ended_well(&progress("done", true)).expect("an end"), Duration::from_millis(1_500));
        for other in [progress("failed", true), progress("refused", true), progress("done", false), json!(null)] {
            let error = ended_well(&other).expect_err("no end").to_string();
            assert!(error.starts_with("expected a full crawl that ended well, found"), "{error}");
        }
    }
}
