//! The command line as a process of its own, before the operators' door of this one.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::ops_stage::{Crm, IRYNA, OLEH, Stage};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn predial(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_predial"));
    command.args(arguments).env_remove("PREDIAL_OPS_TOKEN").stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) async fn left(mut command: Command) -> Left {
    let output = command.output().await.expect("a program that runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Left { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) async fn ran(arguments: &[&str]) -> Left {
    left(predial(arguments)).await
}

fn url(stage: &Stage) -> String {
    format!("http://{}", stage.address)
}

async fn explain(stage: &Stage, caller: &str) -> Left {
    let ops = url(stage);
    ran(&["explain", "--project", "acme", "--block", "sales", "--caller", caller, "--ops", &ops]).await
}

#[tokio::test]
async fn explain_reads_like_a_story_and_a_hit_is_zero() {
    let stage = Stage::open(Crm::answering(), None).await.warmed().await;
    let hit = explain(&stage, "+38 (067) 111-22-33").await;
    assert_eq!((hit.code, hit.err.as_str()), (Some(0), ""), "{hit:?}");
    for line in [
        "project    acme, block sales",
        "caller     +38 (067) 111-22-33",
        "looked up  380671112233: known",
        "walked     contact, deal",
        "found      contact 1, owner 101, created 2023-11-14T22:13:20Z: decides",
        "answer     acme_anna: Anna, by contact",
    ] {
        assert!(hit.out.lines().any(|found| found == line), "expected {line:?}, found:\n{}", hit.out);
    }
}

#[tokio::test]
async fn explain_of_a_miss_is_three_and_says_why() {
    let stage = Stage::open(Crm::answering(), None).await.warmed().await;
    let miss = explain(&stage, IRYNA).await;
    assert_eq!(miss.code, Some(3), "{miss:?}");
    assert!(miss.out.contains("its owner is no employee of this project"), "{}", miss.out);
    assert!(miss.out.contains("answer     none: the contact's owner is no employee of this project"), "{}", miss.out);
    let unreadable = explain(&stage, "anonymous").await;
    assert_eq!(unreadable.code, Some(3), "{unreadable:?}");
    assert!(unreadable.out.contains("source     unreadable"), "{}", unreadable.out);
}

#[tokio::test]
async fn what_the_door_refuses_is_told_in_its_words_and_is_one() {
    let stage = Stage::open(Crm::answering(), None).await;
    let ops = url(&stage);
    let refused = ran(&["explain", "--project", "a/b", "--block", "sales", "--caller", OLEH, "--ops", &ops]).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
    assert!(refused.err.contains("unknown_project") && refused.err.contains(r#"found "a/b""#), "{}", refused.err);
    assert!(!refused.err.contains(OLEH), "a caller's number stands in an error: {}", refused.err);
}

#[tokio::test]
async fn a_door_where_nobody_answers_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let ops = format!("http://{free}");
    let lost = ran(&["warm", "--project", "acme", "--ops", &ops]).await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.err.contains(&format!("expected predial's ops door at {ops}")), "{}", lost.err);
    assert!(lost.err.contains("because:"), "{}", lost.err);
    let address = ran(&["warm", "--project", "acme", "--ops", "127.0.0.1:8081"]).await;
    assert_eq!(address.code, Some(1), "{address:?}");
    assert!(address.err.contains("expected --ops to be an address like http://127.0.0.1:8081"), "{}", address.err);
}

#[tokio::test]
async fn the_token_comes_by_flag_or_by_environment_and_is_never_printed() {
    let stage = Stage::open(Crm::answering(), Some("s3cret")).await;
    let ops = url(&stage);
    let arguments = ["warm", "--project", "acme", "--full", "--ops", ops.as_str()];
    let without = ran(&arguments).await;
    assert_eq!(without.code, Some(1), "{without:?}");
    assert!(without.err.contains("unauthorised") && without.err.contains("401"), "{}", without.err);
    let mut by_environment = predial(&arguments);
    by_environment.env("PREDIAL_OPS_TOKEN", "s3cret");
    assert_eq!(left(by_environment).await.code, Some(0));
    let by_flag = ran(&[&arguments[..], &["--ops-token", "s3cret"]].concat()).await;
    assert_eq!(by_flag.code, Some(0), "{by_flag:?}");
    let mut help = predial(&["warm", "--help"]);
    help.env("PREDIAL_OPS_TOKEN", "s3cret");
    let help = left(help).await;
    assert!(help.out.contains("PREDIAL_OPS_TOKEN") && !help.out.contains("s3cret"), "{}", help.out);
}

#[tokio::test]
async fn a_warm_up_that_ends_well_is_zero_and_says_what_was_read() {
    let stage = Stage::open(Crm::answering(), None).await;
    let done = ran(&["warm", "--project", "acme", "--full", "--ops", &url(&stage)]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.starts_with("done: run 1 of acme, 2 records in 2 pages, 0 waits, "), "{}", done.out);
    let status = stage.directory().status();
    assert_eq!(status.numbers, 2);
}

#[tokio::test]
async fn a_warm_up_that_fails_is_one_and_says_why() {
    let stage = Stage::open(Crm::refusing(), None).await;
    let failed = ran(&["warm", "--project", "acme", "--full", "--ops", &url(&stage)]).await;
    assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""), "{failed:?}");
    assert!(failed.err.contains("failed: run 1 of acme") && failed.err.contains("scope missing"), "{}", failed.err);
}

#[tokio::test]
async fn a_warm_up_under_way_is_followed_to_its_end() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    stage.post("/api/projects/acme/warm", r#"{"full":true}"#).await;
    let mut command = predial(&["warm", "--project", "acme", "--ops", &url(&stage)]);
    let mut follower = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program that runs");
    let mut err = BufReader::new(follower.stderr.take().expect("a pipe"));
    let mut line = String::new();
    err.read_line(&mut line).await.expect("text");
    assert!(line.starts_with("run 1 is under way already"), "{line}");
    stage.crm.pages.add_permits(10);
    let mut out = String::new();
    follower.stdout.take().expect("a pipe").read_to_string(&mut out).await.expect("text");
    assert_eq!(follower.wait().await.expect("an end").code(), Some(0));
    assert!(out.starts_with("done: run 1 of acme"), "{out}");
}

#[tokio::test]
async fn a_warm_up_stopped_by_another_is_one() {
    let stage = Stage::open(Crm::holding_back(), None).await;
    let ops = url(&stage);
    let follower = tokio::spawn(async move { ran(&["warm", "--project", "acme", "--ops", &ops]).await });
    let mut progress = stage.directory().warm_progress();
    progress.wait_for(|progress| progress.id == 1).await.expect("a directory that lives");
    assert_eq!(stage.delete("/api/projects/acme/warm").await.status, 200);
    let stopped = follower.await.expect("an end");
    assert_eq!(stopped.code, Some(1), "{stopped:?}");
    assert!(stopped.err.contains("stopped: run 1 of acme"), "{}", stopped.err);
}

/// A project without problems, as an operator would write it; nobody listens where its CRM should be.
pub(crate) const ACME: &str = r#"
token = { env = "ACME_TOKEN" }
timezone = "Europe/Kyiv"
country = "UA"

[crm]
kind = "pipedrive"
base_url = "http://127.0.0.1:9"
token = { env = "ACME_CRM" }

[[employee]]
name = "Anna"
crm_user = "101"
main = ["acme_anna"]
top_manager = true

[block.sales]
priority = ["contact", "organization", "deal"]
answer = "json"
answer_field = "destination"
"#;

/// A configuration folder with one project, and the command with the secrets it refers to.
pub(crate) fn configured(project: &str, command: &str) -> (tempfile::TempDir, Command) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("projects")).expect("a folder");
    std::fs::write(folder.path().join("projects/acme.toml"), project).expect("a file");
    let mut predial = predial(&[command, "--config", folder.path().to_str().expect("a name in UTF-8")]);
    predial.env("ACME_TOKEN", "0123456789abcdef0123").env("ACME_CRM", "fedcba9876543210fedc");
    (folder, predial)
}

#[tokio::test]
async fn check_of_a_good_configuration_is_zero_and_names_its_projects() {
    let (_folder, check) = configured(ACME, "check");
    let good = left(check).await;
    assert_eq!((good.code, good.out.as_str()), (Some(0), "no problems; projects: acme\n"), "{good:?}");
}

#[tokio::test]
async fn check_lists_every_problem_of_every_floor_by_file_and_row_and_is_two() {
    let bad = ACME
        .replace("country = \"UA\"", "country = \"Ukraine\"")
        .replace("\"deal\"]", "\"ticket\"]")
        .replace("answer = \"json\"", "answer = \"jsom\"\ndeadline = 5")
        .replace("top_manager = true", "");
    let (folder, check) = configured(&bad, "check");
    let refused = left(check).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let file = folder.path().join("projects/acme.toml");
    let start = format!("{}:", file.display());
    for (row, part) in [("4", "country"), ("18", "ticket"), ("19", "jsom"), ("20", "deadline"), ("", "top_manager")] {
        let found = refused.out.lines().find(|line| line.contains(part));
        let found = found.unwrap_or_else(|| panic!("expected a problem of {part}, found:\n{}", refused.out));
        assert!(found.starts_with(&format!("{start}{row}")), "{part}: {found}");
    }
    for line in refused.out.lines() {
        let rest = line.strip_prefix(&start).unwrap_or_else(|| panic!("file:row: reason, found {line:?}"));
        let (row, reason) = rest.split_once(": ").unwrap_or_else(|| panic!("file:row: reason, found {line:?}"));
        assert!(row.parse::<usize>().is_ok() && !reason.is_empty(), "{line}");
    }
    assert!(!refused.out.contains("0123456789abcdef"), "a secret stands in {}", refused.out);
}

#[tokio::test]
async fn check_of_a_folder_that_is_not_there_is_two_and_names_it() {
    let missing = ran(&["check", "--config", "/nowhere/at/all"]).await;
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.out.contains("/nowhere/at/all:0: expected"), "{}", missing.out);
}

#[tokio::test]
async fn every_command_has_a_help_with_an_example() {
    let all = ran(&["--help"]).await;
    assert_eq!(all.code, Some(0));
    let commands: Vec<&str> = all
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|command| !command.is_empty() && *command != "help")
        .collect();
    for expected in ["serve", "check", "explain", "warm", "demo", "completions"] {
        assert!(commands.contains(&expected), "{expected} among {commands:?}");
    }
    for command in commands {
        let help = ran(&[command, "--help"]).await;
        assert_eq!(help.code, Some(0));
        assert!(help.out.contains(&format!("Example:\n  predial {command}")), "{}", help.out);
    }
}

#[tokio::test]
async fn completions_are_printed_for_each_shell() {
    for (shell, part) in [
        ("bash", "_predial()"),
        ("zsh", "#compdef predial"),
        ("fish", "complete -c predial"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer[predial]"),
    ] {
        let script = ran(&["completions", shell]).await;
        assert_eq!((script.code, script.err.as_str()), (Some(0), ""), "{shell}");
        assert!(script.out.contains(part) && script.out.contains("explain"), "{shell}");
    }
}

#[tokio::test]
async fn what_is_not_a_command_is_two_and_goes_to_standard_error() {
    for arguments in [&[][..], &["dance"], &["warm"], &["explain", "--project", "acme"], &["warm", "--fill"]] {
        let refused = ran(arguments).await;
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{arguments:?} {refused:?}");
        assert!(!refused.err.is_empty(), "{arguments:?}");
    }
}
