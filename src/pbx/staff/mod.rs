//! The staff list: who works for the project, and which directions lead to them.

mod keep;
mod store;
pub(super) mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::keep::{Staff, StaffState, StaffStatus};
pub use self::store::StaffFile;
pub(super) use self::wire::retry_after;
use crate::base::secret::Secret;
use crate::outbound::{Hosts, Method, Outbound, Request};
use crate::pbx::{Access, Failure};

/// The one path of Ringostat's JSON-RPC.
const PATH: &str = "/api/json-rpc";
/// The method that lists the staff.
const METHOD: &str = "getProjectStaffListAndDirections";

/// Somebody on the list, as Ringostat tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// Ringostat's id of them.
    pub staff_id: Box<str>,
    /// The name; where there is none, the e-mail or the id.
    pub name: Box<str>,
    /// The e-mail, unique within an account.
    pub email: Option<Box<str>>,
    /// The internal number.
    pub extension: Option<Box<str>>,
    /// Main directions, in Ringostat's order: where a call that is sent to them goes. As written there.
    pub main: Vec<Box<str>>,
    /// Additional directions: never dialled, they tell who answered.
    pub other: Vec<Box<str>>,
}

/// Reads the list.
#[async_trait]
pub(super) trait Lists: Send + Sync {
    /// The whole list as it is now.
    ///
    /// # Errors
    /// See [`Failure`].
    async fn read(&self) -> Result<Vec<StaffMember>, Failure>;
}

/// Reads the list over the network.
#[derive(Debug)]
pub struct Reader {
    access: Access,
    outbound: Outbound,
}

impl Reader {
    /// A reader of an account's list, which goes to the account's host and nowhere else.
    #[must_use]
    pub fn new(access: Access, outbound: &Outbound) -> Self {
        let outbound = outbound.limited_to(Hosts::default().with_origin_of(&access.base));
        Self { access, outbound }
    }

    fn request(&self) -> Request {
        let mut url = self.access.base.clone();
        url.set_path(PATH);
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": METHOD, "params": { "projectId": self.access.project_id },
        });
        let body = Bytes::from(body.to_string());
        let kind = ("content-type", Secret::new("application/json"));
        Request { method: Method::Post, url, headers: vec![kind], body }
            .with_header("auth-key", self.access.auth_key.clone())
    }
}

/// # Shape
/// `POST /api/json-rpc`, `{"jsonrpc": "2.0", "id": 1, "method": "getProjectStaffListAndDirections", "params": {"projectId"}}`
/// with the header `auth-key`. The answer's `result` is an object keyed by `staffId`, and `[]` when it is empty; refusals
/// are an `error` inside a 200.
///
/// # Cost
/// One request; the whole list at once.
///
/// # Source
/// Ringostat's help centre, article 9188142; `result` as real accounts answer.
#[async_trait]
impl Lists for Reader {
    async fn read(&self) -> Result<Vec<StaffMember>, Failure> {
        let reply = self.outbound.send(self.request()).await?;
        wire::judge(&reply)
    }
}

#[cfg(test)]
mod tests;
