//! What is wrong with a project, by row.

use super::{GOOD, project, spoilt};

#[test]
fn one_file_with_many_problems_yields_all_of_them_at_once() {
    let problems = project(include_str!("../fixtures/many_problems.toml")).problems();
    let expected: Vec<&str> = include_str!("../fixtures/many_problems.txt").lines().collect();
    assert_eq!(problems, expected);
    assert!(problems.len() > 20);
}

#[test]
fn what_is_missing_is_named_where_it_should_stand() {
    spoilt("token = { env = \"ACME_TOKEN\" }\n", "\n", &["1: token: expected a value, found none"]);
    spoilt("timezone = \"Europe/Kyiv\"", "", &["1: timezone: expected a value, found none"]);
    spoilt("country = \"UA\"", "", &["1: country: expected a value, found none"]);
    spoilt("kind = \"pipedrive\"", "", &["4: crm.kind: expected a value, found none"]);
    spoilt("crm_user = \"101\"", "", &["7: employee.crm_user: expected a value, found none"]);
    spoilt("main = [\"acme_anna\"]", "", &["7: employee.main: expected a value, found none"]);
    spoilt("top_manager = true", "", &["1: expected exactly one employee with top_manager = true, found none"]);
    spoilt("priority = [\"contact\"]", "", &["12: block.sales.priority: expected a value, found none"]);
    spoilt("answer = \"plain\"", "", &["12: block.sales.answer: expected a value, found none"]);
    spoilt(
        "[block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n",
        "",
        &["1: expected at least one section [block.NAME], found none"],
    );
}

#[test]
fn values_of_the_wrong_kind_are_named_by_kind_and_never_by_value() {
    spoilt(
        "timezone = \"Europe/Kyiv\"",
        "timezone = 2",
        &["2: timezone: expected text, found a whole number; write it in quotes"],
    );
    spoilt(
        "{ env = \"ACME_TOKEN\" }",
        "12345",
        &["1: token: expected a reference, { env = \"NAME\" } or { file = \"PATH\" }, found a whole number"],
    );
    spoilt(
        "crm_user = \"101\"",
        "crm_user = 101",
        &["9: employee.crm_user: expected text, found a whole number; write it in quotes"],
    );
    spoilt(
        "main = [\"acme_anna\"]",
        "main = \"acme_anna\"",
        &["10: employee.main: expected a list of texts, found text"],
    );
    spoilt(
        "top_manager = true",
        "top_manager = 1",
        &["11: employee.top_manager: expected true or false, found a whole number"],
    );
    spoilt(
        "[[employee]]",
        "[employee]",
        &["7: employee: expected a list of sections, found a section; write `[[employee]]`"],
    );
    spoilt(
        "[block.sales]",
        "[block]",
        &[
            "13: block.priority: expected a section, found a list; write `[block.NAME]`",
            "14: block.answer: expected a section, found text; write `[block.NAME]`",
        ],
    );
    spoilt(
        "answer = \"plain\"",
        "answer = \"plain\"\ndeadline_ms = 0.5",
        &["15: block.sales.deadline_ms: expected a whole number, 100 to 10000 milliseconds, found a number with a \
         fraction"],
    );
}

#[test]
fn a_project_has_one_crm() {
    spoilt(
        "[crm]",
        "[[crm]]",
        &["4: crm: expected one section [crm]; a project has one CRM, make a project of each, found a list of 1"],
    );
    spoilt(
        "[[employee]]",
        "[crm]\nkind = \"hubspot\"\n[[employee]]",
        &["7: expected one CRM, found a second `crm`; a project has one, make a project of each"],
    );
}

#[test]
fn former_and_plausible_names_are_answered_with_the_right_one_alone() {
    spoilt(
        "priority =",
        "entities =",
        &["13: block.sales.entities: expected the key's name, `priority`, found `entities`"],
    );
    spoilt(
        "answer = \"plain\"",
        "answer = \"plain\"\ntimeout_ms = 900",
        &["15: block.sales.timeout_ms: expected the key's name, `deadline_ms`, found `timeout_ms`"],
    );
    spoilt(
        "kind = \"pipedrive\"",
        "type = \"pipedrive\"",
        &["5: crm.type: expected the key's name, `kind`, found `type`"],
    );
}

#[test]
fn employees_are_told_apart_by_everything_they_are_recognised_by() {
    let second = |keys: &str| {
        format!(
            "top_manager = true\nemail = \"a@acme.example\"\nextension = \"7\"\nstaff_id = \"1\"\n\
        [[employee]]\nname = \"B\"\n{keys}"
        )
    };
    let again = |row, key, first| {
        format!("{row}: employee.{key}: expected what stands nowhere else, found that of row {first} again")
    };
    let cases: [(&str, Vec<String>); 5] = [
        ("crm_user = \"102\"\nmain = [\"b\", \"ACME_anna\"]", vec![again(18, "main", 10)]),
        ("crm_user = \"A@acme.example\"\nmain = [\"b\"]", vec![again(17, "crm_user", 12)]),
        ("crm_user = \"102\"\nmain = [\"b\"]\nemail = \"A@Acme.example\"", vec![again(19, "email", 12)]),
        (
            "crm_user = \"102\"\nmain = [\"b\"]\nextension = \"7\"\nstaff_id = \"1\"",
            vec![again(19, "extension", 13), again(20, "staff_id", 14)],
        ),
        ("crm_user = \"102\"\nmain = [\"067 111-22-33\"]\nother = [\"+380671112233\"]", vec![again(19, "other", 18)]),
    ];
    for (keys, problems) in cases {
        let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
        spoilt("top_manager = true", &second(keys), &problems);
    }
    spoilt(
        "[\"acme_anna\"]",
        "[\"acme_anna\", \"acme_anna\"]",
        &["10: employee.main: expected what stands nowhere else, found that of row 10 again"],
    );
    spoilt("crm_user = \"101\"", "crm_user = \"a@acme.example\"\nemail = \"A@acme.example\"", &[]);
}

#[test]
fn values_are_held_against_each_other() {
    let folder = project(&GOOD.replace("answer =", "deadline_ms = 300\nanswer =")).with(
        "default.toml",
        "[live]\nreserve_ms = 260\n[outbound]\nconnect_timeout_ms = 5000\nrequest_timeout_ms = 4000\n",
    );
    assert_eq!(
        folder.problems(),
        [
            "default.toml:4: outbound.connect_timeout_ms: expected at most outbound.request_timeout_ms, found more",
            "projects/acme.toml:14: block.sales.deadline_ms: expected at least live.reserve_ms and 50 more, 310, found 300",
        ]
    );
    spoilt(
        "[[employee]]",
        "sweep_s = 600\nabsent_max_age_s = 300\n[[employee]]",
        &["8: crm.absent_max_age_s: expected at least crm.sweep_s, found less, so that absent would never be a fact"],
    );
}

#[test]
fn what_has_no_effect_or_can_be_guessed_is_a_warning() {
    let text = GOOD.replace("ACME_TOKEN", "SHORT_TOKEN").replace(
        "answer =",
        "deal_via = [\"contact\"]\nresult = \"string\"\nanswer_field = \"x\"\nmiss_status = 404\n\
                  miss_destination = \"1200\"\nanswer =",
    );
    let folder = project(&text);
    assert_eq!(folder.problems(), [""; 0]);
    assert_eq!(
        folder.warnings(),
        [
            "projects/acme.toml:1: token: shorter than 16 characters, can be guessed",
            "projects/acme.toml:14: block.sales.deal_via: without effect where priority has no deal",
            "projects/acme.toml:15: block.sales.result: without effect where answer is not json-rpc",
            "projects/acme.toml:16: block.sales.answer_field: without effect where the answer is a bare text",
            "projects/acme.toml:17: block.sales.miss_status: without effect beside miss_destination, which makes a miss a 200",
        ]
    );
}

#[test]
fn sweeps_far_apart_are_a_warning_where_the_crm_cannot_tell_of_changes_itself() {
    let sweeping = |seconds: u32, more: &str| {
        let text = GOOD.replacen("[[employee]]", &format!("sweep_s = {seconds}\n{more}[[employee]]"), 1);
        project(&text).warnings()
    };
    let late = "projects/acme.toml:7: crm.sweep_s: expected at most 120 without public_url, found 121: changes are \
                noticed late";
    assert_eq!(sweeping(120, ""), [""; 0]);
    assert_eq!(sweeping(121, ""), [late]);
    assert_eq!(sweeping(121, "[ringostat]\npublic_url = \"https://predial.acme.example\"\n"), [""; 0]);
}

#[test]
fn a_burst_of_one_leaves_nothing_for_calls_and_is_refused() {
    spoilt(
        "[[employee]]",
        "quota = { burst = 1 }\n[[employee]]",
        &["7: crm.quota.burst: expected a whole number, 2 to 1000000 requests, found 1"],
    );
}
