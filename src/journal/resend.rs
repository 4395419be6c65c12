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
    use jiff::{Timestamp, tz::TimeZone};

    use super::from;

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
