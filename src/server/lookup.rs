//! The hot path: a request whose project is known, to the bytes that answer it.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http_body::Body;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap},
    http::request,
};
use tokio::time::Instant;

use super::{
    Door,
    body::{self, NoBody},
    reply::{self, Reply},
    route::{self, Path, Routed},
    timeline::Timeline,
};
use crate::base::metric::{Count, Outcome, ProcessCount};
use crate::project::Block;
use crate::routing::{self, Decision, Line, Recalled, Verdict};
use crate::telephony::{self, ringostat};

/// Asks for the trace headers.
const TRACE: &str = "x-predial-trace";

/// One connection's service.
#[derive(Clone, Copy)]
pub(super) struct Service<'a> {
    pub(super) door: &'a Door,
    pub(super) timeline: &'a Timeline,
    pub(super) peer: IpAddr,
}

impl Service<'_> {
    /// A request's head has been read: the instant it began. To be called before anything else is read.
    pub(super) fn begin(self, request: &Request<Incoming>) -> Instant {
        self.timeline.begin(request.body().is_end_stream())
    }

    /// Answers one request, which began when it says.
    ///
    /// Dropped halfway (the client is gone), it leaves nothing behind: a question that was put to the CRM goes on by
    /// itself, so that the next call is a hit.
    pub(super) async fn answer(self, request: Request<Incoming>, began: Instant) -> Response<Reply> {
        let (head, body) = request.into_parts();
        let response = if route::is_ambiguous(&head.headers, self.timeline.says_length()) {
            self.door.metrics.count(ProcessCount::HeadsMalformed);
            reply::closing(self.unread(&body, reply::bare(StatusCode::BAD_REQUEST)))
        } else {
            match Path::of(head.uri.path()) {
                Some(Path::Route { project, block }) => {
                    match route::route(self.door, self.peer, &head, (project, block)) {
                        Ok(routed) => self.answer_routed(&head, body, &routed, began).await,
                        Err(status) => self.unread(&body, reply::bare(status)),
                    }
                }
                Some(Path::Events { project, moment }) => {
                    Box::pin(self.take_event(&head, body, (project, moment))).await
                }
                Some(Path::Forms { project }) => Box::pin(self.take_form(&head, body, project)).await,
                Some(Path::Card { project }) => Box::pin(self.show_card(&head, body, project, began)).await,
                // In a place of its own: what a look-up holds while it waits does not grow by it.
                Some(Path::Changes { project }) => Box::pin(self.take_in(&head, body, project)).await,
                None => {
                    self.door.metrics.count(ProcessCount::NotFound);
                    self.unread(&body, reply::bare(StatusCode::NOT_FOUND))
                }
            }
        };
        self.timeline.replied(Instant::now());
        response
    }

    async fn answer_routed(
        self,
        head: &request::Parts,
        body: Incoming,
        routed: &Routed<'_>,
        began: Instant,
    ) -> Response<Reply> {
        let line = &routed.line;
        let Some(block) = line.project.block(&routed.block) else {
            line.metrics.count(Count::UnknownBlock);
            return self.unread(&body, reply::bare(StatusCode::NOT_FOUND));
        };
        let edge = &self.door.edge;
        let body = match body::whole(body, edge.max_body_bytes, edge.body_timeout).await {
            Ok(body) => body,
            Err(reason) => return self.without_body(line, block, reason),
        };
        self.timeline.whole();
        let incoming = telephony::Incoming {
            query: head.uri.query(),
            content_type: head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()),
            body: &body,
        };
        let asked = match ringostat::decode(&incoming, &block.fields) {
            Ok(asked) => asked,
            Err(malformed) => {
                line.metrics.count(Count::Malformed);
                return reply::prepared(&block.answers.shape().malformed(&malformed.reason), None);
            }
        };
        let deadline = began + block.deadline;
        let in_time = Instant::now() <= deadline;
        let verdict = self.decide(line, block, asked.caller.as_deref(), deadline).await;
        if let Some(notes) = &self.door.notes {
            notes.note(line, block, (&verdict, began));
        }
        let response = answered(block, &verdict, asked.rpc_id.as_ref());
        count(line, &verdict, in_time.then_some(deadline), began);
        if wants_trace(&head.headers) { reply::traced(response, &verdict, self.door.clock.now_s()) } else { response }
    }

    /// From memory, or by asking the CRM while there is time.
    async fn decide(self, line: &Arc<Line>, block: &Block, caller: Option<&str>, deadline: Instant) -> Verdict {
        let recalled = routing::recall(line, block, caller);
        if let Recalled::Decided(verdict) = recalled {
            return verdict;
        }
        let answer_by = deadline.checked_sub(self.door.reserve);
        routing::resolve(line, block, recalled, answer_by).await
    }

    fn without_body(self, line: &Line, block: &Block, reason: NoBody) -> Response<Reply> {
        line.metrics.count(Count::Malformed);
        let shape = block.answers.shape();
        let rendered = match reason {
            NoBody::TooLarge => {
                let most = self.door.edge.max_body_bytes;
                shape.refused(413, &format!("expected a body of at most {most} bytes, found a longer one"))
            }
            NoBody::Slow => {
                let within_s = self.door.edge.body_timeout.as_secs_f64();
                shape.refused(408, &format!("expected the whole body within {within_s} s, found a part of it"))
            }
            NoBody::Broken => shape.malformed("expected a whole body, found a part of it"),
        };
        self.timeline.leave_unread();
        reply::closing(reply::prepared(&rendered, None))
    }

    /// A refusal that did not wait for the body.
    pub(super) fn unread(self, body: &Incoming, response: Response<Reply>) -> Response<Reply> {
        if body.is_end_stream() {
            return response;
        }
        self.timeline.leave_unread();
        reply::closing(response)
    }
}

fn answered(block: &Block, verdict: &Verdict, rpc_id: Option<&Bytes>) -> Response<Reply> {
    let rendered = match verdict.decision {
        Decision::Hit { employee, .. } => block.answers.hit(employee),
        Decision::Miss(_) => block.answers.miss(),
    };
    reply::prepared(rendered, rpc_id)
}

/// Counts an answer. `deadline` is there for a request that came in time: one whose head or body was late can only be
/// answered late, and that is not ours.
fn count(line: &Line, verdict: &Verdict, deadline: Option<Instant>, began: Instant) {
    let outcome = match verdict.decision {
        Decision::Hit { .. } => Outcome::Hit,
        Decision::Miss(_) => Outcome::Miss,
    };
    let now = Instant::now();
    line.metrics.answered(outcome, verdict.source);
    line.metrics.reply_took(now.saturating_duration_since(began));
    if deadline.is_some_and(|deadline| now > deadline) {
        line.metrics.deadline_overrun();
    }
}

fn wants_trace(headers: &HeaderMap) -> bool {
    headers.get(TRACE).is_some_and(|value| value.as_bytes() == b"1")
}
