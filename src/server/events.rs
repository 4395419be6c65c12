//! Where the telephone system tells what happened, `/{project}/events/{moment}`, and the site which forms were filled in,
//! `/{project}/forms`.
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
use crate::base::secret::Seal;
use crate::journal::{Taken, Telling};
use crate::model::call::Moment;
use crate::project::Project;

/// A body, at most.
const MOST_BODY: usize = 1 << 20;

/// What is told at a door, and how.
#[derive(Clone, Copy)]
struct Told {
    moment: Option<Moment>,
    methods: &'static [Method],
    /// The same, as a header says it.
    allowed: &'static str,
    seal: fn(&Project) -> &Seal,
}

impl Service<'_> {
    /// Stores what was told of a call, and says so once it is on the disk.
    pub(super) async fn take_event(
        self,
        head: &request::Parts,
        body: Incoming,
        (project, moment): (&str, &str),
    ) -> Response<Reply> {
        let (methods, allowed) = (&[Method::GET, Method::POST, Method::PUT], "GET, POST, PUT");
        let told = Told { moment: Moment::from_word(moment), methods, allowed, seal: |project| &project.doors.events };
        self.stored(head, body, (project, told)).await
    }

    /// Stores a form of the site, likewise.
    pub(super) async fn take_form(self, head: &request::Parts, body: Incoming, project: &str) -> Response<Reply> {
        let (methods, allowed) = (&[Method::GET, Method::POST], "GET, POST");
        let told = Told { moment: Some(Moment::Form), methods, allowed, seal: |project| &project.doors.forms };
        self.stored(head, body, (project, told)).await
    }

    async fn stored(self, head: &request::Parts, body: Incoming, (project, told): (&str, Told)) -> Response<Reply> {
        if !told.methods.contains(&head.method) {
            return self.unread(&body, reply::not_allowed(told.allowed));
        }
        let asker = origin::origin(self.peer, &head.headers, &self.door.edge.trusted_proxies);
        let asks = |project: &Project| route::may_ask(&project.allow, asker);
        let line = match route::admitted(self.door, head, project, |project| ((told.seal)(project), asks(project))) {
            Ok(line) => line,
            Err(status) => return self.unread(&body, reply::bare(status)),
        };
        let (Some(moment), Some(journal)) = (told.moment, &self.door.journal) else {
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
                let (project, moment) = (&line.project.name, moment.word());
                tracing::error!(%project, moment, %error, "what happened could not be stored");
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
