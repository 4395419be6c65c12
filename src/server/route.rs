//! From a request's head to the block it means, in the order that gives nothing away.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{HOST, TRANSFER_ENCODING},
    http::request,
};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;

use super::{Door, credentials, origin};
use crate::base::metric::{Count, ProcessCount};
use crate::routing::Line;

/// The segment between the project and the block.
const ROUTE: &str = "route";

/// Who is asked for, and by whom they may be answered.
pub(super) struct Routed<'a> {
    /// The project.
    pub(super) line: Arc<Line>,
    /// The block's name; whether there is one by that name is not known yet.
    pub(super) block: Cow<'a, str>,
}

/// Finds the project and checks whether this request may ask it.
///
/// # Errors
/// The status of the refusal, in this order: 404 for a path that is no door's, 405 for another method, 401 for a project
/// that is not there, an address that may not ask, a wrong token or none. These look alike, so that nobody learns names
/// by asking for them, and take alike: the address is made out and the token digested whatever else is wrong, and the
/// unknown project has a seal too, which nothing opens.
pub(super) fn route<'a>(door: &Door, peer: IpAddr, head: &'a request::Parts) -> Result<Routed<'a>, StatusCode> {
    let Some((project, block)) = segments(head.uri.path()) else {
        door.metrics.count(ProcessCount::NotFound);
        return Err(StatusCode::NOT_FOUND);
    };
    if ![Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(&head.method) {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let asker = origin::origin(peer, &head.headers, &door.edge.trusted_proxies);
    let line = decoded(project).and_then(|project| door.exchange.load().line(&project).map(Arc::clone));
    let Some(line) = line else {
        // What comes out does not matter; that it is asked takes the time it takes for a project that is there.
        let _ = credentials::open(&door.nobody, head.uri.query(), &head.headers);
        door.metrics.count(ProcessCount::UnknownProject);
        return Err(StatusCode::UNAUTHORIZED);
    };
    let opens = credentials::open(&line.project.doors.route, head.uri.query(), &head.headers);
    if !opens || !may_ask(&line.project.allow, asker) {
        line.metrics.count(Count::Unauthorised);
        return Err(StatusCode::UNAUTHORIZED);
    }
    // A name that is no text is no block's.
    let block = decoded(block).unwrap_or_default();
    Ok(Routed { line, block })
}

/// Whether whoever stands between may have read this head otherwise than we do: another host, or another end of the body.
/// hyper takes the Content-Length out where there is a Transfer-Encoding, so that one has to be told of it.
pub(super) fn is_ambiguous(headers: &HeaderMap, says_length: bool) -> bool {
    headers.get_all(HOST).iter().nth(1).is_some() || (says_length && headers.contains_key(TRANSFER_ENCODING))
}

fn may_ask(allow: &[IpNet], asker: Option<IpAddr>) -> bool {
    allow.is_empty() || asker.is_some_and(|address| origin::holds(allow, address))
}

/// The project's and the block's segments of `/{project}/route/{block}`, still escaped.
fn segments(path: &str) -> Option<(&str, &str)> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let (project, door, block) = (segments.next()?, segments.next()?, segments.next()?);
    let known = decoded(door)? == ROUTE && segments.next().is_none();
    (known && !project.is_empty() && !block.is_empty()).then_some((project, block))
}

fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::{decoded, segments};

    #[test]
    fn a_path_is_a_project_the_door_and_a_block() {
        assert_eq!(segments("/acme/route/sales"), Some(("acme", "sales")));
        assert_eq!(segments("/acme/%72oute/a%20b"), Some(("acme", "a%20b")));
        for path in ["/", "", "*", "/acme", "/acme/route", "/acme/route/", "//route/sales", "/acme/events/sales"] {
            assert_eq!(segments(path), None, "{path}");
        }
        assert_eq!(segments("/acme/route/sales/"), None);
        assert_eq!(segments("/acme/route/sales/x"), None);
    }

    #[test]
    fn an_escaped_slash_stays_within_its_segment() {
        let (project, block) = segments("/a%2Fb/route/%D0%BF").expect("a path");
        assert_eq!((decoded(project).as_deref(), decoded(block).as_deref()), (Some("a/b"), Some("п")));
        assert_eq!(decoded("%ff"), None);
    }
}
