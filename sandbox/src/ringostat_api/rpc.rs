//! JSON-RPC as this API speaks it: every refusal inside a 200.

use serde::Deserialize;
use serde_json::{Value, json};

use super::staff::{Listed, Member};
use crate::kit::append;

pub(super) const STAFF: &str = "getProjectStaffListAndDirections";

/// A request.
#[derive(Deserialize)]
struct Request {
    jsonrpc: String,
    method: String,
    #[serde(default)]
    params: Params,
    #[serde(default)]
    id: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    project_id: Option<Value>,
    #[serde(default)]
    filters: Filters,
}

/// `staffId` whole, `fio` and `email` in part.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filters {
    staff_id: Option<Value>,
    fio: Option<String>,
    email: Option<String>,
}

impl Filters {
    fn any(&self) -> bool {
        self.staff_id.is_some() || self.fio.is_some() || self.email.is_some()
    }

    fn pass(&self, member: &Member) -> bool {
        let part = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| text.contains(wanted));
        let whole = self.staff_id.as_ref().is_none_or(|wanted| plain(wanted) == member.staff_id.to_string());
        whole && part(&self.fio, &member.fio) && part(&self.email, &member.email)
    }
}

/// What is asked about, and how it is to be answered.
pub(super) struct Asked<'a> {
    pub(super) project_id: u64,
    pub(super) staff: &'a [Member],
    /// One of the ways of `Account::ODDITIES`.
    pub(super) oddity: Option<&'a str>,
}

/// The body of an answer.
pub(super) fn answer(body: &[u8], asked: &Asked<'_>) -> Vec<u8> {
    let Ok(request) = serde_json::from_slice::<Request>(body) else {
        return refused(-32_700, "Parse error", &Value::Null);
    };
    if request.jsonrpc != "2.0" {
        return refused(-32_600, "Invalid Request", &request.id);
    }
    if request.method != STAFF {
        return refused(-32_601, "Method not found", &request.id);
    }
    let project = request.params.project_id.as_ref().map(plain);
    if project.is_none_or(|project| project != asked.project_id.to_string()) {
        return refused(-32_602, "Invalid params: projectId", &request.id);
    }
    if asked.oddity == Some("refused") {
        return refused(-32_000, "Internal error", &request.id);
    }
    let filters = request.params.filters;
    let mut members: Vec<_> = asked.staff.iter().filter(|member| filters.pass(member)).collect();
    if members.is_empty() && filters.any() {
        return refused(-32_001, "User does not exist", &request.id);
    }
    if asked.oddity == Some("nobody") {
        members.clear();
    }
    let listed = Listed { members, without_main: asked.oddity == Some("without_main") };
    let mut out = Vec::new();
    append(&mut out, &Answer { jsonrpc: "2.0", id: &request.id, result: listed });
    out
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a Value,
    result: Listed<'a>,
}

pub(super) fn refused(code: i32, message: &str, id: &Value) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message }, "id": id }).to_string().into_bytes()
}

/// Text or number, as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
