//! What went wrong between us and a CRM, in the four words that decide what happens next.

use std::time::Duration;

use crate::outbound::SendError;

/// Why a request to a CRM did not do what it should. Decided once, in the adapter's `status.rs`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 429, 5xx, a connection that was not made, our own quota: again later, not before `after`.
    #[error("the CRM is to be asked again later: {reason}")]
    Wait {
        /// In the CRM's words where it had any.
        reason: String,
        /// Not earlier than this, where the CRM said so.
        after: Option<Duration>,
    },
    /// Our own share of the quota is spent: nothing was sent.
    #[error("no quota left: {reason}")]
    NoQuota {
        /// Which share, and until when.
        reason: String,
        /// When there will be some.
        after: Duration,
    },
    /// The CRM understood and refused: the same again would be refused again.
    #[error("the CRM refused: {reason}")]
    Refused {
        /// In the CRM's words.
        reason: String,
    },
    /// The credentials are not accepted, and refreshing them did not help.
    #[error("the CRM does not accept the credentials: {reason}")]
    Credentials {
        /// In the CRM's words.
        reason: String,
    },
    /// The request left and no usable answer came: time-out, connection lost, not the vendor's JSON.
    #[error("the CRM's answer was lost: {reason}")]
    Unclear {
        /// What came instead.
        reason: String,
    },
}

/// What it means, for any vendor, that a request got no reply.
impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let reason = error.with_causes();
        match error {
            SendError::NotConnected { .. } => Self::Wait { reason, after: None },
            SendError::HostNotAllowed { .. } | SendError::Malformed { .. } | SendError::TooLarge { .. } => {
                Self::Refused { reason }
            }
            SendError::TimedOut { .. } | SendError::Lost { .. } => Self::Unclear { reason },
        }
    }
}
