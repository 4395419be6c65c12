//! What changes while the service runs: its configuration, and what people do in the CRM.

use sandbox::pipedrive::{Change, Fault, Item, Options, Pipedrive};
use serde_json::{Value, json};

use crate::whole_stage::{Heard, ProjectFile, Whole};

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

fn told(heard: &Heard) -> (u16, &str, &str) {
    (heard.status, &heard.body, &heard.source)
}

fn usual(crm: &Pipedrive) -> ProjectFile {
    ProjectFile::new(crm.base_url(), BLOCKS)
}

fn number(whole: &Whole, sample: &str) -> &'static str {
    whole.crm.sample(sample).expect(sample).number
}

/// Pages of persons that were asked for as a crawl does: all of them, not those that changed.
fn crawled_persons(crm: &Pipedrive) -> usize {
    let pages = crm.asked().into_iter().filter(|asked| asked.path == "/api/v2/persons");
    pages.filter(|asked| !asked.query.contains("updated_since")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employee_given_by_e_mail_is_found_among_the_users_of_the_crm() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let mut file = usual(&whole.crm);
    file.employees[0].0 = "Anna@Acme.example";
    // A project of its own begins without any user known.
    let report = whole.deploy(&[("acme", &usual(&whole.crm)), ("beta", &file)]).await;
    assert_eq!(report["added"], json!(["beta"]));
    whole.until_warm("beta").await;
    let heard = whole.ask_of("beta", "sales", number(&whole, "contact")).await;
    assert_eq!(told(&heard), (200, "acme_anna", "directory"));
    assert_eq!(whole.view("beta").await["unmatched_users"], json!(["106"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employee_added_by_e_mail_is_known_at_once_and_nothing_is_asked_for_it() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let caller = number(&whole, "unassigned");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "", "directory"));
    whole.crm.forget_asked();
    let mut file = usual(&whole.crm);
    file.employees.push(("robot@acme.example", "robert"));
    let report = whole.deploy(&[("acme", &file)]).await;
    assert_eq!(report["emptied"], json!([]));
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_robert", "directory"));
    assert_eq!(whole.view("acme").await["unmatched_users"], json!([]));
    assert_eq!(whole.crm.asked(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_come_and_go_without_disturbing_the_others() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let second = Pipedrive::start(few()).await.expect("a stand-in");
    second.change(Change::SetOwner { item: Item::Person(1), owner_id: 102 }).expect("a person");
    let (acme, beta) = (usual(&whole.crm), usual(&second));
    let caller = number(&whole, "contact");
    assert_eq!(whole.ask_of("beta", "sales", caller).await.status, 401);
    whole.crm.forget_asked();

    let report = whole.deploy(&[("acme", &acme), ("beta", &beta)]).await;
    let expected = json!({"projects": ["acme", "beta"], "added": ["beta"], "removed": [], "emptied": []});
    assert_eq!(report, expected);
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"));
    whole.until_warm("beta").await;
    assert_eq!(told(&whole.ask_of("beta", "sales", caller).await), (200, "acme_boris", "directory"));

    let report = whole.deploy(&[("acme", &acme)]).await;
    assert_eq!(report, json!({"projects": ["acme"], "added": [], "removed": ["beta"], "emptied": []}));
    assert_eq!(whole.ask_of("beta", "sales", caller).await.status, 401);
    assert_eq!(whole.ops("/api/projects/beta").await.status, 404);
    let metrics = whole.ops("/metrics").await.body;
    assert!(metrics.contains("project=\"acme\"") && !metrics.contains("project=\"beta\""), "{metrics}");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"));
    assert_eq!(whole.view("acme").await["warm"]["id"], 1, "it was never read again");
    assert_eq!(whole.crm.asked(), [], "its CRM was never asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_pointed_at_another_account_begins_empty_and_answers_from_that_one() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let other = Pipedrive::start(few()).await.expect("a stand-in");
    other.change(Change::SetOwner { item: Item::Person(1), owner_id: 102 }).expect("a person");
    // It says nothing yet, so that empty can be seen.
    other.stage_fault(Fault::status(503));
    whole.crm.forget_asked();

    let report = whole.deploy(&[("acme", &usual(&other))]).await;
    assert_eq!(report, json!({"projects": ["acme"], "added": [], "removed": [], "emptied": ["acme"]}));
    let view = whole.view("acme").await;
    assert_eq!((&view["directory"]["numbers"], &view["directory"]["complete_since"]), (&json!(0), &Value::Null));
    let caller = number(&whole, "contact");
    let heard = whole.ask("sales", caller).await;
    assert_eq!((heard.status, &*heard.body), (200, ""), "what the other account said is forgotten");

    other.clear_faults();
    whole.until_warm("acme").await;
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_boris", "directory"));
    assert_eq!(whole.crm.asked(), [], "nobody asks the account of before");
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_on_one_account_count_what_they_spend_together() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let alone = whole.crm.quota().used;
    let acme = usual(&whole.crm);
    let beta = ProjectFile { base_url: format!("{}/", acme.base_url), ..acme.clone() };
    whole.deploy(&[("acme", &acme), ("beta", &beta)]).await;
    whole.until_warm("beta").await;
    assert_eq!(whole.crm.quota().used, 2 * alone, "both have crawled");
    both_count_what_the_account_says(&whole).await;
    assert_eq!(whole.warm("beta", "{\"full\":false}").await["state"], "done");
    assert!(whole.crm.quota().used > 2 * alone);
    both_count_what_the_account_says(&whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_today_counts_after_a_restart() {
    let mut whole = Whole::warmed(few(), BLOCKS).await;
    let alone = whole.crm.quota().used;
    whole.restart().await;
    whole.until_warm("acme").await;
    let used = whole.crm.quota().used;
    assert!(alone > 0 && used >= alone, "{alone}, then {used}");
    let quota = whole.view("acme").await["crm"]["quota"].clone();
    let spent = ["live", "sweep", "crawl"].map(|purpose| quota["spent"][purpose].as_u64().expect("a number"));
    assert_eq!(spent.iter().sum::<u64>(), used, "{quota}");
}

async fn both_count_what_the_account_says(whole: &Whole) {
    let used = whole.crm.quota().used;
    for project in ["acme", "beta"] {
        let quota = whole.view(project).await["crm"]["quota"].clone();
        let spent = ["live", "sweep", "crawl"].map(|purpose| quota["spent"][purpose].as_u64().expect("a number"));
        assert_eq!(spent.iter().sum::<u64>(), used, "{project}: {quota}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_brings_what_changed_and_reads_nothing_else() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let new = "+380 44 200 99 01";
    let before = [
        ("sales", number(&whole, "contact"), "acme_anna", "directory"),
        ("sales", number(&whole, "second-number"), "acme_anna", "directory"),
        ("deals", number(&whole, "owner-left"), "acme_clara", "directory"),
        ("deals", number(&whole, "two-deals"), "acme_clara", "directory"),
        ("sales", number(&whole, "garbage"), "acme_boris", "directory"),
        ("sales", "380442009901", "", "absent"),
        ("sales", "380442009902", "", "absent"),
    ];
    for (block, caller, destination, source) in before {
        assert_eq!(told(&whole.ask(block, caller).await), (200, destination, source), "before: {block} {caller}");
    }
    let typed = |numbers: &[&str]| numbers.iter().map(ToString::to_string).collect();
    for change in [
        Change::SetOwner { item: Item::Person(1), owner_id: 102 },
        Change::Win { deal_id: 3 },
        Change::Archive { item: Item::Deal(20) },
        Change::CreatePerson { name: "New".to_owned(), phones: typed(&[new]), owner_id: 104, org_id: None },
        Change::SetPhones { item: Item::Person(15), phones: typed(&["0442009902"]) },
    ] {
        whole.crm.change(change.clone()).unwrap_or_else(|error| panic!("{change:?}: {error}"));
    }
    assert_eq!(crawled_persons(&whole.crm), 1);
    whole.crm.forget_asked();
    let ended = whole.warm("acme", "{\"full\":false}").await;
    assert_eq!((&ended["state"], &ended["full"]), (&json!("done"), &json!(false)), "{ended}");
    let after = [
        ("sales", number(&whole, "contact"), "acme_boris", "directory"),
        ("sales", number(&whole, "second-number"), "acme_boris", "directory"),
        // The deal is won, and the contact's owner has left.
        ("deals", number(&whole, "owner-left"), "", "directory"),
        // The newer deal is archived: the older one decides.
        ("deals", number(&whole, "two-deals"), "acme_boris", "directory"),
        ("sales", number(&whole, "garbage"), "", "absent"),
        ("sales", "380442009901", "acme_denys", "directory"),
        ("sales", "380442009902", "acme_boris", "directory"),
    ];
    for (block, caller, destination, source) in after {
        assert_eq!(told(&whole.ask(block, caller).await), (200, destination, source), "after: {block} {caller}");
    }
    assert_eq!(crawled_persons(&whole.crm), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_deleted_is_noticed_by_a_full_crawl() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    whole.crm.change(Change::Delete { item: Item::Person(1) }).expect("a person");
    assert_eq!(whole.warm("acme", "{\"full\":true}").await["state"], "done");
    for sample in ["contact", "second-number"] {
        assert_eq!(told(&whole.ask("sales", number(&whole, sample)).await), (200, "", "absent"), "{sample}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_lost_too_much_is_not_believed_unless_an_operator_says_so() {
    let whole = Whole::warmed(Options { clients: 0, ..Options::default() }, BLOCKS).await;
    let held = whole.view("acme").await["directory"]["numbers"].clone();
    for person in [1, 3, 4, 5, 6, 10, 11, 13, 14] {
        whole.crm.change(Change::Delete { item: Item::Person(person) }).expect("a person");
    }
    let caller = number(&whole, "contact");
    let refused = whole.warm("acme", "{\"full\":true}").await;
    assert_eq!(refused["state"], "refused", "{refused}");
    assert!(refused["reason"].to_string().contains("crm.shrink_guard_percent"), "{refused}");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"));
    assert_eq!(whole.view("acme").await["directory"]["numbers"], held);

    assert_eq!(whole.warm("acme", "{\"full\":true,\"force\":true}").await["state"], "done");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "", "absent"));
    assert_eq!(told(&whole.ask("sales", number(&whole, "foreign")).await), (200, "acme_anna", "directory"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_token_of_the_crm_is_the_next_sweeps_and_empties_nothing() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let caller = number(&whole, "contact");
    whole.crm.forget_asked();
    let refused = ProjectFile { crm_token: "PIPEDRIVE_REFUSED", ..usual(&whole.crm) };
    assert_eq!(whole.deploy(&[("acme", &refused)]).await["emptied"], json!([]));
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"));
    let ended = whole.warm("acme", "{\"full\":false}").await;
    assert_eq!(ended["state"], "failed", "the stand-in knows no such token: {ended}");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"));

    whole.crm.change(Change::SetOwner { item: Item::Person(1), owner_id: 102 }).expect("a person");
    assert_eq!(whole.deploy(&[("acme", &usual(&whole.crm))]).await["emptied"], json!([]));
    let ended = whole.warm("acme", "{\"full\":false}").await;
    assert_eq!(ended["state"], "done", "{ended}");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_boris", "directory"));
    assert_eq!(crawled_persons(&whole.crm), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_how_much_and_when_a_crm_is_read_may_change_and_empties_nothing() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let caller = number(&whole, "contact");
    let first = whole.view("acme").await;
    whole.crm.forget_asked();
    let usual = usual(&whole.crm);
    let cases = [
        ProjectFile { crm: "sweep_s = 600", ..usual.clone() },
        ProjectFile { crm: "full_crawl_at = \"04:15\"", ..usual.clone() },
        ProjectFile { crm: "absent_max_age_s = 900", ..usual.clone() },
        ProjectFile { crm: "shrink_guard_percent = 50", ..usual.clone() },
        ProjectFile { quota_daily: 2_000_000, ..usual.clone() },
        ProjectFile { crm: "max_numbers = 5", ..usual.clone() },
    ];
    for file in &cases {
        let report = whole.deploy(&[("acme", file)]).await;
        assert_eq!(report["emptied"], json!([]), "{file:?}");
        assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_anna", "directory"), "{file:?}");
        let view = whole.view("acme").await;
        assert_eq!(view["directory"]["complete_since"], first["directory"]["complete_since"], "{file:?}");
        let crawled = |view: &Value| view["crm"]["quota"]["spent"]["crawl"].clone();
        assert_eq!(crawled(&view), crawled(&first), "the day goes on, and nothing is crawled: {file:?}");
        let every_s = if file.crm == "sweep_s = 600" { 600 } else { 60 };
        assert_eq!(view["directory"]["sweep_every_s"], every_s, "{file:?}");
        assert_eq!(view["crm"]["quota"]["daily_limit"], file.quota_daily);
    }
    // The last one is in force: it holds more than that already.
    let ended = whole.warm("acme", "{\"full\":false}").await;
    assert_eq!(ended["state"], "refused", "{ended}");
    assert!(ended["reason"].to_string().contains("at most 5 numbers (crm.max_numbers)"), "{ended}");
    whole.deploy(&[("acme", &usual)]).await;
    assert_eq!(whole.warm("acme", "{\"full\":false}").await["state"], "done");
    assert_eq!(crawled_persons(&whole.crm), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_appears_later_is_known_without_a_crawl() {
    let whole = Whole::start(few(), BLOCKS).await;
    let mut file = usual(&whole.crm);
    file.employees.push(("ihor@acme.example", "ihor"));
    whole.deploy(&[("acme", &file)]).await;
    whole.until_warm("acme").await;
    let caller = number(&whole, "owner-left");
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "", "directory"), "whoever has left is nobody by e-mail");
    whole.crm.forget_asked();
    whole.crm.change(Change::SetUserActive { user_id: 105, active: true }).expect("a user");
    // The users are read now and then; where a changed section is taken over, at once.
    file.crm = "sweep_s = 600";
    assert_eq!(whole.deploy(&[("acme", &file)]).await["emptied"], json!([]));
    let explain = format!("/api/projects/acme/explain?block=sales&caller={caller}");
    whole.wait_for(&explain, |body| body.contains("acme_ihor")).await;
    assert_eq!(told(&whole.ask("sales", caller).await), (200, "acme_ihor", "directory"));
    assert_eq!(crawled_persons(&whole.crm), 0);
}
