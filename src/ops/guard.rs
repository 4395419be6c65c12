//! Who may ask.
//!
//! With a token: who presents it. Without one the door stands on loopback, where every program of this machine may ask,
//! a browser among them; so that no web page can use one, what names another host than this machine (a name that was
//! rebound to 127.0.0.1) or comes from another site is refused. No cross-origin header is ever sent.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::refusal::Refusal;
use crate::base::{
    metric::{ProcessCount, ProcessMetrics},
    secret::{Seal, Secret},
};

/// How long an answer may take to begin: a reload that waits for slow disks, and no client that sends its body byte by
/// byte.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub(super) struct Guard {
    seal: Option<Seal>,
    process: Arc<ProcessMetrics>,
}

impl Guard {
    pub(super) fn new(token: Option<&Secret>, process: Arc<ProcessMetrics>) -> Self {
        Self { seal: token.map(Secret::seal), process }
    }

    fn admits(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
        let Some(seal) = &self.seal else { return from_this_machine(headers, uri) };
        match bearer(headers) {
            Some(presented) if seal.opens(presented) => Ok(()),
            Some(_) => Err(unauthorised("found another")),
            None => Err(unauthorised("found none")),
        }
    }
}

/// Lets through who may ask, for as long as an answer may take.
pub(super) async fn keep(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.admits(request.headers(), request.uri()) {
        Ok(()) => match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
            Ok(response) => response,
            Err(_elapsed) => timed_out().into_response(),
        },
        Err(refusal) => {
            guard.process.count(ProcessCount::OpsUnauthorised);
            refusal.into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn timed_out() -> Refusal {
    let message = format!("expected an answer within {} s, found none", REQUEST_TIMEOUT.as_secs());
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out", message)
}

fn unauthorised(found: &str) -> Refusal {
    let message = format!("expected the header authorization: Bearer with the token ops.token, {found}");
    Refusal::new(StatusCode::UNAUTHORIZED, "unauthorised", message)
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn from_this_machine(headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| Some(uri.authority()?.as_str()));
    if !host.is_some_and(names_this_machine) {
        let found = host.unwrap_or("none");
        return Err(foreign(format!("expected a host such as localhost or 127.0.0.1, found {found:?}")));
    }
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if let Some(origin) = origin.filter(|origin| !comes_from_this_machine(origin)) {
        return Err(foreign(format!("expected a request of no other site, found the origin {origin:?}")));
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"none" && site != b"same-origin") {
        return Err(foreign(
            "expected a request of no other site, found one that a browser sent for another".to_owned(),
        ));
    }
    Ok(())
}

fn foreign(found: String) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "foreign_request", found + "; with ops.token set, any host may be named")
}

/// Whether `host`, with or without a port, is a name of loopback that no resolver can send elsewhere.
fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn comes_from_this_machine(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(names_this_machine)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{bearer, comes_from_this_machine, names_this_machine};

    #[test]
    fn loopback_is_known_by_its_names_and_addresses() {
        for host in ["localhost", "LOCALHOST:8081", "127.0.0.1", "127.0.0.1:8081", "127.9.9.9", "[::1]", "[::1]:8081"] {
            assert!(names_this_machine(host), "{host}");
        }
    }

    #[test]
    fn what_a_resolver_could_send_here_is_not_loopback() {
        let hosts = ["", "evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example"];
        for host in hosts.into_iter().chain(["192.168.0.1", "[::2]", "[::1", "0.0.0.0:8081", "evil.example:127.0.0.1"])
        {
            assert!(!names_this_machine(host), "{host}");
        }
    }

    #[test]
    fn an_origin_counts_by_its_host_and_null_is_nobodys() {
        assert!(comes_from_this_machine("http://localhost:3000"));
        assert!(!comes_from_this_machine("https://evil.example"));
        assert!(!comes_from_this_machine("null"));
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_schemes_case() {
        let token = |text| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(text));
            bearer(&headers).map(<[u8]>::to_vec)
        };
        assert_eq!(token("Bearer s3cret"), Some(b"s3cret".to_vec()));
        assert_eq!(token("bearer  s3cret "), Some(b"s3cret".to_vec()));
        assert_eq!(token("Basic czNjcmV0"), None);
        assert_eq!(token("Bearer"), None);
    }
}
