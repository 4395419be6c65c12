//! The blocks of a project.

use std::{collections::BTreeMap, time::Duration};

use crate::base::problem::Placed;
use crate::config::{
    project::is_name,
    section::{Range, Section},
    tree::shortened,
};
use crate::model::{client::Kind, employee::direction};
use crate::telephony::AnswerForm;

/// Blocks of a project, at most.
const MAX_BLOCKS: usize = 1000;

/// Deadlines that make sense: below, no CRM answers; above, the caller hangs up.
const DEADLINE: Range = Range::new(100, 10_000, "milliseconds");

/// What must be left of a deadline, less the reserve, for anything to be decided in.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// One block: how a call at this step of the forwarding scheme is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSettings {
    /// The kinds that are walked, in order, as words.
    pub priority: Vec<Placed<String>>,
    /// `plain`, `json` or `json-rpc`.
    pub answer: Placed<String>,
    /// The name of the destination in a JSON answer.
    pub answer_field: String,
    /// JSON-RPC: whether `result` is the bare string instead of an object.
    pub result_string: bool,
    /// From accept to reply.
    pub deadline: Duration,
    /// Whether an entity without an employee of ours lets the walk go on instead of ending it.
    pub unassigned_goes_on: bool,
    /// Whether deals count through the contact.
    pub deal_via_contact: bool,
    /// Whether deals count through the organization.
    pub deal_via_organization: bool,
    /// The status of a miss: 200, 204 or 404.
    pub miss_status: u16,
    /// A destination that a miss is answered with, say a scheme's id.
    pub miss_destination: Option<String>,
    /// The customer's name for the caller's number.
    pub caller_field: Option<String>,
    /// The customer's name for the call's id.
    pub call_id_field: Option<String>,
}

/// Reads `[block.NAME]`; a deadline must leave something beyond the process's `reserve`.
pub(super) fn read(project: &Section<'_>, reserve: Duration) -> BTreeMap<String, Placed<BlockSettings>> {
    let sections = project.named("block", "block");
    if sections.is_empty() && !project.has("block") {
        project.missing("at least one section [block.NAME]");
    }
    if sections.len() > MAX_BLOCKS {
        project.wrong("block", format_args!("at most {MAX_BLOCKS} blocks"), sections.len());
        return BTreeMap::new();
    }
    let block = |(name, section): (&str, Section<'_>)| {
        if !is_name(name) {
            let expected = "a name of at most 64 letters, digits, - and _ (it stands in addresses)";
            let reason = format!("block: expected {expected}, found `{}`", shortened(name));
            section.findings.problem(&section.place, reason);
        }
        let settings = one(&section, reserve);
        section.finish();
        (name.to_owned(), Placed::new(settings, section.place.row))
    };
    sections.into_iter().map(block).collect()
}

fn one(block: &Section<'_>, reserve: Duration) -> BlockSettings {
    let forms = AnswerForm::ALL.map(|form| (form.word(), form));
    block.needed("answer");
    let answer = block.choice("answer", &forms);
    let form = answer.as_ref().map(|answer| answer.value);
    let (via_contact, via_organization) = deal_via(block);
    let (caller_field, call_id_field) = fields(block);
    let result_string = result_string(block, form);
    let settings = BlockSettings {
        priority: priority(block),
        answer: answer.map_or_else(
            || Placed::new(AnswerForm::Plain.word().to_owned(), block.place.row),
            |answer| Placed::new(answer.value.word().to_owned(), answer.row),
        ),
        answer_field: answer_field(block, form, result_string),
        result_string,
        deadline: deadline(block, reserve),
        unassigned_goes_on: block
            .choice("on_unassigned", &[("next_block", false), ("next_entity", true)])
            .is_some_and(|choice| choice.value),
        deal_via_contact: via_contact,
        deal_via_organization: via_organization,
        miss_status: block.number_of("miss_status", &[200, 204, 404]).unwrap_or(200),
        miss_destination: miss_destination(block),
        caller_field,
        call_id_field,
    };
    if settings.miss_destination.is_some() && block.has("miss_status") {
        block.findings.warn(
            block.place_of("miss_status"),
            format!("{}: without effect beside miss_destination, which makes a miss a 200", block.name("miss_status")),
        );
    }
    let deals = settings.priority.iter().any(|kind| kind.value == Kind::Deal.word());
    if block.has("deal_via") && !deals {
        let reason = format!("{}: without effect where priority has no deal", block.name("deal_via"));
        block.findings.warn(block.place_of("deal_via"), reason);
    }
    settings
}

fn priority(block: &Section<'_>) -> Vec<Placed<String>> {
    block.needed("priority");
    let kinds = kinds(block, "priority", &Kind::ALL);
    kinds.unwrap_or_default()
}

/// A list of kinds, none of them twice.
fn kinds(block: &Section<'_>, key: &'static str, of: &[Kind]) -> Option<Vec<Placed<String>>> {
    let before = block.findings.count();
    let words = block.texts(key)?;
    let mut kinds: Vec<Placed<String>> = Vec::new();
    for word in words {
        let place = block.place.at_row(word.row);
        if !of.iter().any(|kind| kind.word() == word.value) {
            let known = of.iter().map(|kind| kind.word());
            let near = crate::config::names::near(&word.value, known.clone());
            let found = format!("`{}`{near}", shortened(&word.value));
            block.wrong_at(&place, key, crate::config::names::one_of(known), found);
        } else if kinds.iter().any(|kind| kind.value == word.value) {
            block.wrong_at(&place, key, "each kind once", format_args!("`{}` again", word.value));
        } else {
            kinds.push(word);
        }
    }
    if kinds.is_empty() && block.findings.count() == before {
        block.wrong(key, "at least one kind", "none");
    }
    Some(kinds)
}

fn deal_via(block: &Section<'_>) -> (bool, bool) {
    let Some(via) = kinds(block, "deal_via", &[Kind::Contact, Kind::Organization]) else { return (true, false) };
    let has = |kind: Kind| via.iter().any(|word| word.value == kind.word());
    (has(Kind::Contact), has(Kind::Organization))
}

fn answer_field(block: &Section<'_>, form: Option<AnswerForm>, result_string: bool) -> String {
    let unused = form == Some(AnswerForm::Plain) || (form == Some(AnswerForm::JsonRpc) && result_string);
    if unused && block.has("answer_field") {
        let reason = format!("{}: without effect where the answer is a bare text", block.name("answer_field"));
        block.findings.warn(block.place_of("answer_field"), reason);
    }
    if form.is_some() && !unused {
        block.needed("answer_field");
    }
    block.text("answer_field").map(|field| field.value).unwrap_or_default()
}

fn result_string(block: &Section<'_>, form: Option<AnswerForm>) -> bool {
    let result = block.choice("result", &[("object", false), ("string", true)]);
    if result.is_some() && form.is_some_and(|form| form != AnswerForm::JsonRpc) {
        let reason = format!("{}: without effect where answer is not json-rpc", block.name("result"));
        block.findings.warn(block.place_of("result"), reason);
    }
    result.is_some_and(|result| result.value)
}

pub(super) fn deadline(block: &Section<'_>, reserve: Duration) -> Duration {
    let default = Duration::from_millis(800);
    let deadline = block.number("deadline_ms", DEADLINE).map_or(default, |ms| Duration::from_millis(ms.value));
    if deadline < reserve + LEAST_TIME {
        let least = (reserve + LEAST_TIME).as_millis();
        let expected = format!("at least live.reserve_ms and {} more, {least}", LEAST_TIME.as_millis());
        block.wrong("deadline_ms", expected, deadline.as_millis());
    }
    deadline
}

fn miss_destination(block: &Section<'_>) -> Option<String> {
    let text = block.any_text("miss_destination")?.value;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let found = direction(text, None);
    if found.is_none() {
        let expected = "a number, a scheme's id or a SIP login";
        block.wrong("miss_destination", expected, format_args!("`{}`", shortened(text)));
    }
    found
}

fn fields(block: &Section<'_>) -> (Option<String>, Option<String>) {
    let Some(fields) = block.section("fields", "block.fields") else { return (None, None) };
    let text = |key| fields.text(key).map(|text| text.value);
    let names = (text("caller"), text("call_id"));
    if names.0.is_some() && names.0 == names.1 {
        fields.wrong("call_id", "another name than caller's", "the same");
    }
    fields.finish();
    names
}
