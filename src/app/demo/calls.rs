//! The calls of the demo, and what each is to be answered. The samples behind the numbers are the stand-in's.

use sandbox::pbx::{AnswerForm, Ask, Form, Heard, NoDestination, Params};

use super::stage::TOKEN;

/// One call.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// What it shows.
    pub(super) what: &'static str,
    /// Whom it asks.
    pub(super) project: &'static str,
    /// At which step of the scheme.
    pub(super) block: &'static str,
    /// How.
    pub(super) form: Form,
    /// By which method.
    pub(super) method: &'static str,
    /// The caller's number as it is sent.
    pub(super) caller: &'static str,
    /// What happens to the CRM just before.
    pub(super) before: Before,
    /// What is to be heard.
    pub(super) expected: Expected,
}

/// What happens to a project's CRM before a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// It stops answering anything.
    Hangs,
    /// Somebody gives the sample contact to Boris.
    OwnerChanges,
}

/// What is to be heard.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    /// The destination; `None` = a miss.
    pub(super) destination: Option<&'static str>,
    /// `x-predial-entity`
    pub(super) entity: Option<&'static str>,
    /// `x-predial-source`
    pub(super) source: &'static str,
}

const fn hit(destination: &'static str, entity: &'static str, source: &'static str) -> Expected {
    Expected { destination: Some(destination), entity: Some(entity), source }
}

const fn miss(entity: Option<&'static str>, source: &'static str) -> Expected {
    Expected { destination: None, entity, source }
}

const fn acme(
    what: &'static str,
    block: &'static str,
    how: (Form, &'static str),
    caller: &'static str,
    expected: Expected,
) -> Call {
    Call { what, project: "acme", block, form: how.0, method: how.1, caller, before: Before::Nothing, expected }
}

const fn bistro(what: &'static str, caller: &'static str, before: Before, expected: Expected) -> Call {
    Call { what, project: "bistro", block: "sales", form: Form::Query, method: "GET", caller, before, expected }
}

const GET: (Form, &str) = (Form::Query, "GET");
const FORM: (Form, &str) = (Form::Form, "POST");
const JSON: (Form, &str) = (Form::Json, "POST");
const RPC: (Form, &str) = (Form::JsonRpc, "POST");

/// Every call, in the order they are placed.
pub(super) fn calls() -> Vec<Call> {
    let others = OTHERS.iter().flat_map(|other| other.calls());
    ACME.iter().copied().chain(others).chain(BISTRO.iter().copied()).collect()
}

const ACME: &[Call] = &[
    acme("by contact", "sales", GET, "380442001001", hit("acme_anna", "contact", "directory")),
    acme("the same, as a form", "plain", FORM, "+380442001001", hit("acme_anna", "contact", "directory")),
    acme("the same, as JSON", "sales", JSON, "+380442001001", hit("acme_anna", "contact", "directory")),
    acme("the same, as JSON-RPC", "rpc", RPC, "00380442001001", hit("acme_anna", "contact", "directory")),
    acme("the same, by PUT", "plain", (Form::Form, "PUT"), "0442001001", hit("acme_anna", "contact", "directory")),
    acme(
        "the same, by DELETE",
        "rpc",
        (Form::Query, "DELETE"),
        "380442001001",
        hit("acme_anna", "contact", "directory"),
    ),
    acme("by the second number", "sales", JSON, "(044) 200-10-21", hit("acme_anna", "contact", "directory")),
    acme("by organization", "sales", GET, "380442001002", hit("acme_boris", "organization", "directory")),
    acme("by deal, deals first", "deals", RPC, "380442001019", hit("380671112233", "deal", "directory")),
    acme("owner left: next entity, the deal", "on", GET, "380442001003", hit("380671112233", "deal", "directory")),
    acme("owner left: next block", "sales", GET, "380442001003", miss(Some("contact"), "directory")),
    acme("owner is no employee", "sales", JSON, "380442001004", miss(Some("contact"), "directory")),
    acme("closed deal only", "deals-only", GET, "380442001005", miss(None, "directory")),
    acme("archived deal only", "deals-only", FORM, "380442001006", miss(None, "directory")),
    acme("absent", "sales", GET, "380442001007", miss(None, "absent")),
    acme(
        "absent, sent to a scheme",
        "night",
        GET,
        "380442001007",
        Expected { destination: Some("231146"), entity: None, source: "absent" },
    ),
    acme(
        "typed with tabs, known all the same",
        "sales",
        GET,
        "380442001014",
        hit("acme_denys", "contact", "directory"),
    ),
    acme("hidden caller", "sales", GET, "anonymous", miss(None, "unreadable")),
    acme("an extension", "plain", FORM, "101", miss(None, "unreadable")),
    Call {
        before: Before::OwnerChanges,
        ..acme("its owner changed: swept", "sales", GET, "380442001001", hit("acme_boris", "contact", "directory"))
    },
];

/// The four other CRMs: the same questions, each answered by its own entities.
const OTHERS: [Other; 4] = [
    Other { project: "hubspot", dealt_with: "deal", last_nine: false },
    Other { project: "zoho-crm", dealt_with: "deal", last_nine: true },
    Other { project: "zoho-desk", dealt_with: "ticket", last_nine: true },
    Other { project: "smart-crm", dealt_with: "deal", last_nine: false },
];

/// What is different from one CRM to the next.
struct Other {
    project: &'static str,
    /// What is found through its contact.
    dealt_with: &'static str,
    /// Whether the last nine digits tell who somebody is.
    last_nine: bool,
}

impl Other {
    fn calls(&self) -> Vec<Call> {
        let anna = hit("acme_anna", "contact", "directory");
        let clara = hit("380671112233", self.dealt_with, "directory");
        let abroad = if self.last_nine { anna } else { miss(None, "absent") };
        let call = |what, block, how: (Form, &'static str), caller, expected| Call {
            project: self.project,
            ..acme(what, block, how, caller, expected)
        };
        let changed = hit("acme_boris", "contact", "directory");
        vec![
            call("by contact", "sales", GET, "380442001001", anna),
            call("by the second number", "plain", FORM, "(044) 200-10-21", anna),
            call("by organization", "sales", JSON, "380442001002", hit("acme_boris", "organization", "directory")),
            call("what is open decides first", "deals", RPC, "380442001019", clara),
            call("owner left: next entity", "on", GET, "380442001003", clara),
            call("owner is no employee", "sales", JSON, "380442001004", miss(Some("contact"), "directory")),
            call("closed one only", "deals-only", GET, "380442001005", miss(None, "directory")),
            call("absent", "sales", GET, "380442001007", miss(None, "absent")),
            call("the same end, another country", "sales", GET, "48442001001", abroad),
            Call {
                before: Before::OwnerChanges,
                ..call("its owner changed: swept", "sales", GET, "380442001001", changed)
            },
        ]
    }
}

/// A CRM that never lets its lists be read.
const BISTRO: &[Call] = &[
    bistro("not known yet: asked live", "380442001001", Before::Nothing, hit("acme_anna", "contact", "live")),
    bistro("the next call: known", "380442001001", Before::Nothing, hit("acme_anna", "contact", "directory")),
    bistro("not known, the CRM hangs: in time", "380442001008", Before::Hangs, miss(None, "late")),
    bistro("known, the CRM hangs", "380442001001", Before::Hangs, hit("acme_anna", "contact", "directory")),
];

impl Call {
    /// The request, as Ringostat would send it, asking for the trace besides.
    pub(super) fn ask(&self) -> Ask {
        let mut ask = Ask::new(self.form, format!("/{}/route/{}", self.project, self.block))
            .method(self.method)
            .token(TOKEN)
            .field("call_id", "ua0_-1731315881.12669683")
            .field("caller", self.caller)
            .header("x-predial-trace", "1");
        ask.twice_encoded = true;
        ask.params = Params::ArrayOfOne;
        ask
    }

    /// The destination in an answer, as Ringostat would read it.
    pub(super) fn destination_of(&self, heard: &Heard) -> Result<Option<String>, NoDestination> {
        let field = "destination".to_owned();
        let form = match self.block {
            "plain" | "deals-only" | "night" => AnswerForm::Plain,
            // Asked by JSON-RPC, the id comes back; asked otherwise there was none.
            "rpc" | "deals" => {
                let id = if self.form == Form::JsonRpc { 1.into() } else { serde_json::Value::Null };
                AnswerForm::JsonRpc { field: Some(field), id }
            }
            _ => AnswerForm::Json { field },
        };
        heard.destination(&form)
    }
}
