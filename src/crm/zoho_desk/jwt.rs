//! The header of a delivery: a JSON web token, RS256, checked with the vendor's public keys.
//!
//! Checked with ring, which TLS has in the process already: of the libraries for such tokens the kept ones want aws-lc or
//! an RSA with an open advisory, and one algorithm is all there is to check.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::base::secret::Secret;
use crate::crm::zoho_desk::path;
use crate::outbound::{Outbound, Request, SendError};

/// Keys are asked for once in so long at most, whoever says that another has signed.
const BETWEEN_FETCHES: Duration = Duration::from_secs(60);
/// A key that the vendor has withdrawn is believed no longer than this.
const KEYS_AGE: Duration = Duration::from_secs(86_400);
/// What the clocks may differ by.
const CLOCKS_DIFFER_S: i64 = 60;
/// Longer than any such token.
const LONGEST: usize = 8_192;
/// More keys than anybody publishes.
const MOST_KEYS: usize = 32;
/// Above this a time is one in milliseconds: the vendor's text says those, its example shows seconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Who a token says it is from and for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: Option<String>,
    pub(super) aud: Option<String>,
    pub(super) exp: Option<i64>,
    pub(super) iat: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
}

/// A public key of the vendor's.
#[derive(Debug, Clone, Deserialize)]
struct Key {
    kid: Option<String>,
    kty: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Debug, Deserialize)]
struct KeySet {
    #[serde(default)]
    keys: Vec<Key>,
}

/// The vendor's public keys, as they were last fetched.
#[derive(Debug)]
pub(super) struct Keys {
    url: Url,
    outbound: Outbound,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    keys: Vec<Key>,
    /// When they were last asked for, well or not.
    asked: Option<Instant>,
    /// When they last came.
    came: Option<Instant>,
}

impl Keys {
    pub(super) fn new(base: &Url, outbound: Outbound) -> Self {
        Self { url: path::jwks(base), outbound, held: Mutex::default() }
    }

    /// The claims of a token that the vendor signed and that is good now.
    ///
    /// # Errors
    /// What is wrong with it, in words; never a part of it.
    pub(super) async fn claims(&self, token: &str, now_s: i64) -> Result<Claims, String> {
        let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST).ok_or("no token")?;
        let (header, claims) = signed.split_once('.').ok_or("no token")?;
        let header: Header = json(header).ok_or("a token without a header")?;
        if header.alg.as_deref() != Some("RS256") {
            return Err("a token that is not signed by RS256".to_owned());
        }
        let kid = header.kid.ok_or("a token that names no key")?;
        let key = self.key(&kid).await.ok_or("a key that the CRM does not publish")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "no signature")?;
        if !is_signed(&key, signed.as_bytes(), &signature) {
            return Err("a signature that is not the CRM's".to_owned());
        }
        let claims: Claims = json(claims).ok_or("a token without claims")?;
        let expires_s = claims.exp.map(seconds).ok_or("a token that never expires")?;
        if expires_s.saturating_add(CLOCKS_DIFFER_S) < now_s {
            return Err("a token that has expired".to_owned());
        }
        if claims.iat.is_some_and(|made| seconds(made).saturating_sub(CLOCKS_DIFFER_S) > now_s) {
            return Err("a token from the future".to_owned());
        }
        Ok(claims)
    }

    /// The key of that name. One that is not known is looked for once a minute at most; meanwhile whoever asks waits.
    async fn key(&self, kid: &str) -> Option<Key> {
        let mut held = self.held.lock().await;
        let known = |held: &Held| held.keys.iter().find(|key| key.kid.as_deref() == Some(kid)).cloned();
        let fresh = held.came.is_some_and(|came| came.elapsed() < KEYS_AGE);
        let asked_lately = held.asked.is_some_and(|asked| asked.elapsed() < BETWEEN_FETCHES);
        if fresh && let Some(key) = known(&held) {
            return Some(key);
        }
        if !asked_lately {
            held.asked = Some(Instant::now());
            if let Some(keys) = self.fetch().await {
                (held.keys, held.came) = (keys, held.asked);
            }
        }
        held.came.filter(|came| came.elapsed() < KEYS_AGE).and_then(|_| known(&held))
    }

    /// A connection that was kept too long breaks when it is used again: that is tried once more at once, since whoever
    /// delivers waits and does not come again.
    async fn fetch(&self) -> Option<Vec<Key>> {
        let request = || Request::get(self.url.clone()).with_header("accept", Secret::new("application/json"));
        let reply = match self.outbound.send(request()).await {
            Err(SendError::Lost { .. }) => self.outbound.send(request()).await,
            first => first,
        };
        match reply {
            Ok(reply) if reply.status == 200 => {
                let set: KeySet = serde_json::from_slice(&reply.body).ok()?;
                Some(set.keys.into_iter().filter(|key| key.kty.as_deref() == Some("RSA")).take(MOST_KEYS).collect())
            }
            Ok(reply) => {
                tracing::warn!(status = reply.status, "the CRM did not tell its public keys");
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the CRM's public keys could not be fetched");
                None
            }
        }
    }
}

fn is_signed(key: &Key, signed: &[u8], signature: &[u8]) -> bool {
    let number = |text: Option<&String>| text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let (Some(n), Some(e)) = (number(key.n.as_ref()), number(key.e.as_ref())) else { return false };
    let public = RsaPublicKeyComponents { n: strip(&n), e: strip(&e) };
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
}

/// Some write a zero before a number.
fn strip(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

const fn seconds(time: i64) -> i64 {
    if time > MILLISECONDS_FROM { time / 1_000 } else { time }
}
