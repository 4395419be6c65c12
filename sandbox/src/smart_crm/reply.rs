//! What is answered when something is wrong, and the headers of every answer.

use hyper::StatusCode;
use serde_json::json;

use super::schema::guid_text;
use crate::kit::{Reply, json_reply, with_headers};

/// Why something is not given: a status, the vendor's code, a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// The vendor's codes.
///
/// # Source
/// Microsoft's pages and the error codes that clients of the live API handle; which code a refused tracking, a dead
/// delta link, a missing column, a closed activity and a disabled owner have is a guess.
const MALFORMED: &str = "0x80060888";
const NOT_FOUND: &str = "0x80040217";
const NO_PRIVILEGE: &str = "0x80040220";
const EXPIRED: &str = "0x80044352";
const PAYLOAD: &str = "0x80048d19";
const TOO_LONG: &str = "0x80044331";
const DUPLICATE: &str = "0x80040237";
const STATUS: &str = "0x80048408";
const DISABLED: &str = "0x80040225";
const READ_ONLY: &str = "0x80040216";
const NOT_TRACKED: &str = "0x8006088a";

impl Refusal {
    /// A request that the API does not understand.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: MALFORMED, message: message.into() }
    }

    pub(super) fn no_property(name: &str, logical: &str) -> Self {
        Self::malformed(format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{logical}'."))
    }

    pub(super) fn not_found(what: &str) -> Self {
        let message = format!("Resource not found for the segment '{what}'.");
        Self { status: StatusCode::NOT_FOUND, code: NOT_FOUND, message }
    }

    pub(super) fn no_method() -> Self {
        let message = "The requested resource does not support this http method.".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, code: MALFORMED, message }
    }

    pub(super) fn no_privilege(privilege: &str) -> Self {
        let message = format!("Principal user is missing {privilege} privilege.");
        Self { status: StatusCode::FORBIDDEN, code: NO_PRIVILEGE, message }
    }

    pub(super) fn not_tracked(logical: &str) -> Self {
        let message = format!("Change tracking is not enabled for entity '{logical}'.");
        Self { status: StatusCode::BAD_REQUEST, code: NOT_TRACKED, message }
    }

    pub(super) fn expired() -> Self {
        let message = "Version stamp associated with the client has expired. Please perform a full sync.".to_owned();
        Self { status: StatusCode::BAD_REQUEST, code: EXPIRED, message }
    }

    /// A body that cannot be written.
    pub(super) fn payload(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: PAYLOAD, message: message.into() }
    }

    /// A property of a body that nobody knows.
    pub(super) fn no_such(name: &str, logical: &str) -> Self {
        Self::payload(format!("The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{logical}'."))
    }

    pub(super) fn too_long(name: &str, logical: &str, longest: usize) -> Self {
        let message =
            format!("The length of '{name}' of '{logical}' exceeded the maximum allowed length of '{longest}'.");
        Self { status: StatusCode::BAD_REQUEST, code: TOO_LONG, message }
    }

    pub(super) fn missing(name: &str, logical: &str) -> Self {
        Self::payload(format!("'{name}' of '{logical}' is required and was not given."))
    }

    pub(super) fn no_status(status: i64, state: i64, logical: &str) -> Self {
        let message = format!("{status} is not a valid status code for state code {state} on {logical}.");
        Self { status: StatusCode::BAD_REQUEST, code: STATUS, message }
    }

    pub(super) fn read_only(logical: &str) -> Self {
        let message = format!("The {logical} is closed and cannot be edited.");
        Self { status: StatusCode::BAD_REQUEST, code: READ_ONLY, message }
    }

    pub(super) fn disabled() -> Self {
        let message = "The specified user is disabled.".to_owned();
        Self { status: StatusCode::BAD_REQUEST, code: DISABLED, message }
    }

    pub(super) fn no_record(logical: &str, id: u128) -> Self {
        let message = format!("{logical} With Id = {} Does Not Exist", guid_text(id));
        Self { status: StatusCode::NOT_FOUND, code: NOT_FOUND, message }
    }

    /// `If-None-Match: *`, and there is one.
    pub(super) fn exists() -> Self {
        let message = "A record with matching key values already exists.".to_owned();
        Self { status: StatusCode::PRECONDITION_FAILED, code: DUPLICATE, message }
    }

    pub(super) fn unauthorized() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code: "", message: String::new() }
    }

    /// The vendor's refusal of a token has no body.
    pub(super) fn reply(&self) -> Reply {
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize";
            return with_headers(json_reply(self.status, ""), [("www-authenticate", challenge.to_owned())]);
        }
        json_reply(self.status, json!({"error": {"code": self.code, "message": self.message}}).to_string())
    }
}

/// The reply with what every answer of the API carries.
pub(super) fn as_odata(reply: Reply) -> Reply {
    with_headers(reply, [("odata-version", "4.0".to_owned()), ("x-ms-service-request-id", "sandbox".to_owned())])
}
