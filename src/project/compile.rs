//! From settings to projects. Every problem of every project is collected before anything is refused.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{Answers, Block, CrmSetup, Doors, Project, WalkPlan, forms, scenario};
use crate::base::environment::Environment;
use crate::base::problem::{Placed, Problem};
use crate::config::{
    self, BlockSettings, CrmSection, Examined, Instead, Overrides, ProjectSettings, ScenarioFile, Settings, Tokens,
};
use crate::crm::{ADAPTERS, Adapter, hooks::HookTarget};
use crate::model::{client::Kind, employee::Employee, ids::CrmId, phone::NumberReader};
use crate::scenario::Matrix;
use crate::telephony::{AnswerForm, FieldNames, ringostat::answer::AnswerShape};

/// A configuration, read and compiled as far as it goes.
#[derive(Debug)]
pub struct Configured {
    /// The settings.
    pub settings: Settings,
    /// The projects, ready for calls.
    pub projects: Vec<Arc<Project>>,
    /// Why all of this is refused, by file and row; only when there is none may it be put in force.
    pub problems: Vec<Problem>,
    /// What is odd but no reason to refuse.
    pub warnings: Vec<Problem>,
}

/// Reads a folder and compiles its projects with the CRMs that predial has: what the files, the adapters and the kinds
/// of the CRMs have to say against it comes in one list. Connects to nothing.
#[must_use]
pub fn configure(dir: Option<&Path>, environment: &dyn Environment, overrides: &Overrides) -> Configured {
    configure_with(config::examine(dir, environment, overrides), ADAPTERS)
}

/// As [`configure`], with another text in the place of a project's file.
#[must_use]
pub fn configure_instead(
    dir: Option<&Path>,
    environment: &dyn Environment,
    (overrides, instead): (&Overrides, Option<Instead<'_>>),
) -> Configured {
    configure_with(config::examine_instead(dir, environment, (overrides, instead)), ADAPTERS)
}

impl Configured {
    /// A project's matrix, of a configuration without problems: as it is configured, or with another text in the place
    /// of the file it is made of.
    ///
    /// # Errors
    /// Every problem of the text, and what the project says that does not go with it.
    pub fn matrix(&self, project: &str, text: Option<(&str, &str)>) -> Result<Arc<Matrix>, Vec<Problem>> {
        let unknown = || vec![Problem::new(project, 0, "expected a project of the configuration folder, found none")];
        let compiled = self.projects.iter().find(|compiled| &*compiled.name == project).ok_or_else(unknown)?;
        let Some((file, text)) = text else { return Ok(Arc::clone(&compiled.matrix)) };
        let settings = self.settings.projects.iter().find(|of| of.name == project).ok_or_else(unknown)?;
        let adapter = compiled.crm.adapter;
        let name = settings.scenario.file.as_ref().map_or(adapter.name, |file| file.value.trim());
        let files = [config::read_matrix((file, name, text))?];
        let mut problems = Vec::new();
        match scenario::matrix(settings, &files, adapter, &mut problems) {
            Some(matrix) => Ok(Arc::new(matrix)),
            None => Err(problems),
        }
    }
}

fn configure_with(examined: Examined, adapters: &'static [Adapter]) -> Configured {
    let Examined { settings, drafts, mut problems, warnings } = examined;
    let projects = compile_with(&settings, adapters).unwrap_or_else(|further| {
        problems.extend(further);
        Vec::new()
    });
    for draft in &drafts {
        let mut complain = |row, reason: String| problems.push(Problem::new(&draft.file, row, reason));
        let adapter = adapter(&draft.crm, adapters, &mut complain);
        for block in draft.blocks.values() {
            priority(&block.value, adapter, &mut complain);
        }
    }
    let mut warnings = warnings;
    warnings.extend(cards_from_nowhere(&settings, &projects));
    problems.sort();
    problems.dedup();
    Configured { settings, projects, problems, warnings }
}

/// What somebody is going to ask for and nobody can be shown.
fn cards_from_nowhere(settings: &Settings, projects: &[Arc<Project>]) -> Vec<Problem> {
    let none = |project: &Project| project.crm.prepared.card(Kind::Contact, CrmId::Number(1)).is_none();
    let lacking = settings.projects.iter().filter_map(|of| {
        let row = of.card.wanted_at?;
        projects.iter().find(|project| *project.name == *of.name).filter(|project| none(project))?;
        let reason = "card: expected [crm] to say where the CRM's own pages are (org_id with hubspot, data_center with \
                      zoho-crm, else card_base_url), found nothing: no client has a card";
        Some(Problem::new(&of.file, row, reason))
    });
    lacking.collect()
}

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
    let project = |of: &ProjectSettings| compile_project(of, &settings.scenarios, adapters, &mut problems);
    let projects: Vec<_> = settings.projects.iter().filter_map(project).map(Arc::new).collect();
    agree_about_accounts(&projects, &mut problems);
    if problems.is_empty() {
        return Ok(projects);
    }
    problems.sort();
    Err(problems)
}

/// Projects on one account spend from one quota: what they say of it has to be the same.
fn agree_about_accounts(projects: &[Arc<Project>], problems: &mut Vec<Problem>) {
    let mut first: BTreeMap<String, &Project> = BTreeMap::new();
    for project in projects {
        let account = project.crm.prepared.account();
        let one = *first.entry(account).or_insert(project);
        let section = &project.crm.section;
        if section.quota != one.crm.section.quota {
            let reason =
                format!("crm.quota: expected what {} says of the same account, found something else", one.name);
            problems.push(Problem::new(&section.file, section.row, reason));
        }
    }
}

fn compile_project(
    settings: &ProjectSettings,
    scenarios: &[ScenarioFile],
    adapters: &'static [Adapter],
    problems: &mut Vec<Problem>,
) -> Option<Project> {
    let mut complain = |row, reason: String| problems.push(Problem::new(&settings.file, row, reason));
    let adapter = adapter(&settings.crm, adapters, &mut complain);
    let (timezone, numbers) = place(settings, &mut complain);
    let employees: Vec<_> = settings.employees.iter().map(|employee| employee.value.clone()).collect();
    let blocks = blocks(settings, adapter, &employees, &mut complain);
    let matrix = adapter.and_then(|adapter| scenario::matrix(settings, scenarios, adapter, problems));
    let mapping = adapter.and_then(|adapter| forms::mapping(settings, adapter, problems));
    let section = forms::with_mapped(settings, adapter?);
    let prepared = match (adapter?.prepare)(&section) {
        Ok(prepared) => prepared,
        Err(found) => {
            problems.extend(found);
            return None;
        }
    };
    Some(Project {
        name: settings.name.as_str().into(),
        doors: doors(&settings.tokens),
        webhooks: webhooks(settings),
        allow: settings.allow.clone(),
        timezone: timezone?,
        numbers: numbers?,
        configured: employees.clone(),
        employees,
        ringostat: settings.ringostat.clone(),
        matrix: Arc::new(matrix?),
        card_deadline: settings.card.deadline,
        events: settings.events.clone(),
        forms: Arc::new(mapping?),
        form_charset: settings.forms.charset,
        resend_after_pause: settings.resend_after_pause,
        retention: settings.retention,
        decisions_kept: settings.decisions_kept,
        crm: CrmSetup {
            adapter: adapter?,
            section,
            prepared,
            country: settings.country.value.as_str().into(),
            timezone: settings.timezone.as_str().into(),
        },
        blocks,
    })
}

/// Every block, each with its place among them.
fn blocks(
    settings: &ProjectSettings,
    adapter: Option<&'static Adapter>,
    employees: &[Employee],
    complain: &mut impl FnMut(usize, String),
) -> BTreeMap<Box<str>, Block> {
    let mut blocks: BTreeMap<Box<str>, Block> = BTreeMap::new();
    for (name, block) in &settings.blocks {
        let priority = priority(&block.value, adapter, complain);
        if let Some(shape) = shape(&block.value, complain) {
            let answers = Answers::new(shape, employees);
            blocks.insert(name.as_str().into(), compile_block(name, &block.value, priority, answers));
        }
    }
    for (place, block) in (0..).zip(blocks.values_mut()) {
        block.place = place;
    }
    blocks
}

/// Its time zone, and what reads numbers with its country.
fn place(
    settings: &ProjectSettings,
    complain: &mut impl FnMut(usize, String),
) -> (Option<jiff::tz::TimeZone>, Option<NumberReader>) {
    let timezone = jiff::tz::TimeZone::get(&settings.timezone);
    if let Err(error) = &timezone {
        complain(0, format!("expected a time zone such as \"Europe/Kyiv\", found {:?}: {error}", settings.timezone));
    }
    let numbers = NumberReader::new(&settings.country.value);
    if numbers.is_none() {
        let found = &settings.country.value;
        complain(settings.country.row, format!("expected a country of two letters such as \"UA\", found {found:?}"));
    }
    (timezone.ok(), numbers)
}

fn doors(tokens: &Tokens) -> Doors {
    Doors {
        route: tokens.route.seal(),
        events: tokens.events.seal(),
        forms: tokens.forms.seal(),
        card: tokens.card.seal(),
        changes: tokens.changes.seal(),
    }
}

fn webhooks(settings: &ProjectSettings) -> Option<HookTarget> {
    let public_url = &settings.public_url.as_ref()?.value;
    Some(HookTarget::of(public_url, &settings.name, settings.tokens.changes.clone()))
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
        complain(*row, format!("crm.kind: expected one of {known}, found {kind:?}"));
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
        place: 0,
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

    use super::{Configured, configure_with};
    use crate::base::environment::Environment;
    use crate::base::problem::Problem;
    use crate::config::{self, CrmSection, Overrides};
    use crate::crm::{ADAPTERS, Adapter, Holds, Matching, OwnField, Prepared, Reader, Tools, quota::Limits};
    use crate::model::client::{Kind, KindSet};

    const EXAMPLE: &str = include_str!("../../config/projects/acme.toml.example");

    /// A CRM with contacts and deals alone, content with any section that has a `base_url`.
    static SMALL: [Adapter; 1] = [Adapter {
        name: "small",
        kinds: KindSet::of(&[Kind::Contact, Kind::Deal]),
        matching: Matching::Whole,
        own_fields: &[
            OwnField { kind: Kind::Contact, name: "city", holds: Holds::Text },
            OwnField { kind: Kind::Contact, name: "mobile", holds: Holds::Phone },
        ],
        is_custom: |name| name.starts_with("cf_"),
        prepare: prepare_small,
    }];

    #[derive(Debug)]
    struct Small;

    impl Prepared for Small {
        fn account(&self) -> String {
            "small".to_owned()
        }

        fn limits(&self) -> Limits {
            unreachable!("compiling connects to nothing")
        }

        fn reader(&self, _: Tools) -> Arc<dyn Reader> {
            unreachable!("compiling connects to nothing")
        }
    }

    fn prepare_small(section: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
        match section.base_url {
            Some(_) => Ok(Arc::new(Small)),
            None => Err(vec![Problem::new(&section.file, section.row, "crm.base_url: expected one, found none")]),
        }
    }

    fn configured(files: &[(&str, &str)], adapters: &'static [Adapter]) -> Configured {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("projects")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join("projects").join(name), text).unwrap();
        }
        let environment: BTreeMap<String, String> =
            [("ACME_TOKEN".to_owned(), "acme-token-0123456789".to_owned())].into();
        let mut configured = configure_in(dir.path(), &environment, adapters);
        for problem in &mut configured.problems {
            problem.file = problem.file.rsplit('/').next().unwrap().to_owned();
        }
        configured
    }

    fn configure_in(dir: &Path, environment: &dyn Environment, adapters: &'static [Adapter]) -> Configured {
        configure_with(config::examine(Some(dir), environment, &Overrides::default()), adapters)
    }

    fn listed(configured: &Configured) -> Vec<String> {
        configured.problems.iter().map(ToString::to_string).collect()
    }

    fn example() -> String {
        EXAMPLE.replace("{ file = \"/run/secrets/pipedrive\" }", "{ env = \"ACME_TOKEN\" }")
    }

    #[test]
    fn the_example_compiles_with_the_crms_there_are() {
        let configured = configured(&[("acme.toml", &example())], ADAPTERS);
        assert_eq!(listed(&configured), [""; 0]);
        let acme = &configured.projects[0];
        let sales = acme.block("sales").unwrap();
        assert_eq!(*sales.plan.priority, [Kind::Contact, Kind::Organization, Kind::Deal]);
        assert_eq!(&*sales.answers.hit(0).body(None), br#"{"destination":"acme_anna"}"#);
        assert_eq!(&*sales.answers.miss().body(None), br#"{"destination":""}"#);
        assert!(acme.doors.card.opens(b"acme-token-0123456789") && !acme.doors.card.opens(b"acme-token"));
        assert!(acme.block("night").is_none());
    }

    /// The example before the small CRM, which has no organizations, with these rows of forms.
    fn with_forms(rows: &str) -> String {
        let small = example().replace("\"pipedrive\"", "\"small\"").replace("\"organization\", ", "");
        small.replacen("[crm]", &format!("{rows}\n[crm]"), 1).replacen(
            "[crm.fields]",
            "[crm.fields]\nphone = [\"Second number\", \"contact.cf_mobile\"]\nutm_source = \"UTM\"\ncontact.custom = [\"Town\"]",
            1,
        )
    }

    #[test]
    fn rows_of_forms_name_fields_that_the_crm_has_or_the_account_is_said_to_have() {
        let rows = "forms.contact = [{ field = \"city\", form = \"a\" }, { field = \"mobile\", form = \"b, c\" }, \
                    { field = \"cf_x\", form = \"d\" }, { field = \"Town\", form = \"e\" }, \
                    { field = \"Second number\", form = \"f\" }, { field = \"cf_mobile\", form = \"g\" }]";
        let configured = configured(&[("acme.toml", &with_forms(rows))], &SMALL);
        assert_eq!(listed(&configured), [""; 0]);
        let acme = &configured.projects[0];
        assert_eq!(acme.forms.rows[&Kind::Contact].len(), 6);
        assert_eq!(acme.forms.mapped_phones, ["b", "c", "f", "g"]);
        // What the account has made itself is looked after like any other field.
        let customs: Vec<_> = acme.crm.section.fields.customs("contact").map(|name| name.value.as_str()).collect();
        assert_eq!(customs, ["Town", "cf_x", "Second number", "cf_mobile"]);
    }

    #[test]
    fn a_row_of_forms_for_an_unknown_field_is_refused_with_its_row() {
        let rows = "forms.contact = [\n{ field = \"city\", form = \"a\" },\n{ field = \"citty\", form = \"a\" },\n\
                    { field = \"Twon\", form = \"a\" },\n{ field = \"UTM\", ringostat = \"utm_source\" }]\nforms.organization = [{ field = \"name\", form = \"a\" }]";
        let text = with_forms(rows);
        let configured = configured(&[("acme.toml", &text)], &SMALL);
        let row = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
        let expected = "expected a contact's field of small, or one that crm.fields.contact.custom names, found";
        let utm = row("field = \"UTM\"");
        let (citty, twon, name) =
            (row("citty"), row("Twon"), row("forms.organization = [{ field = \"name\", form = \"a\""));
        assert_eq!(
            listed(&configured),
            [
                format!("acme.toml:{citty}: forms.contact: {expected} \"citty\"; did you mean `city`?"),
                format!("acme.toml:{twon}: forms.contact: {expected} \"Twon\"; did you mean `Town`?"),
                format!(
                    "acme.toml:{utm}: forms.contact: expected a field of its own, found \"UTM\", which crm.fields.utm_source fills"
                ),
                format!(
                    "acme.toml:{name}: forms.organization: expected a kind that small has (contact, deal), found organization"
                ),
            ]
        );
    }

    #[test]
    fn cards_that_somebody_means_to_ask_for_and_nobody_can_be_shown_are_a_warning() {
        let hubspot = example().replace("\"pipedrive\"", "\"hubspot\"");
        let warned = |text: &str| {
            let configured = configured(&[("acme.toml", text)], ADAPTERS);
            assert_eq!(listed(&configured), [""; 0]);
            configured.warnings.iter().map(|warning| (warning.row, warning.reason.clone())).collect::<Vec<_>>()
        };
        assert!(warned(&hubspot).is_empty(), "nobody asks");
        let asked = format!("card.deadline_ms = 500\n{hubspot}");
        assert!(matches!(&warned(&asked)[..], [(1, reason)] if reason.contains("org_id")), "{:?}", warned(&asked));
        let own = format!("tokens.card = {{ env = \"ACME_TOKEN\" }}\n{hubspot}");
        assert!(matches!(&warned(&own)[..], [(1, _)]), "{:?}", warned(&own));
        assert!(warned(&asked.replace("[crm]", "[crm]\norg_id = \"1234567\"")).is_empty());
        assert!(warned(&format!("card.deadline_ms = 500\n{}", example())).is_empty(), "Pipedrive's are at its address");
    }

    #[test]
    fn files_adapters_and_kinds_complain_in_one_list() {
        let lacking = example().replace("\"pipedrive\"", "\"small\"").replace("base_url = ", "# ");
        let unread = example().replace("\"pipedrive\"", "\"small\"").replace("ACME_TOKEN", "NOT_SET");
        let configured = configured(&[("a.toml", &lacking), ("b.toml", &unread)], &SMALL);
        let row = |text: &str| EXAMPLE.lines().position(|line| line.starts_with(text)).unwrap() + 1;
        let (crm, token, secret) = (row("[crm]"), row("token = { env"), row("token = { file"));
        let priority = row("priority");
        let lacks = "priority: expected a kind that small has (contact, deal), found \"organization\"";
        let unset = "expected a variable of the environment, found the variable `NOT_SET` unset";
        assert_eq!(
            listed(&configured),
            [
                format!("a.toml:{crm}: crm.base_url: expected one, found none"),
                format!("a.toml:{priority}: {lacks}"),
                format!("b.toml:{token}: token: {unset}"),
                format!("b.toml:{secret}: crm.token: {unset}"),
                format!("b.toml:{priority}: {lacks}"),
            ]
        );
        assert!(configured.projects.is_empty());
    }

    #[test]
    fn a_crm_that_nobody_knows_is_refused_with_those_there_are() {
        let of = |kind: &str| listed(&configured(&[("a.toml", &example().replace("\"pipedrive\"", kind))], &SMALL));
        let row = EXAMPLE.lines().position(|line| line.starts_with("kind")).unwrap() + 1;
        let refused = format!("a.toml:{row}: crm.kind: expected one of small, found \"pipedrvie\"");
        assert_eq!(of("\"pipedrvie\""), [refused]);
    }

    /// The matrix of the example with these lines of its project before it, or what is wrong with it.
    fn matrix(lines: &str) -> Result<Vec<String>, Vec<String>> {
        let configured = configured(&[("acme.toml", &format!("{lines}\n{}", example()))], ADAPTERS);
        match configured.projects.first() {
            Some(project) => Ok(project.matrix.rows.iter().map(|row| row.id.clone()).collect()),
            None => Err(listed(&configured)),
        }
    }

    #[test]
    fn a_project_takes_its_crms_matrix_and_switches_off_changes_and_adds_rows() {
        let all = matrix("").unwrap();
        assert!(all.len() == 13 && all.contains(&"pd-in-miss-old".to_owned()), "{all:?}");
        let off = matrix("scenario.off = [\"pd-unknown-old\"]").unwrap();
        assert_eq!(off.len(), 12);
        let row = "when = { direction = \"in\" }, do = [{ at = \"after-call\", note = {} }]";
        let changed = matrix(&format!("scenario.override.pd-in-miss-old = {{ {row} }}")).unwrap();
        assert_eq!(changed, all);
        let added = matrix(&format!("scenario.override.own-row = {{ {row} }}")).unwrap();
        assert_eq!((added.len(), added[0].as_str()), (14, "own-row"));
        assert!(
            matrix("scenario = \"hubspot\"").unwrap().iter().all(|id| id.starts_with("hs-") || id.starts_with("form-"))
        );
    }

    #[test]
    fn a_matrix_that_is_not_there_or_names_what_the_crm_lacks_is_refused_with_its_row() {
        let refused = |lines: &str| matrix(lines).unwrap_err();
        assert!(
            refused("scenario = \"own\"")[0].starts_with("acme.toml:1: scenario: expected a matrix's name (hubspot, ")
        );
        let off = refused("scenario.off = [\"pd-none\"]");
        assert_eq!(off, ["acme.toml:1: scenario.off: expected the id of a row of pipedrive, found \"pd-none\""]);
        let ticket = "scenario.override.own = { when = { has = \"ticket\" }, do = [] }";
        assert!(
            refused(ticket)[0].contains(":1: row own: expected a kind that pipedrive has"),
            "{:?}",
            refused(ticket)
        );
        let desk = refused("scenario = \"zoho-desk\"");
        assert!(
            desk.iter().any(|problem| problem.contains("zd-in-ok-new: expected a kind that pipedrive has")),
            "{desk:?}"
        );
    }

    #[test]
    fn credentials_schedule_and_limits_keep_the_directory_and_another_country_or_account_does_not() {
        let first = configured(&[("acme.toml", &example())], ADAPTERS);
        let keeps = |text: &str| {
            let next = configured(&[("acme.toml", text)], ADAPTERS);
            next.projects[0].crm.same_directory_as(&first.projects[0].crm)
        };
        assert!(keeps(&format!("# another row\n{}", example().replace("acme_anna", "acme_hanna"))));
        for tuned in ["# sweep_s = ", "# max_numbers = ", "# shrink_guard_percent = ", "# quota = "] {
            assert!(keeps(&example().replace(tuned, tuned.trim_start_matches("# "))), "{tuned}");
        }
        assert!(keeps(&example().replace("timezone = \"Europe/Kyiv\"", "timezone = \"Europe/Warsaw\"")));
        assert!(!keeps(&example().replace("country = \"UA\"", "country = \"PL\"")));
        assert!(!keeps(&example().replace("acme.pipedrive.com", "beta.pipedrive.com")));
        assert!(!keeps(&example().replace("# phone = ", "phone = ")));
    }

    #[test]
    fn projects_on_one_account_have_to_agree_about_its_quota() {
        let quota = |daily: u32| example().replace("# quota = { daily = 30000", &format!("quota = {{ daily = {daily}"));
        let of =
            |one: u32, other: u32| listed(&configured(&[("a.toml", &quota(one)), ("b.toml", &quota(other))], ADAPTERS));
        assert_eq!(of(50_000, 50_000), [""; 0]);
        let row = EXAMPLE.lines().position(|line| line.starts_with("[crm]")).unwrap() + 1;
        let reason = "crm.quota: expected what a says of the same account, found something else";
        assert_eq!(of(50_000, 60_000), [format!("b.toml:{row}: {reason}")]);
    }
}
