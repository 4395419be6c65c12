//! One connection, from its accept to its last byte.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    net::IpAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use tokio::{
    net::TcpStream,
    time::{Instant, Sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    accept::Place,
    lookup::Service,
    timeline::{Patience, Timeline},
    wire::Wire,
};
use crate::base::metric::ProcessCount;

/// How long, and for how many bytes, what a refused client still sends is taken off the wire.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 4 << 20;

/// What hyper says to what is no HTTP, for the one case that it closes without a word: HTTP/2's preface.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How a connection ended.
enum Ended {
    /// By HTTP's rules, or by a fault on the wire.
    Served(hyper::Result<()>),
    /// The client's time was up.
    TimedOut,
}

/// Serves a connection until it ends. `place` is given back when this is dropped, however that happens.
pub(super) async fn hold(stream: TcpStream, peer: IpAddr, place: Place, stop: CancellationToken) {
    let (door, accepted) = (place.door(), place.accepted());
    let patience = Patience { head: door.edge.head_timeout, idle: door.edge.idle_timeout };
    let timeline = Timeline::new(accepted);
    let service = Service { door, timeline: &timeline, peer };
    let mut connection = door.http.serve_connection(
        Wire::new(stream, &timeline),
        service_fn(move |request| {
            let began = service.begin(&request);
            async move { Ok::<_, Infallible>(service.answer(request, began).await) }
        }),
    );
    let ended = served(&mut connection, &timeline, patience, &stop).await;
    match ended {
        Ended::TimedOut if timeline.is_kept_idle() => {}
        Ended::TimedOut => door.metrics.count(ProcessCount::HeadTimeouts),
        Ended::Served(done) => {
            let fault = done.err();
            let refused = fault.as_ref().is_some_and(hyper::Error::is_parse);
            let is_http2 = fault.is_some_and(|error| error.is_parse_version_h2());
            if refused {
                door.metrics.count(ProcessCount::HeadsMalformed);
            }
            let stream = connection.into_parts().io.into_stream();
            if is_http2 {
                // Answers before it have gone out: there is room, or nobody who reads.
                let _ = stream.try_write(BAD_REQUEST);
            }
            if refused || timeline.has_unread() {
                linger(&stream).await;
            }
        }
    }
}

async fn served<C>(connection: &mut C, timeline: &Timeline, patience: Patience, stop: &CancellationToken) -> Ended
where
    C: Served + Unpin,
{
    let mut stopping = pin!(stop.cancelled());
    let mut due = pin!(sleep_until(timeline.due(patience).unwrap_or_else(Instant::now)));
    let (mut stopped, mut told) = (false, false);
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(done) = Pin::new(&mut *connection).poll(cx) {
                return Poll::Ready(Ended::Served(done));
            }
            stopped = stopped || stopping.as_mut().poll(cx).is_ready();
            if stopped && !told && !timeline.is_head_awaited() {
                told = true;
                Pin::new(&mut *connection).finish();
            } else if !timeline.may_read_again() {
                break;
            }
        }
        match timeline.due(patience) {
            Some(at) => is_over(due.as_mut(), at, cx).map(|()| Ended::TimedOut),
            None => Poll::Pending,
        }
    })
    .await
}

/// Whether `at` has passed. The timer is set anew only when it would fire too late or has fired too early: on a busy
/// kept connection that is once in a while, not once per request.
fn is_over(mut timer: Pin<&mut Sleep>, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
    if timer.deadline() > at {
        timer.as_mut().reset(at);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if Instant::now() >= at {
            return Poll::Ready(());
        }
        timer.as_mut().reset(at);
    }
    Poll::Pending
}

/// hyper's connection, without the type of its service.
trait Served: Future<Output = hyper::Result<()>> {
    /// No further request.
    fn finish(self: Pin<&mut Self>);
}

impl<S> Served for http1::Connection<Wire<'_>, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = super::reply::Reply>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Takes off the wire what the client still sends, so that its kernel delivers our last reply: closing a socket with
/// unread bytes resets the connection.
async fn linger(stream: &TcpStream) {
    let mut sink = vec![0; 16 << 10];
    let drained = async {
        let mut taken = 0;
        while taken < LINGER_BYTES && stream.readable().await.is_ok() {
            match stream.try_read(&mut sink) {
                Ok(0) => return,
                Ok(length) => taken += length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    // Whether it came to an end or ran out of time, the connection is closed now.
    let _ = timeout(LINGER, drained).await;
}
