//! When things happened on one connection: what the deadline and the time-outs are counted from.
//!
//! The wire notes what arrives, the service notes what it does with it, the connection's task asks how long it may go
//! on. All three run on one thread, one after the other; the atomics are there because the task may be moved as a whole,
//! and cost what plain cells would.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;

/// Nothing noted.
const NEVER: u64 = u64::MAX;

/// What the connection is doing: waiting for a head or reading it, reading a body, deciding.
const HEAD: u8 = 0;
const BODY: u8 = 1;
const DECIDING: u8 = 2;

/// What has been kept from hyper.
const NOTHING: u8 = 0;
const HELD_BACK: u8 = 1;
const LET_GO: u8 = 2;

/// The instants of one connection, as nanoseconds after it was accepted.
#[derive(Debug)]
pub(super) struct Timeline {
    accepted: Instant,
    phase: AtomicU8,
    /// The first byte after the last request was whole.
    first_byte: AtomicU64,
    last_read: AtomicU64,
    /// The last reply; [`NEVER`] until there is one.
    replied: AtomicU64,
    unread: AtomicBool,
    held_back: AtomicU8,
    /// The head that is being read, or was read last, says a length.
    length: AtomicBool,
}

/// How long a client may keep a connection without asking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a head that has begun; for the first one from the connection's accept.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
}

impl Timeline {
    pub(super) const fn new(accepted: Instant) -> Self {
        Self {
            accepted,
            phase: AtomicU8::new(HEAD),
            first_byte: AtomicU64::new(NEVER),
            last_read: AtomicU64::new(0),
            replied: AtomicU64::new(NEVER),
            unread: AtomicBool::new(false),
            held_back: AtomicU8::new(NOTHING),
            length: AtomicBool::new(false),
        }
    }

    /// A request's head is there, and all of it if `whole`: when did the request begin?
    ///
    /// The first one began with the connection. A later one began with the first byte after the one before was whole,
    /// even when that byte came before the reply. Where no byte came since (pipelined: it had arrived together with the
    /// end of the one before), it began with the last read.
    pub(super) fn begin(&self, whole: bool) -> Instant {
        self.phase.store(if whole { DECIDING } else { BODY }, Relaxed);
        let first_byte = self.first_byte.swap(NEVER, Relaxed);
        if self.replied.load(Relaxed) == NEVER {
            return self.accepted;
        }
        self.at(if first_byte == NEVER { self.last_read.load(Relaxed) } else { first_byte })
    }

    /// The request's body is there, too: what arrives from now on belongs to the next one.
    pub(super) fn whole(&self) {
        self.phase.store(DECIDING, Relaxed);
    }

    pub(super) fn is_deciding(&self) -> bool {
        self.phase.load(Relaxed) == DECIDING
    }

    pub(super) fn is_reading_head(&self) -> bool {
        self.phase.load(Relaxed) == HEAD
    }

    /// The head that is being read says a length, or has not yet.
    pub(super) fn note_length(&self, said: bool) {
        self.length.store(said, Relaxed);
    }

    /// Whether the request's head said a length. Of one that was sent before the reply to the one before, it is not known.
    pub(super) fn says_length(&self) -> bool {
        self.length.load(Relaxed)
    }

    pub(super) fn is_reading_body(&self) -> bool {
        self.phase.load(Relaxed) == BODY
    }

    /// The reply is decided.
    pub(super) fn replied(&self, now: Instant) {
        self.phase.store(HEAD, Relaxed);
        self.length.store(false, Relaxed);
        self.replied.store(self.after(now), Relaxed);
    }

    /// Something was read.
    pub(super) fn read(&self, now: Instant) {
        let now = self.after(now);
        self.last_read.store(now, Relaxed);
        if self.phase.load(Relaxed) != BODY && self.first_byte.load(Relaxed) == NEVER {
            self.first_byte.store(now, Relaxed);
        }
    }

    /// The reply goes out although not all of its request was read: the rest has to be taken off the wire, or the
    /// client's kernel throws the reply away.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// A read was refused although there is something to read: bytes of the next request, or the end.
    pub(super) fn hold_back(&self) {
        self.held_back.store(HELD_BACK, Relaxed);
    }

    /// Whether a read that was refused can be done now. Says so once.
    pub(super) fn may_read_again(&self) -> bool {
        let may = !self.is_deciding() && self.held_back.load(Relaxed) == HELD_BACK;
        if may {
            self.held_back.store(if self.is_reading_body() { LET_GO } else { NOTHING }, Relaxed);
        }
        may
    }

    /// Whether the end was held back while the body was read, and the service has since been asked and still wants more.
    pub(super) fn is_end_due(&self) -> bool {
        self.held_back.load(Relaxed) == LET_GO
    }

    /// A head is on its way: its first byte is here, or the connection is new and was made to bring one.
    pub(super) fn is_head_awaited(&self) -> bool {
        let is_first = self.replied.load(Relaxed) == NEVER;
        self.phase.load(Relaxed) == HEAD && (is_first || self.first_byte.load(Relaxed) != NEVER)
    }

    /// A reply has gone out and nothing has arrived since.
    pub(super) fn is_kept_idle(&self) -> bool {
        self.phase.load(Relaxed) == HEAD && !self.is_head_awaited()
    }

    /// When the client's time is up; `None` while it is ours to act.
    pub(super) fn due(&self, patience: Patience) -> Option<Instant> {
        if self.phase.load(Relaxed) != HEAD {
            return None;
        }
        let (first_byte, replied) = (self.first_byte.load(Relaxed), self.replied.load(Relaxed));
        Some(match (replied, first_byte) {
            (NEVER, _) => self.accepted + patience.head,
            (replied, NEVER) => self.at(replied) + patience.idle,
            (_, first_byte) => self.at(first_byte) + patience.head,
        })
    }

    fn at(&self, after_ns: u64) -> Instant {
        self.accepted + Duration::from_nanos(after_ns)
    }

    fn after(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.accepted).as_nanos()).unwrap_or(NEVER - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Patience, Timeline};

    const PATIENCE: Patience = Patience { head: Duration::from_secs(5), idle: Duration::from_secs(60) };

    fn ms(after: u64) -> Duration {
        Duration::from_millis(after)
    }

    #[test]
    fn the_first_request_begins_with_the_connection() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        timeline.read(accepted + ms(300));
        assert_eq!(timeline.begin(true), accepted);
    }

    #[test]
    fn a_later_request_begins_with_its_first_byte() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        timeline.read(accepted + ms(1));
        timeline.begin(true);
        timeline.replied(accepted + ms(2));
        timeline.read(accepted + ms(700));
        timeline.read(accepted + ms(900));
        assert_eq!(timeline.begin(true), accepted + ms(700));
    }

    #[test]
    fn a_byte_that_comes_while_the_call_before_waits_begins_the_next() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        timeline.read(accepted + ms(1));
        timeline.begin(true);
        timeline.read(accepted + ms(100));
        timeline.replied(accepted + ms(780));
        timeline.read(accepted + ms(781));
        assert_eq!(timeline.begin(true), accepted + ms(100));
    }

    #[test]
    fn a_pipelined_request_begins_with_the_read_that_brought_it() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        timeline.read(accepted + ms(4));
        timeline.begin(true);
        timeline.replied(accepted + ms(780));
        assert_eq!(timeline.begin(true), accepted + ms(4));
    }

    #[test]
    fn a_body_that_is_being_read_does_not_begin_the_next_request() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        timeline.begin(false);
        timeline.read(accepted + ms(50));
        timeline.replied(accepted + ms(60));
        assert_eq!(timeline.due(PATIENCE), Some(accepted + ms(60) + PATIENCE.idle));
    }

    #[test]
    fn a_head_has_its_time_a_kept_connection_its_own_and_our_work_none() {
        let accepted = Instant::now();
        let timeline = Timeline::new(accepted);
        assert_eq!(timeline.due(PATIENCE), Some(accepted + PATIENCE.head));
        timeline.begin(true);
        assert_eq!(timeline.due(PATIENCE), None);
        timeline.replied(accepted + ms(10));
        assert_eq!(timeline.due(PATIENCE), Some(accepted + ms(10) + PATIENCE.idle));
        timeline.read(accepted + ms(500));
        assert_eq!(timeline.due(PATIENCE), Some(accepted + ms(500) + PATIENCE.head));
    }

    #[test]
    fn what_was_held_back_is_read_once_the_call_is_decided() {
        let timeline = Timeline::new(Instant::now());
        timeline.begin(true);
        timeline.hold_back();
        assert!(!timeline.may_read_again());
        timeline.replied(Instant::now());
        assert!(timeline.may_read_again() && !timeline.may_read_again());
    }

    #[test]
    fn an_end_within_a_body_is_passed_on_once_the_service_has_looked_at_what_there_is() {
        let timeline = Timeline::new(Instant::now());
        timeline.begin(false);
        timeline.hold_back();
        assert!(!timeline.is_end_due());
        assert!(timeline.may_read_again() && timeline.is_end_due());
    }

    #[test]
    fn an_end_after_a_body_is_held_back_as_it_is_after_a_head() {
        let timeline = Timeline::new(Instant::now());
        timeline.begin(false);
        timeline.hold_back();
        timeline.whole();
        assert!(!timeline.may_read_again() && !timeline.is_end_due());
        timeline.replied(Instant::now());
        assert!(timeline.may_read_again() && !timeline.is_end_due());
    }
}
