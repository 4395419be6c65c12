//! The `[ringostat]` section: Ringostat's own API, from which employees and calls that nobody told can be read.

use std::time::Duration;

use url::{Host, Url};

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{
    section::{Range, Section},
    tree::shortened,
};

/// Where recordings lie unless said otherwise.
const RECORDINGS: &str = "app.ringostat.com";
/// Between two requests of the contact book unless said otherwise.
const CONTACT_BOOK_PAUSE: Duration = Duration::from_secs(5);
/// A project's id, at most: what a JSON number carries without loss.
const MAX_ID_DIGITS: usize = 15;

/// The `[ringostat]` section of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingostatSection {
    /// The project's id at Ringostat.
    pub project_id: Option<u64>,
    /// The key of Ringostat's API.
    pub auth_key: Option<Secret>,
    /// Whether employees are read from Ringostat's list; with it `project_id` and `auth_key` are there.
    pub staff: bool,
    /// Whether calls that nobody told are read from its list; with it `project_id` and `auth_key` are there.
    pub reconcile: bool,
    /// Whether clients are told to Ringostat's contact book; with it `project_id` and `auth_key` are there.
    pub contact_book: bool,
    /// Between two requests of the contact book, at least.
    pub contact_book_pause: Duration,
    /// Where Ringostat's API answers, when that is not the vendor's own address.
    pub base_url: Option<Url>,
    /// The hosts that recordings may lie on, in lower case.
    pub recording_hosts: Vec<String>,
}

/// What of the section is for the whole project.
pub(super) struct Ringostat {
    pub(super) section: Option<RingostatSection>,
    /// This service, as the outside reaches it.
    pub(super) public_url: Option<Placed<Url>>,
}

/// Reads `[ringostat]`, and `public_url`, which may stand in it or beside it.
pub(super) fn read(project: &Section<'_>) -> Ringostat {
    let public_url = project.address("public_url");
    let Some(ringostat) = project.section("ringostat", "ringostat") else {
        return Ringostat { section: None, public_url };
    };
    let staff = ringostat.flag("staff").is_some_and(|flag| flag.value);
    let reconcile = ringostat.flag("reconcile").is_some_and(|flag| flag.value);
    let contact_book = ringostat.flag("contact_book").is_some_and(|flag| flag.value);
    if staff || reconcile || contact_book {
        ringostat.needed("project_id");
        ringostat.needed("auth_key");
    }
    let section = RingostatSection {
        project_id: project_id(&ringostat),
        auth_key: ringostat.secret("auth_key").map(|key| key.value),
        staff,
        reconcile,
        contact_book,
        contact_book_pause: contact_book_pause(&ringostat),
        base_url: base_url(&ringostat),
        recording_hosts: recording_hosts(&ringostat),
    };
    let own = ringostat.address("public_url");
    if let (Some(own), Some(beside)) = (&own, &public_url)
        && own.value != beside.value
    {
        let expected = format!("the public_url of row {}, or one of the two alone", beside.row);
        ringostat.wrong("public_url", expected, "another");
    }
    ringostat.finish();
    Ringostat { section: Some(section), public_url: public_url.or(own) }
}

fn contact_book_pause(ringostat: &Section<'_>) -> Duration {
    let pause = ringostat.number("contact_book_pause_s", Range::new(1, 3_600, "seconds"));
    pause.map_or(CONTACT_BOOK_PAUSE, |pause| Duration::from_secs(pause.value))
}

fn project_id(ringostat: &Section<'_>) -> Option<u64> {
    let text = ringostat.text("project_id")?;
    let text = text.value.trim();
    let digits = text.len() <= MAX_ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|&id: &u64| digits && id > 0);
    if id.is_none() {
        let expected = format_args!("a project's id of 1 to {MAX_ID_DIGITS} digits");
        ringostat.wrong("project_id", expected, format_args!("`{}`", shortened(text)));
    }
    id
}

/// Paths are the API's own.
fn base_url(ringostat: &Section<'_>) -> Option<Url> {
    let url = ringostat.address("base_url")?.value;
    if !matches!(url.path(), "" | "/") {
        ringostat.wrong("base_url", "an address without a path", format_args!("the path {}", shortened(url.path())));
        return None;
    }
    Some(url)
}

fn recording_hosts(ringostat: &Section<'_>) -> Vec<String> {
    let Some(hosts) = ringostat.texts("recording_hosts") else { return vec![RECORDINGS.to_owned()] };
    let read = |text: Placed<String>| {
        let host = text.value.trim();
        let found = Host::parse(host).ok().map(|host| host.to_string());
        if found.is_none() {
            let place = ringostat.place_of("recording_hosts").at_row(text.row);
            let expected = "a host's name, say app.ringostat.com";
            ringostat.wrong_at(&place, "recording_hosts", expected, format_args!("`{}`", shortened(host)));
        }
        found
    };
    hosts.into_iter().filter_map(read).collect()
}
