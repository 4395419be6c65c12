//! What went wrong between us and Ringostat's API.

use std::time::Duration;

use crate::outbound::SendError;

/// Why a request to Ringostat did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 429, 5xx, a connection that was not made: again later, not before `after`.
    #[error("Ringostat is to be asked again later: {reason}")]
    Wait {
        /// In Ringostat's words where it had any.
        reason: String,
        /// Not earlier than this, where Ringostat said so.
        after: Option<Duration>,
    },
    /// Ringostat understood and refused: the same again would be refused again.
    #[error("Ringostat refused: {reason}")]
    Refused {
        /// In Ringostat's words.
        reason: String,
    },
    /// The key is not accepted.
    #[error("Ringostat does not accept the key: {reason}")]
    Credentials {
        /// In Ringostat's words.
        reason: String,
    },
    /// The request left and no usable answer came: time-out, connection lost, not the API's JSON.
    #[error("Ringostat's answer was lost: {reason}")]
    Unclear {
        /// What came instead.
        reason: String,
    },
}

/// What it means that a request got no reply.
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
