//! From settings to projects. Every problem of every project is collected before anything is refused.

use std::{collections::BTreeMap, sync::Arc};

use super::{Answers, Block, CrmSetup, Doors, Project, WalkPlan};
use crate::base::problem::{Placed, Problem};
use crate::config::{BlockSettings, CrmSection, ProjectSettings, Settings};
use crate::crm::{ADAPTERS, Adapter};
use crate::model::{client::Kind, phone::NumberReader};
use crate::telephony::{AnswerForm, FieldNames, ringostat::answer::AnswerShape};

/// CRMs of CONTRACT that this version does not have yet.
const LATER: [&str; 4] = ["hubspot", "zoho-crm", "zoho-desk", "smart-crm"];

/// Compiles every project with the CRMs that predial has.
///
/// # Errors
/// Every problem of every project.
pub fn compile(settings: &Settings) -> Result<Vec<Arc<Project>>, Vec<Problem>> {
    compile_with(settings, ADAPTERS)
}

/// Compiles every project with these CRMs.
///
/// # Errors
/// Every problem of every project.
pub fn compile_with(settings: &Settings, adapters: &'static [Adapter]) -> Result<Vec<Arc<Project>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let project = |settings| compile_project(settings, adapters, &mut problems);
    let projects: Vec<_> = settings.projects.iter().filter_map(project).map(Arc::new).collect();
    if problems.is_empty() {
        return Ok(projects);
    }
    problems.sort();
    Err(problems)
}

fn compile_project(
    settings: &ProjectSettings,
    adapters: &'static [Adapter],
    problems: &mut Vec<Problem>,
) -> Option<Project> {
    let mut complain = |row, reason: String| problems.push(Problem::new(&settings.file, row, reason));
    let adapter = adapter(&settings.crm, adapters, &mut complain);
    let timezone = jiff::tz::TimeZone::get(&settings.timezone);
    if let Err(error) = &timezone {
        complain(0, format!("expected a time zone such as \"Europe/Kyiv\", found {:?}: {error}", settings.timezone));
    }
    let numbers = NumberReader::new(&settings.country.value);
    if numbers.is_none() {
        let found = &settings.country.value;
        complain(settings.country.row, format!("expected a country of two letters such as \"UA\", found {found:?}"));
    }
    let employees: Vec<_> = settings.employees.iter().map(|employee| employee.value.clone()).collect();
    let mut blocks = BTreeMap::new();
    for (name, block) in &settings.blocks {
        let priority = priority(&block.value, adapter, &mut complain);
        if let Some(shape) = shape(&block.value, &mut complain) {
            let answers = Answers::new(shape, &employees);
            blocks.insert(name.as_str().into(), compile_block(name, &block.value, priority, answers));
        }
    }
    let prepared = match (adapter?.prepare)(&settings.crm) {
        Ok(prepared) => prepared,
        Err(found) => {
            problems.extend(found);
            return None;
        }
    };
    Some(Project {
        name: settings.name.as_str().into(),
        doors: Doors {
            route: settings.tokens.route.seal(),
            events: settings.tokens.events.seal(),
            forms: settings.tokens.forms.seal(),
            card: settings.tokens.card.seal(),
            changes: settings.tokens.changes.seal(),
        },
        allow: settings.allow.clone(),
        timezone: timezone.ok()?,
        numbers: numbers?,
        employees,
        crm: CrmSetup {
            adapter: adapter?,
            section: settings.crm.clone(),
            prepared,
            country: settings.country.value.as_str().into(),
            timezone: settings.timezone.as_str().into(),
        },
        blocks,
    })
}

fn adapter(
    section: &CrmSection,
    adapters: &'static [Adapter],
    complain: &mut impl FnMut(usize, String),
) -> Option<&'static Adapter> {
    let Placed { value: kind, row } = &section.kind;
    let adapter = adapters.iter().find(|adapter| adapter.name == kind);
    if adapter.is_none() {
        let known = adapters.iter().map(|adapter| adapter.name).collect::<Vec<_>>().join(", ");
        let later =
            if LATER.contains(&kind.as_str()) { ", which is not yet known: a later version brings it" } else { "" };
        complain(*row, format!("crm.kind: expected one of {known}, found {kind:?}{later}"));
    }
    adapter
}

fn priority(
    block: &BlockSettings,
    adapter: Option<&'static Adapter>,
    complain: &mut impl FnMut(usize, String),
) -> Box<[Kind]> {
    let mut kinds = Vec::new();
    for Placed { value: word, row } in &block.priority {
        let Some(kind) = Kind::from_word(word) else {
            complain(*row, format!("priority: expected one of {}, found {word:?}", words(Kind::ALL)));
            continue;
        };
        if let Some(adapter) = adapter.filter(|adapter| !adapter.kinds.has(kind)) {
            let has = words(adapter.kinds.iter());
            complain(*row, format!("priority: expected a kind that {} has ({has}), found {word:?}", adapter.name));
        }
        kinds.push(kind);
    }
    kinds.into()
}

fn words(kinds: impl IntoIterator<Item = Kind>) -> String {
    kinds.into_iter().map(Kind::word).collect::<Vec<_>>().join(", ")
}

fn shape(block: &BlockSettings, complain: &mut impl FnMut(usize, String)) -> Option<AnswerShape> {
    let Placed { value: word, row } = &block.answer;
    let Some(form) = AnswerForm::from_word(word) else {
        complain(*row, format!("answer: expected one of plain, json, json-rpc, found {word:?}"));
        return None;
    };
    Some(AnswerShape {
        form,
        field: block.answer_field.as_str().into(),
        result_string: block.result_string,
        miss_status: block.miss_status,
        miss_destination: block.miss_destination.as_deref().map(Into::into),
    })
}

fn compile_block(name: &str, block: &BlockSettings, priority: Box<[Kind]>, answers: Answers) -> Block {
    Block {
        name: name.into(),
        plan: WalkPlan {
            priority,
            deal_via_contact: block.deal_via_contact,
            deal_via_organization: block.deal_via_organization,
            unassigned_goes_on: block.unassigned_goes_on,
        },
        deadline: block.deadline,
        fields: FieldNames {
            caller: block.caller_field.as_deref().map(Into::into),
            call_id: block.call_id_field.as_deref().map(Into::into),
        },
        answers,
    }
}
