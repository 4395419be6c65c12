//! Recordings: some audio for every call, behind a token, and not two in quick succession.

use std::{sync::Mutex, time::Duration};

use hyper::StatusCode;

use crate::kit::{Clock, Query, Reply, json_reply, reply};

/// How large every recording is.
pub const RECORDING_BYTES: usize = 40_000;
/// Two downloads that follow each other faster are refused.
const GAP: Duration = Duration::from_millis(1_500);
/// A clock that counts whole milliseconds sees a pause kept exactly as one too short.
const GRACE: Duration = Duration::from_millis(10);

/// When the last one was fetched.
#[derive(Debug, Default)]
pub(super) struct Recordings(Mutex<Option<Duration>>);

impl Recordings {
    /// The recording at a path; `None` where no recording can be there.
    pub(super) fn answer(&self, path: &str, query: &str, clock: &Clock) -> Option<Reply> {
        let name = path.strip_prefix("/recordings/").filter(|name| !name.contains('/'))?;
        if Query::read(query).text("token").is_none_or(str::is_empty) {
            return Some(json_reply(StatusCode::FORBIDDEN, "{}"));
        }
        if !name.ends_with(".ogg") {
            return Some(json_reply(StatusCode::NOT_FOUND, "{}"));
        }
        let now = clock.now().vendor;
        let mut last = crate::kit::lock(&self.0);
        if last.is_some_and(|last| now.saturating_sub(last) + GRACE < GAP) {
            return Some(json_reply(StatusCode::TOO_MANY_REQUESTS, "{}"));
        }
        *last = Some(now);
        Some(reply(StatusCode::OK, "audio/ogg", vec![0x4f_u8; RECORDING_BYTES]))
    }
}
