//! `predial route try`: calls that were placed and recorded, asked again under another configuration, from memory alone.

use std::path::Path;

use sandbox::pipedrive::{Fault, Options};
use tempfile::TempDir;

use crate::cli::{Left, left, predial, ran};
use crate::whole_stage::{ProjectFile, Whole, deploy, environment};

const BLOCKS: &str = "
[block.sales]
priority = [\"contact\", \"organization\", \"deal\"]
answer = \"plain\"

[block.deals]
priority = [\"deal\", \"contact\"]
answer = \"plain\"
";

fn few() -> Options {
    Options { clients: 50, ..Options::default() }
}

fn number(whole: &Whole, sample: &str) -> &'static str {
    whole.crm.sample(sample).expect(sample).number
}

fn masked(number: &str) -> String {
    format!("{}{}{}", &number[..3], "*".repeat(number.len() - 7), &number[number.len() - 4..])
}

/// A warm service that has been called: of Anna's client twice, of one whose contact's owner has left, once by each block,
/// and of nobody.
async fn called() -> Whole {
    let whole = Whole::warmed(few(), BLOCKS).await;
    for (block, sample) in [
        ("sales", "contact"),
        ("sales", "contact"),
        ("sales", "owner-left"),
        ("deals", "owner-left"),
        ("sales", "absent"),
    ] {
        assert_eq!(whole.ask(block, number(&whole, sample)).await.status, 200);
    }
    whole
}

/// What the command says of a configuration with this project in it, on another folder.
async fn tried(whole: &Whole, changed: &ProjectFile, more: &[&str]) -> (TempDir, Left) {
    let folder = TempDir::new().expect("a folder");
    deploy(folder.path(), 0, &[("acme", changed)]);
    let dir = folder.path().join("config");
    let ops = format!("http://{}", whole.service().ops());
    let asked = whole.crm.asked();
    let arguments = ["route", "try", "--project", "acme", "--since", "1h", "--ops", &ops];
    let left = ran(&[&arguments[..], &["--config", dir.to_str().expect("UTF-8")], more].concat()).await;
    assert_eq!(whole.crm.asked().len(), asked.len(), "nothing is asked of the CRM");
    (folder, left)
}

fn usual(whole: &Whole, blocks: &str) -> ProjectFile {
    ProjectFile::new(whole.crm.base_url(), blocks)
}

/// The lines that tell a difference, and those of the totals.
fn parts(left: &Left) -> (Vec<&str>, Vec<&str>) {
    assert_eq!(left.code, Some(0), "{left:?}");
    let at = left.out.lines().position(|line| line.starts_with("since ")).expect("totals");
    let lines: Vec<&str> = left.out.lines().collect();
    (lines[..at].to_vec(), lines[at..].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_configuration_answers_the_same() {
    let whole = called().await;
    let (_folder, same) = tried(&whole, &usual(&whole, BLOCKS), &[]).await;
    let (differences, totals) = parts(&same);
    assert!(differences.is_empty(), "{same:?}");
    assert!(totals[0].ends_with(": 4 numbers and blocks of 5 calls"), "{same:?}");
    assert_eq!(
        totals[1..],
        ["  0 would be answered otherwise (0 calls)", "  4 the same, 0 of them unknown: the CRM would be asked"]
    );
    assert_eq!(same.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_priority_tells_whose_calls_it_moves_and_by_what() {
    let whole = called().await;
    let changed = usual(&whole, &BLOCKS.replacen("[\"contact\", \"organization\", \"deal\"]", "[\"deal\"]", 1));
    let (_folder, left) = tried(&whole, &changed, &[]).await;
    let (differences, totals) = parts(&left);
    let owner_left = number(&whole, "owner-left");
    // The one that called last first: Anna's client has no deal of their own kind decided otherwise.
    let line = differences.iter().find(|line| line.starts_with(&masked(owner_left))).expect("a difference");
    assert!(line.contains("  sales  nobody → acme_clara  [contact "), "{line}");
    assert!(line.contains(": its owner is no employee of this project → deal "), "{line}");
    assert!(line.contains(", owner 103, clara: decides]  1 call, last 20"), "{line}");
    assert!(differences.iter().all(|line| !line.contains("  deals  ")), "{differences:?}");
    assert!(totals[1].starts_with(&format!("  {} would be answered otherwise", differences.len())), "{totals:?}");
    let (_folder, whole_numbers) = tried(&whole, &changed, &["--numbers"]).await;
    assert!(whole_numbers.out.contains(&format!("{owner_left}  sales  ")), "{whole_numbers:?}");
    let (_folder, one) = tried(&whole, &changed, &["--limit", "0"]).await;
    assert!(one.out.starts_with(&format!("… and {} more differences", differences.len())), "{one:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_on_unassigned_and_a_changed_direction_are_told_with_the_entity_that_decides() {
    let whole = called().await;
    let on = BLOCKS.replacen("answer = \"plain\"", "answer = \"plain\"\non_unassigned = \"next_entity\"", 1);
    let (_folder, left) = tried(&whole, &usual(&whole, &on), &[]).await;
    let (differences, _) = parts(&left);
    let owner_left = masked(number(&whole, "owner-left"));
    assert_eq!(differences.len(), 1, "{left:?}");
    assert!(differences[0].starts_with(&format!("{owner_left}  sales  nobody → acme_clara  [contact ")), "{left:?}");
    assert!(differences[0].contains(" → deal "), "{left:?}");

    let employees = vec![("101", "hanna"), ("102", "boris"), ("103", "clara"), ("104", "denys")];
    let (_folder, left) = tried(&whole, &ProjectFile { employees, ..usual(&whole, BLOCKS) }, &[]).await;
    let (differences, totals) = parts(&left);
    let annas = masked(number(&whole, "contact"));
    assert_eq!(differences.len(), 1, "{left:?}");
    assert!(differences[0].starts_with(&format!("{annas}  sales  acme_anna → acme_hanna  [")), "{left:?}");
    assert!(differences[0].contains("  2 calls, last 20"), "{left:?}");
    assert_eq!(totals[1], "  1 would be answered otherwise (2 calls)");
    // Nothing of it is in force.
    assert_eq!(whole.ask("sales", number(&whole, "contact")).await.body, "acme_anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_gone_refuses_its_calls_and_another_form_of_answers_is_said_once() {
    let whole = called().await;
    let gone =
        BLOCKS.replace("[block.deals]", "[block.others]").replacen("\"plain\"", "\"json\"\nanswer_field = \"to\"", 1);
    let (_folder, left) = tried(&whole, &usual(&whole, &gone), &[]).await;
    let (differences, _) = parts(&left);
    assert_eq!(differences.len(), 1, "{left:?}");
    assert!(differences[0].contains("  deals  acme_clara → refused  [deal "), "{left:?}");
    assert!(differences[0].contains(" → there is no such block]"), "{left:?}");
    assert_eq!(left.err, "block sales: every answer would have another form or status\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_is_refused_with_every_problem_as_check_prints_them() {
    let whole = called().await;
    let bad =
        BLOCKS.replace("\"organization\"", "\"ticket\"").replace("[block.deals]", "[block.deals]\ndeadline_ms = 1");
    let (folder, left_by_try) = tried(&whole, &usual(&whole, &bad), &[]).await;
    let dir = folder.path().join("config");
    let mut check = predial(&["check", "--config", dir.to_str().expect("UTF-8")]);
    check.envs(environment().into_iter().filter(|(name, _)| !name.starts_with("PREDIAL")));
    let checked = left(check).await;
    assert_eq!((left_by_try.code, checked.code), (Some(2), Some(2)), "{left_by_try:?} {checked:?}");
    assert_eq!(left_by_try.out, checked.out);
    assert_eq!(checked.out.lines().count(), 2, "{checked:?}");
    assert!(!left_by_try.out.contains(crate::whole_stage::TOKEN));
    let missing = ran(&["route", "try", "--project", "acme", "--since", "1h", "--config", "/nowhere"]).await;
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.out.starts_with("/nowhere/projects/acme.toml:0: expected a project's file"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_refused_because_nothing_is_known_of_it() {
    let whole = called().await;
    let other = ProjectFile::new("https://beta.pipedrive.com".to_owned(), BLOCKS);
    let (_folder, left) = tried(&whole, &other, &[]).await;
    assert_eq!((left.code, left.out.as_str()), (Some(1), ""), "{left:?}");
    assert!(left.err.contains("another account, country or number fields"), "{left:?}");
    // Credentials of another day read the same account.
    let (_folder, left) =
        tried(&whole, &ProjectFile { crm_token: "PIPEDRIVE_REFUSED", ..usual(&whole, BLOCKS) }, &[]).await;
    assert_eq!(left.code, Some(0), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_it_is_the_services_own_as_it_lies_on_disk_and_is_not_reloaded_yet() {
    let whole = called().await;
    let ops = format!("http://{}", whole.service().ops());
    let folder = whole.config().parent().map(Path::to_owned).expect("a folder");
    let own = async || ran(&["route", "try", "--project", "acme", "--since", "1h", "--ops", &ops]).await;
    let hanna = vec![("101", "hanna"), ("102", "boris"), ("103", "clara")];
    deploy(&folder, 50, &[("acme", &ProjectFile { employees: hanna.clone(), ..usual(&whole, BLOCKS) })]);
    let left = own().await;
    let (differences, totals) = parts(&left);
    assert!(differences.len() == 1 && differences[0].contains("  acme_anna → acme_hanna  "), "{left:?}");
    assert_eq!(totals.len(), 3, "{left:?}");
    // In force, it answers as it said; and what was recorded before is told to have been otherwise.
    whole.deploy(&[("acme", &ProjectFile { employees: hanna, ..usual(&whole, BLOCKS) })]).await;
    assert_eq!(whole.ask("deals", number(&whole, "contact")).await.body, "acme_hanna");
    let left = own().await;
    let (differences, totals) = parts(&left);
    assert!(differences.is_empty(), "{left:?}");
    assert_eq!(totals[3], "  1 were answered otherwise then than they would be now, as things stand");
    let zoe = vec![("101", "zoe"), ("102", "boris"), ("103", "clara")];
    deploy(&folder, 51, &[("acme", &ProjectFile { employees: zoe, ..usual(&whole, BLOCKS) })]);
    let left = own().await;
    let (differences, _) = parts(&left);
    let line = differences.iter().find(|line| line.contains("  sales  ")).expect("a difference");
    assert!(line.contains("acme_hanna → acme_zoe"), "{line}");
    assert!(line.ends_with("; answered acme_anna then, what is known has changed since"), "{line}");
    deploy(&folder, 52, &[("beta", &usual(&whole, BLOCKS))]);
    let left = own().await;
    assert_eq!(left.code, Some(1), "{left:?}");
    assert!(left.err.contains("it has left it"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_does_not_know_is_unknown_and_stays_unasked() {
    let whole = Whole::start_before(Fault::hang(), few(), &BLOCKS.replace("answer", "deadline_ms = 200\nanswer")).await;
    let known = number(&whole, "contact");
    assert_eq!(whole.ask("sales", known).await.source, "late");
    let ops = format!("http://{}", whole.service().ops());
    let left = ran(&["route", "try", "--project", "acme", "--since", "1h", "--ops", &ops]).await;
    let (differences, totals) = parts(&left);
    assert!(differences.is_empty(), "{left:?}");
    // Late is no answer that could have changed since.
    assert_eq!(totals[2..], ["  1 the same, 1 of them unknown: the CRM would be asked"]);
    let gone = BLOCKS.replace("block.sales", "block.shop");
    let (_folder, left) = tried(&whole, &usual(&whole, &gone), &[]).await;
    let (differences, _) = parts(&left);
    assert!(differences[0].contains("  sales  unknown, would be asked → refused  ["), "{left:?}");
}
