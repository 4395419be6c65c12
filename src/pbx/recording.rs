//! Recordings: fetched only from the hosts that the configuration names, one after the other, never larger than allowed.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};
use url::{Host, Url};

use super::Failure;
use crate::outbound::{Hosts, Outbound, Request};

/// The bounds of fetching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingBounds {
    /// The hosts that recordings may lie on, in lower case.
    pub hosts: Vec<String>,
    /// A recording, at most.
    pub max_bytes: usize,
    /// Between two downloads, at least.
    pub gap: Duration,
}

/// Fetches recordings of one project.
#[derive(Debug)]
pub struct Recordings {
    outbound: Outbound,
    bounds: RecordingBounds,
    /// When the next may begin; whoever fetches holds it.
    next: Mutex<Instant>,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The last part of its address.
    pub file_name: String,
    /// What it was said to be.
    pub media_type: String,
    /// All of it.
    pub bytes: Bytes,
}

impl Recordings {
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(outbound: &Outbound, bounds: RecordingBounds) -> Self {
        let outbound = outbound.with_body_cap(bounds.max_bytes);
        Self { outbound, bounds, next: Mutex::new(Instant::now()) }
    }

    /// Fetches a recording, after those that were asked for before it.
    ///
    /// # Errors
    /// [`Failure::Refused`] for an address that is not to be fetched (another host, no https beyond this machine), for
    /// one that leads elsewhere or to nothing, and for a recording that is too large: it will not be there later either.
    /// Everything else is to be tried again.
    ///
    /// # Cost
    /// Holds the whole recording in memory.
    pub async fn fetch(&self, address: &str) -> Result<Recording, Failure> {
        let url = self.allowed(address)?;
        let outbound = self.outbound.limited_to(Hosts::default().with_origin_of(&url));
        let file_name = file_name(&url);
        let reply = {
            let mut next = self.next.lock().await;
            sleep_until(*next).await;
            let reply = outbound.send(Request::get(url)).await;
            *next = Instant::now() + self.bounds.gap;
            reply?
        };
        let told = || format!("status {}", reply.status);
        match reply.status {
            200 if !reply.body.is_empty() => {
                let media_type = reply.header("content-type").unwrap_or("application/octet-stream").to_owned();
                Ok(Recording { file_name, media_type, bytes: reply.body })
            }
            // It is being written still.
            200 | 202 | 204 => Err(Failure::Wait { reason: "an empty recording".to_owned(), after: None }),
            // So may one be that is not there yet: whoever asks gives it up after some tries.
            404 | 408 | 425 | 429 | 500..=599 => {
                let after = reply.header("retry-after").and_then(|text| text.trim().parse().ok());
                Err(Failure::Wait { reason: told(), after: after.map(Duration::from_secs) })
            }
            _ => Err(Failure::Refused { reason: told() }),
        }
    }

    fn allowed(&self, address: &str) -> Result<Url, Failure> {
        let refused = |found: &str| {
            let hosts = self.bounds.hosts.join(", ");
            Failure::Refused { reason: format!("expected an https address on {hosts}, found {found}") }
        };
        let url = Url::parse(address).map_err(|_| refused("none"))?;
        let Some(host) = url.host() else { return Err(refused("one without a host")) };
        if !self.bounds.hosts.contains(&host.to_string().to_ascii_lowercase()) {
            return Err(refused("another host"));
        }
        let is_here = match host {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => name == "localhost",
        };
        if url.scheme() != "https" && !is_here {
            return Err(refused("plain http"));
        }
        Ok(url)
    }
}

fn file_name(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let kept: String =
        last.chars().filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter)).collect();
    if kept.trim_matches('.').is_empty() { "recording".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::{RecordingBounds, Recordings};
    use crate::outbound::{Bounds, Outbound};
    use crate::pbx::Failure;

    fn recordings(hosts: &[&str]) -> Recordings {
        let second = Duration::from_secs(20);
        let bounds = Bounds { connect_timeout: second, request_timeout: second, max_body_bytes: 10 };
        let outbound = Outbound::new(&bounds).expect("a client");
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        Recordings::new(&outbound, RecordingBounds { hosts, max_bytes: 100, gap: Duration::ZERO })
    }

    /// Answers every request the same way.
    async fn server(answer: Vec<u8>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(&answer).await;
            }
        });
        format!("http://{address}/recordings/ua0_-1.2.ogg?token=s3cret")
    }

    fn reply(head: &str, body: &[u8]) -> Vec<u8> {
        let mut reply =
            format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        reply.extend_from_slice(body);
        reply
    }

    #[tokio::test]
    async fn a_recording_is_fetched_whole_with_its_name_and_type() {
        let address = server(reply("200 OK\r\nContent-Type: audio/ogg", &[7; 100])).await;
        let found = recordings(&["127.0.0.1"]).fetch(&address).await.expect("a recording");
        assert_eq!(
            (found.file_name.as_str(), found.media_type.as_str(), found.bytes.len()),
            ("ua0_-1.2.ogg", "audio/ogg", 100)
        );
    }

    #[tokio::test]
    async fn another_host_plain_http_and_what_is_no_address_are_refused_unasked() {
        let recordings = recordings(&["app.ringostat.com"]);
        for address in [
            "https://evil.example/recordings/1.ogg",
            "https://app.ringostat.com.evil.example/1.ogg",
            "http://app.ringostat.com/1.ogg",
            "file:///etc/passwd",
            "1.ogg",
        ] {
            let failure = recordings.fetch(address).await.expect_err(address);
            assert!(matches!(failure, Failure::Refused { .. }), "{address}: {failure:?}");
        }
    }

    #[tokio::test]
    async fn what_leads_elsewhere_is_gone_for_good_or_too_large_is_not_tried_again() {
        for answer in [
            reply("302 Found\r\nLocation: http://127.0.0.1:1/", b""),
            reply("410 Gone", b"none"),
            reply("403 Forbidden", b"none"),
            reply("200 OK", &[7; 101]),
        ] {
            let address = server(answer).await;
            let failure = recordings(&["127.0.0.1"]).fetch(&address).await.expect_err("refused");
            assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_ready_or_too_much_is_tried_again() {
        for (answer, after) in [
            (reply("429 Too Many\r\nRetry-After: 7", b""), Some(Duration::from_secs(7))),
            (reply("503 Unavailable", b""), None),
            (reply("404 Not Found", b"none"), None),
            (reply("200 OK", b""), None),
        ] {
            let address = server(answer).await;
            let failure = recordings(&["127.0.0.1"]).fetch(&address).await.expect_err("later");
            assert!(matches!(&failure, Failure::Wait { after: told, .. } if *told == after), "{failure:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn two_downloads_keep_their_distance() {
        let mut recordings = recordings(&["127.0.0.1"]);
        recordings.bounds.gap = Duration::from_millis(1_500);
        let began = tokio::time::Instant::now();
        for _ in 0..3 {
            // Nobody listens there.
            let _ = recordings.fetch("http://127.0.0.1:1/1.ogg").await;
        }
        assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    }
}
