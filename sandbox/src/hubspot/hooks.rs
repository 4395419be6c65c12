//! Telling of changes: a list of events, signed, tried again for a day.
//!
//! # Source
//! The vendor's pages on webhooks and on validating requests, read 2026-11-20: a hundred events at the most, five seconds,
//! ten tries again within a day, no order, and doubles. When each try comes is not said; here they come ever later.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::Method;
use ring::hmac;
use serde_json::Value;

use crate::kit::{Ground, Hook};

/// Events of one delivery, at most.
pub(super) const MOST_EVENTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(5);
/// Minutes before each further try.
const AGAIN_MIN: [u64; 10] = [1, 2, 5, 10, 30, 60, 120, 240, 360, 480];

/// Delivers events until they arrive or nobody may be left to hear of them.
pub(super) async fn deliver(ground: Arc<Ground>, secret: String, target: String, mut events: Vec<Value>) {
    for (attempt, wait_min) in std::iter::once(0).chain(AGAIN_MIN).enumerate() {
        tokio::time::sleep(ground.clock.waited(Duration::from_secs(wait_min * 60))).await;
        events.iter_mut().for_each(|event| event["attemptNumber"] = attempt.into());
        let body = Value::from(events.clone()).to_string();
        let hook = signed(&secret, &target, body, ground.clock.now().wall.as_millisecond());
        if ground.hooks.deliver(hook).await.arrived() {
            return;
        }
    }
}

/// A delivery as the vendor signs it at this time.
#[must_use]
pub fn signed(secret: &str, target: &str, body: String, at_ms: i64) -> Hook {
    let stamp = at_ms.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, format!("POST{target}{body}{stamp}").as_bytes());
    let headers = vec![
        ("x-hubspot-signature-v3".to_owned(), STANDARD.encode(signature)),
        ("x-hubspot-request-timestamp".to_owned(), stamp),
    ];
    Hook { method: Method::POST, url: target.to_owned(), headers, body, patience: PATIENCE }
}
