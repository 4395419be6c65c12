//! The stand-in for Zoho CRM: each of the vendor's rules that a client runs into.

use std::time::Duration;

use sandbox::kit::{Neutral, StandIn, Vendor};
use sandbox::zoho_crm::{Account, Change, Described, EMPLOYEES, Edition, Item, Module, Options, ZohoCrm};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

pub(crate) const TOKEN: &str = "grant_type=refresh_token&refresh_token=sandbox-refresh&client_id=sandbox-client&\
                     client_secret=sandbox-secret";
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) async fn started(change: impl FnOnce(&mut Options)) -> ZohoCrm {
    let mut options = Options { clients: 300, still: true, edition: Edition::Enterprise, ..Options::default() };
    options.limits.index_lag = Duration::ZERO;
    change(&mut options);
    ZohoCrm::start(options).await.unwrap()
}

pub(crate) async fn token_reply(sandbox: &ZohoCrm, form: &str) -> Reply {
    exchange(sandbox, "POST /oauth/v2/token", &[], form).await.unwrap()
}

pub(crate) async fn token(sandbox: &ZohoCrm) -> String {
    let token = token_reply(sandbox, TOKEN).await.json()["access_token"].as_str().unwrap().to_owned();
    format!("Zoho-oauthtoken {token}")
}

/// A stand-in and a client of it that has a token.
pub(crate) struct Client {
    pub(crate) sandbox: ZohoCrm,
    pub(crate) token: String,
}

impl Client {
    pub(crate) async fn of(change: impl FnOnce(&mut Options)) -> Self {
        let sandbox = started(change).await;
        let token = token(&sandbox).await;
        Self { sandbox, token }
    }

    pub(crate) async fn ask(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let own = [("authorization", self.token.as_str())];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        exchange(&self.sandbox, head, &headers, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET /crm/v8{path}"), &[], "").await
    }

    pub(crate) async fn since(&self, path: &str, since: &str) -> Reply {
        self.ask(&format!("GET /crm/v8{path}"), &[("if-modified-since", since)], "").await
    }

    pub(crate) async fn coql(&self, query: &str) -> Reply {
        self.ask("POST /crm/v8/coql", &[], &json!({"select_query": query}).to_string()).await
    }

    pub(crate) async fn watch(&self, method: &str, channel: &Value) -> Reply {
        self.ask(&format!("{method} /crm/v8/actions/watch"), &[], &json!({"watch": [channel]}).to_string()).await
    }
}

pub(crate) fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn bad(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

pub(crate) fn ids(reply: &Reply) -> Vec<u64> {
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
