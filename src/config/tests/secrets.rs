//! Secrets by reference.

use super::{GOOD, project, spoilt};

#[test]
fn secrets_come_by_reference_and_are_named_by_their_place_alone() {
    let acme = "{ env = \"ACME_TOKEN\" }";
    spoilt(
        acme,
        "{ env = \"ACME_TOKEN\", file = \"x\" }",
        &["1: token: expected a reference, { env = \"NAME\" } or { file = \"PATH\" }, found both"],
    );
    spoilt(acme, "{}", &["1: token: expected a reference, { env = \"NAME\" } or { file = \"PATH\" }, found neither"]);
    spoilt(
        acme,
        "{ file = \"not-there\" }",
        &["1: token: expected a file that can be read, found otherwise: entity not found"],
    );
    spoilt(
        acme,
        "{ env = \"BLANK_TOKEN\" }",
        &["1: token: expected a secret of 1 to 4096 visible ASCII characters, found one with blanks or other letters"],
    );
    spoilt(
        acme,
        "{ env = \"s3cr3t-in-the-wrong-place\" }",
        &["1: token: expected a variable of the environment, found the variable unset"],
    );
    spoilt(
        acme,
        "{ envv = \"ACME_TOKEN\" }",
        &[
            "1: expected a key of `token`, found `envv`; did you mean `env`?",
            "1: token: expected a reference, { env = \"NAME\" } or { file = \"PATH\" }, found neither",
        ],
    );
}

#[test]
fn a_secrets_file_loses_its_newline_and_must_not_be_empty() {
    let text = GOOD.replace("{ env = \"ACME_TOKEN\" }", "{ file = \"token\" }");
    let settings = project(&text).with("projects/token", "token-of-a-file-0123\r\n").read().unwrap();
    assert_eq!(settings.projects[0].tokens.route.expose(), "token-of-a-file-0123");
    assert_eq!(
        project(&text).with("projects/token", "\n").problems(),
        ["projects/acme.toml:1: token: expected a secret of 1 to 4096 visible ASCII characters, found an empty one",]
    );
}

#[test]
fn no_secret_is_ever_printed() {
    let text = GOOD.replace("country = \"UA\"", "country = \"UA\"\ntokens.events = \"plain-secret\"\n");
    let folder = project(&text).with_variable("PREDIAL__OPS__TOKEN", "ops-token-0123456789");
    let printed = format!("{:?} {}", folder.examine(), folder.problems().concat());
    assert!(printed.contains("***") && printed.contains("tokens.events"), "{printed}");
    for secret in ["acme-token", "pipedrive-token", "ops-token", "plain-secret"] {
        assert!(!printed.contains(secret), "{secret} stands in {printed}");
    }
}
