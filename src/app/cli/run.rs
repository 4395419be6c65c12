//! A run of the service that takes its time, followed until it ends.
//!
//! The progress is asked for again and again instead of being read as a stream: a service that restarts or a
//! connection that breaks is then told apart from a run that ends, without any state here.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::door::{Door, DoorError};

/// How often the progress is asked for: often enough to look alive.
const EVERY: Duration = Duration::from_millis(150);
/// Questions in a row that may go unanswered before the run is given up as lost from sight.
const PATIENCE: u32 = 20;

/// A run that has begun.
#[derive(Deserialize)]
pub(super) struct Started {
    pub(super) id: u64,
}

/// How far a run is, as the door tells it.
pub(super) trait Progressing: DeserializeOwned {
    /// Which run it is of.
    fn id(&self) -> u64;
    /// Whether that is under way.
    fn is_under_way(&self) -> bool;
}

/// Shows the run until it is under way no more; gives the last progress seen, which may be another run's.
pub(super) async fn follow<P: Progressing>(door: &Door, url: &Url, id: u64, show: impl Fn(&P)) -> Result<P, DoorError> {
    let mut unanswered = 0;
    loop {
        match door.get::<P>(url.clone()).await {
            Ok(progress) if progress.id() == id && progress.is_under_way() => {
                unanswered = 0;
                show(&progress);
            }
            Ok(progress) => return Ok(progress),
            Err(DoorError::Unreachable { .. }) if unanswered < PATIENCE => unanswered += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(EVERY).await;
    }
}
