//! Where CRMs deliver: `/{project}/crm-changes`.
//!
//! What is delivered is taken off the wire here and left in the project's [`Inbox`]; who sent it and what it says is made
//! out by the work runtime, for a signature over a megabyte and its JSON would take a call's thread for milliseconds. The
//! inbox is bounded, and its places are taken before a body is read: so many bodies are held for a project and no more,
//! whatever is sent. What finds no place is answered as what is taken is, for a vendor that is refused counts that
//! against us; the work is told that something was lost, and looks for itself.
//!
//! The order of checks is that of a look-up, and so is the 401 that says nothing. `allow` is not asked: it names the
//! addresses of the telephone system, and no vendor promises the ones that it delivers from.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hyper::{HeaderMap, Method, Response, StatusCode, Uri, body::Incoming, http::request};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    body::{self, NoBody},
    lookup::Service,
    reply::{self, Reply},
    route,
};
use crate::base::metric::{Count, ProcessCount};

/// A body, at most.
const MOST_BODY: usize = 1 << 20;
/// Deliveries of a project that are on their way through the door or wait to be read, at most.
const PLACES: usize = 32;
/// How long a vendor is kept waiting for the word whether it is believed. The least patient of them goes after 5 s.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// The inboxes of the projects that have one, by name.
#[derive(Debug, Default)]
pub struct Inboxes(BTreeMap<Box<str>, Inbox>);

impl FromIterator<(Box<str>, Inbox)> for Inboxes {
    fn from_iter<T: IntoIterator<Item = (Box<str>, Inbox)>>(inboxes: T) -> Self {
        Self(inboxes.into_iter().collect())
    }
}

/// Where the door leaves what a project's CRM delivers.
#[derive(Debug, Clone)]
pub struct Inbox {
    places: mpsc::Sender<Arrival>,
    overrun: Arc<AtomicBool>,
}

/// The other end of an [`Inbox`]. Dropped, the door answers 503 until there is another.
#[derive(Debug)]
pub struct Arrivals {
    queue: mpsc::Receiver<Arrival>,
    overrun: Arc<AtomicBool>,
}

/// Something that was delivered, by somebody who knew the token. It is answered once, or by being dropped: 503.
#[derive(Debug)]
pub struct Arrival {
    /// How it was sent.
    pub method: Method,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The whole body, at most 1 MiB.
    pub body: Bytes,
    uri: Uri,
    word: oneshot::Sender<Received>,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It comes from the CRM, or only looks whether somebody is there: 200.
    Taken,
    /// It does not: 401.
    NotGenuine,
}

/// An inbox and its other end.
#[must_use]
pub fn inbox() -> (Inbox, Arrivals) {
    let (places, queue) = mpsc::channel(PLACES);
    let overrun = Arc::new(AtomicBool::new(false));
    (Inbox { places, overrun: Arc::clone(&overrun) }, Arrivals { queue, overrun })
}

impl Arrivals {
    /// The next delivery; `None` when the door has no use for this inbox any more.
    pub async fn next(&mut self) -> Option<Arrival> {
        self.queue.recv().await
    }

    /// Deliveries that wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether a delivery was lost for want of a place since this was asked last.
    #[must_use]
    pub fn overran(&self) -> bool {
        self.overrun.swap(false, Ordering::AcqRel)
    }
}

impl Arrival {
    /// Path and query as they came.
    #[must_use]
    pub fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// Says what becomes of it. A vendor that has gone meanwhile does not hear it.
    pub fn answer(self, word: Received) {
        let _gone = self.word.send(word);
    }
}

impl Service<'_> {
    /// Takes a delivery for the project of a path's segment, and answers it as soon as it is known whose it is.
    pub(super) async fn take_in(self, head: &request::Parts, body: Incoming, project: &str) -> Response<Reply> {
        if ![Method::GET, Method::POST].contains(&head.method) {
            return self.unread(&body, reply::no_delivery());
        }
        let line = match route::admitted(self.door, head, project, |project| (&project.doors.changes, true)) {
            Ok(line) => line,
            Err(status) => return self.unread(&body, reply::bare(status)),
        };
        let Some(inbox) = self.door.inboxes.load().0.get(&line.project.name).cloned() else {
            self.door.metrics.count(ProcessCount::NotFound);
            return self.unread(&body, reply::bare(StatusCode::NOT_FOUND));
        };
        let place = match inbox.places.try_reserve_owned() {
            Ok(place) => place,
            Err(mpsc::error::TrySendError::Full(_)) => {
                inbox.overrun.store(true, Ordering::Release);
                return self.unread(&body, reply::bare(StatusCode::OK));
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return self.unread(&body, reply::bare(StatusCode::SERVICE_UNAVAILABLE));
            }
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
        let (word, heard) = oneshot::channel();
        let (method, headers, uri) = (head.method.clone(), head.headers.clone(), head.uri.clone());
        place.send(Arrival { method, headers, body, uri, word });
        reply::bare(match timeout(ANSWERED_WITHIN, heard).await {
            // Late: it will be read all the same, and what it says is not believed before.
            Ok(Ok(Received::Taken)) | Err(_) => StatusCode::OK,
            Ok(Ok(Received::NotGenuine)) => StatusCode::UNAUTHORIZED,
            Ok(Err(_)) => StatusCode::SERVICE_UNAVAILABLE,
        })
    }
}

const fn status_of(reason: NoBody) -> StatusCode {
    match reason {
        NoBody::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        NoBody::Slow => StatusCode::REQUEST_TIMEOUT,
        NoBody::Broken => StatusCode::BAD_REQUEST,
    }
}
