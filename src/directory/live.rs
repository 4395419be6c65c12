//! Questions asked of the CRM while a call waits: one per number, however many calls wait for it, bounded in number,
//! behind a breaker, and not cut off by the caller's deadline, so that the next call is a hit.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    Directory,
    breaker::{Breaker, Pass},
};
use crate::base::metric::{Breaker as BreakerState, Count, Held, Level};
use crate::config::LiveSettings;
use crate::crm::failure::Failure;
use crate::model::phone::{PhoneKey, Readings};

/// How a live question ended for the call that waited for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The CRM knows the number: it is in the directory now.
    Found,
    /// The CRM answered and knows nobody.
    Nobody,
    /// The time was up; the question goes on.
    Late,
    /// It could not be asked: no quota in time, breaker open, or too many questions under way.
    Busy,
    /// It was asked and failed.
    Failed,
}

type Heard = watch::Receiver<Option<Asked>>;

/// A question under way, as one call has it.
enum Question {
    /// This call began it.
    Begun(Heard),
    /// Another did.
    Joined(Heard),
}

impl Question {
    /// Waits for its end, but no longer than this.
    async fn until(self, answer_by: Instant) -> Asked {
        let (Self::Begun(mut heard) | Self::Joined(mut heard)) = self;
        match timeout_at(answer_by, heard.wait_for(Option::is_some)).await {
            Ok(Ok(asked)) => asked.unwrap_or(Asked::Failed),
            // The task ended without a word: it panicked.
            Ok(Err(_)) => Asked::Failed,
            Err(_) => Asked::Late,
        }
    }
}

/// The questions under way.
#[derive(Debug)]
pub(super) struct Live {
    under_way: Mutex<HashMap<PhoneKey, Heard>>,
    breaker: Mutex<Breaker>,
    queue: usize,
}

impl Live {
    pub(super) fn new(settings: &LiveSettings) -> Self {
        Self {
            under_way: Mutex::default(),
            breaker: Mutex::new(Breaker::new(settings.breaker_failures, settings.breaker_open)),
            queue: settings.queue,
        }
    }

    /// Questions under way.
    pub(super) fn under_way(&self) -> usize {
        self.questions().len()
    }

    /// The breaker's state.
    pub(super) fn breaker_state(&self) -> BreakerState {
        self.breaker().state(Instant::now())
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<PhoneKey, Heard>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the question out of the list and settles the breaker however its task ends, a panic included.
struct UnderWay {
    directory: Arc<Directory>,
    key: PhoneKey,
    readings: Readings,
    pass: Pass,
    success: Option<bool>,
    _counted: Held,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.directory.live.questions().remove(&self.key);
        let opened = self.directory.live.breaker().settle(&self.pass, self.success, Instant::now());
        if opened {
            self.directory.metrics.count(Count::BreakerOpened);
        }
    }
}

impl Directory {
    /// Asks the CRM for a caller, or joins the question that another call is already waiting for, until `answer_by`.
    ///
    /// # Errors
    /// None: whatever happens is one of [`Asked`], by `answer_by` at the latest.
    ///
    /// # Cost
    /// One question of the CRM per number, however many calls wait; it is not cancelled when a call stops waiting.
    pub async fn ask(self: &Arc<Self>, readings: &Readings, answer_by: Instant) -> Asked {
        let Some(question) = self.question(readings, answer_by) else { return Asked::Busy };
        let joined = matches!(question, Question::Joined(_));
        match question.until(answer_by).await {
            // Who began it had less time left than this call: for this one there may be quota yet.
            Asked::Busy if joined => match self.question(readings, answer_by) {
                Some(question) => question.until(answer_by).await,
                None => Asked::Busy,
            },
            asked => asked,
        }
    }

    fn question(self: &Arc<Self>, readings: &Readings, answer_by: Instant) -> Option<Question> {
        let key = readings.first();
        let mut questions = self.live.questions();
        if let Some(heard) = questions.get(&key) {
            self.metrics.count(Count::LiveJoined);
            return Some(Question::Joined(heard.clone()));
        }
        if questions.len() >= self.live.queue {
            self.metrics.count(Count::LiveRefusedQueue);
            return None;
        }
        let Some(pass) = self.live.breaker().admit(Instant::now()) else {
            self.metrics.count(Count::LiveRefusedBreaker);
            return None;
        };
        let (tell, heard) = watch::channel(None);
        questions.insert(key, heard.clone());
        drop(questions);
        // Until its task takes it over, the guard is the task's argument: spawning on a runtime that is shutting down
        // drops it, which takes the question out again.
        let counted = self.metrics.hold(Level::LiveUnderWay);
        let under_way = UnderWay {
            directory: Arc::clone(self),
            key,
            pass,
            readings: *readings,
            success: Some(false),
            _counted: counted,
        };
        let patience = answer_by.saturating_duration_since(Instant::now());
        self.work.spawn(async move {
            let asked = under_way.settle(patience).await;
            tell.send_replace(Some(asked));
        });
        Some(Question::Begun(heard))
    }
}

impl UnderWay {
    async fn settle(mut self, patience: Duration) -> Asked {
        let reader = self.directory.feed().reader;
        let answer = reader.ask(self.key, patience).await;
        if !matches!(answer, Err(Failure::NoQuota { .. })) {
            self.directory.metrics.count(Count::LiveAsked);
        }
        let (asked, success) = match answer {
            Ok(records) if self.directory.apply_answer(&self.readings, &records) => (Asked::Found, Some(true)),
            Ok(_) => (Asked::Nobody, Some(true)),
            Err(Failure::NoQuota { .. }) => {
                self.directory.metrics.count(Count::LiveNoQuota);
                (Asked::Busy, None)
            }
            Err(failure) => {
                let project = &self.directory.project;
                tracing::debug!(%project, number = %self.key, %failure, "a live question failed");
                self.directory.metrics.count(Count::LiveFailed);
                // A CRM that refuses this one question is there and answers others.
                (Asked::Failed, Some(matches!(failure, Failure::Refused { .. })))
            }
        };
        self.success = success;
        asked
    }
}
