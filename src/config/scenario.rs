//! Scenario matrices: `scenarios/NAME.toml`, those that are compiled in, and what a project changes of its own.

use std::time::Duration;

use crate::base::problem::Placed;
use crate::config::{
    section::{Findings, Section},
    tree::{self, Node, Place, Value, shortened},
};
use crate::model::{
    call::{Direction, Outcome},
    client::{Kind, KindSet},
};
use crate::scenario::{
    Answerer, At, Client, Create, Do, Owner, Row, SoughtBy, Statuses, Task, Template, Update, What, When,
};

/// The matrices that predial comes with, by name: each CRM's own, and those for accounts in which another integration
/// makes the entities.
pub const SCENARIOS: [(&str, &str); 8] = [
    ("hubspot", include_str!("../../config/scenarios/hubspot.toml")),
    ("pipedrive", include_str!("../../config/scenarios/pipedrive.toml")),
    ("zoho-crm", include_str!("../../config/scenarios/zoho-crm.toml")),
    ("zoho-desk", include_str!("../../config/scenarios/zoho-desk.toml")),
    ("smart-crm", include_str!("../../config/scenarios/smart-crm.toml")),
    ("zoho-crm-enrich-leads", include_str!("../../config/scenarios/zoho-crm-enrich-leads.toml")),
    ("zoho-crm-enrich-contacts-deals", include_str!("../../config/scenarios/zoho-crm-enrich-contacts-deals.toml")),
    ("zoho-desk-enrich", include_str!("../../config/scenarios/zoho-desk-enrich.toml")),
];

/// When a task is due unless its row says otherwise.
const DUE: Duration = Duration::from_secs(4 * 3600);
/// A template, at most.
const MOST_TEMPLATE: usize = 4_096;

const SUBJECT: &str = "{% if call.direction == 'in' %}Incoming{% else %}Outgoing{% endif %} call: {{ call.who }}";
const TEXT: &str = "{% if call.direction == 'in' %}Incoming{% else %}Outgoing{% endif %} call{% if call.status %}, \
    {{ call.status }}{% endif %}\nClient: {{ call.caller }}{% if call.name %}, {{ call.name }}{% endif %}\
    {% if call.company %}\nOur number: {{ call.company }}{% endif %}{% if call.answered_by %}\n\
    {% if call.direction == 'in' %}Answered by{% else %}Made by{% endif %}: {{ call.answered_by }}{% endif %}\
    {% if call.started %}\nBegan: {{ call.started }}{% endif %}{% if call.talk_s %}\n\
    Talk: {{ call.talk_s }} s{% endif %}";

const FORM_SUBJECT: &str = "Form: {{ call.who }}";
const FORM_TEXT: &str = "{{ form.fields }}";

/// A matrix as its file says it.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The file, as the operator named it.
    pub file: String,
    /// Its name: the file's.
    pub name: String,
    /// The rows, in the order of the file.
    pub rows: Vec<Placed<Row>>,
    /// What the telephone system's words for a call's end mean.
    pub statuses: Statuses,
}

/// What a project says of its matrix.
#[derive(Debug, Clone, Default)]
pub struct ScenarioSettings {
    /// The matrix it takes; `None` = the one of its CRM's name.
    pub file: Option<Placed<String>>,
    /// Rows switched off.
    pub off: Vec<Placed<String>>,
    /// Rows put in the place of others of the same id, or added before all.
    pub overrides: Vec<Placed<Row>>,
}

/// Reads a matrix. What could not be read is left out, and noted.
pub(super) fn read_file(findings: &Findings<'_>, (file, name, text): (&str, &str, &str)) -> ScenarioFile {
    let parsed = tree::parse(file, text);
    findings.torn(file, parsed.problems);
    let top = Section::new(findings, "scenario file", Place::new(file, 1), &parsed.table);
    let statuses = statuses(&top);
    let mut rows: Vec<Placed<Row>> = Vec::new();
    for section in top.sections("row", "row") {
        section.needed("id");
        let id = section.text("id").map(|id| id.value).unwrap_or_default();
        if let Some(first) = rows.iter().find(|row| row.value.id == id) {
            section.wrong("id", "an id that no other row has", format_args!("that of row {}", first.row));
        }
        let at = section.place.row;
        rows.push(Placed::new(row(&section, id), at));
    }
    top.finish();
    ScenarioFile { file: file.to_owned(), name: name.to_owned(), rows, statuses }
}

/// Reads `scenario` of a project: a name, or a section.
pub(super) fn read_project(project: &Section<'_>) -> ScenarioSettings {
    let is_text = matches!(
        project.node("scenario", "a matrix's name or a section").map(|node| &node.value),
        Some(Value::Text(_))
    );
    if is_text {
        return ScenarioSettings { file: project.text("scenario"), ..ScenarioSettings::default() };
    }
    let Some(scenario) = project.section("scenario", "scenario") else { return ScenarioSettings::default() };
    let settings = ScenarioSettings {
        file: scenario.text("file"),
        off: scenario.texts("off").unwrap_or_default(),
        overrides: scenario
            .named("override", "scenario.override")
            .into_iter()
            .map(|(id, section)| Placed::new(row(&section, id.to_owned()), section.place.row))
            .collect(),
    };
    scenario.finish();
    settings
}

fn statuses(top: &Section<'_>) -> Statuses {
    let default = Statuses::default();
    let Some(section) = top.section("status", "status") else { return default };
    let words = |key, default| {
        let given: Option<Vec<Placed<String>>> = section.texts(key);
        given.map_or(default, |words| words.into_iter().map(|word| word.value.trim().to_uppercase()).collect())
    };
    let statuses = Statuses {
        answered: words("answered", default.answered),
        voicemail: words("voicemail", default.voicemail),
        missed: words("missed", default.missed),
        under_way: words("under_way", default.under_way),
    };
    section.finish();
    statuses
}

fn row(section: &Section<'_>, id: String) -> Row {
    section.needed("when");
    let when = section.section("when", "row.when").map(|when| read_when(&when)).unwrap_or_default();
    let of = if when.form.is_some() { Of::Form } else { Of::Call };
    let does = section.sections("do", "row.do").iter().filter_map(|section| read_do(section, of)).collect();
    section.finish();
    Row { id, when, does }
}

fn read_when(section: &Section<'_>) -> When {
    let directions = [("in", Direction::In), ("out", Direction::Out)];
    let outcomes = [("answered", Outcome::Answered), ("missed", Outcome::Missed), ("voicemail", Outcome::Voicemail)];
    let clients = [("new", Client::New), ("existing", Client::Existing)];
    let answerers = [("owner", Answerer::Owner), ("other", Answerer::Other), ("unknown", Answerer::Unknown)];
    let when = When {
        direction: section.choice("direction", &directions).map(|placed| placed.value),
        outcomes: one_or_more(section, "result", &outcomes),
        client: section.choice("client", &clients).map(|placed| placed.value),
        answerers: one_or_more(section, "answered_by", &answerers),
        has: kinds(section, "has"),
        has_not: kinds(section, "has_not"),
        form: form(section),
    };
    for key in ["direction", "result", "answered_by"] {
        if when.form.is_some() && section.has(key) {
            section.wrong(key, "nothing, since a form is no call", "one");
        }
    }
    if let Some(kind) = when.has.iter().find(|kind| when.has_not.has(*kind)) {
        section.wrong("has_not", "kinds that `has` does not name", format_args!("{kind}"));
    }
    section.finish();
    when
}

/// `form = "any"`, or what the client was looked for by.
fn form(section: &Section<'_>) -> Option<Vec<SoughtBy>> {
    let words = [("phone", SoughtBy::Phone), ("email", SoughtBy::Email), ("client-id", SoughtBy::ClientId)];
    let node = section.node("form", "any, or one or more of phone, email, client-id")?;
    match &node.value {
        Value::Text(text) if text == "any" => Some(words.map(|(_, by)| by).to_vec()),
        _ => Some(one_or_more(section, "form", &words)),
    }
}

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Call,
    Form,
}

impl Of {
    /// A title, and a text, unless the row says otherwise.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Call => (SUBJECT, TEXT),
            Self::Form => (FORM_SUBJECT, FORM_TEXT),
        }
    }
}

/// A word, or a list of them.
fn one_or_more<T: Copy>(section: &Section<'_>, key: &'static str, words: &[(&str, T)]) -> Vec<T> {
    let expected = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    let Some(node) = section.node(key, &expected) else { return Vec::new() };
    let texts: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut found = Vec::new();
    for node in texts {
        let Some(text) = section.text_of(key, node) else { continue };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => found.push(*value),
            None => section.wrong_at(
                &node.place,
                key,
                format_args!("one or more of {expected}"),
                format_args!("`{}`", shortened(&text)),
            ),
        }
    }
    found
}

fn kinds(section: &Section<'_>, key: &'static str) -> KindSet {
    let words = Kind::ALL.map(|kind| (kind.word(), kind));
    one_or_more(section, key, &words).into_iter().fold(KindSet::NONE, KindSet::with)
}

/// The things a `do` can have.
const THINGS: [&str; 10] =
    ["lead", "contact", "organization", "deal", "ticket", "task", "call", "note", "update", "enrich"];

fn read_do(section: &Section<'_>, of: Of) -> Option<Do> {
    section.needed("at");
    let calls = [("before-call", At::BeforeCall), ("pick-up", At::PickUp), ("after-call", At::AfterCall)];
    let moments = if of == Of::Form { &[("form", At::Form)][..] } else { &calls };
    let at = section.choice("at", moments).map(|placed| placed.value);
    for thing in ["call", "enrich"] {
        if of == Of::Form && section.has(thing) {
            section.wrong(thing, "what a form can leave, for a form is no call", "one");
        }
    }
    let given = THINGS.iter().filter(|thing| section.has(thing)).count();
    if given != 1 {
        let found = if given == 0 { "none".to_owned() } else { format!("{given}") };
        section
            .findings
            .problem(&section.place, format!("{}: expected one of {}, found {found}", section.path, THINGS.join(", ")));
    }
    let what = THINGS.iter().find_map(|thing| read_what(section, thing, of));
    section.finish();
    Some(Do { at: at?, what: what? })
}

fn read_what(section: &Section<'_>, thing: &'static str, of: Of) -> Option<What> {
    let (default_subject, default_text) = of.texts();
    let inner = section.section(thing, if matches!(thing, "task" | ENRICH) { thing } else { "thing" })?;
    let owner = |default| {
        let owners = [
            ("answered", Owner::Answered),
            ("responsible", Owner::Responsible),
            ("top", Owner::Top),
            ("system", Owner::System),
        ];
        inner.choice("owner", &owners).map_or(default, |placed| placed.value)
    };
    let flag = |key, default| inner.flag(key).map_or(default, |placed| placed.value);
    let what = match thing {
        "task" => read_task(&inner, owner(Owner::Responsible), of)?,
        "call" => What::Call {
            owner: owner(Owner::Answered),
            recording: flag("recording", true),
            subject: template(&inner, "subject", default_subject)?,
            text: template(&inner, "text", default_text)?,
        },
        "note" => What::Note { recording: flag("recording", false), text: template(&inner, "text", default_text)? },
        "update" | "enrich" => What::Update(read_update(&inner, of)),
        kind => {
            let kind = Kind::from_word(kind)?;
            let title = match kind {
                Kind::Deal | Kind::Ticket => default_subject,
                Kind::Organization => "{{ call.who }}",
                Kind::Lead | Kind::Contact => "{{ call.name }}",
            };
            What::Create(Create {
                kind,
                owner: owner(Owner::Answered),
                utm: flag("utm", true),
                recording: flag("recording", true),
                title: template(&inner, "title", title)?,
                text: template(&inner, "text", default_text)?,
            })
        }
    };
    inner.finish();
    Some(what)
}

/// What is written into what is there. What another integration has made gets all that is known, unless said otherwise.
fn read_update(section: &Section<'_>, of: Of) -> Update {
    let enriches = section.kind() == ENRICH;
    let flag = |key, default| section.flag(key).map_or(default, |placed| placed.value);
    let (of_call, of_form) = (of == Of::Call, of == Of::Form);
    Update {
        utm: flag("utm", enriches),
        call: of_call && flag("call", true),
        client: flag("client", enriches || of_form),
        fields: of_form && flag("fields", true),
        enriches,
        on: kinds(section, "on"),
    }
}

/// The kind of section that says what another integration's entities get.
const ENRICH: &str = "enrich";

fn read_task(section: &Section<'_>, owner: Owner, of: Of) -> Option<What> {
    let (default_subject, default_text) = of.texts();
    let states = [("completed", true), ("open", false)];
    section.needed("state");
    let completed = section.choice("state", &states).map(|placed| placed.value);
    let places = [("all", false), ("contact", true)];
    let due = due(section);
    let recording = section.flag("recording").is_none_or(|placed| placed.value);
    let on_contact = section.choice("on", &places).is_some_and(|placed| placed.value);
    let (subject, text) = (template(section, "subject", default_subject), template(section, "text", default_text));
    let completed = completed?;
    Some(What::Task(Task { completed, owner, due, recording, on_contact, subject: subject?, text: text? }))
}

/// `"4h"`: a whole number of seconds, minutes, hours or days.
fn due(section: &Section<'_>) -> Duration {
    let Some(text) = section.text("due") else { return DUE };
    let trimmed = text.value.trim();
    let unit = trimmed.chars().last().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _ => None,
    });
    let count = trimmed.get(..trimmed.len().saturating_sub(1)).and_then(|count| count.parse::<u64>().ok());
    match unit.zip(count).and_then(|(unit, count)| count.checked_mul(unit)).filter(|seconds| *seconds <= 366 * 86_400) {
        Some(seconds) => Duration::from_secs(seconds),
        None => {
            section.wrong(
                "due",
                "a time such as 30m, 4h or 1d, a year at most",
                format_args!("`{}`", shortened(&text.value)),
            );
            DUE
        }
    }
}

fn template(section: &Section<'_>, key: &'static str, default: &str) -> Option<Template> {
    let node = section.node(key, "a template");
    let (text, place) = match node.map(|node| (&node.value, &node.place)) {
        None => (default, &section.place),
        Some((Value::Text(text), place)) if text.len() <= MOST_TEMPLATE => (text.as_str(), place),
        Some((Value::Text(text), place)) => {
            section.wrong_at(place, key, format_args!("at most {MOST_TEMPLATE} bytes"), text.len());
            return None;
        }
        Some((other, place)) => {
            section.wrong_at(place, key, "text", other.kind());
            return None;
        }
    };
    match Template::new(text) {
        Ok(template) => Some(template),
        Err(error) => {
            section.wrong_at(place, key, "a template of the words under `call`", error);
            None
        }
    }
}
