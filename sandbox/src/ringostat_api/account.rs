//! An account of Ringostat's API: one project, its key and its staff.

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicBool, Ordering},
};

use hyper::{Method, StatusCode};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::{List, ListedCall};
use super::contact_book::ContactBook;
use super::recordings::Recordings;
use super::{rpc, staff::Member};
use crate::kit::{
    Answer, Basics, Call, Client, Entity, Ground, Neutral, NotChanged, Query, Reply, Sample, Vendor, json_reply, read,
    reply, with_headers, write,
};

const PATH: &str = "/api/json-rpc";
const LIST: &str = "/calls/list";

/// How a stand-in is to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on loopback; 0 = any.
    pub port: u16,
    /// The id of the project.
    pub project_id: u64,
    /// The key that is accepted.
    pub auth_key: String,
    /// Who works there.
    pub staff: Vec<Member>,
    /// The zone of the project's wall clock.
    pub timezone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        let staff = [(348_104, "Anna"), (348_105, "Bohdan"), (348_106, "Oksana"), (348_107, "Petro")];
        let member = |(id, name): (u64, &str)| Member::new(id, name, &format!("acme_{}", name.to_lowercase()));
        Self {
            port: 0,
            project_id: 110_070,
            auth_key: "sandbox-ringostat-key".to_owned(),
            staff: staff.into_iter().map(member).collect(),
            timezone: TimeZone::get("Europe/Kyiv").unwrap_or(TimeZone::UTC),
        }
    }
}

/// A change of the account.
///
/// As JSON: `{"change": "put", "member": {"staff_id": 7, "fio": "Vira", "email": "v@acme.example", "main": ["acme_v"]}}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Somebody comes, or is another now.
    Put {
        /// Who.
        member: Member,
    },
    /// Calls come onto the list, or are others now: `{"change": "calls", "calls": [{"uniqueid": …}]}`.
    Calls {
        /// Which.
        calls: Vec<ListedCall>,
    },
    /// Somebody leaves.
    Remove {
        /// Who.
        staff_id: u64,
    },
}

/// Nobody of that id is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected somebody on the list, found nobody of the id {0}")]
pub struct NotThere(pub u64);

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Serialize)]
pub struct Described {
    project_id: u64,
    staff: Vec<Member>,
}

/// The account.
#[derive(Debug)]
pub struct Account {
    project_id: u64,
    auth_key: String,
    staff: RwLock<Vec<Member>>,
    calls: RwLock<List>,
    timezone: TimeZone,
    revoked: AtomicBool,
    recordings: Recordings,
    contact_book: ContactBook,
    ground: Arc<Ground>,
}

impl Account {
    /// The list of calls, to who knows the key and the project.
    fn list(&self, call: &Call) -> Reply {
        let refused = call.expired.is_some() || self.revoked.load(Ordering::Acquire);
        let in_query = Query::read(call.query()).text("auth-key").is_some();
        let project = call.header("x-project-id") == Some(&*self.project_id.to_string());
        if refused || in_query || !project || call.header("auth-key") != Some(&*self.auth_key) {
            return json_reply(StatusCode::FORBIDDEN, r#"{"error":"Access denied"}"#);
        }
        match call.oddity.as_deref() {
            Some("incorrect_field") => {
                return reply(StatusCode::OK, "text/html; charset=utf-8", "incorrect field: uniqueid");
            }
            Some("no_list") => return json_reply(StatusCode::OK, r#"{"calls":[]}"#),
            _ => {}
        }
        read(&self.calls).answer(call.query(), &self.timezone, self.ground.clock.now().wall)
    }

    /// What the contact book holds now.
    #[must_use]
    pub fn contacts(&self) -> Vec<Value> {
        self.contact_book.entries()
    }
}

impl Vendor for Account {
    const NAME: &'static str = "ringostat-api";
    const RATE_LIMITS: &'static [&'static str] = &["bare", "retry_after"];
    /// An error inside a 200; an empty list although somebody works there; nobody with a main direction. Of calls: a text
    /// about a field; an object in the place of the list.
    const ODDITIES: &'static [&'static str] = &["refused", "nobody", "without_main", "incorrect_field", "no_list"];
    /// There is none: a key is made by hand.
    const TOKEN_PATH: &'static str = "/no-tokens";

    type Options = Options;
    type Described = Described;
    type Change = Change;
    type Changed = u64;
    type ChangeError = NotThere;
    type Quota = Option<u64>;
    type SetQuota = Option<u64>;

    fn basics(options: &Options) -> Basics {
        Basics { port: options.port, clients: 0, speed: 1.0, still: false, keep_replies: false }
    }

    fn new(options: Options, ground: Arc<Ground>) -> Self {
        let Options { project_id, auth_key, staff, timezone, .. } = options;
        let (staff, calls, recordings) = (RwLock::new(staff), RwLock::default(), Recordings::default());
        let (revoked, contact_book) = (AtomicBool::new(false), ContactBook::default());
        Self { project_id, auth_key, staff, calls, timezone, revoked, recordings, contact_book, ground }
    }

    fn serial(&self) -> u64 {
        0
    }

    fn set_revoked(&self, revoked: bool) {
        self.revoked.store(revoked, Ordering::Release);
    }

    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        let status = |status| Answer::free(json_reply(status, "{}"));
        if *call.method() == Method::GET
            && let Some(recording) = self.recordings.answer(call.path(), call.query(), &self.ground.clock)
        {
            return Answer::free(recording);
        }
        if call.path() == LIST && *call.method() == Method::GET {
            return Answer::free(self.list(&call));
        }
        let withdrawn = call.expired.is_some() || self.revoked.load(Ordering::Acquire);
        let key = (!withdrawn).then_some(&*self.auth_key);
        if let Some(told) = self.contact_book.answer(&call, self.project_id, key) {
            return Answer::free(told);
        }
        if call.path() != PATH {
            return status(StatusCode::NOT_FOUND);
        }
        // A key in the query as well makes the gateway refuse.
        if Query::read(call.query()).text("auth-key").is_some() {
            return status(StatusCode::FORBIDDEN);
        }
        if *call.method() != Method::POST {
            return status(StatusCode::METHOD_NOT_ALLOWED);
        }
        let body = if withdrawn || call.header("auth-key") != Some(&*self.auth_key) {
            rpc::refused(-32_003, "Access denied", &Value::Null)
        } else {
            let staff = read(&self.staff);
            let asked = rpc::Asked { project_id: self.project_id, staff: &staff, oddity: call.oddity.as_deref() };
            rpc::answer(&call.body, &asked)
        };
        Answer::free(json_reply(StatusCode::OK, body))
    }

    fn over_limit(&self, how: &str) -> Reply {
        let reply = json_reply(StatusCode::TOO_MANY_REQUESTS, "{}");
        if how == "retry_after" { with_headers(reply, [("retry-after", "2".to_owned())]) } else { reply }
    }

    fn described(&self) -> Described {
        Described { project_id: self.project_id, staff: read(&self.staff).clone() }
    }

    /// The first four of the list.
    fn employees(&self) -> [String; 4] {
        let staff = read(&self.staff);
        std::array::from_fn(|at| staff.get(at).map_or_else(String::new, |member| member.staff_id.to_string()))
    }

    /// It knows no clients.
    fn samples(&self) -> Vec<Sample> {
        Vec::new()
    }

    fn client(&self, _: u64) -> Option<Client> {
        None
    }

    fn change(&self, change: Change) -> Result<u64, NotThere> {
        let mut staff = write(&self.staff);
        match change {
            Change::Calls { calls } => {
                let count = calls.len() as u64;
                let mut list = write(&self.calls);
                calls.into_iter().for_each(|call| list.put(call));
                Ok(count)
            }
            Change::Put { member } => {
                let staff_id = member.staff_id;
                match staff.iter_mut().find(|known| known.staff_id == staff_id) {
                    Some(known) => *known = member,
                    None => staff.push(member),
                }
                Ok(staff_id)
            }
            Change::Remove { staff_id } => {
                let at = staff.iter().position(|known| known.staff_id == staff_id).ok_or(NotThere(staff_id))?;
                staff.remove(at);
                Ok(staff_id)
            }
        }
    }

    fn change_neutral(&self, _: Neutral) -> Result<Option<Entity>, NotChanged> {
        Err(NotChanged("expected a change of a CRM's records, found a telephone system, which has none".to_owned()))
    }

    fn quota(&self) -> Option<u64> {
        None
    }

    fn set_quota(&self, _: Option<u64>) {}
}
