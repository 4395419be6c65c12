//! The listeners: one per edge thread, all on one address.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener as Bound},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::FutureExt;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use super::{Door, connection};
use crate::base::metric::{ProcessCount, ProcessLevel};

/// Connections the kernel keeps for us until they are accepted; it may lower this to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Opens `count` listeners on one address.
///
/// SO_REUSEPORT spreads new connections over them in the kernel, and lets a successor's process open the same address
/// before this one closes it. Port 0 is resolved by the first listener and shared by the others.
///
/// # Errors
/// Whatever the system says: the address is taken, not ours, or not allowed.
pub fn listen(address: SocketAddr, count: usize) -> io::Result<Vec<Bound>> {
    let first = listener(address)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(listener(address)?);
    }
    Ok(listeners)
}

fn listener(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    // Set here once: what is accepted inherits it, which saves a system call per call.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts and serves until `stop`, then lets what is under way finish.
///
/// After `stop`: what the kernel has already queued is still taken in, then the listener is closed; kept connections
/// that are idle are closed at once; requests under way have `edge.drain` to finish. What is then left is cut by the end
/// of the runtime this runs on.
///
/// # Errors
/// When the listener cannot be registered with the runtime.
pub async fn serve(listener: Bound, door: Arc<Door>, stop: CancellationToken) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let held = TaskTracker::new();
    let mut trouble = Trouble::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                trouble.is_over();
                take(stream, peer.ip(), &door, &held, &stop);
            }
            Err(error) => {
                door.metrics.count(ProcessCount::AcceptErrors);
                let pause = trouble.pause(&error, Instant::now());
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = sleep(pause) => {}
                }
            }
        }
    }
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        take(stream, peer.ip(), &door, &held, &stop);
    }
    drop(listener);
    held.close();
    if timeout(door.edge.drain, held.wait()).await.is_err() {
        debug!(connections = held.len(), "connections are cut");
    }
    Ok(())
}

fn take(stream: TcpStream, peer: IpAddr, door: &Arc<Door>, held: &TaskTracker, stop: &CancellationToken) {
    let accepted = Instant::now();
    door.metrics.count(ProcessCount::Connections);
    match Place::take(door, accepted) {
        Some(place) => drop(held.spawn(connection::hold(stream, peer, place, stop.clone()))),
        None => door.metrics.count(ProcessCount::ConnectionsOverCap),
    }
}

/// A connection's place under the cap, over all threads. Given back when dropped, so that no way out of the
/// connection's task can keep it.
pub(super) struct Place {
    door: Arc<Door>,
    accepted: Instant,
}

impl Place {
    fn take(door: &Arc<Door>, accepted: Instant) -> Option<Self> {
        if door.open.fetch_add(1, Relaxed) >= door.edge.max_connections {
            door.open.fetch_sub(1, Relaxed);
            return None;
        }
        door.metrics.rose(ProcessLevel::ConnectionsOpen);
        Some(Self { door: Arc::clone(door), accepted })
    }

    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    pub(super) const fn accepted(&self) -> Instant {
        self.accepted
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Relaxed);
        self.door.metrics.fell(ProcessLevel::ConnectionsOpen);
    }
}

/// Failures to accept, in a row.
#[derive(Debug, Default)]
struct Trouble {
    in_a_row: u32,
    told: Option<Instant>,
}

impl Trouble {
    /// The first pause, doubled by each further failure up to [`Trouble::LONGEST`].
    const SHORTEST: Duration = Duration::from_millis(5);
    /// A small part of any deadline: those who wait in the kernel's queue are calls.
    const LONGEST: Duration = Duration::from_millis(80);
    /// The operator is told once in this time.
    const QUIET: Duration = Duration::from_secs(10);

    fn is_over(&mut self) {
        self.in_a_row = 0;
    }

    /// How long to let the system recover. A connection that died in the queue is its own affair; running out of
    /// descriptors or memory would fail again at once, as fast as the thread can turn.
    fn pause(&mut self, error: &io::Error, now: Instant) -> Duration {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return Duration::ZERO;
        }
        if self.told.is_none_or(|told| now.saturating_duration_since(told) >= Self::QUIET) {
            self.told = Some(now);
            warn!(%error, "connections cannot be accepted");
        }
        let pause = Self::SHORTEST.saturating_mul(1 << self.in_a_row.min(4));
        self.in_a_row += 1;
        pause.min(Self::LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use tokio::time::Instant;

    use super::{Trouble, listen};

    #[test]
    fn listeners_share_the_port_that_the_first_one_got() {
        let listeners = listen(([127, 0, 0, 1], 0).into(), 3).expect("listeners");
        let ports: Vec<_> = listeners.iter().map(|bound| bound.local_addr().expect("an address").port()).collect();
        assert!(ports[0] != 0 && ports.iter().all(|&port| port == ports[0]), "{ports:?}");
    }

    #[test]
    fn what_is_accepted_does_not_wait_to_fill_a_segment() {
        let listener = listen(([127, 0, 0, 1], 0).into(), 1).expect("a listener").remove(0);
        listener.set_nonblocking(false).expect("blocking");
        let _client = std::net::TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (accepted, _) = listener.accept().expect("an accepted connection");
        assert!(accepted.nodelay().expect("the option"));
    }

    #[test]
    fn running_out_of_descriptors_waits_longer_each_time_and_speaks_once() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        let error = io::Error::from_raw_os_error(24);
        let pauses: Vec<u128> = (0..8).map(|_| trouble.pause(&error, now).as_millis()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 80, 80, 80]);
        assert_eq!(trouble.told, Some(now));
        trouble.pause(&error, now + Duration::from_secs(9));
        assert_eq!(trouble.told, Some(now));
        trouble.is_over();
        assert_eq!(trouble.pause(&error, now + Duration::from_secs(11)).as_millis(), 5);
        assert_eq!(trouble.told, Some(now + Duration::from_secs(11)));
    }

    #[test]
    fn a_connection_that_died_in_the_queue_delays_nobody() {
        let mut trouble = Trouble::default();
        let error = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(trouble.pause(&error, Instant::now()), Duration::ZERO);
        assert_eq!(trouble.told, None);
    }
}
