//! The stand-in for Zoho CRM is written to: each of the vendor's rules that a writer runs into.

use std::time::Duration;

use sandbox::kit::{StandIn, Thing};
use sandbox::zoho_crm::{Change, EMPLOYEES, Edition, Item, Module, Options, ZohoCrm};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const TOKEN: &str = "grant_type=refresh_token&refresh_token=sandbox-refresh&client_id=sandbox-client&\
                     client_secret=sandbox-secret";
const CONTACT: u64 = Module::Contacts.id(1);

struct Client {
    sandbox: ZohoCrm,
    token: String,
}

impl Client {
    async fn new() -> Self {
        let mut options = Options { clients: 100, still: true, edition: Edition::Enterprise, ..Options::default() };
        options.limits.index_lag = Duration::from_secs(60);
        let sandbox = ZohoCrm::start(options).await.unwrap();
        let reply = exchange(&sandbox, "POST /oauth/v2/token", &[], TOKEN).await.unwrap();
        let token = format!("Zoho-oauthtoken {}", reply.json()["access_token"].as_str().unwrap());
        Self { sandbox, token }
    }

    async fn ask(&self, head: &str, body: &Value) -> Reply {
        let (method, path) = head.split_once(' ').unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} /crm/v8{path}");
        exchange(&self.sandbox, &head, &[("authorization", &self.token)], &body).await.unwrap()
    }

    async fn write(&self, head: &str, row: Value) -> Reply {
        self.ask(head, &json!({"data": [row]})).await
    }

    /// The id of what a row made.
    async fn made(&self, module: &str, row: Value) -> u64 {
        let reply = self.write(&format!("POST /{module}"), row).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["data"][0]["details"]["id"].as_str().unwrap().parse().unwrap()
    }

    fn thing(&self, id: u64) -> Thing {
        self.sandbox.held().into_iter().find(|thing| thing.id == id.to_string()).unwrap()
    }
}

/// Status, code and field of the first row's error.
fn error(reply: &Reply) -> (u16, String, String) {
    let row = &reply.json()["data"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (reply.status, text(&row["code"]), text(&row["details"]["api_name"]))
}

fn bad(code: &str, field: &str) -> (u16, String, String) {
    (400, code.to_owned(), field.to_owned())
}

fn with(mut row: Value, more: Value) -> Value {
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    row
}

fn deal() -> Value {
    json!({"Deal_Name": "D", "Stage": "Новий запит", "Pipeline": "Стандартна", "Closing_Date": "2026-12-31"})
}

fn call() -> Value {
    json!({
        "Subject": "C", "Call_Type": "Inbound", "Call_Start_Time": "2026-11-20T12:00:00+02:00", "Call_Duration": "01:15",
    })
}

#[tokio::test]
async fn what_a_module_and_its_layout_demand_has_to_be_there() {
    let client = Client::new().await;
    for (module, whole) in [
        ("Leads", json!({"Last_Name": "L", "Company": "L"})),
        ("Contacts", json!({"Last_Name": "L"})),
        ("Accounts", json!({"Account_Name": "A"})),
        ("Deals", deal()),
        ("Tasks", json!({"Subject": "T"})),
        ("Calls", call()),
    ] {
        let head = format!("POST /{module}");
        for name in whole.as_object().unwrap().keys() {
            let mut lacking = whole.clone();
            lacking.as_object_mut().unwrap().remove(name);
            assert_eq!(error(&client.write(&head, lacking).await), bad("MANDATORY_NOT_FOUND", name), "{module}");
        }
        assert_eq!(client.write(&head, whole).await.status, 201, "{module}");
    }
    let missed = json!({"Subject": "C", "Call_Type": "Missed", "Call_Start_Time": "2026-11-20T12:00:00+02:00"});
    client.made("Calls", missed).await;
    assert_eq!(client.sandbox.held().len(), 7);
}

#[tokio::test]
async fn values_are_of_their_type_and_length_and_unknown_fields_are_left_out_without_a_word() {
    let client = Client::new().await;
    for (module, base, name, value) in [
        ("Contacts", json!({}), "Last_Name", json!(7)),
        ("Contacts", json!({}), "Last_Name", json!("é".repeat(81))),
        ("Contacts", json!({"Last_Name": "L"}), "Email", json!("nobody")),
        ("Contacts", json!({"Last_Name": "L"}), "Phone", json!("+".to_owned() + &"1".repeat(30))),
        ("Contacts", json!({"Last_Name": "L"}), "Ringostat_Record", json!("ftp://x")),
        ("Contacts", json!({"Last_Name": "L"}), "Owner", json!("7")),
        ("Deals", deal(), "Stage", json!("Qualification")),
        ("Deals", with(deal(), json!({"Pipeline": "Партнери"})), "Stage", json!("Новий запит")),
        ("Deals", deal(), "Closing_Date", json!("31.12.2026")),
        ("Tasks", json!({"Subject": "T"}), "Status", json!("Done")),
        ("Tasks", json!({"Subject": "T"}), "Due_Date", json!("2026-11-20T12:00:00+02:00")),
        ("Tasks", json!({"Subject": "T"}), "Remind_At", json!({"ALARM": "FREQ=NONE;ACTION=POPUP"})),
        (
            "Tasks",
            json!({"Subject": "T"}),
            "Remind_At",
            json!({"ALARM": "FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:2001-01-01T00:00:00+00:00"}),
        ),
        ("Calls", call(), "Call_Type", json!("inbound")),
        ("Calls", call(), "Call_Duration", json!("75")),
        ("Calls", call(), "Call_Start_Time", json!("2026-11-20T12:00:00.000Z")),
        ("Calls", call(), "Voice_Recording__s", json!("x.ogg")),
    ] {
        let row = with(base, json!({ name: value }));
        let reply = client.write(&format!("POST /{module}"), row.clone()).await;
        assert_eq!(error(&reply), bad("INVALID_DATA", name), "{row}");
    }
    let id = client
        .made("Contacts", json!({"Last_Name": "L", "Nonsense": "x", "last_name": "y", "Created_Time": "z"}))
        .await;
    let thing = client.thing(id);
    assert_eq!((thing.title.as_str(), thing.fields.len()), ("L", 0), "{thing:?}");
}

#[tokio::test]
async fn links_and_owners_are_there_and_a_lead_stands_alone_in_what_id() {
    let client = Client::new().await;
    let lead = client.made("Leads", json!({"Last_Name": "L", "Company": "C"})).await.to_string();
    let (contact, gone) = (CONTACT.to_string(), Module::Contacts.id(99_999_999).to_string());
    let task = |more: Value| with(json!({"Subject": "T"}), more);
    let left = client.sandbox.crm_users().into_iter().find(|user| !user.active).unwrap().id.to_string();
    for (row, code, name) in [
        (task(json!({"Who_Id": {"id": gone}})), "INVALID_DATA", "Who_Id"),
        (task(json!({"Who_Id": {"id": lead}})), "INVALID_DATA", "Who_Id"),
        (task(json!({"What_Id": {"id": lead}})), "MANDATORY_NOT_FOUND", "$se_module"),
        (task(json!({"What_Id": {"id": lead}, "$se_module": "Deals"})), "INVALID_DATA", "What_Id"),
        (
            task(json!({"What_Id": {"id": lead}, "$se_module": "Leads", "Who_Id": {"id": contact}})),
            "INVALID_DATA",
            "Who_Id",
        ),
        (task(json!({"Owner": {"id": left}})), "INVALID_DATA", "Owner"),
        (task(json!({"Owner": {"id": "1"}})), "INVALID_DATA", "Owner"),
    ] {
        assert_eq!(error(&client.write("POST /Tasks", row.clone()).await), bad(code, name), "{row}");
    }
    let owner = json!({"id": EMPLOYEES[2].to_string()});
    let row = task(json!({"What_Id": {"id": lead}, "$se_module": "Leads", "Owner": owner, "Status": "Completed"}));
    let thing = client.thing(client.made("Tasks", row).await);
    assert_eq!(
        (thing.on[0].what.as_str(), &thing.on[0].id, thing.state.as_deref()),
        ("lead", &lead, Some("completed"))
    );
    assert_eq!(thing.owner, Some(EMPLOYEES[2].to_string()));
    let without = client.thing(client.made("Tasks", task(json!({}))).await);
    assert!(!EMPLOYEES.map(|id| id.to_string()).contains(without.owner.as_ref().unwrap()), "whoever the token is");
}

#[tokio::test]
async fn each_row_is_answered_by_itself_and_a_hundred_are_the_most() {
    let client = Client::new().await;
    let rows = json!({"data": [{"Last_Name": "A"}, {"First": "B"}, {"Last_Name": "C"}]});
    let reply = client.ask("POST /Contacts", &rows).await;
    let codes: Vec<Value> = reply.json()["data"].as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
    assert_eq!((reply.status, codes), (207, vec![json!("SUCCESS"), json!("MANDATORY_NOT_FOUND"), json!("SUCCESS")]));
    let many = json!({"data": vec![json!({"Last_Name": "A"}); 101]});
    assert_eq!(client.ask("POST /Contacts", &many).await.json()["code"], "LIMIT_EXCEEDED");
    for body in [json!({}), json!({"data": []}), json!({"data": {"Last_Name": "A"}})] {
        assert_eq!(client.ask("POST /Contacts", &body).await.status, 400, "{body}");
    }
    let used = client.sandbox.quota().used;
    client.ask("POST /Contacts", &json!({"data": vec![json!({"Last_Name": "A"}); 11]})).await;
    assert_eq!(client.sandbox.quota().used - used, 2, "a credit for ten records");
}

#[tokio::test]
async fn a_unique_value_is_had_once_and_an_upsert_changes_the_record_that_has_it() {
    let client = Client::new().await;
    let row = |name: &str| json!({"Last_Name": name, "Predial_Mark": "pd1"});
    let id = client.made("Contacts", row("A")).await;
    let reply = client.write("POST /Contacts", row("B")).await;
    assert_eq!(error(&reply), bad("DUPLICATE_DATA", "Predial_Mark"));
    assert_eq!(reply.json()["data"][0]["details"]["id"], id.to_string());
    let upsert = |checked: &str, name: &str| json!({"data": [row(name)], "duplicate_check_fields": [checked]});
    let reply = client.ask("POST /Contacts/upsert", &upsert("Predial_Mark", "C")).await;
    let told = reply.json()["data"][0].clone();
    assert_eq!(
        (reply.status, &told["action"], &told["duplicate_field"]),
        (200, &json!("update"), &json!("Predial_Mark"))
    );
    assert_eq!((told["details"]["id"].clone(), client.thing(id).title), (json!(id.to_string()), "C".to_owned()));
    // Neither the vendor's nor unique.
    assert_eq!(client.ask("POST /Contacts/upsert", &upsert("UTM_Source", "D")).await.status, 400);
    assert_eq!(
        client.ask("POST /Tasks/upsert", &json!({"data": [{"Subject": "T"}]})).await.json()["code"],
        "NOT_SUPPORTED"
    );
    let new = json!({"data": [{"Last_Name": "E", "Predial_Mark": "pd2"}], "duplicate_check_fields": ["Predial_Mark"]});
    assert_eq!(client.ask("POST /Contacts/upsert", &new).await.json()["data"][0]["action"], "insert");
    // The other unique values are looked at all the same.
    let stray = json!({"data": [row("F")], "duplicate_check_fields": ["Email"]});
    assert_eq!(error(&client.ask("POST /Contacts/upsert", &stray).await), bad("DUPLICATE_DATA", "Predial_Mark"));
}

#[tokio::test]
async fn a_call_that_took_place_keeps_its_type_and_owner_and_a_converted_lead_everything() {
    let client = Client::new().await;
    let id = client.made("Calls", call()).await;
    for (name, value) in [("Call_Type", json!("Missed")), ("Owner", json!({"id": EMPLOYEES[1].to_string()}))] {
        let reply = client.write(&format!("PUT /Calls/{id}"), json!({ name: value })).await;
        assert_eq!(error(&reply), bad("INVALID_DATA", name));
    }
    let link = "https://app.ringostat.com/r.ogg";
    assert_eq!(client.write(&format!("PUT /Calls/{id}"), json!({"Voice_Recording__s": link})).await.status, 200);
    let thing = client.thing(id);
    assert_eq!(
        (thing.recording.as_deref(), thing.seconds, thing.direction.as_deref()),
        (Some(link), Some(75), Some("in"))
    );
    let lead = client.made("Leads", json!({"Last_Name": "L", "Company": "C"})).await;
    client.sandbox.change(Change::Convert { lead_id: lead }).unwrap();
    let reply = client.write(&format!("PUT /Leads/{lead}"), json!({"Description": "x"})).await;
    assert_eq!(error(&reply), bad("CONVERTED_RECORD", "id"));
    let gone = Module::Leads.id(99_999_999);
    assert_eq!(error(&client.write(&format!("PUT /Leads/{gone}"), json!({})).await), bad("INVALID_DATA", "id"));
    assert_eq!(error(&client.write("PUT /Leads", json!({"Description": "x"})).await), bad("MANDATORY_NOT_FOUND", "id"));
}

#[tokio::test]
async fn what_was_written_is_in_lists_and_queries_at_once_and_in_the_search_after_the_lag() {
    let client = Client::new().await;
    let row =
        json!({"Last_Name": "L", "Company": "C", "Phone": "+380442009876", "Description": "text", "UTM_Source": "s"});
    let id = client.made("Leads", row).await.to_string();
    let listed = client.ask(&format!("GET /Leads?fields=Phone,Company,UTM_Source&ids={id}"), &Value::Null).await.json();
    assert_eq!(listed["data"][0], json!({"Phone": "+380442009876", "Company": "C", "UTM_Source": "s", "id": id}));
    let query =
        |condition: &str| json!({"select_query": format!("select id, Description from Leads where {condition}")});
    for condition in ["Phone = '+380442009876'", "UTM_Source = 's'"] {
        let found = client.ask("POST /coql", &query(condition)).await.json();
        assert_eq!(found["data"], json!([{"Description": "text", "id": id}]), "{condition}");
    }
    assert_eq!(client.ask("POST /coql", &query("Description = 'text'")).await.json()["code"], "INVALID_QUERY");
    let search = "GET /Leads/search?phone=%2B380442009876";
    assert_eq!(client.ask(search, &Value::Null).await.status, 204);
    client.sandbox.advance(Duration::from_secs(60));
    assert_eq!(client.ask(search, &Value::Null).await.json()["data"][0]["id"], id);
    let changed = client.write(&format!("PUT /Contacts/{CONTACT}"), json!({"UTM_Source": "x"})).await;
    assert_eq!(changed.json()["data"][0]["message"], "record updated");
    assert!(client.thing(CONTACT).seeded);
}

#[tokio::test]
async fn a_note_hangs_on_what_is_there_and_is_listed_there() {
    let client = Client::new().await;
    let on =
        |id: u64| json!({"Parent_Id": {"module": {"api_name": "Contacts"}, "id": id.to_string()}, "Note_Content": "N"});
    for (row, code, name) in [
        (json!({"Note_Content": "N"}), "MANDATORY_NOT_FOUND", "Parent_Id"),
        (with(on(CONTACT), json!({"Note_Content": ""})), "MANDATORY_NOT_FOUND", "Note_Content"),
        (with(on(CONTACT), json!({"Note_Content": "n".repeat(32_001)})), "INVALID_DATA", "Note_Content"),
        (on(Module::Contacts.id(99_999_999)), "INVALID_DATA", "Parent_Id"),
    ] {
        assert_eq!(error(&client.write("POST /Notes", row).await), bad(code, name));
    }
    let id = client.made("Notes", on(CONTACT)).await;
    let listed = format!("GET /Contacts/{CONTACT}/Notes");
    assert_eq!(client.ask(&listed, &Value::Null).await.json()["code"], "REQUIRED_PARAM_MISSING");
    let listed = format!("{listed}?fields=id,Note_Content");
    client.write(&format!("PUT /Notes/{id}"), json!({"Note_Content": "M"})).await;
    let rows = client.ask(&listed, &Value::Null).await.json()["data"].clone();
    assert_eq!(rows, json!([{"id": id.to_string(), "Note_Content": "M"}]));
    let other = format!("GET /Contacts/{}/Notes?fields=id", Module::Contacts.id(1_001));
    assert_eq!(client.ask(&other, &Value::Null).await.status, 204);
    assert_eq!((client.thing(id).text, client.thing(id).on[0].what.clone()), ("M".to_owned(), "contact".to_owned()));
}

#[tokio::test]
async fn layouts_lead_to_pipelines_and_a_field_is_named_after_its_label() {
    let client = Client::new().await;
    let layouts = client.ask("GET /settings/layouts?module=Deals", &Value::Null).await.json()["layouts"].clone();
    let used = layouts.as_array().unwrap().iter().find(|layout| layout["status"] == "active").unwrap();
    assert_eq!(client.ask("GET /settings/pipeline", &Value::Null).await.status, 400);
    assert_eq!(client.ask("GET /settings/pipeline?layout_id=7", &Value::Null).await.status, 400);
    let path = format!("GET /settings/pipeline?layout_id={}", used["id"].as_str().unwrap());
    let pipelines = client.ask(&path, &Value::Null).await.json()["pipeline"].clone();
    let default = pipelines.as_array().unwrap().iter().find(|pipeline| pipeline["default"] == true).unwrap();
    assert_eq!(
        (&default["display_value"], &default["maps"][0]["display_value"]),
        (&json!("Стандартна"), &json!("Новий запит"))
    );
    let field = |label: &str, holds: &str| json!({"fields": [{"field_label": label, "data_type": holds}]});
    for body in [field("", "text"), field("X", "nonsense"), field("UTM Source", "text"), json!({"fields": []})] {
        assert_eq!(client.ask("POST /settings/fields?module=Tasks", &body).await.status, 400, "{body}");
    }
    assert_eq!(client.ask("POST /settings/fields?module=Tasks", &field("Call Number", "text")).await.status, 201);
    let id = client.made("Tasks", json!({"Subject": "T", "Call_Number": "7"})).await;
    assert_eq!(client.thing(id).fields["Call_Number"], "7");
    let other = client.made("Contacts", json!({"Last_Name": "L", "Call_Number": "7"})).await;
    assert_eq!(client.thing(other).fields.len(), 0, "a field of tasks only");
    let item = Item { module: Module::Tasks, id };
    client.sandbox.change(Change::Delete { item, permanently: false }).unwrap();
    assert!(client.sandbox.held().iter().all(|thing| thing.id != id.to_string()));
}

/// The index lags, compares from the beginning, and knows the second e-mail; queries read the database, whole.
#[tokio::test]
async fn an_email_is_found_by_search_late_and_loosely_and_by_query_at_once_and_whole() {
    let client = Client::new().await;
    let made = async |email: &str, second: &str| {
        let row = json!({"Last_Name": "New", "Email": email, "Secondary_Email": second});
        client.made("Contacts", row).await.to_string()
    };
    let anna = made("Anna@site.example", "a12345678@site.example").await;
    let longer = made("anna@site.example.ua", "b@site.example").await;
    let ids = |reply: &Reply| -> Vec<String> {
        if reply.status == 204 {
            return Vec::new();
        }
        let mut ids: Vec<String> =
            reply.json()["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let search =
        async |email: &str| ids(&client.ask(&format!("GET /Contacts/search?email={email}"), &Value::Null).await);
    let query = async |condition: &str| {
        let query = json!({"select_query": format!("select id from Contacts where {condition} limit 10")});
        ids(&client.ask("POST /coql", &query).await)
    };
    assert_eq!(search("anna@site.example").await, Vec::<String>::new(), "not indexed");
    assert_eq!(query("Email = 'Anna@site.example'").await, std::slice::from_ref(&anna));
    assert_eq!(query("Email = 'anna@site.example'").await, Vec::<String>::new(), "it tells cases apart");
    assert_eq!(query("Email like 'anna@site.example'").await, std::slice::from_ref(&anna), "it does not");
    assert_eq!(query("Email like 'anna@site.example%'").await, [anna.clone(), longer.clone()]);
    assert_eq!(
        query("Secondary_Email like 'A12345678@site.example'").await,
        std::slice::from_ref(&anna),
        "digits that are no number"
    );
    client.sandbox.advance(Duration::from_secs(60));
    assert_eq!(search("anna@site.example").await, [anna.clone(), longer]);
    assert_eq!(search("A12345678@SITE.example").await, [anna]);
    let reply = client.ask("GET /Contacts/search?email=a(b@site.example", &Value::Null).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[tokio::test]
async fn a_number_is_no_text_and_of_a_list_only_its_values_are_taken() {
    let client = Client::new().await;
    let lead = |name: &str, value: Value| json!({"Last_Name": "New", "Company": "New", name: value});
    for (name, value) in [
        ("Annual_Revenue", json!("1500")),
        ("No_of_Employees", json!(1.5)),
        ("Lead_Source", json!("Nowhere")),
        ("Website", json!("acme.example")),
        ("Email", json!("none")),
    ] {
        let reply = client.write("POST /Leads", lead(name, value)).await;
        assert_eq!(error(&reply), bad("INVALID_DATA", name), "{}", reply.text());
    }
    for (name, value, told) in [
        ("Annual_Revenue", json!(1500.5), "1500.5"),
        ("No_of_Employees", json!(12), "12"),
        ("Lead_Source", json!("Web Download"), "Web Download"),
    ] {
        let id = client.made("Leads", lead(name, value)).await;
        assert_eq!(client.thing(id).fields[name], told);
    }
}
