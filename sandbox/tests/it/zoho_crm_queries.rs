//! Queries of Zoho CRM's stand-in, and its search by phone.

use std::time::Duration;

use sandbox::zoho_crm::{Change, Item, Module, PhoneSearch};
use serde_json::json;

use crate::zoho_crm::{Client, bad, code, ids};

#[tokio::test]
async fn a_query_is_read_strictly() {
    let client = Client::of(|_| {}).await;
    let likes = |count: usize| {
        let mut condition = "Phone like '%1%'".to_owned();
        (1..count).for_each(|_| condition = format!("(Phone like '%1%' or {condition})"));
        format!("select id from Contacts where {condition}")
    };
    let values = |count: usize| (0..count).map(|at| format!("'{at}'")).collect::<Vec<_>>().join(", ");
    for (query, refused) in [
        ("select id from Contacts".to_owned(), "SYNTAX_ERROR"),
        ("update Contacts set Phone = '1' where id = 1".to_owned(), "SYNTAX_ERROR"),
        ("select id from Contacts where id > 1 and id > 2 and id > 3".to_owned(), "SYNTAX_ERROR"),
        ("select id from Contacts where (id > 1 and (id > 2)".to_owned(), "SYNTAX_ERROR"),
        ("select id from Contacts where Phone = '1' limit 1 please".to_owned(), "SYNTAX_ERROR"),
        ("select id, Nonsense from Contacts where id > 1".to_owned(), "INVALID_QUERY"),
        ("select id from Contacts where Phone like '%1%2%'".to_owned(), "INVALID_QUERY"),
        ("select id from Contacts where Phone > '1'".to_owned(), "INVALID_QUERY"),
        ("select id from Contacts where Description like '%1%'".to_owned(), "INVALID_QUERY"),
        ("select id from Contacts where Modified_Time > '2026-01-01T00:00:00Z'".to_owned(), "INVALID_QUERY"),
        ("select id from Contacts where id > 1 order by id, id".to_owned(), "INVALID_QUERY"),
        ("select id from Nothing where id > 1".to_owned(), "INVALID_MODULE"),
        ("select id from Contacts where id > 1 limit 2001".to_owned(), "LIMIT_EXCEEDED"),
        ("select id from Contacts where id > 1 limit 99000, 2000".to_owned(), "LIMIT_EXCEEDED"),
        (likes(26), "LIMIT_EXCEEDED"),
        (format!("select id from Contacts where id in ({})", values(51)), "LIMIT_EXCEEDED"),
    ] {
        assert_eq!(code(&client.coql(&query).await), bad(refused), "{query}");
    }
    for query in [likes(25), format!("select id from Contacts where id not in ({}) limit 1", values(50))] {
        assert!(matches!(client.coql(&query).await.status, 200 | 204), "{query}");
    }
}

#[tokio::test]
async fn a_query_answers_what_it_is_asked() {
    let client = Client::of(|_| {}).await;
    let all = ids(&client.coql("select id from Contacts where id is not null limit 2000").await);
    assert!(all.len() == 315 && all.is_sorted());
    let behind = client.coql(&format!("select id from Contacts where id > {} limit 3", all[9])).await;
    assert_eq!(
        (ids(&behind), behind.json()["info"].clone()),
        (all[10..13].to_vec(), json!({"count": 3, "more_records": true}))
    );
    let page = client.coql("select id from Contacts where id is not null order by id desc limit 5, 3").await;
    assert_eq!(ids(&page), [all[309], all[308], all[307]]);
    let by_time = "select id, Modified_Time from Contacts where Modified_Time >= '2020-01-01T00:00:00+00:00' \
                   order by Modified_Time asc, id asc limit 2000";
    let by_time = client.coql(by_time).await;
    assert_eq!(ids(&by_time), all[15..], "the samples are older");
    let first = by_time.json()["data"][0].clone();
    let (time, id) = (first["Modified_Time"].as_str().unwrap(), ids(&by_time)[0]);
    let rest = format!(
        "select id from Contacts where (Modified_Time > '{time}' or (Modified_Time = '{time}' and id > {id})) \
         order by Modified_Time asc, id asc limit 2000"
    );
    assert_eq!(ids(&client.coql(&rest).await), all[16..]);
    let number = Module::Contacts.id(5);
    for condition in
        ["Phone like '%442001005'", "Phone like '0442001005'", "Phone like '044200100%'", "Phone = '0442001005'"]
    {
        assert_eq!(
            ids(&client.coql(&format!("select id from Contacts where {condition}")).await),
            [number],
            "{condition}"
        );
    }
    assert_eq!(
        client.coql("select id from Contacts where Phone like '%200 10 05%'").await.status,
        204,
        "as it was typed"
    );
    let deals = client
        .coql(&format!(
            "select id, Contact_Name, Owner from Deals where Contact_Name in ('{}')",
            Module::Contacts.id(19)
        ))
        .await;
    assert_eq!(ids(&deals), [Module::Deals.id(19), Module::Deals.id(20)]);
    let deal = &deals.json()["data"][0];
    assert_eq!(deal["Contact_Name"], json!({"name": "Sample Person 19", "id": Module::Contacts.id(19).to_string()}));
    assert_eq!(deal["Owner"].as_object().unwrap().len(), 2, "a query shows no e-mail");
}

#[tokio::test]
async fn whether_numbers_can_be_compared_in_queries_is_the_customers_matter() {
    let client = Client::of(|options| options.like_on_phones = false).await;
    let reply = client.coql("select id from Contacts where Phone like '%1%'").await;
    assert_eq!((code(&reply), &reply.json()["details"]["data_type"]), (bad("INVALID_QUERY"), &json!("phone")));
    assert_eq!(client.coql("select id from Contacts where Last_Name like '%1%'").await.status, 200);
}

#[tokio::test]
async fn a_search_by_phone_compares_what_was_typed_in_every_phone_field_and_lags() {
    let client = Client::of(|options| options.limits.index_lag = Duration::from_secs(20)).await;
    let found = async |term: &str| client.get(&format!("/Contacts/search?phone={term}")).await;
    assert_eq!(ids(&found("%2B380442001001").await), [Module::Contacts.id(1)]);
    assert_eq!(found("+380442001001").await.status, 204, "a bare plus is a space");
    assert_eq!(found("380442001001").await.status, 204, "no normalising");
    assert_eq!(ids(&found("%28044%29+200-10-21").await).len(), 0, "brackets must be escaped");
    assert_eq!(found("442001001").await.status, 204, "not inside a word");
    assert_eq!(found("1").await.status, 400);
    assert_eq!(client.get("/Contacts/search").await.status, 400);
    let item = Item { module: Module::Contacts, id: Module::Contacts.id(1) };
    client
        .sandbox
        .change(Change::SetPhones { item, phones: vec!["1".into(), "2".into(), "0501234567".into()] })
        .unwrap();
    assert_eq!(found("0501234567").await.status, 204, "not indexed yet");
    assert_eq!(ids(&found("%2B380442001001").await), [item.id], "still indexed");
    client.sandbox.advance(Duration::from_secs(20));
    assert_eq!(ids(&found("0501234567").await), [item.id], "Home_Phone too");
    let contains = Client::of(|options| options.phone_search = PhoneSearch::Contains).await;
    assert_eq!(ids(&contains.get("/Contacts/search?phone=442001001").await), [item.id]);
}
