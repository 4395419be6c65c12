//! Stretches of time, read one after the other and halved where one holds more than an answer can.

use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};

/// A stretch of the project's wall clock, to the second, both ends counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: DateTime,
    to: DateTime,
}

impl Window {
    /// The stretch of a zone's wall clock that every moment between two times is shown within. Where the clock is set
    /// back meanwhile, some of it is shown twice, and it is the longer for that.
    #[must_use]
    pub fn of(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Self {
        let civil = |at: Timestamp| zone.to_datetime(at);
        let mut window = Self { from: civil(from), to: civil(to) };
        for change in zone.following(from).map(|change| change.timestamp()).take_while(|&change| change <= to) {
            let before = change.checked_sub(Span::new().seconds(1)).unwrap_or(change);
            window.from = window.from.min(civil(change));
            window.to = window.to.max(civil(before));
        }
        Self { from: to_the_second(window.from), to: to_the_second(window.to) }
    }

    /// `2026-11-20 09:00:00`
    #[must_use]
    pub fn from_text(self) -> String {
        text(self.from)
    }

    /// The same of its end.
    #[must_use]
    pub fn to_text(self) -> String {
        text(self.to)
    }

    /// Two halves in order of time; `None` of a second, or what is shorter. The second between them is in both: whether
    /// the list counts an end in was never tried on a live account, and what is read twice is appended once.
    #[must_use]
    pub fn halves(self) -> Option<[Self; 2]> {
        let seconds = self.from.until((jiff::Unit::Second, self.to)).ok()?.get_seconds();
        let middle = self.from.checked_add(Span::new().seconds(seconds / 2)).ok()?;
        (seconds > 1).then_some([Self { to: middle, ..self }, Self { from: middle, ..self }])
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} to {}", text(self.from), text(self.to))
    }
}

fn text(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn to_the_second(at: DateTime) -> DateTime {
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

/// What is still to be read, the earliest first.
#[derive(Debug)]
pub struct Windows(Vec<Window>);

impl Windows {
    /// One window, whole.
    #[must_use]
    pub fn new(whole: Window) -> Self {
        Self(vec![whole])
    }

    /// Has the halves of this one read next; says whether it has any.
    pub fn halve(&mut self, window: Window) -> bool {
        let halves = window.halves();
        self.0.extend(halves.into_iter().flatten().rev());
        halves.is_some()
    }

    /// How many are known to be left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

impl Iterator for Windows {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        self.0.pop()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::{Window, Windows};

    fn window(from: &str, to: &str) -> Window {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        Window::of(at(from), at(to), &TimeZone::get("Europe/Kyiv").unwrap())
    }

    #[test]
    fn a_window_is_written_by_the_projects_wall_clock() {
        let window = window("2026-11-20T07:00:00.9Z", "2026-11-20T08:30:00Z");
        assert_eq!(window.to_string(), "2026-11-20 09:00:00 to 2026-11-20 10:30:00");
    }

    /// On 25 October 2026 clocks are set back from 04:00 to 03:00, at 01:00 UTC.
    #[test]
    fn where_the_clock_is_set_back_everything_that_it_showed_is_in_the_window() {
        let shown = |from, to| window(from, to).to_string();
        let inside = shown("2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z");
        assert_eq!(inside, "2026-10-25 03:00:00 to 2026-10-25 03:59:59");
        let over = shown("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(over, "2026-10-24 15:00:00 to 2026-10-25 14:00:00");
        let forward = shown("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
        assert_eq!(forward, "2026-03-29 02:30:00 to 2026-03-29 04:30:00");
    }

    #[test]
    fn halves_are_read_in_order_leave_nothing_out_and_end_at_a_second() {
        let mut windows = Windows::new(window("2026-11-20T07:00:00Z", "2026-11-20T07:00:05Z"));
        let (mut read, mut unsplit) = (Vec::new(), 0);
        while let Some(window) = windows.next() {
            if !windows.halve(window) {
                unsplit += 1;
                read.push((window.from_text(), window.to_text()));
            }
        }
        let second = |at: u32| format!("2026-11-20 09:00:0{at}");
        let expected: Vec<_> = (0..5).map(|at| (second(at), second(at + 1))).collect();
        assert_eq!((read, unsplit), (expected, 5));
        assert_eq!(window("2026-11-20T07:00:00Z", "2026-11-20T07:00:00.5Z").halves(), None);
    }
}
