//! The list of calls: what the telephone system itself knows of them, asked for a stretch of time.

mod windows;
mod wire;

use async_trait::async_trait;
use serde_json::value::RawValue;

pub use self::windows::{Window, Windows};
use crate::base::secret::Secret;
use crate::outbound::{Hosts, Outbound, Request, SendError};
use crate::pbx::{Access, Failure};
use crate::telephony::ringostat::event::LIST_FIELDS;

/// The path of the list.
const PATH: &str = "/calls/list";
/// Rows of one answer, at most; with so many there may be more.
pub const MOST_ROWS: usize = 6_500;

/// What one window holds.
#[derive(Debug)]
pub enum Page {
    /// Every row of it, as they stand, in the list's order.
    Whole(Vec<Box<RawValue>>),
    /// Some rows: as many as an answer can have, so that there may be more.
    Full(Vec<Box<RawValue>>),
    /// The answer was larger than an answer may be, and nothing of it was read.
    TooLarge,
}

/// Reads the list.
#[async_trait]
pub trait Calls: Send + Sync {
    /// The calls that began in a window.
    ///
    /// # Errors
    /// See [`Failure`].
    async fn read(&self, window: Window) -> Result<Page, Failure>;
}

/// Reads the list over the network.
#[derive(Debug)]
pub struct CallsReader {
    access: Access,
    outbound: Outbound,
}

impl CallsReader {
    /// A reader of an account's list, which goes to the account's host and nowhere else.
    #[must_use]
    pub fn new(access: Access, outbound: &Outbound) -> Self {
        let outbound = outbound.limited_to(Hosts::default().with_origin_of(&access.base));
        Self { access, outbound }
    }

    fn request(&self, window: Window) -> Request {
        let mut url = self.access.base.clone();
        url.set_path(PATH);
        url.query_pairs_mut()
            .append_pair("export_type", "json")
            .append_pair("from", &window.from_text())
            .append_pair("to", &window.to_text())
            .append_pair("fields", &LIST_FIELDS.join(","));
        Request::get(url)
            .with_header("auth-key", self.access.auth_key.clone())
            .with_header("x-project-id", Secret::new(self.access.project_id.to_string()))
    }
}

/// # Shape
/// `GET /calls/list?export_type=json&from=2026-11-20 09:00:00&to=…&fields=…`, times by the project's wall clock, both ends
/// counted in, with the headers `auth-key` and `x-project-id`. The answer is a bare array of objects of [`LIST_FIELDS`], of
/// [`MOST_ROWS`] at the most; of a field that it does not know it says so in a text.
///
/// # Cost
/// One request; of memory, the answer and its rows.
///
/// # Source
/// Ringostat's help centre, article 6312678; names of fields and the limit as public code has them.
#[async_trait]
impl Calls for CallsReader {
    async fn read(&self, window: Window) -> Result<Page, Failure> {
        match self.outbound.send(self.request(window)).await {
            Ok(reply) => wire::judge(&reply),
            Err(SendError::TooLarge { .. }) => Ok(Page::TooLarge),
            Err(error) => Err(error.into()),
        }
    }
}
