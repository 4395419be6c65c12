//! From a request's head to what it is about, in the order that gives nothing away.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{HOST, TRANSFER_ENCODING},
    http::request,
};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;

use super::{Door, credentials, origin};
use crate::base::{
    metric::{Count, ProcessCount},
    secret::Seal,
};
use crate::project::Project;
use crate::routing::Line;

/// The segment between the project and the block.
const ROUTE: &str = "route";
/// The segment between the project and the moment of a call.
const EVENTS: &str = "events";
/// The segment after the project where forms of its site are sent.
const FORMS: &str = "forms";
/// The segment after the project where its CRM delivers.
const CHANGES: &str = "crm-changes";
/// The segment after the project where cards are.
const CARD: &str = "card";

/// Which door a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path<'a> {
    /// `/{project}/route/{block}`, both still escaped.
    Route {
        /// The project's segment.
        project: &'a str,
        /// The block's.
        block: &'a str,
    },
    /// `/{project}/events/{moment}`
    Events {
        /// The project's segment, still escaped.
        project: &'a str,
        /// The moment's.
        moment: &'a str,
    },
    /// `/{project}/forms`
    Forms {
        /// The project's segment, still escaped.
        project: &'a str,
    },
    /// `/{project}/card`
    Card {
        /// The project's segment, still escaped.
        project: &'a str,
    },
    /// `/{project}/crm-changes`
    Changes {
        /// The project's segment, still escaped.
        project: &'a str,
    },
}

impl<'a> Path<'a> {
    /// `None` for a path that is no door's.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let (project, door) = (segments.next().filter(|project| !project.is_empty())?, decoded(segments.next()?)?);
        match (segments.next(), segments.next()) {
            (Some(block), None) if door == ROUTE && !block.is_empty() => Some(Self::Route { project, block }),
            (Some(moment), None) if door == EVENTS && !moment.is_empty() => Some(Self::Events { project, moment }),
            (None, None) if door == FORMS => Some(Self::Forms { project }),
            (None, None) if door == CARD => Some(Self::Card { project }),
            (None, None) if door == CHANGES => Some(Self::Changes { project }),
            _ => None,
        }
    }
}

/// Who is asked for, and by whom they may be answered.
pub(super) struct Routed<'a> {
    /// The project.
    pub(super) line: Arc<Line>,
    /// The block's name; whether there is one by that name is not known yet.
    pub(super) block: Cow<'a, str>,
}

/// Checks whether this request may ask the project of a route.
///
/// # Errors
/// The status of the refusal, in this order: 405 for another method, 401 for a project that is not there, an address that
/// may not ask, a wrong token or none; see [`admitted`].
pub(super) fn route<'a>(
    door: &Door,
    peer: IpAddr,
    head: &request::Parts,
    (project, block): (&str, &'a str),
) -> Result<Routed<'a>, StatusCode> {
    if ![Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(&head.method) {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let asker = origin::origin(peer, &head.headers, &door.edge.trusted_proxies);
    let line = admitted(door, head, project, |project| (&project.doors.route, may_ask(&project.allow, asker)))?;
    // A name that is no text is no block's.
    let block = decoded(block).unwrap_or_default();
    Ok(Routed { line, block })
}

/// Finds the project of a segment and checks whether this request opens its door: `asks` says by which seal, and whether
/// whoever asks may.
///
/// # Errors
/// 401 for a project that is not there, for who may not ask, for a wrong token or none. These look alike, so that nobody
/// learns names by asking for them, and take alike: the token is digested whatever else is wrong, and the unknown project
/// has a seal too, which nothing opens.
pub(super) fn admitted(
    door: &Door,
    head: &request::Parts,
    project: &str,
    asks: impl FnOnce(&Project) -> (&Seal, bool),
) -> Result<Arc<Line>, StatusCode> {
    let line = decoded(project).and_then(|project| door.exchange.load().line(&project).map(Arc::clone));
    let Some(line) = line else {
        // What comes out does not matter; that it is asked takes the time it takes for a project that is there.
        let _ = credentials::open(&door.nobody, head.uri.query(), &head.headers);
        door.metrics.count(ProcessCount::UnknownProject);
        return Err(StatusCode::UNAUTHORIZED);
    };
    let (seal, may) = asks(&line.project);
    let opens = credentials::open(seal, head.uri.query(), &head.headers);
    if !opens || !may {
        line.metrics.count(Count::Unauthorised);
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(line)
}

/// Whether whoever stands between may have read this head otherwise than we do: another host, or another end of the body.
/// hyper takes the Content-Length out where there is a Transfer-Encoding, so that one has to be told of it.
pub(super) fn is_ambiguous(headers: &HeaderMap, says_length: bool) -> bool {
    headers.get_all(HOST).iter().nth(1).is_some() || (says_length && headers.contains_key(TRANSFER_ENCODING))
}

pub(super) fn may_ask(allow: &[IpNet], asker: Option<IpAddr>) -> bool {
    allow.is_empty() || asker.is_some_and(|address| origin::holds(allow, address))
}

fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::{Path, decoded};

    #[test]
    fn a_path_is_a_project_its_door_and_a_block_where_the_door_has_blocks() {
        assert_eq!(Path::of("/acme/route/sales"), Some(Path::Route { project: "acme", block: "sales" }));
        assert_eq!(Path::of("/acme/%72oute/a%20b"), Some(Path::Route { project: "acme", block: "a%20b" }));
        assert_eq!(Path::of("/acme/crm-changes"), Some(Path::Changes { project: "acme" }));
        assert_eq!(Path::of("/acme/crm%2Dchanges"), Some(Path::Changes { project: "acme" }));
        assert_eq!(Path::of("/acme/forms"), Some(Path::Forms { project: "acme" }));
        assert_eq!(Path::of("/acme/card"), Some(Path::Card { project: "acme" }));
        let told = Some(Path::Events { project: "acme", moment: "after-call" });
        assert_eq!(Path::of("/acme/events/after-call"), told);
        for path in ["/", "", "*", "/acme", "/acme/route", "/acme/route/", "//route/sales", "/acme/events"] {
            assert_eq!(Path::of(path), None, "{path}");
        }
        for path in [
            "/acme/route/sales/",
            "/acme/route/sales/x",
            "//crm-changes",
            "/acme/crm-changes/",
            "/crm-changes",
            "/acme/forms/",
            "/card",
            "/acme/card/",
        ] {
            assert_eq!(Path::of(path), None, "{path}");
        }
    }

    #[test]
    fn an_escaped_slash_stays_within_its_segment() {
        let Some(Path::Route { project, block }) = Path::of("/a%2Fb/route/%D0%BF") else { panic!("a route") };
        assert_eq!((decoded(project).as_deref(), decoded(block).as_deref()), (Some("a/b"), Some("п")));
        assert_eq!(decoded("%ff"), None);
    }
}
