//! How forms are read, and rows of matrices for them.

use super::{GOOD, project};
use crate::forms::{Source, Variable};
use crate::model::client::Kind;
use crate::scenario::{At, SoughtBy, What};

/// The smallest project with these rows before its `[crm]`.
fn with(rows: &str) -> String {
    GOOD.replacen("[crm]", &format!("{rows}\n[crm]"), 1)
}

#[test]
fn rows_of_forms_are_read_in_their_order_with_what_goes_into_each_field() {
    let settings = project(&with(
        "forms.name = \"fio, your-name\"\nforms.charset = \"cp1251\"\n\
         forms.contact = [{ field = \"city\", form = \"town, city\" }, { field = \"origin\", constant = \"site\" }]\n\
         forms.deal = [{ field = \"page\", ringostat = \"landing\" }]",
    ));
    let settings = settings.read().expect("a configuration");
    let forms = &settings.projects[0].forms;
    assert_eq!(forms.names.name, ["fio", "your-name"]);
    assert_eq!(forms.charset, Some(encoding_rs::WINDOWS_1251));
    let rows: Vec<_> = forms.rows.iter().map(|(kind, row)| (*kind, row.value.field.as_str())).collect();
    assert_eq!(rows, [(Kind::Contact, "city"), (Kind::Contact, "origin"), (Kind::Deal, "page")]);
    let names = Source::Form(vec!["town".to_owned(), "city".to_owned()]);
    assert_eq!(forms.rows[0].1.value.source, names);
    assert_eq!(forms.rows[2].1.value.source, Source::Ringostat(Variable::Landing));
}

#[test]
fn what_is_wrong_with_a_row_of_forms_is_said_with_its_row() {
    let wrong = [
        ("forms.contact = [{ field = \"city\" }]", "expected one of form, ringostat, constant, found 0"),
        ("forms.contact = [{ field = \"city\", form = \"a\", constant = \"b\" }]", "found 2 of them"),
        ("forms.contact = [{ form = \"a\" }]", "field"),
        ("forms.contact = [{ field = \"city\", form = \" , \" }]", "names of form fields"),
        ("forms.contact = [{ field = \"city\", ringostat = \"utm_sorce\" }]", "did you mean `utm_source`?"),
        ("forms.contact = [{ field = \"city\", constant = \" \" }]", "forms.contact.constant: expected text"),
        ("forms.contact = { field = \"city\", form = \"a\" }", "write `[[contact]]`"),
        ("forms.charset = \"klingon\"", "a charset's name"),
        ("forms.person = []", "person"),
    ];
    for (row, reason) in wrong {
        let problems = project(&with(row)).problems();
        assert!(problems.iter().any(|problem| problem.contains(reason)), "{row}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.starts_with("projects/acme.toml:")), "{row}: {problems:?}");
    }
}

#[test]
fn rows_of_a_matrix_are_for_forms_or_for_calls_and_never_for_both() {
    let read = |text: &str| project(GOOD).with("scenarios/own.toml", text);
    let good = "[[row]]\nid = \"a\"\nwhen = { form = [\"email\", \"client-id\"], client = \"existing\" }\n\
                [[row.do]]\nat = \"form\"\nupdate = { utm = true }\n";
    let settings = read(good).read().expect("a configuration");
    let own = settings.scenarios.iter().find(|file| file.name == "own").expect("the file");
    let row = &own.rows[0].value;
    assert_eq!(row.when.form, Some(vec![SoughtBy::Email, SoughtBy::ClientId]));
    let What::Update(update) = &row.does[0].what else { panic!("{row:?}") };
    assert_eq!(row.does[0].at, At::Form);
    assert!(update.utm && update.client && update.fields && !update.call && !update.enriches, "{update:?}");
    let wrong = [
        ("when = { form = \"any\", result = \"missed\" }", "form", "note = {}", "a form is no call"),
        ("when = { form = \"any\" }", "after-call", "note = {}", "at"),
        ("when = { form = \"any\" }", "form", "call = {}", "a form is no call"),
        ("when = { form = \"any\" }", "form", "enrich = {}", "a form is no call"),
        ("when = { client = \"new\" }", "form", "note = {}", "at"),
        ("when = { form = \"phones\" }", "form", "note = {}", "phone, email, client-id"),
        ("when = {}", "after-call", "enrich = { fields = true }", "fields"),
    ];
    for (when, at, thing, reason) in wrong {
        let text = format!("[[row]]\nid = \"a\"\n{when}\n[[row.do]]\nat = \"{at}\"\n{thing}\n");
        let problems = read(&text).problems();
        assert!(problems.iter().any(|problem| problem.contains(reason)), "{text}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.starts_with("scenarios/own.toml:")), "{text}: {problems:?}");
    }
}
