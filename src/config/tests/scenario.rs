//! Matrices and what a project says of its own.

use std::time::Duration;

use super::{Folder, GOOD, project};
use crate::config::{SCENARIOS, ScenarioFile};
use crate::model::{call::Outcome, client::Kind};
use crate::scenario::{Answerer, At, Client, Owner, What};

fn own(text: &str) -> Folder {
    project(GOOD).with("scenarios/own.toml", text)
}

fn read(text: &str) -> ScenarioFile {
    let settings = own(text).read().expect(text);
    settings.scenarios.into_iter().find(|file| file.name == "own").expect("the file")
}

#[test]
fn the_matrices_that_predial_comes_with_are_sound_and_a_file_of_their_name_takes_their_place() {
    let settings = project(GOOD).read().expect("a configuration");
    let names: Vec<&str> = settings.scenarios.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, SCENARIOS.map(|(name, _)| name));
    let rows: Vec<usize> = settings.scenarios.iter().map(|file| file.rows.len()).collect();
    assert_eq!(rows, [12, 13, 16, 18, 12, 1, 1, 1]);
    let row = "[[row]]\nid = \"hs-own\"\nwhen = {}\n";
    let settings = project(GOOD).with("scenarios/hubspot.toml", row).read().expect("a configuration");
    let hubspot = settings.scenarios.iter().find(|file| file.name == "hubspot").expect("the file");
    assert_eq!(hubspot.rows.iter().map(|row| row.value.id.as_str()).collect::<Vec<_>>(), ["hs-own"]);
}

#[test]
fn a_row_is_read_with_its_situation_and_what_is_to_be_done() {
    let file = read(
        "[[row]]\nid = \"own\"\nwhen = { direction = \"in\", result = [\"missed\", \"voicemail\"], client = \"existing\", \
         answered_by = \"unknown\", has = [\"contact\"], has_not = \"deal\" }\n\
         [[row.do]]\nat = \"pick-up\"\nlead = { owner = \"top\", utm = false }\n\
         [[row.do]]\nat = \"after-call\"\ntask = { state = \"open\", due = \"90m\", on = \"contact\", text = \"a\\n{{ call.who }}\" }\n",
    );
    let row = &file.rows[0].value;
    assert_eq!(file.rows[0].row, 1);
    assert_eq!((row.when.client, row.when.answerers.as_slice()), (Some(Client::Existing), &[Answerer::Unknown][..]));
    assert_eq!(row.when.outcomes, [Outcome::Missed, Outcome::Voicemail]);
    assert!(row.when.has.has(Kind::Contact) && row.when.has_not.has(Kind::Deal));
    let What::Create(lead) = &row.does[0].what else { panic!("{row:?}") };
    assert_eq!((row.does[0].at, lead.kind, lead.owner, lead.utm), (At::PickUp, Kind::Lead, Owner::Top, false));
    let What::Task(task) = &row.does[1].what else { panic!("{row:?}") };
    assert_eq!((task.due, task.on_contact, task.owner), (Duration::from_secs(5_400), true, Owner::Responsible));
    assert_eq!(task.text.source(), "a\n{{ call.who }}");
}

#[test]
fn words_for_a_calls_end_may_be_others() {
    let file = read("[status]\nanswered = [\"spoken\"]\n");
    assert_eq!(file.statuses.outcome(Some("SPOKEN"), false), Some(Outcome::Answered));
    assert_eq!(file.statuses.outcome(Some("ANSWERED"), false), Some(Outcome::Missed));
    assert_eq!(file.statuses.outcome(Some("IN PROGRESS"), true), None);
}

#[test]
fn whatever_is_wrong_with_a_matrix_is_told_by_file_and_row_all_at_once() {
    let problems = own(
        "[[row]]\nid = \"a\"\nwhen = { direction = \"inn\", results = \"missed\" }\n\
         [[row.do]]\nat = \"after-call\"\ntask = { state = \"open\", due = \"4 hours\", text = \"{{ call.colour }}\" }\n\
         [[row.do]]\nat = \"later\"\nnote = {}\ncall = {}\n\
         [[row]]\nid = \"a\"\nwhen = { has = \"deal\", has_not = \"deal\" }\n\
         [[row.do]]\nat = \"after-call\"\ncontact = { owner = \"boss\" }\n",
    )
    .problems();
    let told = |row: usize, words: &str| {
        let begin = format!("scenarios/own.toml:{row}: ");
        problems.iter().any(|problem| problem.starts_with(&begin) && problem.contains(words))
    };
    for (row, words) in [
        (3, "row.when.direction: expected"),
        (3, "`results`"),
        (6, "row.do.task.due: expected a time such as 30m, 4h or 1d"),
        (6, "row.do.task.text: expected a template"),
        (7, "expected one of lead, contact"),
        (8, "row.do.at: expected"),
        (12, "row.id: expected an id that no other row has, found that of row 1"),
        (13, "row.when.has_not: expected kinds that `has` does not name"),
        (16, "row.do.contact.owner: expected"),
    ] {
        assert!(told(row, words), "{row} {words}: {problems:#?}");
    }
}

#[test]
fn fields_are_named_for_all_or_for_one_kind_of_entity() {
    let text = GOOD.replace(
        "[[employee]]",
        "[crm.fields]\nutm_source = \"source\"\ndeal.utm_source = \"deal_source\"\ncall.recording = \"audio\"\n[[employee]]",
    );
    let settings = project(&text).read().expect("a configuration");
    let fields = &settings.projects[0].crm.fields;
    let of = |owner, meaning| fields.of(owner, meaning);
    use crate::config::Meaning::{Recording, UtmSource};
    assert_eq!((of("contact", UtmSource), of("deal", UtmSource)), (Some("source"), Some("deal_source")));
    assert_eq!((of("call", Recording), of("deal", Recording)), (Some("audio"), None));
    let wrong = GOOD.replace("[[employee]]", "[crm.fields]\ndeal.utm_sauce = \"x\"\n[[employee]]");
    assert_eq!(project(&wrong).problems().len(), 1);
}
