//! A client with as many numbers as the CRM lets one have, some of them no numbers: the whole service before every CRM.
//!
//! Pipedrive's phone field is a list, and five hundred stand in it. The others have a handful of fields for one number each.

use std::time::Duration;

use futures_util::future::join_all;
use sandbox::kit::{Entity, EntityKind, Neutral};
use serde_json::Value;

use crate::crm_rows::{ROWS, Row};
use crate::fault_stage::{Member, Troop};
use crate::whole_stage::Heard;

/// Longer than any stand-in's search lags.
const LAG: Duration = Duration::from_secs(60);
/// Of one record so many texts are listed; of those beyond, how many.
const LISTED: usize = 20;

/// How many numbers a contact of a CRM holds, and what names those that are the customer's own.
const fn held(row: &Row) -> (usize, &'static str) {
    match row.name.as_bytes() {
        b"pipedrive" => (500, ""),
        b"zoho-crm" => (5, ""),
        b"zoho-desk" => (3, "fields = { phone = [\"cf_second_phone\"] }"),
        b"smart-crm" => (7, ""),
        _ => (3, "fields = { phone = [\"second_phone\"] }"),
    }
}

/// As they are typed; every twenty-fifth, and the second of all, is no number.
fn typed(many: usize) -> Vec<String> {
    let is_number = |at: usize| at % 25 != 1;
    let text = |at| if is_number(at) { format!("+{}", number(at)) } else { format!("ask Ira, line {at} of many") };
    (0..many).map(text).collect()
}

fn number(at: usize) -> String {
    format!("38067{at:07}")
}

/// The contact of the case `contact`, Anna's.
fn contact(member: &Member) -> Entity {
    let sample = member.crm().sample("contact").expect("a sample");
    let contact = sample.open.iter().find(|entity| entity.kind == EntityKind::Contact).expect("a contact");
    Entity::new(EntityKind::Contact, contact.id.clone())
}

fn set_phones(member: &Member, phones: Vec<String>) {
    member.crm().change_neutral(Neutral::SetPhones { entity: contact(member), phones }).expect("changed");
    member.crm().advance(LAG);
}

/// The list of what cannot be read, as operators export it: the texts of the contact, and the whole table.
async fn exported(troop: &Troop, member: &Member) -> (Vec<String>, Heard) {
    let table = troop.ops_as("text/csv", &format!("GET /api/projects/{}/numbers", member.name), "").await;
    let begin = format!("contact,{},", contact(member).id);
    let own = table.body.lines().filter_map(|row| row.strip_prefix(&begin)).map(str::to_owned).collect();
    (own, table)
}

fn unreadable(view: &Value) -> usize {
    view["directory"]["unreadable_numbers"].as_u64().and_then(|count| count.try_into().ok()).expect("a number")
}

async fn members() -> Vec<Member> {
    let all = ROWS.iter().map(async |row| Member {
        sweep_s: 86_400,
        crm_lines: held(row).1.to_owned(),
        ..Member::new(row.name.to_owned(), row, row.credentials).await
    });
    join_all(all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_numbers_as_a_contact_can_have_are_answered_and_what_is_none_of_them_is_listed() {
    let members = members().await;
    members.iter().for_each(|member| set_phones(member, typed(held(member.row).0)));
    let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
    join_all(members.iter().map(async |member| {
        let (name, many) = (&member.name, held(member.row).0);
        let view = troop.until_warm(name).await;
        for at in [0, many / 2, many - 1] {
            let (heard, _) = troop.ask(name, &number(at)).await;
            let wanted = if at % 25 == 1 { ("", "absent") } else { ("acme_anna", "directory") };
            assert_eq!((heard.body.as_str(), heard.source.as_str()), wanted, "{name}: number {at} of {many}");
        }
        let before = member.crm().sample("contact").expect("a sample").number;
        assert_eq!(troop.ask(name, before).await.0.source, "absent", "{name}: the number it had before");

        let (listed, table) = exported(&troop, member).await;
        let words: Vec<String> = typed(many).into_iter().filter(|text| text.starts_with("ask Ira")).collect();
        assert_eq!(words.len(), many.div_ceil(25), "{name}");
        assert_eq!(listed.len(), words.len(), "{name}: {listed:?}");
        for word in words {
            assert!(listed.iter().any(|row| row.contains(&word)), "{name}: {word:?} in {listed:?}");
        }
        assert_eq!(table.body.lines().count(), unreadable(&view) + 1, "{name}: {}", table.body);
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_texts_of_which_none_is_a_number_take_nobody_elses_away() {
    let row = ROWS.iter().find(|row| row.name == "pipedrive").expect("a row");
    let member = Member { sweep_s: 86_400, ..Member::new(row.name.to_owned(), row, row.credentials).await };
    set_phones(&member, typed(500));
    let troop = Troop::before(&[&member]).await;
    let before = troop.until_warm(&member.name).await;
    set_phones(&member, (0..500).map(|at| format!("ask Ira, line {at} of many")).collect());
    // A sweep: what a record says of itself is no loss that the guard against shrinking knows.
    let swept = troop.warm(&member.name, "{}", |_| false).await;
    assert_eq!(swept["warm"]["state"], "done", "{swept}");
    for at in [0, 499] {
        let (heard, _) = troop.ask(&member.name, &number(at)).await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("", "absent"), "number {at}");
    }
    let other = member.crm().sample("odd-typing").expect("a sample").number;
    assert_eq!(troop.ask(&member.name, other).await.0.body, "acme_petro");
    assert_eq!(unreadable(&swept), unreadable(&before) + 480, "{swept}");
    let (listed, table) = exported(&troop, &member).await;
    assert_eq!(listed.len(), LISTED, "{}", table.body);
    let crawled = troop.warm(&member.name, "{\"full\":true}", |_| false).await;
    assert_eq!(crawled["warm"]["state"], "done", "{crawled}");
    assert_eq!(unreadable(&crawled), unreadable(&swept), "{crawled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_into_which_five_hundred_numbers_were_pasted_is_listed_and_the_next_one_is_read() {
    let members = members().await;
    // What Zoho CRM and Dataverse let stand in a field is shorter than two numbers.
    let pasted = |member: &&Member| matches!(member.row.name, "pipedrive" | "hubspot" | "zoho-desk");
    let members: Vec<&Member> = members.iter().filter(pasted).collect();
    let all = (0..500).map(number).collect::<Vec<_>>().join(", ");
    members.iter().for_each(|member| set_phones(member, vec![all.clone(), format!("+{}", number(777))]));
    let troop = Troop::before(&members).await;
    join_all(members.iter().map(async |member| {
        troop.until_warm(&member.name).await;
        let (heard, _) = troop.ask(&member.name, &number(777)).await;
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("acme_anna", "directory"), "{}", member.name);
        let (listed, _) = exported(&troop, member).await;
        let [row] = &listed[..] else { panic!("{}: expected one text, found {listed:?}", member.name) };
        assert!(row.contains(&format!("{}, {}", number(0), number(1))) && row.len() < 200, "{}: {row}", member.name);
    }))
    .await;
}
