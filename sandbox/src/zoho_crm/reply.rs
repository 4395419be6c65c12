//! How the vendor refuses.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::kit::{NoNumber, Reply, json_reply, reply};

/// A refusal: status, code, what is said of it, details.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    details: Value,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, details: json!({}) }
    }

    fn bad(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_TOKEN", "invalid oauth token")
    }

    pub(super) fn too_many() -> Self {
        let message = "You have made too many requests continuously. Please try again after some time.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message)
    }

    pub(super) fn no_such_url() -> Self {
        let message = "Please check if the URL trying to access is a correct one";
        Self::new(StatusCode::NOT_FOUND, "INVALID_URL_PATTERN", message)
    }

    pub(super) fn missing_parameter(name: &str) -> Self {
        Self::bad("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing").with(json!({"param": name}))
    }

    pub(super) fn wrong_parameter(name: &str) -> Self {
        Self::bad("INVALID_DATA", "the given value seems to be invalid").with(json!({"param_name": name}))
    }

    pub(super) fn no_such_module() -> Self {
        Self::bad("INVALID_MODULE", "The module name given seems to be invalid")
    }

    pub(super) fn beyond_pages() -> Self {
        let message = "You can get only the first 2000 records without using page_token param";
        Self::bad("DISCRETE_PAGINATION_LIMIT_EXCEEDED", message)
    }

    pub(super) fn beyond_tokens() -> Self {
        Self::bad("PAGINATION_LIMIT_EXCEEDED", "You can only get upto first 100000 records using page_token param")
    }

    pub(super) fn other_parameters() -> Self {
        let message = "The page_token given seems to be invalid or input param is added, altered, or deleted";
        Self::bad("TOKEN_BOUND_DATA_MISMATCH", message)
    }

    pub(super) fn old_token() -> Self {
        Self::bad("EXPIRED_VALUE", "The token given has expired")
    }

    pub(super) fn both(one: &str, other: &str) -> Self {
        Self::bad("AMBIGUITY_DURING_PROCESSING", "ambiguity while processing the request")
            .with(json!({"ambiguity_due_to": [one, other]}))
    }

    pub(super) fn search_limit() -> Self {
        Self::bad("LIMIT_REACHED", "Maximum response iteration limit reached")
    }

    pub(super) fn syntax(near: &str) -> Self {
        Self::bad("SYNTAX_ERROR", "error occurred while parsing the query")
            .with(json!({"line": 1, "column": 0, "near": near}))
    }

    pub(super) fn query(message: &'static str, details: Value) -> Self {
        Self::bad("INVALID_QUERY", message).with(details)
    }

    pub(super) fn limit(what: &'static str, most: usize) -> Self {
        Self::bad("LIMIT_EXCEEDED", what).with(json!({"limit": most}))
    }

    pub(super) fn pattern(name: &str) -> Self {
        Self::bad("PATTERN_NOT_MATCHED", "Please check whether the input values are correct")
            .with(json!({"api_name": name}))
    }

    /// A field that has to be there.
    pub(super) fn mandatory(name: &str) -> Self {
        Self::bad("MANDATORY_NOT_FOUND", "required field not found")
            .with(json!({"api_name": name, "json_path": format!("$.data[0].{name}")}))
    }

    /// A value of another type.
    pub(super) fn invalid(name: &str, expected: &str) -> Self {
        Self::bad("INVALID_DATA", "invalid data")
            .with(json!({"api_name": name, "expected_data_type": expected, "json_path": format!("$.data[0].{name}")}))
    }

    /// A value that is too long.
    pub(super) fn too_long(name: &str, most: usize) -> Self {
        Self::bad("INVALID_DATA", "invalid data").with(
            json!({"api_name": name, "maximum_length": most.to_string(), "json_path": format!("$.data[0].{name}")}),
        )
    }

    /// A link to what is not there.
    pub(super) fn no_such_id(name: &str) -> Self {
        Self::bad("INVALID_DATA", "the id given seems to be invalid.")
            .with(json!({"api_name": name, "json_path": format!("$.data[0].{name}")}))
    }

    /// A value that another record has and no two may.
    pub(super) fn duplicate(name: &str, id: u64) -> Self {
        Self::bad("DUPLICATE_DATA", "duplicate data")
            .with(json!({"api_name": name, "id": id.to_string(), "json_path": format!("$.data[0].{name}")}))
    }

    pub(super) fn converted() -> Self {
        Self::bad("CONVERTED_RECORD", "can't update the converted record").with(json!({"api_name": "id"}))
    }

    /// A record that somebody's process holds; alone of them all it is told in a 202.
    pub(super) fn locked() -> Self {
        Self::new(StatusCode::ACCEPTED, "RECORD_LOCKED", "The record under merge is locked")
    }

    pub(super) fn not_supported() -> Self {
        Self::bad("NOT_SUPPORTED", "the operation is not supported for this module")
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn reply(&self) -> Reply {
        json_reply(self.status, self.body().to_string())
    }

    /// The same as a row of an answer that is otherwise a success.
    pub(super) fn body(&self) -> Value {
        json!({"code": self.code, "details": self.details, "message": self.message, "status": "error"})
    }
}

impl From<NoNumber> for Refusal {
    fn from(_: NoNumber) -> Self {
        Self::wrong_parameter("page")
    }
}

/// Nothing found: no body at all.
pub(super) fn nothing() -> Reply {
    bare(StatusCode::NO_CONTENT)
}

/// Nothing since then.
pub(super) fn not_modified() -> Reply {
    bare(StatusCode::NOT_MODIFIED)
}

fn bare(status: StatusCode) -> Reply {
    let mut reply = reply(status, "application/json", "");
    reply.headers_mut().remove(hyper::header::CONTENT_TYPE);
    reply
}

/// An answer.
pub(super) fn found(body: Vec<u8>) -> Reply {
    json_reply(StatusCode::OK, body)
}
