//! The threads calls are served by.
//!
//! Each edge thread has a listener and a single-threaded runtime of its own, and nothing else runs there: what works in
//! the background has its own runtime and can take no call's thread.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::server::{self, Door};

/// Descriptors that are not connections: listeners, files, connections to CRMs, the operators' door.
const OTHER_DESCRIPTORS: u64 = 512;

/// The edge door's threads.
#[derive(Debug)]
pub struct EdgeThreads {
    address: SocketAddr,
    stop: CancellationToken,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl EdgeThreads {
    /// Opens the door on `listen` and serves it by `threads` threads; 0 = one per core.
    ///
    /// # Errors
    /// When the address cannot be bound or a thread or its runtime cannot be made. Nothing is left running then.
    pub fn start(door: &Arc<Door>, listen: SocketAddr, threads: usize) -> io::Result<Self> {
        let count = if threads == 0 { thread::available_parallelism()?.get() } else { threads };
        let listeners = server::listen(listen, count)?;
        let address = listeners.first().map_or(Ok(listen), std::net::TcpListener::local_addr)?;
        let mut edge = Self { address, stop: CancellationToken::new(), threads: Vec::with_capacity(count) };
        for (at, listener) in listeners.into_iter().enumerate() {
            match spawn(at, listener, Arc::clone(door), edge.stop.child_token()) {
                Ok(thread) => edge.threads.push(thread),
                Err(error) => {
                    edge.stop();
                    return edge.join().and(Err(error));
                }
            }
        }
        Ok(edge)
    }

    /// Where the door is open.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more and lets what is under way finish, within `edge.drain`. Returns at once.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the threads to end: after [`EdgeThreads::stop`], `edge.drain` at the longest. What was then still under
    /// way is cut.
    ///
    /// # Errors
    /// What ended a thread before it was told to stop.
    ///
    /// # Cost
    /// Blocks: not for a runtime's thread.
    pub fn join(self) -> io::Result<()> {
        let mut outcome = Ok(());
        for thread in self.threads {
            let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("an edge thread panicked")));
            outcome = outcome.and(ended);
        }
        outcome
    }
}

fn spawn(
    at: usize,
    listener: std::net::TcpListener,
    door: Arc<Door>,
    stop: CancellationToken,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    thread::Builder::new()
        .name(format!("edge-{at}"))
        .spawn(move || runtime.block_on(server::serve(listener, door, stop)))
}

/// Where there is less time than work, calls have it before whatever works in the background.
const BACKGROUND_NICE: i32 = 10;

/// Lets the calling thread, and those it starts, give way to the threads that serve calls.
pub fn give_way() {
    // Linux takes this of one thread; elsewhere it would be the whole process's.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};

        // Who was started lower still stays there.
        let lower =
            |nice: i32| if nice < BACKGROUND_NICE { setpriority_process(None, BACKGROUND_NICE) } else { Ok(()) };
        if let Err(error) = getpriority_process(None).and_then(lower) {
            tracing::debug!(%error, "the background could not be given a lower priority");
        }
    }
}

/// Lets the process hold as many descriptors as `connections` need, as far as the system allows; says how many it may
/// hold now.
///
/// # Errors
/// When the system does not tell its limits.
pub fn make_room(connections: usize) -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_DESCRIPTORS))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use rustix::process::getpriority_process;

    use super::{BACKGROUND_NICE, give_way};

    #[test]
    fn a_thread_of_the_background_gives_way_and_no_other_does() {
        let before = getpriority_process(None).expect("a priority");
        let its = std::thread::spawn(|| {
            give_way();
            getpriority_process(None)
        });
        assert_eq!(its.join().expect("no panic").expect("a priority"), BACKGROUND_NICE.max(before));
        assert_eq!(getpriority_process(None).expect("a priority"), before);
    }
}
