//! A stand-in that is running, and the face that all of them have.

use std::{
    fmt::Debug,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{
    change::{Entity, Neutral, NotChanged},
    fault::Fault,
    ground::Ground,
    held::Thing,
    hooks::Delivery,
    lock,
    log::Asked,
    samples::{Client, Sample},
    server,
    vendor::Vendor,
};

/// As many clients as there are numbers for, with room to spare.
const MOST_CLIENTS: usize = 10_000_000;

/// What the server and its owner share.
#[derive(Debug)]
pub(crate) struct Shared<V> {
    pub(crate) ground: Arc<Ground>,
    pub(crate) vendor: Arc<V>,
}

impl<V: Vendor> Shared<V> {
    pub(crate) fn stage(&self, fault: Fault) {
        let serial = self.vendor.serial();
        lock(&self.ground.stage).stage(fault, serial);
    }
}

/// A stand-in that is running. It stops when this is dropped; [`Running::stop`] waits for it, too.
#[derive(Debug)]
pub struct Running<V: Vendor> {
    shared: Arc<Shared<V>>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl<V: Vendor> Running<V> {
    /// Starts a stand-in on loopback, on the runtime this is called on.
    ///
    /// # Errors
    /// What the system says when the port cannot be had; `InvalidInput` for more clients than there are numbers for or a
    /// speed that is not positive.
    pub async fn start(options: V::Options) -> io::Result<Self> {
        let basics = V::basics(&options);
        if basics.clients > MOST_CLIENTS {
            let text = format!("expected at most {MOST_CLIENTS} clients, found {}", basics.clients);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if !basics.speed.is_finite() || basics.speed <= 0.0 {
            let text = format!("expected a speed above 0, found {}", basics.speed);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, basics.port)).await?;
        let address = listener.local_addr()?;
        let ground = Arc::new(Ground::new(&basics, format!("http://{address}")));
        let vendor = Arc::new(V::new(options, Arc::clone(&ground)));
        let shared = Arc::new(Shared { ground, vendor });
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
        self.shared.ground.base_url.clone()
    }

    /// The whole address at which tokens are had: the base with [`Vendor::TOKEN_PATH`].
    #[must_use]
    pub fn auth_url(&self) -> String {
        format!("{}{}", self.shared.ground.base_url, V::TOKEN_PATH)
    }

    /// The vendor's own part.
    #[must_use]
    pub fn vendor(&self) -> &V {
        &self.shared.vendor
    }

    /// What it stands on: its clock and its deliveries.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.shared.ground
    }

    /// The named cases.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        self.shared.vendor.samples()
    }

    /// The named case of that name.
    #[must_use]
    pub fn sample(&self, name: &str) -> Option<Sample> {
        self.samples().into_iter().find(|sample| sample.name == name)
    }

    /// What is true of a seeded client, counted from 0.
    #[must_use]
    pub fn client(&self, place: u64) -> Option<Client> {
        self.shared.vendor.client(place)
    }

    /// Stages a fault beside those that are staged already.
    pub fn stage_fault(&self, fault: Fault) {
        self.shared.stage(fault);
    }

    /// Clears every fault. Requests that hang already go on hanging.
    pub fn clear_faults(&self) {
        lock(&self.shared.ground.stage).clear();
    }

    /// Everything that was asked, the oldest first; the last 100,000.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.ground.log).after(0)
    }

    /// Takes out what was asked and has been answered, the oldest first: who takes it often enough misses none, however
    /// much is asked.
    #[must_use]
    pub fn take_answered(&self) -> Vec<Asked> {
        lock(&self.shared.ground.log).take_answered()
    }

    /// Forgets what was asked.
    pub fn forget_asked(&self) {
        lock(&self.shared.ground.log).clear();
    }

    /// Changes the account; says what it was about.
    ///
    /// # Errors
    /// When there is nothing of the kind to change.
    pub fn change(&self, change: V::Change) -> Result<V::Changed, V::ChangeError> {
        self.shared.vendor.change(change)
    }

    /// What is left of the vendor's quota.
    #[must_use]
    pub fn quota(&self) -> V::Quota {
        self.shared.vendor.quota()
    }

    /// Uninstalls the OAuth application (no tokens from now on), or installs it again.
    pub fn set_revoked(&self, revoked: bool) {
        self.shared.vendor.set_revoked(revoked);
    }

    /// Lets the stand-in's time pass without waiting: windows, lags, lives of tokens, and the times records are stamped
    /// with.
    pub fn advance(&self, by: Duration) {
        self.shared.ground.clock.advance(by);
    }

    /// Stops listening, ends every connection and every delivery, and waits until it is done: the port is free then.
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

impl<V: Vendor> Drop for Running<V> {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A stand-in, whichever it is: what tests, the demo and the load cases do with all five.
pub trait StandIn: Debug + Send + Sync {
    /// [`Vendor::NAME`]
    fn name(&self) -> &'static str;
    /// [`Running::base_url`]
    fn base_url(&self) -> String;
    /// [`Running::auth_url`]
    fn auth_url(&self) -> String;
    /// [`Vendor::RATE_LIMITS`]
    fn rate_limits(&self) -> &'static [&'static str];
    /// [`Vendor::ODDITIES`]
    fn oddities(&self) -> &'static [&'static str];
    /// [`Vendor::employees`]
    fn employees(&self) -> [String; 4];
    /// The named cases.
    fn samples(&self) -> Vec<Sample>;
    /// What is true of a seeded client, counted from 0.
    fn client(&self, place: u64) -> Option<Client>;
    /// Stages a fault beside those that are staged already.
    fn stage_fault(&self, fault: Fault);
    /// Clears every fault.
    fn clear_faults(&self);
    /// Everything that was asked.
    fn asked(&self) -> Vec<Asked>;
    /// Forgets what was asked.
    fn forget_asked(&self);
    /// What was made or changed through its API: [`Vendor::held`].
    fn held(&self) -> Vec<Thing>;
    /// Makes a change that every stand-in knows.
    ///
    /// # Errors
    /// [`NotChanged`] when there is nothing of the kind to change.
    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged>;
    /// Uninstalls the OAuth application, or installs it again.
    fn set_revoked(&self, revoked: bool);
    /// Lets the stand-in's time pass.
    fn advance(&self, by: Duration);
    /// What it delivered, once there are at least so many deliveries.
    fn delivered(&self, at_least: usize) -> Pin<Box<dyn Future<Output = Vec<Delivery>> + Send + '_>>;
    /// Stops it.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// The named case of that name.
    fn sample(&self, name: &str) -> Option<Sample> {
        self.samples().into_iter().find(|sample| sample.name == name)
    }
}

impl<V: Vendor> StandIn for Running<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn base_url(&self) -> String {
        Self::base_url(self)
    }

    fn auth_url(&self) -> String {
        Self::auth_url(self)
    }

    fn rate_limits(&self) -> &'static [&'static str] {
        V::RATE_LIMITS
    }

    fn oddities(&self) -> &'static [&'static str] {
        V::ODDITIES
    }

    fn employees(&self) -> [String; 4] {
        self.shared.vendor.employees()
    }

    fn samples(&self) -> Vec<Sample> {
        Self::samples(self)
    }

    fn client(&self, place: u64) -> Option<Client> {
        Self::client(self, place)
    }

    fn stage_fault(&self, fault: Fault) {
        Self::stage_fault(self, fault);
    }

    fn clear_faults(&self) {
        Self::clear_faults(self);
    }

    fn asked(&self) -> Vec<Asked> {
        Self::asked(self)
    }

    fn forget_asked(&self) {
        Self::forget_asked(self);
    }

    fn held(&self) -> Vec<Thing> {
        self.shared.vendor.held()
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        self.shared.vendor.change_neutral(change)
    }

    fn set_revoked(&self, revoked: bool) {
        Self::set_revoked(self, revoked);
    }

    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }

    fn delivered(&self, at_least: usize) -> Pin<Box<dyn Future<Output = Vec<Delivery>> + Send + '_>> {
        Box::pin(self.shared.ground.hooks.delivered(at_least))
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::stop(self))
    }
}
