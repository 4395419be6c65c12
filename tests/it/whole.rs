//! The main job: a telephone system's questions answered from a warmed CRM, within the deadline, whatever the CRM does.

use sandbox::pipedrive::{Fault, Options};

use crate::whole_stage::{Heard, Whole};

const BLOCKS: &str = "
[block.sales]
priority = [\"contact\", \"organization\", \"deal\"]
answer = \"plain\"
deadline_ms = 500

[block.deals]
priority = [\"deal\", \"contact\"]
answer = \"plain\"

[block.leads]
priority = [\"lead\", \"contact\"]
answer = \"plain\"

[block.on]
priority = [\"contact\", \"deal\"]
answer = \"plain\"
on_unassigned = \"next_entity\"

[block.wide]
priority = [\"deal\"]
answer = \"plain\"
deal_via = [\"contact\", \"organization\"]
";

fn few() -> Options {
    Options { clients: 50, ..Options::default() }
}

fn told(heard: &Heard) -> (&str, &str, Option<&str>) {
    (&heard.body, &heard.source, heard.entity.as_deref())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_responsible_is_told_from_memory_by_the_blocks_priority() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let cases = [
        ("sales", "contact", "acme_anna", "directory", Some("contact")),
        ("sales", "second-number", "acme_anna", "directory", Some("contact")),
        ("sales", "organization", "acme_boris", "directory", Some("organization")),
        ("sales", "owner-left", "", "directory", Some("contact")),
        ("on", "owner-left", "acme_clara", "directory", Some("deal")),
        ("deals", "two-deals", "acme_clara", "directory", Some("deal")),
        ("deals", "closed-deal", "", "directory", Some("contact")),
        ("deals", "archived-deal", "", "directory", Some("contact")),
        ("sales", "unassigned", "", "directory", Some("contact")),
        ("sales", "shared", "acme_denys", "directory", Some("contact")),
        ("leads", "lead", "acme_boris", "directory", Some("lead")),
        ("leads", "archived-lead", "", "directory", Some("contact")),
        ("sales", "odd-typing", "acme_denys", "directory", Some("contact")),
        ("sales", "garbage", "acme_boris", "directory", Some("contact")),
        ("sales", "foreign", "acme_anna", "directory", Some("contact")),
        ("deals", "organization-deal", "", "directory", None),
        ("wide", "organization-deal", "acme_denys", "directory", Some("deal")),
        ("sales", "absent", "", "absent", None),
        ("sales", "deleted", "", "absent", None),
    ];
    for (block, sample, destination, source, entity) in cases {
        let number = whole.crm.sample(sample).expect(sample).number;
        let heard = whole.ask(block, number).await;
        assert_eq!((heard.status, told(&heard)), (200, (destination, source, entity)), "{block} {sample}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_same_however_it_comes() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    for caller in
        ["380442001001", "+380442001001", "%2B380442001001", "00380442001001", "0442001001", "(044)%20200-10-01"]
    {
        assert_eq!(told(&whole.ask("sales", caller).await), ("acme_anna", "directory", Some("contact")), "{caller}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_hangs_is_a_miss_before_the_deadline_and_what_memory_knows_is_answered_all_the_same() {
    let whole = Whole::start_before(Fault::hang(), few(), BLOCKS).await;
    let number = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(told(&whole.ask("sales", number).await), ("", "late", None));
    // Late for the CRM, not for the telephone system: nothing left after its deadline.
    let metrics = whole.ops("/metrics").await.body;
    assert!(metrics.contains("predial_deadline_overruns_total{project=\"acme\"} 0"), "{metrics}");
    whole.crm.clear_faults();
    assert_eq!(whole.ops_post("/api/projects/acme/warm", "").await.status, 409, "the first crawl is under way");
    let whole = Whole::warmed(few(), BLOCKS).await;
    whole.crm.stage_fault(Fault::hang());
    assert_eq!(told(&whole.ask("sales", number).await), ("acme_anna", "directory", Some("contact")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_not_crawled_yet_is_asked_live_once_and_known_from_then_on() {
    // The crawl never gets its first page; the search is let through.
    let whole = Whole::start_before(Fault::hang().on("/api/v2/deals"), few(), BLOCKS).await;
    let number = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(told(&whole.ask("sales", number).await), ("acme_anna", "live", Some("contact")));
    assert_eq!(told(&whole.ask("sales", number).await), ("acme_anna", "directory", Some("contact")));
    let searches = whole.crm.asked().iter().filter(|asked| asked.path.contains("itemSearch")).count();
    assert_eq!(searches, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_what_is_known_and_a_bad_one_changes_nothing() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    whole.crm.forget_asked();
    let json = BLOCKS.replace("answer = \"plain\"\ndeadline_ms = 500", "answer = \"json\"\nanswer_field = \"to\"");
    whole.rewrite_project(&whole.crm.base_url(), &json);
    assert_eq!(whole.ops_post("/api/reload", "").await.status, 200);
    let number = whole.crm.sample("contact").expect("a sample").number;
    let heard = whole.ask("sales", number).await;
    assert_eq!((heard.body.as_str(), heard.source.as_str()), ("{\"to\":\"acme_anna\"}", "directory"));
    let crawled = whole.crm.asked().iter().filter(|asked| asked.path.contains("persons")).count();
    assert_eq!(crawled, 0, "a changed block empties nothing");
    whole.rewrite_project(&whole.crm.base_url(), &json.replace("\"lead\"", "\"ticket\""));
    let refused = whole.ops_post("/api/reload", "").await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("ticket") && refused.body.contains("acme.toml"), "{}", refused.body);
    assert_eq!(whole.ask("sales", number).await.body, "{\"to\":\"acme_anna\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_noticed_by_itself() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    assert!(whole.config().join("projects/acme.toml").exists());
    whole.rewrite_project(
        &whole.crm.base_url(),
        &format!("{BLOCKS}\n[block.more]\npriority = [\"contact\"]\nanswer = \"plain\"\n"),
    );
    whole.wait_for("/metrics", |text| text.contains("predial_reloads_done_total 1")).await;
    let number = whole.crm.sample("contact").expect("a sample").number;
    assert_eq!(whole.ask("more", number).await.body, "acme_anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_the_walk_of_a_call() {
    let whole = Whole::warmed(few(), BLOCKS).await;
    let number = whole.crm.sample("two-deals").expect("a sample").number;
    let told = whole.ops(&format!("/api/projects/acme/explain?block=deals&caller={number}")).await;
    let told: serde_json::Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!((&told["outcome"], &told["employee"]), (&"hit".into(), &"clara".into()), "{told}");
    let fates: Vec<_> = told["entities"].as_array().expect("entities").iter().map(|met| met["fate"].clone()).collect();
    assert_eq!(fates, ["decides", "older-of-its-kind", "later-kind"]);
}
