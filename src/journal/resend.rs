//! What is sent of what was stored while a project was off (row `pd-resend`). Pure.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// From when on: the beginning of the day before yesterday in the project's time zone, milliseconds since 1970 UTC. The
/// day of re-activation and the two before it are sent.
#[must_use]
pub fn from(now: Timestamp, zone: &TimeZone) -> i64 {
    let day = now.to_zoned(zone.clone()).date();
    let first = day.checked_sub(2.days()).unwrap_or(day);
    zone.to_zoned(first.at(0, 0, 0, 0))
        .map_or_else(|_| now.as_millisecond(), |zoned| zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use jiff::{Timestamp, tz::TimeZone};
    use tokio::runtime::Handle;

    use super::from;
    use crate::base::clock::Clock;
    use crate::config::JournalSettings;
    use crate::journal::Journal;
    use crate::journal::store::{EntryId, NewEntry, SqliteStore, State, Store};
    use crate::project::Current;

    /// An event that came at this time.
    async fn came(store: &dyn Store, at: &str) -> EntryId {
        let received: Timestamp = at.parse().expect("a time");
        let entry = NewEntry {
            project: "acme".to_owned(),
            moment: "after-call".to_owned(),
            call_id: Some(at.to_owned()),
            identity: at.to_owned(),
            lane: "client".to_owned(),
            received_ms: received.as_millisecond(),
            raw: Vec::new(),
            facts: Some("{}".to_owned()),
            state: State::Received,
            same_within_ms: None,
        };
        store.append(entry).await.expect("stored").id
    }

    #[tokio::test]
    async fn what_came_during_a_pause_before_those_days_stays_stored_however_it_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path()).expect("a journal"));
        let clock = Clock::following("2026-11-27T10:00:00Z".parse().expect("a time"));
        let second = Duration::from_secs(1);
        let settings = JournalSettings {
            workers: 1,
            lease: second,
            first_retry: second,
            longest_retry: second,
            give_up: second,
            probe: second,
            max_recording_bytes: 1,
            recording_gap: second,
        };
        let offices = Arc::new(Current::new(Arc::default()));
        let journal = Journal::new(Arc::clone(&store), offices, settings, (clock, Handle::current()));
        journal.pause("acme", "moved").await.expect("off");
        let mut ids = Vec::new();
        // A project that is in force no more has the days of UTC.
        for at in ["2026-11-23T10:00:00Z", "2026-11-24T23:59:59.999Z", "2026-11-25T00:00:00Z", "2026-11-27T09:00:00Z"] {
            ids.push(came(&*store, at).await);
        }
        let states = async || {
            let mut states = Vec::new();
            for id in &ids {
                states.push(store.show(*id).await.expect("read").expect("an entry").entry.state);
            }
            states
        };
        let kept = journal.resume("acme", Some(false)).await.expect("on");
        assert_eq!((kept.was_paused, kept.sent), (true, 0));
        assert_eq!(states().await, [State::Stored; 4]);
        let sent = journal.resume("acme", Some(true)).await.expect("on");
        assert_eq!((sent.was_paused, sent.sent), (false, 2));
        assert_eq!(states().await, [State::Stored, State::Stored, State::Received, State::Received]);
        assert_eq!(journal.resume("acme", Some(true)).await.expect("on").sent, 0);
        assert_eq!(journal.retry_all(Some("acme"), State::Stored).await.expect("an answer"), 2);
    }

    #[test]
    fn three_days_of_the_projects_calendar_are_sent() {
        let zone = TimeZone::get("Europe/Kyiv").expect("a zone");
        let begins = |now: &str| {
            let from_ms = from(now.parse().expect("a time"), &zone);
            Timestamp::from_millisecond(from_ms).expect("a time").to_string()
        };
        assert_eq!(begins("2026-11-27T10:00:00Z"), "2026-11-24T22:00:00Z");
        // Half past midnight there is still the evening before in UTC.
        assert_eq!(begins("2026-11-26T22:30:00Z"), "2026-11-24T22:00:00Z");
        assert_eq!(begins("2026-11-26T21:30:00Z"), "2026-11-23T22:00:00Z");
        // The clocks went back on 2026-10-25.
        assert_eq!(begins("2026-10-26T10:00:00Z"), "2026-10-23T21:00:00Z");
    }
}
