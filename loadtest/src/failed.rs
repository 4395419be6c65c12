//! Why a case has no figures at all. A bound that is missed is not among the reasons: that is a figure.

use std::io;

use thiserror::Error;

use crate::process::ProcessError;

/// A case that could not be run to its end.
#[derive(Debug, Error)]
pub enum Failed {
    /// A child process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The operating system.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Something answered otherwise than it must.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// Expected.
        expected: String,
        /// Found.
        found: String,
    },
}

impl Failed {
    /// For `map_err`: what was tried.
    pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }

    /// Expected this, found that.
    pub fn unexpected(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Unexpected { expected: expected.into(), found: found.into() }
    }
}

/// An error with its causes, on one line.
#[must_use]
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
