//! A request's body, whole or not at all.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is longer than allowed, or says that it will be.
    TooLarge,
    /// It did not come in time.
    Slow,
    /// It ended before it was whole, or is no body at all.
    Broken,
}

/// Reads a body of at most `most` bytes within `patience`.
///
/// One that declares more is refused before any of it is read, and before a client that waits for `100 Continue` is told
/// to go on; one that declares nothing, as soon as it has grown too long.
///
/// # Cost
/// None when it came with the head in one piece, the normal case: it is a slice of what was read. Otherwise one copy.
pub(super) async fn whole(mut body: Incoming, most: usize, patience: Duration) -> Result<Bytes, NoBody> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let declared = body.size_hint();
    if declared.lower() > most as u64 {
        return Err(NoBody::TooLarge);
    }
    tokio::time::timeout(patience, collected(&mut body, most)).await.unwrap_or(Err(NoBody::Slow))
}

async fn collected(body: &mut Incoming, most: usize) -> Result<Bytes, NoBody> {
    let Some(first) = piece(body, most).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() {
        return Ok(first);
    }
    let mut gathered = BytesMut::from(first);
    while let Some(next) = piece(body, most - gathered.len()).await? {
        gathered.extend_from_slice(&next);
    }
    Ok(gathered.freeze())
}

/// The next piece that is no longer than `most`; trailers are passed over.
async fn piece(body: &mut Incoming, most: usize) -> Result<Option<Bytes>, NoBody> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_)) => return Err(NoBody::Broken),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.len() > most => return Err(NoBody::TooLarge),
                Ok(data) => return Ok(Some(data)),
                Err(_) => {}
            },
        }
    }
}
