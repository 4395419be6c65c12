//! A stateful stand-in for Pipedrive, with the vendor's rules and staged faults.
//!
//! It serves what predial reads (see `route` for the endpoints and their cost, `control` for its own door) to the
//! vendor's rules as its description of the API states them and as users of the live API report them. What neither
//! says is a guess, marked so where it stands, and prefers what is harder on the client: unknown parameters are refused
//! by the second API, a spent day looks like a spent window, a deleted record can still be read by its id.
//!
//! Not here on purpose: writing through the API, saved filters, webhooks, participants, visibility groups. Changes are
//! made through [`Pipedrive::change`] or `POST /sandbox/change`.
//!
//! # Source
//! Pipedrive's API descriptions, v1 and v2, of 2026-08; its pages on rate limiting and on the second API; both seen
//! 2026-11-20.

mod change;
mod clock;
mod control;
mod dice;
mod fault;
mod first;
mod hand;
mod list;
mod log;
mod meter;
mod numbers;
mod oauth;
mod options;
mod query;
mod record;
mod reply;
mod route;
mod samples;
mod search;
mod second;
mod seed;
mod server;
mod shared;
mod table;
mod wire;
mod world;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use change::{Change, ChangeError, Item};
pub use fault::{Fault, Kind as FaultKind, RateLimit};
pub use log::Asked;
pub use meter::Quota;
pub use options::{Limits, OAuthApp, Options, Plan};
pub use record::{Status, User};
pub use samples::{EMPLOYEES, OpenEntity, Sample};
use shared::Shared;
pub use shared::{Client, Described};
pub use wire::{ORGANIZATION_PHONE, ORGANIZATION_TAX_NUMBER};

/// As many clients as there are numbers for, with room to spare.
const MOST_CLIENTS: usize = 10_000_000;

/// A stand-in that is running. It stops when this is dropped; [`Pipedrive::stop`] waits for it, too.
#[derive(Debug)]
pub struct Pipedrive {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Pipedrive {
    /// Starts a stand-in on loopback, on the runtime this is called on.
    ///
    /// # Errors
    /// What the system says when the port cannot be had; `InvalidInput` for more clients than there are numbers for or a
    /// speed that is not positive.
    pub async fn start(options: Options) -> io::Result<Self> {
        if options.clients > MOST_CLIENTS {
            let text = format!("expected at most {MOST_CLIENTS} clients, found {}", options.clients);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if !options.speed.is_finite() || options.speed <= 0.0 {
            let text = format!("expected a speed above 0, found {}", options.speed);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options, format!("http://{address}")));
        let (stop, stopping) = watch::channel(false);
        let accepting = tokio::spawn(server::accept(listener, Arc::clone(&shared), stopping));
        Ok(Self { shared, address, stop, accepting: Mutex::new(Some(accepting)) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`: what an account's own address is to the API.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// The whole address at which tokens are refreshed: `http://127.0.0.1:PORT/oauth/token`.
    #[must_use]
    pub fn auth_url(&self) -> String {
        format!("{}/oauth/token", self.shared.base_url)
    }

    /// The named cases.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        samples::samples()
    }

    /// The named case of that name.
    #[must_use]
    pub fn sample(&self, name: &str) -> Option<Sample> {
        self.samples().into_iter().find(|sample| sample.name == name)
    }

    /// The users.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        read(&self.shared.world).users.clone()
    }

    /// What is true of a seeded client, counted from 0.
    #[must_use]
    pub fn client(&self, place: u64) -> Option<Client> {
        self.shared.client(place)
    }

    /// Stages a fault beside those that are staged already.
    pub fn stage_fault(&self, fault: Fault) {
        self.shared.stage(fault);
    }

    /// Clears every fault. Requests that hang already go on hanging.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Everything that was asked, the oldest first; the last 100,000.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked_after(0)
    }

    /// Forgets what was asked.
    pub fn forget_asked(&self) {
        self.shared.forget_asked();
    }

    /// Changes the account; says which record it was about.
    ///
    /// # Errors
    /// [`ChangeError`] when there is nothing of the kind to change.
    pub fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        self.shared.change(change)
    }

    /// The day's tokens.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.shared.quota()
    }

    /// Sets the day's tokens, or how many of them are spent.
    pub fn set_quota(&self, daily: Option<u64>, used: Option<u64>) {
        self.shared.set_quota(daily, used);
    }

    /// Uninstalls the OAuth application (`invalid_grant` from now on), or installs it again.
    pub fn set_revoked(&self, revoked: bool) {
        self.shared.set_revoked(revoked);
    }

    /// Lets the stand-in's time pass without waiting: windows, lags, lives of tokens, and the times records are stamped
    /// with.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Stops listening, ends every connection, and waits until both is done: the port is free then.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let accepting = lock(&self.accepting).take();
        if let Some(accepting) = accepting
            && let Err(problem) = accepting.await
        {
            tracing::warn!(%problem, "the stand-in did not stop by itself");
        }
    }
}

impl Drop for Pipedrive {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A lock whose holder may have panicked: what it guards is consistent between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
