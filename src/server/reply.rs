//! What goes out: few headers, an exact length, and a body whose parts are sent as they are kept.

use std::{
    convert::Infallible,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyper::{
    Response, StatusCode,
    header::{ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE},
};

use crate::routing::Verdict;
use crate::telephony::ringostat::Rendered;

/// What CONTRACT lets a telephone system ask with.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
/// What a CRM may deliver with.
const DELIVERED_BY: HeaderValue = HeaderValue::from_static("GET, POST");
/// What a card may be asked for with.
const SHOWN_BY: HeaderValue = HeaderValue::from_static("GET");
/// What events may be told with.
/// What a client that waits to be asked for its password understands.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"predial\"");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

const SOURCE: HeaderName = HeaderName::from_static("x-predial-source");
const ENTITY: HeaderName = HeaderName::from_static("x-predial-entity");
const AGE: HeaderName = HeaderName::from_static("x-predial-age");

/// A reply's body: the block's prepared bytes, around the id that JSON-RPC echoes.
///
/// # Cost
/// Clones references to the prepared bytes; the id is a slice of the request. Its length is known before it is sent, so
/// that hyper writes a Content-Length and never chunks.
#[derive(Debug, Default)]
pub(super) struct Reply {
    parts: Option<Parts>,
}

/// Up to three pieces, one after the other.
#[derive(Debug, Default)]
pub(super) struct Parts([Bytes; 3]);

impl Reply {
    fn of(rendered: &Rendered, rpc_id: Option<&Bytes>) -> Self {
        let parts = Parts([
            rendered.before.clone(),
            rendered.echo(rpc_id).unwrap_or_default(),
            rendered.after.clone().unwrap_or_default(),
        ]);
        Self { parts: parts.has_remaining().then_some(parts) }
    }
}

impl Body for Reply {
    type Data = Parts;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Parts>, Infallible>>> {
        Poll::Ready(self.parts.take().map(|parts| Ok(Frame::data(parts))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.parts.as_ref().map_or(0, |parts| parts.remaining() as u64))
    }
}

impl Buf for Parts {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.iter().find(|part| !part.is_empty()).map_or(&[], Bytes::as_ref)
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let pieces = self.0.iter().filter(|part| !part.is_empty()).zip(into);
        pieces.map(|(part, slice)| *slice = IoSlice::new(part)).count()
    }

    fn advance(&mut self, by: usize) {
        let mut left = by;
        for part in &mut self.0 {
            let here = left.min(part.len());
            part.advance(here);
            left -= here;
        }
        assert!(left == 0, "advanced past the end of a reply");
    }
}

/// A prepared answer.
pub(super) fn prepared(rendered: &Rendered, rpc_id: Option<&Bytes>) -> Response<Reply> {
    let mut response = Response::new(Reply::of(rendered, rpc_id));
    *response.status_mut() = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !rendered.content_type.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(rendered.content_type));
    }
    response
}

/// A status alone. Refusals have no body: a telephone system that looks for a destination finds none.
pub(super) fn bare(status: StatusCode) -> Response<Reply> {
    let mut response = Response::new(Reply::default());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // hyper leaves the length out of what answers a HEAD, unless it is given.
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    match status {
        StatusCode::METHOD_NOT_ALLOWED => drop(headers.insert(ALLOW, METHODS)),
        StatusCode::UNAUTHORIZED => drop(headers.insert(WWW_AUTHENTICATE, CHALLENGE)),
        _ => {}
    }
    response
}

/// 405 of the door where a CRM delivers.
pub(super) fn no_delivery() -> Response<Reply> {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, DELIVERED_BY);
    response
}

/// 405 of a door where something is told.
pub(super) fn not_allowed(methods: &'static str) -> Response<Reply> {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// 405 of the door where cards are.
pub(super) fn no_card() -> Response<Reply> {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, SHOWN_BY);
    response
}

/// JSON that was made for this reply.
pub(super) fn json(status: StatusCode, body: Bytes) -> Response<Reply> {
    let parts = Parts([body, Bytes::new(), Bytes::new()]);
    let mut response = Response::new(Reply { parts: Some(parts) });
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The last reply of its connection.
pub(super) fn closing(mut response: Response<Reply>) -> Response<Reply> {
    response.headers_mut().insert(CONNECTION, CLOSE);
    response
}

/// Says, for those who ask, how the answer is known.
pub(super) fn traced(mut response: Response<Reply>, verdict: &Verdict, now_s: i64) -> Response<Reply> {
    let headers = response.headers_mut();
    headers.insert(SOURCE, HeaderValue::from_static(verdict.source.word()));
    if let Some(kind) = verdict.entity() {
        headers.insert(ENTITY, HeaderValue::from_static(kind.word()));
    }
    if let Some(age_s) = verdict.age_s(now_s) {
        headers.insert(AGE, HeaderValue::from(age_s));
    }
    response
}

#[cfg(test)]
mod tests {
    use bytes::{Buf, Bytes};

    use super::Parts;

    fn parts(of: [&'static str; 3]) -> Parts {
        Parts(of.map(|part| Bytes::from_static(part.as_bytes())))
    }

    #[test]
    fn the_parts_are_read_as_one_whatever_the_steps() {
        for step in 1..=9 {
            let mut parts = parts(["{\"id\":", "17", "}"]);
            let mut read = Vec::new();
            while parts.has_remaining() {
                let here = parts.chunk().len().min(step);
                read.extend_from_slice(&parts.chunk()[..here]);
                parts.advance(here);
            }
            assert_eq!(read, b"{\"id\":17}", "{step}");
        }
    }

    #[test]
    fn advancing_over_several_parts_keeps_the_rest() {
        let mut parts = parts(["abc", "", "defg"]);
        parts.advance(5);
        assert_eq!((parts.remaining(), parts.chunk()), (2, &b"fg"[..]));
    }
}
