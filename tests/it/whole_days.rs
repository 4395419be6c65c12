//! Good and bad days of every CRM, the whole service before it: a start while it is down, a question of a call, what an
//! operator exports and takes back, a restart while it is down again.

use std::time::Duration;

use futures_util::future::join_all;
use sandbox::kit::{Entity, EntityKind, Fault, FaultKind, Neutral, Sample};
use serde_json::{Value, json};

use crate::crm_rows::ROWS;
use crate::fault_stage::{Member, Troop};

/// Longer than any stand-in's search lags.
pub(crate) const LAG: Duration = Duration::from_secs(60);

/// A project for every CRM, not reachable from outside and without sweeps for a day.
pub(crate) async fn members(crm_lines: &str) -> Vec<Member> {
    let all = ROWS.iter().map(async |row| Member {
        sweep_s: 86_400,
        crm_lines: crm_lines.to_owned(),
        ..Member::new(row.name.to_owned(), row, row.credentials).await
    });
    join_all(all).await
}

pub(crate) fn sample(member: &Member, name: &str) -> Sample {
    member.crm().sample(name).expect("a sample")
}

pub(crate) fn contact(sample: &Sample) -> Entity {
    let contact = sample.open.iter().find(|entity| entity.kind == EntityKind::Contact).expect("a contact");
    Entity::new(EntityKind::Contact, contact.id.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_was_down_at_the_start_is_asked_by_the_first_call_after_it() {
    let members = members("").await;
    members.iter().for_each(|member| member.crm().stage_fault(Fault::status(503)));
    let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(async |member| {
        let name = &member.name;
        // The next try of the first crawl is half a minute away.
        troop.until(name, "the first crawl fails", |view| view["warm"]["state"] == "failed").await;
        member.crm().clear_faults();
        let heard = troop.until_answered(name, sample(member, "contact").number, "acme_anna").await;
        assert!(matches!(heard.source.as_str(), "live" | "directory"), "{name}: {heard:?}");
        let view = troop.view(name).await;
        assert_eq!((&view["state"], &view["warm"]["pages"]), (&json!("cold"), &json!(0)), "{name}: {view}");
        let (heard, _) = troop.ask(name, sample(member, "contact").number).await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("acme_anna", "directory"), "{name}: kept");
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_crm_is_exported_taken_back_and_answered_from_while_it_is_down() {
    let members = members("").await;
    let mut troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(|member| rolled_back(&troop, member))).await;
    troop.restart().await;
    for Member { name, .. } in &members {
        let (heard, _) = troop.ask(name, "380442001013").await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("acme_oksana", "directory"), "{name}");
        let view = troop.view(name).await;
        assert_eq!(view["state"], "snapshot", "{name}: {view}");
        let (heard, _) = troop.ask(name, "380445550011").await;
        assert_eq!(heard.body, "", "{name}");
        assert_ne!(heard.source, "absent", "{name}: nobody has told since the start");
    }
}

/// Exports the numbers that cannot be read; loses a contact to a crawl and takes it back, the CRM down by then.
async fn rolled_back(troop: &Troop, member: &Member) {
    let (name, lost) = (&member.name, sample(member, "extension"));
    let view = troop.until_warm(name).await;
    let table = troop.ops_as("text/csv", &format!("GET /api/projects/{name}/numbers"), "").await;
    let unreadable = view["directory"]["unreadable_numbers"].as_u64().expect("a number");
    assert!(table.body.starts_with("kind,id,text,why\n"), "{name}: {}", table.body);
    assert!(table.body.contains(",call after 6,"), "{name}: {}", table.body);
    assert_eq!(table.body.lines().count() as u64, unreadable + 1, "{name}: {}", table.body);

    // Two clients have one number: who was created last counts.
    let (heard, _) = troop.ask(name, sample(member, "shared").number).await;
    assert_eq!((heard.body.as_str(), heard.source.as_str()), ("acme_petro", "directory"), "{name}");

    let is_crawl = |(why, at): (String, String)| (why == "crawl").then_some(at);
    let good = loop {
        if let Some(good) = troop.generations(name).await.into_iter().find_map(is_crawl) {
            break good;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    member.crm().change_neutral(Neutral::Delete { entity: contact(&lost) }).expect("deleted");
    member.crm().advance(LAG);
    let crawled = troop.warm(name, "{\"full\":true,\"force\":true}", |_| false).await;
    assert_eq!(crawled["warm"]["state"], "done", "{name}: {crawled}");
    assert_eq!(troop.ask(name, lost.number).await.0.body, "", "{name}");
    member.crm().stop().await;
    let back = troop.ops("POST", &format!("/api/projects/{name}/rollback"), &json!({ "at": good }).to_string()).await;
    assert_eq!(back.status, 200, "{name}: {}", back.body);
    assert_eq!(troop.ask(name, lost.number).await.0.body, "acme_oksana", "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_withdrawn_in_mid_crawl_pause_it_until_they_are_accepted_again() {
    let members = members("").await;
    // Every page is slow, so that there is a middle of the crawl.
    members.iter().for_each(|member| member.crm().stage_fault(Fault::new(FaultKind::Delay { ms: 800 })));
    let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(async |member| {
        let (name, crm) = (&member.name, member.crm());
        troop.until(name, "a page was read", |view| view["warm"]["pages"].as_u64() >= Some(1)).await;
        crm.set_revoked(true);
        crm.stage_fault(Fault::new(FaultKind::TokenExpired));
        let paused = troop.until(name, "it pauses", |view| view["warm"]["paused"] == true).await;
        assert_eq!((&paused["warm"]["state"], &paused["state"]), (&json!("running"), &json!("warming")), "{name}");
        let told =
            |told: &Value| told.as_str().is_some_and(|reason| reason.contains("does not accept the credentials"));
        assert!(told(&paused["warm"]["reason"]), "{name}: {paused}");
        assert_eq!(paused["directory"]["crm"]["state"], "credentials", "{name}: {paused}");
        crm.set_revoked(false);
        crm.clear_faults();
        let warm = troop.until_warm(name).await;
        let progress = &warm["warm"];
        // It went on where it was, as the run that it was, and did not begin anew.
        assert_eq!((&progress["id"], &progress["state"]), (&json!(1), &json!("done")), "{name}: {warm}");
        assert_eq!((&progress["paused"], &warm["directory"]["crm"]["state"]), (&json!(false), &json!("ok")), "{name}");
        let (heard, _) = troop.ask(name, sample(member, "contact").number).await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("acme_anna", "directory"), "{name}");
    }))
    .await;
}
