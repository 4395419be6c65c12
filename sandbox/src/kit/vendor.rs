//! What a stand-in has to say of itself: everything that is one vendor's and no other's.

use std::{fmt::Debug, sync::Arc};

use bytes::Bytes;
use hyper::{HeaderMap, Method, http::request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    change::{Entity, Neutral, NotChanged},
    ground::Ground,
    held::Thing,
    reply::Reply,
    samples::{Client, Sample},
};

/// What every stand-in can be told.
#[derive(Debug, Clone)]
pub struct Basics {
    /// The port on loopback; 0 = any.
    pub port: u16,
    /// How many clients are seeded, 10,000,000 at most; the samples come on top.
    pub clients: usize,
    /// How many times faster than the wall clock the vendor's time passes.
    pub speed: f64,
    /// Whether the stand-in's time stands still and passes only by `advance`.
    pub still: bool,
    /// Whether the log keeps what was answered.
    pub keep_replies: bool,
}

/// A request that has come to the vendor, faults over.
#[derive(Debug)]
pub struct Call {
    /// Method, path, query and headers.
    pub parts: Parts,
    /// The body, at most [`Vendor::MOST_BODY`].
    pub body: Bytes,
    /// Access tokens up to this serial are refused, and so is everything that is no access token.
    pub expired: Option<u64>,
    /// The way of [`Vendor::ODDITIES`] in which it is to be answered.
    pub oddity: Option<String>,
}

impl Call {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The query as it came, still encoded; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// A header's value, where it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The token behind a scheme in the `authorization` header: `Bearer`, `Zoho-oauthtoken`.
    #[must_use]
    pub fn token(&self, scheme: &str) -> Option<&str> {
        self.header("authorization")?.strip_prefix(scheme)?.strip_prefix(' ')
    }
}

/// A reply and what it was charged.
#[derive(Debug)]
pub struct Answer {
    /// What is sent.
    pub reply: Reply,
    /// In the vendor's unit; for the log.
    pub cost: u64,
}

impl Answer {
    /// A reply that costs nothing.
    #[must_use]
    pub const fn free(reply: Reply) -> Self {
        Self { reply, cost: 0 }
    }
}

/// A vendor's stand-in. [`super::Running`] puts it on a port, behind staged faults and the log.
///
/// None of its methods is called with a lock of the kit's held.
pub trait Vendor: Debug + Sized + Send + Sync + 'static {
    /// Its name on the command line and in what the program prints: `pipedrive`.
    const NAME: &'static str;
    /// The ways in which it says "too much"; [`Vendor::over_limit`] is asked for nothing else.
    const RATE_LIMITS: &'static [&'static str];
    /// The ways in which its answers can be odd ([`Call::oddity`]).
    const ODDITIES: &'static [&'static str] = &[];
    /// Headers, lower case, whose values the log keeps. Never one that carries a credential.
    const KEPT_HEADERS: &'static [&'static str] = &["accept", "content-type"];
    /// A request's body, at most; more breaks the connection.
    const MOST_BODY: usize = 1 << 20;
    /// The closed lists of the names in its bodies: a file that [`super::Bodies`] is read from; empty where there is none.
    const BODIES: &'static str = "";
    /// Where tokens are had, as clients are configured: `/oauth/token`.
    const TOKEN_PATH: &'static str;

    /// How it is to behave.
    type Options: Send;
    /// `GET /sandbox/samples`: what somebody needs to know to be configured for this account.
    type Described: Serialize;
    /// A change in the vendor's own words.
    type Change: DeserializeOwned;
    /// What a change was about.
    type Changed: Serialize;
    /// Why a change was not made.
    type ChangeError: std::error::Error;
    /// `GET /sandbox/quota`: what is left.
    type Quota: Serialize;
    /// `POST /sandbox/quota`: what is to be left.
    type SetQuota: DeserializeOwned;

    /// What the kit must know of the options.
    fn basics(options: &Self::Options) -> Basics;

    /// The stand-in on its ground, which has its address and its clock already.
    fn new(options: Self::Options, ground: Arc<Ground>) -> Self;

    /// Whether a path is the business of those who hand out tokens: expired tokens do not befall it, and the log leaves
    /// its secrets out.
    fn is_for_tokens(path: &str) -> bool {
        path.starts_with(Self::TOKEN_PATH)
    }

    /// How many access tokens were handed out so far: what came before a fault is told from what comes later by it.
    fn serial(&self) -> u64;

    /// Uninstalls the OAuth application, or installs it again.
    fn set_revoked(&self, revoked: bool);

    /// Authorises a request, charges it, and answers it; requests for tokens, too.
    fn answer(self: Arc<Self>, call: Call) -> impl Future<Output = Answer> + Send;

    /// "Too much", in one of the ways of [`Vendor::RATE_LIMITS`].
    fn over_limit(&self, how: &str) -> Reply;

    /// See [`Vendor::Described`].
    fn described(&self) -> Self::Described;

    /// The ids of the users who take calls, in the order Anna, Bohdan, Oksana, Petro.
    fn employees(&self) -> [String; 4];

    /// The named cases.
    fn samples(&self) -> Vec<Sample>;

    /// What is true of a seeded client, counted from 0.
    fn client(&self, place: u64) -> Option<Client>;

    /// Makes a change.
    ///
    /// # Errors
    /// When there is nothing of the kind to change.
    fn change(&self, change: Self::Change) -> Result<Self::Changed, Self::ChangeError>;

    /// Makes a change that every stand-in knows; says which record it was about, of a user none.
    ///
    /// # Errors
    /// [`NotChanged`] when there is nothing of the kind to change.
    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged>;

    /// What was made or changed through its API since the start, everything that an unread index does not show yet among
    /// it; in the order it was made.
    fn held(&self) -> Vec<Thing> {
        Vec::new()
    }

    /// What is left.
    fn quota(&self) -> Self::Quota;

    /// Sets what is left.
    fn set_quota(&self, set: Self::SetQuota);
}
