//! The edge door: what the telephone system asks.
//!
//! | method and path | asks | answered |
//! | --- | --- | --- |
//! | `GET`, `POST`, `PUT`, `DELETE` `/{project}/route/{block}` | who is responsible for a caller | in the block's form, within its deadline |
//! | `GET`, `POST`, `PUT` `/{project}/events/{moment}` | tells what happened in a call | 200 once it is on the disk; 503 where it cannot be |
//! | `GET`, `POST` `/{project}/forms` | a form of the site | likewise |
//! | `GET` `/{project}/card` | which record of the CRM a caller is | 302 to it, or JSON; 404 where there is none; see `card` |
//! | `GET`, `POST` `/{project}/crm-changes` | the CRM says that something changed | 200; 401 for what is not the CRM's; see `changes` |
//! | the same, another method | | 405 |
//! | any other path | | 404 |
//!
//! hyper's HTTP/1 directly, on one single-threaded runtime per core: a call is served by the thread that accepted it and
//! meets no lock of ours. Replies carry a Content-Length and are never chunked or compressed, and none but that of a card
//! is a redirection. This floor
//! knows no CRM and decides nothing: it turns bytes into a question for [`routing`](crate::routing) and the verdict into
//! bytes.
//!
//! What is no HTTP/1 is answered with 400, HTTP/2's preface too, and a head that is too long (its target, as a rule) with
//! 431: without a body, with `Content-Length: 0`, and the connection is closed. So is a head that others may read
//! otherwise: with two Hosts, or with both a Content-Length and a Transfer-Encoding. A head that does not come in time is closed without a word.

mod accept;
mod body;
mod card;
mod changes;
mod connection;
mod credentials;
mod events;
mod head;
mod lookup;
mod origin;
mod reply;
mod route;
mod timeline;
mod wire;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use hyper::server::conn::http1;

pub use self::{
    accept::{listen, serve},
    changes::{Arrival, Arrivals, Inbox, Inboxes, Received, inbox},
};
use crate::base::{
    clock::Clock,
    metric::ProcessMetrics,
    secret::{Seal, Secret},
};
use crate::config::ProcessSettings;
use crate::journal::Journal;
use crate::project::Current;
use crate::routing::{Exchange, Notes};

/// The least hyper takes for its buffer.
const LEAST_BUFFER: usize = 8 << 10;

/// The door, shared by the threads that serve it.
pub struct Door {
    exchange: Arc<Current<Exchange>>,
    edge: crate::config::EdgeSettings,
    /// How long before the deadline a reply goes out at the latest.
    reserve: Duration,
    metrics: Arc<ProcessMetrics>,
    clock: Clock,
    http: http1::Builder,
    /// What a project that does not exist has for a seal.
    nobody: Seal,
    /// Where what CRMs deliver is left.
    inboxes: Arc<Current<Inboxes>>,
    /// Where what is told of calls is kept.
    journal: Option<Arc<Journal>>,
    /// Where it is left what calls were answered.
    notes: Option<Arc<Notes>>,
    /// Connections, over all threads.
    open: AtomicUsize,
}

impl Door {
    /// A door onto the projects in force.
    #[must_use]
    pub fn new(
        exchange: Arc<Current<Exchange>>,
        settings: &ProcessSettings,
        metrics: Arc<ProcessMetrics>,
        clock: Clock,
    ) -> Self {
        let edge = settings.edge.clone();
        let mut http = http1::Builder::new();
        // Time-outs are the connection's own (`timeline`), one timer for all of them.
        http.header_read_timeout(None)
            .max_header_size(edge.max_head_bytes)
            .max_buf_size(edge.max_head_bytes.max(LEAST_BUFFER))
            // Head and body are a few hundred bytes: copied together they leave in one plain write.
            .writev(false);
        let (reserve, nobody) = (settings.live.reserve, Secret::new("").seal());
        let inboxes = Arc::new(Current::new(Arc::default()));
        Self {
            exchange,
            edge,
            reserve,
            metrics,
            clock,
            http,
            nobody,
            inboxes,
            journal: None,
            notes: None,
            open: AtomicUsize::new(0),
        }
    }

    /// The same door, where CRMs may deliver as well.
    #[must_use]
    pub fn with_inboxes(self, inboxes: Arc<Current<Inboxes>>) -> Self {
        Self { inboxes, ..self }
    }

    /// The same door, where calls may be told of as well.
    #[must_use]
    pub fn with_journal(self, journal: Arc<Journal>) -> Self {
        Self { journal: Some(journal), ..self }
    }

    /// The same door, which leaves what calls were answered as well.
    #[must_use]
    pub fn with_notes(self, notes: Arc<Notes>) -> Self {
        Self { notes: Some(notes), ..self }
    }

    /// Connections open now, over all threads.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open.load(Relaxed)
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Door").field("edge", &self.edge).field("open", &self.open).finish_non_exhaustive()
    }
}
