//! What nobody tells: a contact that was deleted and one that was merged into another, no webhook on and no sweep under way.
//! The next full crawl notices both, an operator's and the nightly one.
//!
//! Sweeps would tell some of it: Zoho CRM lists what was deleted, Dataverse's delta links name it, and whoever stays after a
//! merge has changed. So there are none here, and that there were none is counted.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{ToSpan, Zoned};
use sandbox::kit::Neutral;

use crate::fault_stage::{Member, Troop};
use crate::whole_days::{LAG, contact, members, sample};

/// What a machine busy with other tests may take for the start and the first crawl.
const AHEAD_S: i64 = 100;

/// Deletes a contact and merges another into a third; nobody notices.
async fn deleted_and_merged(troop: &Troop, member: &Member) {
    let view = troop.until_warm(&member.name).await;
    assert_eq!(view["webhooks"]["state"], "off", "{view}");
    let (gone, kept, merged) = (sample(member, "odd-typing"), sample(member, "extension"), sample(member, "foreign"));
    member.crm().change_neutral(Neutral::Delete { entity: contact(&gone) }).expect("deleted");
    (member.started.merge)(&contact(&merged).id, &contact(&kept).id);
    member.crm().advance(LAG);
    for (number, destination) in
        [(gone.number, "acme_petro"), (merged.number, "acme_anna"), (kept.number, "acme_oksana")]
    {
        let (heard, _) = troop.ask(&member.name, number).await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), (destination, "directory"), "{}", member.name);
    }
}

/// A crawl has noticed both, and nothing else was there to.
async fn is_noticed(troop: &Troop, member: &Member) {
    let name = &member.name;
    let is_known = |destination: &str| if destination.is_empty() { "absent" } else { "directory" };
    for (case, destination) in
        [("odd-typing", ""), ("foreign", member.row.merged), ("extension", "acme_oksana"), ("contact", "acme_anna")]
    {
        let (heard, _) = troop.ask(name, sample(member, case).number).await;
        let found = (heard.body.as_str(), heard.source.as_str());
        assert_eq!(found, (destination, is_known(destination)), "{name}: {case}");
    }
    assert_eq!(troop.counted("predial_sweeps_done_total", name).await, 0, "{name}");
    assert_eq!(troop.counted("predial_crawls_done_total", name).await, 2, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unforced_full_crawl_notices_what_was_deleted_and_merged_and_nobody_told() {
    let members = members("").await;
    let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(async |member| {
        deleted_and_merged(&troop, member).await;
        let crawled = troop.warm(&member.name, "{\"full\":true}", |_| false).await;
        assert_eq!(crawled["warm"]["state"], "done", "{}: {crawled}", member.name);
        is_noticed(&troop, member).await;
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nightly_crawl_notices_what_was_deleted_and_merged_and_nobody_told() {
    let now = Zoned::now().in_tz("Europe/Kyiv").expect("a zone");
    // A night is told to the minute: this one is the first that leaves enough time before it.
    let night = &now + (AHEAD_S + 60).seconds();
    let night = night.with().second(0).subsec_nanosecond(0).build().expect("a minute");
    let members = members(&format!("full_crawl_at = \"{}\"", night.strftime("%H:%M"))).await;
    let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(async |member| deleted_and_merged(&troop, member).await)).await;
    assert!(Zoned::now() < night, "the machine is too busy to tell what the nightly crawl does");
    // A whole service by the wall's clock: its time cannot be paused.
    while Zoned::now() < night {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    join_all(members.iter().map(async |member| {
        troop.until_answered(&member.name, sample(member, "odd-typing").number, "").await;
        troop.until(&member.name, "the crawl ends", |view| view["warm"]["state"] == "done").await;
        is_noticed(&troop, member).await;
    }))
    .await;
}
