//! What is kept of a day's count while no process runs.

use serde::{Deserialize, Serialize};

use crate::crm::quota::Spent;

/// What a ledger has spent, to be recalled by the next process's; see [`super::Ledger::memo`].
///
/// # Shape
/// `{"midnight":{"spent":{…},"counted_from_ms":…,"ends_ms":…}}` or `{"rolling":{"hours":[[495271,{…}]],
/// "counted_from_ms":…}}`, hours counted from 1970.
///
/// # Units
/// Milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayMemo(pub(super) Kept);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kept {
    Midnight { spent: Spent, counted_from_ms: i64, ends_ms: i64 },
    Rolling { hours: Vec<(i64, Spent)>, counted_from_ms: i64 },
}

impl DayMemo {
    /// Whether none of it counts any more.
    #[must_use]
    pub fn is_over(&self, now_ms: i64) -> bool {
        match &self.0 {
            Kept::Midnight { ends_ms, .. } => *ends_ms <= now_ms,
            Kept::Rolling { hours, .. } => {
                hours.iter().all(|&(hour, _)| super::rolling::counts_until_ms(hour) <= now_ms)
            }
        }
    }
}
