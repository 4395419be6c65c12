//! How a project's webhooks are, as operators see it.

use serde::Serialize;

/// How a project's webhooks are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhooksView {
    /// In a word.
    pub state: WebhooksState,
    /// Subscriptions or channels that stand at the vendor, as it was seen last.
    pub standing: usize,
    /// What has to be done by hand, because this vendor lets nobody else do it.
    pub by_hand: Option<String>,
    /// Why there are none, or why they could not be looked at.
    pub reason: Option<String>,
    /// When they are looked at next, RFC 3339.
    pub next: Option<String>,
}

/// A project's webhooks in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhooksState {
    /// There are none: changes are found by sweeps.
    Off,
    /// They have not been looked at yet.
    Waiting,
    /// Whatever can be registered is, and what is delivered is heard.
    Standing,
    /// Nothing is registered but by hand; what is delivered is heard.
    ByHand,
    /// They could not be looked at or registered; what is delivered all the same is heard.
    Failing,
}

impl WebhooksView {
    /// There are none.
    #[must_use]
    pub fn off(reason: &str) -> Self {
        let reason = Some(reason.to_owned());
        Self { state: WebhooksState::Off, standing: 0, by_hand: None, reason, next: None }
    }
}
