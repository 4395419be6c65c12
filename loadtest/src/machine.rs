//! The machine a case runs on, and who else used it meanwhile.

use std::{fs, time::Duration};

/// The machine, as far as it decides what a figure means.
#[must_use]
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|row| row.strip_prefix("model name")?.split_once(':'));
    format!("{cores} × {}", model.map_or("unknown", |(_, name)| name.trim()))
}

/// The processor time that a process has used, `self` for our own; `None` where `/proc` has nothing to say.
///
/// # Units
/// The kernel counts in hundredths of a second here.
#[must_use]
pub fn cpu_of(pid: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(hundredths(user + system))
}

/// What all processors together have done since the machine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Processors {
    /// Worked, for whomever; and taken away by the host of a virtual machine.
    pub busy: Duration,
    /// Worked and rested.
    pub all: Duration,
}

impl Processors {
    /// As they stand; zero where `/proc` has nothing to say.
    #[must_use]
    pub fn now() -> Self {
        fs::read_to_string("/proc/stat").ok().and_then(|text| Self::read(&text)).unwrap_or_default()
    }

    /// # Shape
    /// `cpu user nice system idle iowait irq softirq steal …`, in hundredths of a second.
    fn read(text: &str) -> Option<Self> {
        let row = text.lines().next()?.strip_prefix("cpu ")?;
        let fields: Vec<u64> = row.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
        let (all, rested) = (fields.iter().sum::<u64>(), fields.get(3)? + fields.get(4)?);
        Some(Self { busy: hundredths(all - rested), all: hundredths(all) })
    }

    /// Since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self { busy: self.busy.saturating_sub(before.busy), all: self.all.saturating_sub(before.all) }
    }

    /// Both times together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { busy: self.busy + other.busy, all: self.all + other.all }
    }

    /// The share of the machine, in percent, that went to others than those who used `ours`; `None` of no time.
    #[must_use]
    pub fn others_percent(self, ours: Duration) -> Option<f64> {
        let others = self.busy.saturating_sub(ours);
        (!self.all.is_zero()).then(|| others.as_secs_f64() * 100.0 / self.all.as_secs_f64())
    }
}

const fn hundredths(count: u64) -> Duration {
    Duration::from_millis(count * 10)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Processors, cpu_of};

    #[test]
    fn our_own_processor_time_is_known() {
        assert!(cpu_of("self").is_some());
        assert_eq!(cpu_of("no-such-process"), None);
    }

    #[test]
    fn what_others_used_is_what_was_busy_and_not_ours() {
        let read = |text| Processors::read(text).expect("a row");
        let before = read("cpu  100 0 100 1000 50 5 5 0 0 0\ncpu0 1 1 1 1 1 1 1 1\n");
        let after = read("cpu  200 10 180 1100 60 5 15 10 0 0\n");
        let spent = after.since(before);
        assert_eq!(spent, Processors { busy: Duration::from_millis(2_100), all: Duration::from_millis(3_200) });
        assert_eq!(spent.others_percent(Duration::from_millis(1_780)), Some(10.0));
        assert_eq!(spent.others_percent(Duration::from_secs(9)), Some(0.0));
        assert_eq!(Processors::default().others_percent(Duration::ZERO), None);
    }
}
