//! The stand-in for Zoho CRM: each of the vendor's rules that a client runs into.

use std::time::Duration;

use sandbox::kit::{Neutral, StandIn, Vendor};
use sandbox::zoho_crm::{Account, Change, Described, EMPLOYEES, Edition, Item, Module, Options, PhoneSearch, ZohoCrm};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const TOKEN: &str = "grant_type=refresh_token&refresh_token=sandbox-refresh&client_id=sandbox-client&\
                     client_secret=sandbox-secret";
const DAY: Duration = Duration::from_secs(86_400);

async fn started(change: impl FnOnce(&mut Options)) -> ZohoCrm {
    let mut options = Options { clients: 300, still: true, edition: Edition::Enterprise, ..Options::default() };
    options.limits.index_lag = Duration::ZERO;
    change(&mut options);
    ZohoCrm::start(options).await.unwrap()
}

async fn token_reply(sandbox: &ZohoCrm, form: &str) -> Reply {
    exchange(sandbox, "POST /oauth/v2/token", &[], form).await.unwrap()
}

async fn token(sandbox: &ZohoCrm) -> String {
    let token = token_reply(sandbox, TOKEN).await.json()["access_token"].as_str().unwrap().to_owned();
    format!("Zoho-oauthtoken {token}")
}

/// A stand-in and a client of it that has a token.
struct Client {
    sandbox: ZohoCrm,
    token: String,
}

impl Client {
    async fn of(change: impl FnOnce(&mut Options)) -> Self {
        let sandbox = started(change).await;
        let token = token(&sandbox).await;
        Self { sandbox, token }
    }

    async fn ask(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let own = [("authorization", self.token.as_str())];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        exchange(&self.sandbox, head, &headers, body).await.unwrap()
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET /crm/v8{path}"), &[], "").await
    }

    async fn since(&self, path: &str, since: &str) -> Reply {
        self.ask(&format!("GET /crm/v8{path}"), &[("if-modified-since", since)], "").await
    }

    async fn coql(&self, query: &str) -> Reply {
        self.ask("POST /crm/v8/coql", &[], &json!({"select_query": query}).to_string()).await
    }

    async fn watch(&self, method: &str, channel: &Value) -> Reply {
        self.ask(&format!("{method} /crm/v8/actions/watch"), &[], &json!({"watch": [channel]}).to_string()).await
    }
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn bad(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

fn ids(reply: &Reply) -> Vec<u64> {
    let rows = reply.json()["data"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_list_wants_its_fields_named_and_takes_two_hundred_a_page_and_two_thousand_by_page() {
    let client = Client::of(|options| options.clients = 2_500).await;
    assert_eq!(code(&client.get("/Contacts").await), bad("REQUIRED_PARAM_MISSING"));
    assert_eq!(code(&client.get("/Nothing?fields=id").await).0, 404);
    let many = (0..51).map(|at| format!("F{at}")).collect::<Vec<_>>().join(",");
    assert_eq!(code(&client.get(&format!("/Contacts?fields={many}")).await), bad("LIMIT_EXCEEDED"));
    assert_eq!(code(&client.get("/Contacts?fields=id&per_page=201").await), bad("INVALID_DATA"));
    assert_eq!(code(&client.get("/Contacts?fields=id&page=11").await), bad("DISCRETE_PAGINATION_LIMIT_EXCEEDED"));
    let first = client.get("/Contacts?fields=Last_Name,Nonsense").await;
    let (rows, info) = (first.json()["data"].clone(), first.json()["info"].clone());
    assert_eq!((ids(&first).len(), &info["more_records"], &info["sort_order"]), (200, &json!(true), &json!("desc")));
    assert_eq!(
        rows[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["Last_Name", "id"],
        "an unknown name is left out"
    );
    assert_eq!(ids(&client.get("/Contacts?fields=id&page=10").await).len(), 200);
}

#[tokio::test]
async fn beyond_two_thousand_a_token_leads_on_that_is_bound_to_its_parameters_and_dies() {
    let client = Client::of(|options| options.clients = 2_500).await;
    let (mut all, mut path) = (Vec::new(), "/Contacts?fields=id&sort_order=asc".to_owned());
    loop {
        let reply = client.get(&path).await;
        all.extend(ids(&reply));
        let Some(token) = reply.json()["info"]["next_page_token"].as_str().map(str::to_owned) else { break };
        path = format!("/Contacts?fields=id&sort_order=asc&page_token={token}");
    }
    assert!(all.len() > 2_500 && all.is_sorted(), "{}", all.len());
    let other = path.replace("fields=id", "fields=id,Phone");
    assert_eq!(code(&client.get(&other).await), bad("TOKEN_BOUND_DATA_MISMATCH"));
    assert_eq!(code(&client.get(&format!("{path}&page=2")).await), bad("AMBIGUITY_DURING_PROCESSING"));
    assert_eq!(code(&client.get("/Contacts?fields=id&page_token=made-up").await), bad("TOKEN_BOUND_DATA_MISMATCH"));
    client.sandbox.advance(DAY);
    let client = Client { token: token(&client.sandbox).await, ..client };
    assert_eq!(code(&client.get(&path).await), bad("EXPIRED_VALUE"));
}

#[tokio::test]
async fn nothing_is_204_without_a_body_and_nothing_since_is_304() {
    let client = Client::of(|_| {}).await;
    for path in ["/Contacts?fields=id&ids=7", "/Contacts/search?phone=9999999999", "/Leads/deleted"] {
        let reply = client.get(path).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{path}");
    }
    let reply = client.coql("select id from Contacts where id = '7'").await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    for path in ["/Contacts?fields=id", "/Contacts/deleted"] {
        let reply = client.since(path, "2099-01-01T00:00:00+00:00").await;
        assert_eq!((reply.status, reply.body.len()), (304, 0), "{path}");
    }
    assert_eq!(client.since("/Contacts?fields=id", "2026-01-01T00:00:00Z").await.status, 400, "no offset in digits");
}

#[tokio::test]
async fn if_modified_since_leaves_out_its_own_second() {
    let client = Client::of(|_| {}).await;
    let item = Item { module: Module::Contacts, id: Module::Contacts.id(1) };
    client.sandbox.change(Change::SetOwner { item, owner_id: EMPLOYEES[2] }).unwrap();
    let row = client.get(&format!("/Contacts?fields=Modified_Time&ids={}", item.id)).await.json()["data"][0].clone();
    let time = row["Modified_Time"].as_str().unwrap();
    assert!(time.ends_with("+02:00"), "{time}");
    assert_eq!(client.since("/Contacts?fields=id", time).await.status, 304);
    client.sandbox.advance(Duration::from_secs(1));
    client.sandbox.change(Change::SetOwner { item, owner_id: EMPLOYEES[1] }).unwrap();
    assert_eq!(ids(&client.since("/Contacts?fields=id", time).await), [item.id]);
}

#[tokio::test]
async fn converted_leads_are_shown_only_to_who_asks_for_them() {
    let client = Client::of(|_| {}).await;
    let lead = Module::Leads.id(10);
    let counts = async || {
        let mut counts = Vec::new();
        for converted in ["", "&converted=false", "&converted=true", "&converted=both"] {
            counts.push(ids(&client.get(&format!("/Leads?fields=id{converted}")).await).len());
        }
        counts.push(ids(&client.coql("select id from Leads where id is not null").await).len());
        counts
            .push(ids(&client.coql("select id from Leads where (id is not null and Converted__s = true)").await).len());
        counts
    };
    let before = counts().await;
    client.sandbox.change(Change::Convert { lead_id: lead }).unwrap();
    let [open, same, converted, both, queried, queried_converted] = counts().await.try_into().unwrap();
    assert_eq!((open, same, converted, both), (before[0] - 1, before[1] - 1, before[2] + 1, before[3]));
    assert_eq!((queried, queried_converted), (before[4] - 1, before[5] + 1));
    assert_eq!(code(&client.get("/Leads?fields=id&converted=maybe").await), bad("INVALID_DATA"));
}

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

#[tokio::test]
async fn deleted_records_are_listed_and_merged_ones_nowhere() {
    let client = Client::of(|_| {}).await;
    let item = |number| Item { module: Module::Contacts, id: Module::Contacts.id(number) };
    client.sandbox.change(Change::Delete { item: item(1), permanently: false }).unwrap();
    client.sandbox.advance(Duration::from_secs(5));
    client.sandbox.change(Change::Delete { item: item(3), permanently: true }).unwrap();
    client.sandbox.change(Change::Merge { loser: item(19), winner: item(4) }).unwrap();
    let all = client.get("/Contacts/deleted?type=all").await;
    assert_eq!(ids(&all), [item(3).id, item(1).id, item(17).id], "the last first; the sample was always deleted");
    assert_eq!(
        (&all.json()["data"][0]["type"], &all.json()["data"][0]["display_name"]),
        (&json!("permanent"), &Value::Null)
    );
    assert_eq!(ids(&client.get("/Contacts/deleted?type=permanent").await), [item(3).id]);
    assert_eq!(ids(&client.get("/Contacts/deleted?type=recycle&per_page=1&page=2").await), [item(17).id]);
    assert_eq!(code(&client.get("/Contacts/deleted?type=lost").await), bad("PATTERN_NOT_MATCHED"));
    for number in [1, 3, 19] {
        assert_eq!(client.get(&format!("/Contacts?fields=id&ids={}", item(number).id)).await.status, 204, "{number}");
    }
    let deals = client.coql(&format!("select id from Deals where Contact_Name = '{}'", item(4).id)).await;
    assert_eq!(ids(&deals), [Module::Deals.id(19), Module::Deals.id(20)], "what belonged to the loser");
}

#[tokio::test]
async fn users_are_told_by_whether_they_work_here() {
    let client = Client::of(|_| {}).await;
    let count =
        async |query: &str| client.get(&format!("/users{query}")).await.json()["users"].as_array().map_or(0, Vec::len);
    assert_eq!((count("?type=ActiveUsers").await, count("?type=DeactiveUsers").await, count("").await), (5, 1, 6));
    assert_eq!(count("?type=ActiveUsers&per_page=3&page=2").await, 2);
    assert_eq!(client.get("/users?type=Everybody").await.status, 400);
    let change = Neutral::SetUserActive { user_id: EMPLOYEES[0].to_string(), active: false };
    client.sandbox.change_neutral(change).unwrap();
    assert_eq!((count("?type=ActiveUsers").await, count("?type=DeactiveUsers").await), (4, 2));
}

#[tokio::test]
async fn the_stages_are_the_customers_and_say_how_they_count_in_forecasts() {
    let client = Client::of(|_| {}).await;
    assert_eq!(code(&client.get("/settings/fields").await), bad("REQUIRED_PARAM_MISSING"));
    let fields = client.get("/settings/fields?module=Deals").await.json()["fields"].clone();
    let stage = fields.as_array().unwrap().iter().find(|field| field["api_name"] == "Stage").unwrap().clone();
    let closed = stage["pick_list_values"].as_array().unwrap().iter().filter(|value| value["forecast_type"] != "Open");
    assert_eq!(closed.count(), 4);
    let phones = client.get("/settings/fields?module=Contacts").await.json()["fields"].clone();
    let phones = phones.as_array().unwrap().iter().filter(|field| field["data_type"] == "phone").count();
    assert_eq!(phones, 5);
}

#[tokio::test]
async fn credits_are_of_any_24_hours_and_told_only_when_half_of_them_are_gone() {
    let client = Client::of(|options| options.limits.credits = Some(20)).await;
    let left = |reply: &Reply| reply.header("x-api-credits-remaining").map(str::to_owned);
    for (query, cost) in [("limit 200", 1), ("limit 201", 2), ("limit 1001", 3)] {
        let before = client.sandbox.quota().used;
        let reply = client.coql(&format!("select id from Contacts where id > 1 {query}")).await;
        assert_eq!((client.sandbox.quota().used - before, left(&reply)), (cost, None), "{query}");
    }
    client.get("/Contacts/search?phone=12").await;
    client.get("/users?type=ActiveUsers").await;
    assert_eq!(client.sandbox.quota().used, 10, "a search is three, anything else one");
    assert_eq!(left(&client.get("/users?type=ActiveUsers").await).as_deref(), Some("9"));
    client.sandbox.set_credits(None, Some(20));
    let reply = client.get("/users?type=ActiveUsers").await;
    assert_eq!((code(&reply), left(&reply).as_deref()), ((429, "TOO_MANY_REQUESTS".to_owned()), Some("0")));
    assert_eq!(reply.header("retry-after"), None);
    client.sandbox.advance(DAY);
    let client = Client { token: token(&client.sandbox).await, ..client };
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 200);
}

#[tokio::test]
async fn so_many_requests_at_once_and_no_more_whatever_they_cost() {
    let client = Client::of(|options| {
        options.edition = Edition::Free;
        (options.limits.sub_at_once, options.limits.work) = (2, Duration::from_millis(300));
    })
    .await;
    let lists = futures_util::future::join_all((0..6).map(|_| client.get("/users?type=ActiveUsers"))).await;
    let refused: Vec<_> = lists.iter().filter(|reply| reply.status == 429).collect();
    assert!(refused.len() == 1 && refused[0].header("retry-after").is_none(), "{lists:?}");
    let query = "select id from Contacts where id is not null";
    let queries = futures_util::future::join_all((0..3).map(|_| client.coql(query))).await;
    assert_eq!(queries.iter().filter(|reply| reply.status == 429).count(), 1, "queries have fewer places");
}

#[tokio::test]
async fn ten_tokens_in_ten_minutes_and_refusals_under_status_200() {
    let sandbox = started(|_| {}).await;
    for (form, error) in [
        (TOKEN.replace("sandbox-refresh", "other"), "invalid_code"),
        (TOKEN.replace("sandbox-secret", "other"), "invalid_client"),
    ] {
        let reply = token_reply(&sandbox, &form).await;
        assert_eq!((reply.status, reply.json()), (200, json!({"error": error})));
    }
    for _ in 0..8 {
        let reply = token_reply(&sandbox, TOKEN).await;
        assert_eq!((reply.status, &reply.json()["api_domain"]), (200, &json!(sandbox.base_url())));
        assert_eq!((&reply.json()["expires_in"], reply.json().get("refresh_token")), (&json!(3_600), None));
    }
    let reply = token_reply(&sandbox, TOKEN).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("Access Denied")));
    sandbox.advance(Duration::from_secs(600));
    assert_eq!(token_reply(&sandbox, TOKEN).await.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn a_token_goes_behind_the_vendors_own_word_and_dies_after_an_hour() {
    let client = Client::of(|_| {}).await;
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 200);
    let bearer = client.token.replace("Zoho-oauthtoken", "Bearer");
    for headers in [vec![], vec![("authorization", bearer.as_str())]] {
        let reply = exchange(&client.sandbox, "GET /crm/v8/users", &headers, "").await.unwrap();
        assert_eq!(code(&reply), (401, "INVALID_TOKEN".to_owned()));
    }
    client.sandbox.advance(Duration::from_secs(3_600));
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 401);
}

fn channel(change: impl FnOnce(&mut Value)) -> Value {
    let mut channel = json!({
        "channel_id": "1000", "events": ["Contacts.all", "Deals.edit"], "token": "t",
        "notify_url": "http://127.0.0.1:9/crm-changes?token=door", "notify_on_related_action": false,
    });
    change(&mut channel);
    channel
}

#[tokio::test]
async fn a_channel_lives_an_hour_unless_told_and_a_week_at_the_most() {
    let client = Client::of(|_| {}).await;
    let in_s = |s: i64| {
        let at = client.sandbox.ground().clock.now().wall.as_second() + s;
        let at = jiff::Timestamp::from_second(at).unwrap();
        Value::from(at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
    };
    for (expiry, lives_s) in [(Value::Null, 3_600), (in_s(8 * 86_400), 3_600), (in_s(6 * 86_400), 6 * 86_400)] {
        let reply = client.watch("POST", &channel(|channel| channel["channel_expiry"] = expiry.clone())).await;
        let told = reply.json()["watch"][0]["details"]["events"][0]["channel_expiry"].as_str().unwrap().to_owned();
        let told: jiff::Timestamp = told.parse().unwrap();
        let lives = told.as_second() - client.sandbox.ground().clock.now().wall.as_second();
        assert_eq!((reply.status, lives), (201, lives_s), "{expiry}");
    }
    assert_eq!(client.get("/actions/watch?channel_id=1000").await.json()["watch"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/actions/watch?channel_id=1001").await.status, 204);
    client.sandbox.advance(6 * DAY);
    assert_eq!(client.sandbox.channels(), 0, "dead without a word");
}

#[tokio::test]
async fn what_is_wrong_with_a_channel_stands_in_a_row_of_a_202() {
    let client = Client::of(|_| {}).await;
    let with = |name: &str, value: Value| channel(|channel| channel[name] = value);
    for (channel, refused) in [
        (with("token", json!("x".repeat(51))), "INVALID_DATA"),
        (with("events", json!(["Contacts.read"])), "INVALID_DATA"),
        (with("events", Value::Null), "MANDATORY_NOT_FOUND"),
        (with("notify_url", json!("http://example.com/")), "INVALID_DATA"),
        (with("channel_expiry", json!("2020-01-01T00:00:00+00:00")), "INVALID_DATA"),
    ] {
        let reply = client.watch("POST", &channel).await;
        assert_eq!((reply.status, &reply.json()["watch"][0]["code"]), (202, &json!(refused)), "{channel}");
    }
    let reply = client.watch("PUT", &channel(|_| {})).await;
    assert_eq!((reply.status, &reply.json()["watch"][0]["code"]), (202, &json!("NOT_SUBSCRIBED")));
}

#[tokio::test]
async fn a_channel_tells_of_what_it_watches_once_and_repeats_its_token() {
    let client = Client::of(|_| {}).await;
    client.watch("POST", &channel(|_| {})).await;
    let owner = |module, number| {
        let item = Item { module, id: Module::id(module, number) };
        client.sandbox.change(Change::SetOwner { item, owner_id: EMPLOYEES[1] }).unwrap();
    };
    owner(Module::Leads, 10);
    owner(Module::Contacts, 1);
    owner(Module::Deals, 3);
    let change = Change::Create {
        module: Module::Deals,
        name: "New".to_owned(),
        phones: vec![],
        owner_id: EMPLOYEES[0],
        contact_id: None,
        account_id: None,
    };
    client.sandbox.change(change).unwrap();
    let item = Item { module: Module::Contacts, id: Module::Contacts.id(3) };
    client.sandbox.change(Change::Delete { item, permanently: false }).unwrap();
    let mut told: Vec<_> = (client.sandbox.ground().hooks.delivered(3).await.iter())
        .map(|delivery| {
            assert_eq!(delivery.hook.url, "http://127.0.0.1:9/crm-changes?token=door");
            let body: Value = serde_json::from_str(&delivery.hook.body).unwrap();
            assert_eq!((&body["channel_id"], &body["token"]), (&json!("1000"), &json!("t")));
            (body["module"].as_str().unwrap().to_owned(), body["operation"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort_unstable();
    let told: Vec<_> = told.iter().map(|(module, operation)| (module.as_str(), operation.as_str())).collect();
    assert_eq!(
        told,
        [("Contacts", "delete"), ("Contacts", "update"), ("Deals", "update")],
        "leads and new deals are not watched"
    );
}

#[tokio::test]
async fn the_samples_are_as_they_say_and_changes_can_be_made_in_neutral_words() {
    let client = Client::of(|_| {}).await;
    let Described { employees, samples, .. } = client.sandbox.vendor().described();
    assert_eq!((employees, samples.len()), (EMPLOYEES, 19));
    for open in samples.iter().flat_map(|sample| &sample.open) {
        let module = match open.kind.word() {
            "lead" => Module::Leads,
            "contact" => Module::Contacts,
            "organization" => Module::Accounts,
            _ => Module::Deals,
        };
        let reply = client.get(&format!("/{}?fields=Owner&ids={}", module.name(), open.id)).await;
        assert_eq!(reply.json()["data"][0]["Owner"]["id"], json!(open.owner_id), "{open:?}");
    }
    let stand_in: &dyn StandIn = &client.sandbox;
    let open = stand_in.client(14).unwrap().open;
    let lead = open.iter().find(|open| open.kind.word() == "lead").unwrap();
    let entity = sandbox::kit::Entity::new(lead.kind, lead.id.clone());
    assert_eq!(stand_in.change_neutral(Neutral::Close { entity: entity.clone() }), Ok(Some(entity.clone())));
    let reply = client.get(&format!("/Leads?fields=Converted__s&converted=true&ids={}", entity.id)).await;
    assert_eq!(reply.json()["data"][0]["Converted__s"], true);
    assert_eq!(<Account as Vendor>::NAME, stand_in.name());
}
