//! What is sent and what the stand-in answers, held against the vendor's description.

use std::time::Duration;

use sandbox::zoho_crm::{Asked, Change, Item, Module};

use super::account::{Account, PLENTY};
use super::hooks::later;
use super::judge::{Judge, alarms, judge};
use super::live::key;
use super::reading::{SOON, crawl};
use super::sweeping::changes;
use crate::model::client::Kind;

/// Everything that the adapter ever asks, and what the stand-in answered.
async fn everything() -> Vec<Asked> {
    let account = Account::with(500, |_| {}).await;
    let (reader, _) = account.reader_of(PLENTY);
    for number in 1_001..1_073 {
        // Every fourth is converted from the beginning.
        let _ = account.sandbox.change(Change::Convert { lead_id: Module::Leads.id(number) });
    }
    for (id, permanently) in [(account.contact, false), (Module::Contacts.id(1), true)] {
        let item = Item { module: Module::Contacts, id };
        account.sandbox.change(Change::Delete { item, permanently }).expect("deleted");
    }
    for &kind in reader.crawl_order() {
        crawl(&*reader, kind).await.expect("a crawl");
        changes(&*reader, kind, 1_500_000_000).await;
    }
    reader.records(Kind::Lead, &[account.lead.into()]).await.expect("records");
    reader.users().await.expect("users");
    reader.ask(key("380442001019"), SOON).await.expect("an answer");
    for hours in [0, 0, 30] {
        later(&account, Duration::from_secs(hours * 3_600)).keep().await.expect("kept");
    }
    let searching = Account::with(20, |options| options.like_on_phones = false).await;
    let (reader, _) = searching.reader_of(PLENTY);
    reader.ask(key("380442001019"), SOON).await.expect("an answer");
    let asked = account.sandbox.asked().into_iter().chain(searching.sandbox.asked());
    let asked = asked.chain(super::writing::everything().await);
    let mut asked: Vec<Asked> = asked.filter(|asked| asked.path.starts_with("/crm/")).collect();
    asked.sort_by_key(|asked| (asked.path.clone(), asked.method.clone(), asked.status, asked.query.len()));
    asked.dedup_by_key(|asked| {
        (asked.path.clone(), asked.method.clone(), asked.status, asked.query.clone(), asked.body.clone())
    });
    asked
}

#[tokio::test]
async fn every_request_and_every_reply_is_as_the_vendor_describes_it() {
    let asked = everything().await;
    let mut ways: Vec<String> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    ways.sort_unstable();
    ways.dedup();
    assert!(ways.len() >= 30, "{ways:?}");
    let Some(judge) = judge() else { return };
    for asked in &asked {
        judge.judge(asked).expect("as described");
    }
}

#[tokio::test]
async fn every_false_alarm_is_still_one() {
    let asked = everything().await;
    let alarms = alarms();
    for (at, alarm) in alarms.iter().enumerate() {
        let others: Vec<_> =
            alarms.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other.clone()).collect();
        let Some(judge) = Judge::without(&others) else { return };
        let raised = asked.iter().any(|asked| judge.judge(asked).is_err());
        assert!(raised, "{} {}: {} - nothing needs this any more", alarm.place, alarm.what, alarm.reason);
    }
}

#[tokio::test]
async fn the_judge_refuses_what_is_misspelt() {
    let asked = everything().await;
    let Some(judge) = judge() else { return };
    let find = |ends: &str, method: &str| {
        let fits = |asked: &&Asked| asked.path.ends_with(ends) && asked.method == method;
        let answered = |asked: &&Asked| matches!(asked.status, Some(200 | 201));
        asked.iter().filter(fits).find(answered).expect(ends).clone()
    };
    let misspelt = |from: &str, to: &str, mut asked: Asked| {
        assert!(judge.judge(&asked).is_ok());
        let (query, body, reply) = (asked.query.clone(), asked.body.clone(), asked.reply.clone());
        asked.query = query.replace(from, to);
        asked.body = body.as_ref().map(|body| body.replace(from, to));
        asked.reply = reply.as_ref().map(|reply| reply.replace(from, to));
        assert!((asked.query != query) || (asked.body != body) || (asked.reply != reply), "{from} is nowhere");
        assert!(judge.judge(&asked).is_err(), "{from} as {to}");
    };
    misspelt("per_page=", "perpage=", find("/Leads", "GET"));
    misspelt("page=1", "page=one", find("/deleted", "GET"));
    misspelt("fields=Description%2Cid", "fields=Descripton%2Cid", find("/Leads", "GET"));
    misspelt("select_query", "query", find("/coql", "POST"));
    misspelt("Modified_Time\"", "Modified_time\"", find("/coql", "POST"));
    misspelt("more_records", "moreRecords", find("/coql", "POST"));
    misspelt("type=ActiveUsers", "type=Active", find("/users", "GET"));
    misspelt("module=", "modul=", find("/settings/fields", "GET"));
    misspelt("data_type", "datatype", find("/settings/fields", "GET"));
    misspelt("channel_expiry", "channel_expires", find("/actions/watch", "POST"));
    misspelt("duplicate_check_fields", "duplicate_fields", find("/Leads/upsert", "POST"));
    misspelt("\"action\"", "\"acted\"", find("/Leads/upsert", "POST"));
    misspelt("Call_Start_Time", "Call_Start", find("/Calls", "POST"));
    misspelt("Parent_Id", "Parent", find("/Notes", "POST"));
    misspelt("layout_id=", "layout=", find("/settings/pipeline", "GET"));
    misspelt("maps", "stages", find("/settings/pipeline", "GET"));
    misspelt("layouts", "layout", find("/settings/layouts", "GET"));
    misspelt("field_label", "label", find("/settings/fields", "POST"));
    misspelt("deleted_time", "deletion_time", find("/deleted", "GET"));
    let mut other = find("/coql", "POST");
    other.path = "/crm/v8/coql2/x".to_owned();
    assert!(judge.judge(&other).is_err());
    let mut header = find("/coql", "POST");
    header.headers.push("x-made-up".to_owned());
    assert!(judge.judge(&header).is_err());
}
