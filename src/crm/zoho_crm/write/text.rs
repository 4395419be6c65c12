//! Texts, lengths and times as the vendor takes them.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

/// What stands where something was left out.
const LEFT_OUT: char = '…';

/// A text of at most so many signs.
pub(in crate::crm::zoho_crm) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain([LEFT_OUT]).collect(),
    }
}

/// A text of at most so many signs that keeps the recording's link, if it has it, and ends with our mark.
pub(in crate::crm::zoho_crm) fn kept(text: &str, link: Option<&str>, mark: Option<&str>, most: usize) -> String {
    let end = match mark {
        Some(mark) if text.is_empty() => mark.to_owned(),
        Some(mark) => format!("\n\n{mark}"),
        None => String::new(),
    };
    let room = most.saturating_sub(end.chars().count());
    if text.chars().count() <= room {
        return format!("{text}{end}");
    }
    let link = link.filter(|link| text.contains(link)).map(|link| format!("\n{link}")).unwrap_or_default();
    let head = cut(text, room.saturating_sub(link.chars().count()));
    format!("{head}{link}{end}")
}

/// # Units
/// Minutes and seconds, `01:15`; an hour and more as minutes. The vendor's pages speak of hours and minutes, those who
/// write calls of minutes and seconds.
pub(in crate::crm::zoho_crm) fn length(talk: Duration) -> String {
    let seconds = talk.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// # Units
/// ISO 8601 in whole seconds with the offset of the zone in digits.
pub(in crate::crm::zoho_crm) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// # Units
/// `2026-11-20`, the day there.
pub(in crate::crm::zoho_crm) fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string()
}
