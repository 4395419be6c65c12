//! How many requests may be under way at a time, and who may use the last places.

use std::sync::Arc;

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// The places of one account.
///
/// Live questions may take any place and queue only behind each other. Background requests never queue: they take a place
/// that is free and that no live question waits for, and leave some to live questions at all times.
#[derive(Debug, Clone)]
pub(super) struct Places {
    most: u32,
    all: Arc<Semaphore>,
    background: Arc<Semaphore>,
    freed: Arc<Notify>,
}

impl Places {
    /// `most` places, `live` of them for live questions only, but one that background requests may use.
    pub(super) fn new(most: u32, live: u32) -> Self {
        let most = most.max(1);
        Self {
            most,
            all: Arc::new(Semaphore::new(size(most))),
            background: Arc::new(Semaphore::new(size(most.saturating_sub(live).max(1)))),
            freed: Arc::default(),
        }
    }

    /// The next free place, in the order of those who ask; `None` if there is none before `until`.
    pub(super) async fn live(&self, until: Instant) -> Option<Place> {
        let all = match Arc::clone(&self.all).try_acquire_owned() {
            Ok(all) => all,
            Err(_) => {
                let _told = Nudge(&self.freed);
                tokio::time::timeout_at(until, Arc::clone(&self.all).acquire_owned()).await.ok()?.ok()?
            }
        };
        Some(Place { all: Some(all), background: None, freed: Arc::clone(&self.freed) })
    }

    /// A place for a background request, if one is free now.
    pub(super) fn background(&self) -> Option<Place> {
        let background = Arc::clone(&self.background).try_acquire_owned().ok()?;
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { all: Some(all), background: Some(background), freed: Arc::clone(&self.freed) })
    }

    /// Until a place may have become free. For one who waits at a time.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    pub(super) fn taken(&self) -> u32 {
        self.most.saturating_sub(u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX))
    }

    pub(super) const fn most(&self) -> u32 {
        self.most
    }

    /// Counts what is under way by the other as well, where both have as many places. Others come to their number as those
    /// under way end.
    pub(super) fn carry_over(&mut self, before: &Self) {
        if self.most == before.most {
            (self.all, self.freed) = (Arc::clone(&before.all), Arc::clone(&before.freed));
        }
    }
}

fn size(places: u32) -> usize {
    usize::try_from(places).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

/// Tells the background when a live question waits no more, however that ended: the place may have been given to one that
/// had gone.
struct Nudge<'a>(&'a Notify);

impl Drop for Nudge<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    all: Option<OwnedSemaphorePermit>,
    background: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Freed first, told then: who is told looks at once.
        drop((self.all.take(), self.background.take()));
        self.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, proptest};
    use tokio::time::Instant;

    use super::Places;

    proptest! {
        #[test]
        fn never_more_than_there_are_and_always_some_left_by_background_requests(
            most in 1_u32..12,
            live in 1_u32..12,
            steps in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<usize>()), 1..100),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
            runtime.block_on(async {
                let (places, mut held, mut background) = (Places::new(most, live), Vec::new(), Vec::new());
                for (takes, is_live, which) in steps {
                    let pool = if is_live { &mut held } else { &mut background };
                    if takes {
                        pool.extend(if is_live { places.live(Instant::now()).await } else { places.background() });
                    } else if !pool.is_empty() {
                        pool.swap_remove(which % pool.len());
                    }
                    let (of_all, of_background) = (held.len() + background.len(), background.len());
                    assert_eq!(places.taken() as usize, of_all);
                    assert!(of_all <= most as usize);
                    assert!(of_background <= most.saturating_sub(live).max(1) as usize);
                    let free = places.live(Instant::now()).await.is_some();
                    assert_eq!(free, of_all < most as usize);
                }
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_a_live_question_waits_for_goes_to_it() {
        let places = Places::new(2, 1);
        let (one, _two) = (places.background().expect("free"), places.live(Instant::now()).await.expect("free"));
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.live(Instant::now() + Duration::from_secs(1)).await }
        });
        tokio::task::yield_now().await;
        drop(one);
        assert!(places.background().is_none());
        let third = waiting.await.expect("no panic").expect("a place");
        assert!(places.background().is_none());
        drop(third);
        assert!(places.background().is_some());
    }
}
