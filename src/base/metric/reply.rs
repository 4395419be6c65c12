//! The histogram of replies, of atomics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric},
};

/// Upper bounds, in microseconds: answers from memory take tens to hundreds, a live question up to the deadline (800 ms
/// unless configured), and 850 ms shows what the deadline's tolerance let pass.
const BOUNDS_US: [u64; 16] = [
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 800_000, 850_000,
    2_000_000,
];

/// How long replies took.
///
/// # Units
/// Counted in whole nanoseconds, shown in seconds. The sum wraps after 584 years of waiting.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplyTime {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The last one holds what is above every bound.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl ReplyTime {
    /// Counts one reply: two atomic additions.
    pub(super) fn observe(&self, took: Duration) {
        let us = took.as_nanos().div_ceil(1_000);
        let at = BOUNDS_US.partition_point(|&bound| u128::from(bound) < us);
        self.inner.buckets[at].fetch_add(1, Relaxed);
        self.inner.sum_ns.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl EncodeMetric for ReplyTime {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.inner.buckets.each_ref().map(|bucket| bucket.load(Relaxed));
        let bounds = BOUNDS_US.iter().map(|&us| Duration::from_micros(us).as_secs_f64()).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let sum_s = Duration::from_nanos(self.inner.sum_ns.load(Relaxed)).as_secs_f64();
        // The count is the buckets' sum, not a counter of its own: the two could not be read at one moment.
        encoder.encode_histogram::<NoLabelSet>(sum_s, counts.iter().sum(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for ReplyTime {
    const TYPE: MetricType = MetricType::Histogram;
}
