//! Where the telephone system tells what happened: `/{project}/events/{moment}`.
//!
//! Nothing is decided here. What was told is handed to the journal, which has it on the disk before it answers; reading it
//! is the work threads' business, for a megabyte of JSON would take a call's thread for milliseconds.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode, body::Incoming, header::CONTENT_TYPE, http::request};
use serde_json::json;

use super::{
    body::{self, NoBody},
    lookup::Service,
    origin,
    reply::{self, Reply},
    route,
};
use crate::base::metric::{Count, ProcessCount};
use crate::journal::{Taken, Telling};
use crate::model::call::Moment;

/// A body, at most.
const MOST_BODY: usize = 1 << 20;

impl Service<'_> {
    /// Stores what was told of a call, and says so once it is on the disk.
    pub(super) async fn take_event(
        self,
        head: &request::Parts,
        body: Incoming,
        (project, moment): (&str, &str),
    ) -> Response<Reply> {
        if ![Method::GET, Method::POST, Method::PUT].contains(&head.method) {
            return self.unread(&body, reply::no_event());
        }
        let asker = origin::origin(self.peer, &head.headers, &self.door.edge.trusted_proxies);
        let asks = |project: &crate::project::Project| route::may_ask(&project.allow, asker);
        let line = match route::admitted(self.door, head, project, |project| (&project.doors.events, asks(project))) {
            Ok(line) => line,
            Err(status) => return self.unread(&body, reply::bare(status)),
        };
        let (Some(moment), Some(journal)) = (Moment::from_word(moment), &self.door.journal) else {
            self.door.metrics.count(ProcessCount::NotFound);
            return self.unread(&body, reply::bare(StatusCode::NOT_FOUND));
        };
        let body = match body::whole(body, MOST_BODY, self.door.edge.body_timeout).await {
            Ok(body) => body,
            Err(reason) => {
                line.metrics.count(Count::Malformed);
                self.timeline.leave_unread();
                return reply::closing(reply::bare(status_of(reason)));
            }
        };
        self.timeline.whole();
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let telling = Telling { moment, query: head.uri.query().map(str::to_owned), content_type, body };
        let unreadable = line.project.events.unreadable_status;
        match journal.take_in(&line.project, &line.metrics, telling).await {
            Ok(Taken::Stored(id)) => said(StatusCode::OK, "stored", &id),
            Ok(Taken::Known(id)) => said(StatusCode::OK, "known", &id),
            Ok(Taken::Unreadable(id)) => {
                said(StatusCode::from_u16(unreadable).unwrap_or(StatusCode::OK), "unreadable", &id)
            }
            Err(error) => {
                tracing::error!(project = %line.project.name, %error, "what happened in a call could not be stored");
                reply::json(StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(br#"{"status":"not-stored"}"#))
            }
        }
    }
}

fn said(status: StatusCode, word: &str, id: &str) -> Response<Reply> {
    reply::json(status, json!({"status": word, "id": id}).to_string().into())
}

const fn status_of(reason: NoBody) -> StatusCode {
    match reason {
        NoBody::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        NoBody::Slow => StatusCode::REQUEST_TIMEOUT,
        NoBody::Broken => StatusCode::BAD_REQUEST,
    }
}
