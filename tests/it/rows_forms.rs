//! The rows of forms that visitors of the site fill in, each before all five CRMs: what the CRM then holds is read.

use sandbox::kit::Thing;
use serde_json::{Value, json};

use crate::calls_scene::before_each;
use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::Row;
use crate::rows_stage::print;

const TEL: &str = "+38 (093) 777-12-34";
const NUMBER: &str = "+380937771234";
const EMAIL: &str = "maria.kovalenko+site@visitor.example";
const CLIENT_ID: &str = "1918273645.1731315881";
/// Longer than any stand-in's search lags.
const LAG: std::time::Duration = std::time::Duration::from_secs(60);

/// What a form makes in each CRM, in order.
fn made_in(crm: &str) -> &'static [&'static str] {
    match crm {
        "zoho-crm" => &["lead", "task"],
        "zoho-desk" => &["contact", "ticket"],
        "smart-crm" => &["contact"],
        _ => &["contact", "deal", "task"],
    }
}

/// Who carries the number.
fn carrier(crm: &str) -> &'static str {
    made_in(crm)[0]
}

/// `[crm.fields]`, the account's own field for a visitor's town among them, and the rows of forms.
fn setup(row: &Row) -> Setup {
    let (crm, project) = match row.name {
        "pipedrive" => (
            "fields = { utm_source = \"UTM source\", utm_campaign = \"UTM campaign\", client_id = \"Client id\", \
             mark = \"Made by\", contact.custom = [\"Town\"] }",
            "forms.contact = [{ field = \"Town\", form = \"city, town\" }]\n",
        ),
        "hubspot" => (
            "fields = { utm_source = \"utm_source\", utm_campaign = \"utm_campaign\", client_id = \"ga_client\", \
             contact.custom = [\"visitor_town\"] }",
            "forms.contact = [{ field = \"visitor_town\", form = \"city, town\" }]\n",
        ),
        "zoho-crm" => (
            "fields = { utm_source = \"UTM_Source\", utm_campaign = \"UTM_Campaign\", client_id = \"GA_Client\", \
             lead.custom = [\"Town\"] }",
            "forms.lead = [{ field = \"Town\", form = \"city, town\" }]\n",
        ),
        "zoho-desk" => (
            "fields = { utm_source = \"cf_utm_source\", utm_campaign = \"cf_utm_campaign\", \
             client_id = \"cf_client_id\", contact.custom = [\"cf_town\"] }",
            "forms.contact = [{ field = \"cf_town\", form = \"city, town\" }]\n",
        ),
        _ => (
            "system_user = \"Oksana@acme.example\"\n\
             fields = { utm_source = \"new_utm_source\", utm_campaign = \"new_utm_campaign\", \
             client_id = \"new_client_id\" }",
            "forms.contact = [{ field = \"address1_city\", form = \"city, town\" }]\n",
        ),
    };
    Setup { public: false, crm, project, ..Setup::default() }
}

async fn stage(row: &'static Row) -> Stage {
    let stage = Stage::of(row, setup(row)).await;
    let made = stage.ops("POST", "/api/projects/acme/fields", &json!({"create": true})).await;
    assert_eq!(made["missing"], 0, "{}: {made}", row.name);
    stage
}

/// Sends a form and waits until it is written.
async fn sent(stage: &Stage, form: &Value) -> Vec<Thing> {
    assert_eq!(stage.form(form).await, "stored", "{}", stage.row.name);
    stage.settled().await;
    stage.crm().held()
}

/// The row of the matrix that decided about what came last, and what came of it.
async fn decided(stage: &Stage) -> (Value, Value) {
    let listed = stage.ops("GET", "/api/journal?project=acme", &Value::Null).await;
    let last = &listed["entries"].as_array().expect("entries")[0];
    assert_eq!(last["state"], "done", "{}: {last}", stage.row.name);
    (last["row"].clone(), last["outcome"].clone())
}

fn first() -> Value {
    json!({
        "name": "Марія Коваленко", "tel": TEL, "email": EMAIL, "town": "Львів", "clientId": CLIENT_ID,
        "utm_source": "google", "utm_campaign": "autumn", "utm_term": "(not set)",
    })
}

fn new<'h>(held: &'h [Thing], what: &str) -> Vec<&'h Thing> {
    held.iter().filter(|thing| !thing.seeded && thing.what == what).collect()
}

fn says(thing: &Thing, value: &str) -> bool {
    thing.fields.values().any(|held| held.contains(value))
}

/// The one who carries the number; nobody else was made beside what a first form makes.
fn only_carrier<'h>(held: &'h [Thing], crm: &str) -> &'h Thing {
    for what in ["contact", "lead", "deal", "ticket", "organization"] {
        let made = new(held, what).len();
        assert_eq!(made, usize::from(made_in(crm).contains(&what)), "{crm}: {what}: {held:#?}");
    }
    new(held, carrier(crm))[0]
}

/// Forgets what was made, so that only the CRM itself can tell.
async fn forget(stage: &mut Stage) {
    stage.crm().advance(LAG);
    stage.restart_without_memory(setup(stage.row)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_new() {
    before_each(|row| async move {
        let stage = stage(row).await;
        let held = sent(&stage, &first()).await;
        print(&format!("form-new {}", row.name), &held);
        let made: Vec<&str> = made_in(row.name).to_vec();
        let found: Vec<&str> = made.iter().copied().filter(|what| new(&held, what).len() == 1).collect();
        assert_eq!(found, made, "{}: {held:#?}", row.name);
        assert_eq!(held.iter().filter(|thing| !thing.seeded).count(), made.len(), "{}: {held:#?}", row.name);
        let who = only_carrier(&held, row.name);
        assert_eq!(who.numbers, [NUMBER], "{}", row.name);
        assert!(who.title.contains("Коваленко"), "{}: {who:?}", row.name);
        for value in ["Львів", "google", "autumn", CLIENT_ID, EMAIL] {
            assert!(says(who, value), "{}: {value}: {who:#?}", row.name);
        }
        assert!(!says(who, "(not set)"), "{}: {who:?}", row.name);
        let owner = if row.name == "smart-crm" { 2 } else { 0 };
        let owner = &stage.crm().employees()[owner];
        for thing in held.iter().filter(|thing| !thing.seeded) {
            assert_eq!(thing.owner.as_ref(), Some(owner), "{}: {thing:?}", row.name);
            let hangs = thing.what == who.what || thing.on.iter().any(|on| on.what == who.what && on.id == who.id);
            assert!(hangs, "{}: {thing:?}", row.name);
        }
        assert_eq!(decided(&stage).await.0, "form-new", "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_old() {
    before_each(|row| async move {
        let mut stage = stage(row).await;
        sent(&stage, &first()).await;
        forget(&mut stage).await;
        // Another name, another town, other marks; the number is typed otherwise and stands behind one that nobody has.
        let again = json!({
            "name": "Somebody Else", "tel": "093 000 00 00", "phone": "0937771234", "city": "Одеса",
            "utm_source": "bing", "utm_campaign": "spring",
        });
        let held = sent(&stage, &again).await;
        print(&format!("form-old {}", row.name), &held);
        let who = only_carrier(&held, row.name);
        assert!(says(who, "Одеса") && !says(who, "Львів"), "{}: {who:#?}", row.name);
        assert!(says(who, "google") && !says(who, "bing") && !says(who, "spring"), "{}: {who:#?}", row.name);
        assert!(who.title.contains("Коваленко"), "what a person may have put right stays: {}: {who:?}", row.name);
        assert_eq!(who.numbers, [NUMBER], "{}: {who:?}", row.name);
        assert_eq!(new(&held, "task").len(), usize::from(made_in(row.name).contains(&"task")), "{}", row.name);
        assert_eq!(decided(&stage).await.0, "form-old", "{}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_email() {
    found_without_a_number("form-email", json!({"email": EMAIL.to_uppercase(), "town": "Харків"})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_clientid() {
    found_without_a_number("form-clientid", json!({"clientId": CLIENT_ID, "town": "Харків"})).await;
}

/// A form without a number finds the client of an earlier one; one of a stranger makes another client, once.
async fn found_without_a_number(id: &'static str, again: Value) {
    before_each(|row| {
        let again = again.clone();
        async move {
            let mut stage = stage(row).await;
            sent(&stage, &first()).await;
            forget(&mut stage).await;
            let held = sent(&stage, &again).await;
            print(&format!("{id} {}", row.name), &held);
            let who = only_carrier(&held, row.name);
            assert!(says(who, "Харків"), "{}: {who:#?}", row.name);
            assert_eq!(decided(&stage).await.0, id, "{}", row.name);
            let key = if id == "form-email" { "email" } else { "clientId" };
            let mut strangers = again.clone();
            strangers[key] = if key == "email" { "k+site@visitor.example".into() } else { "5.7".into() };
            let held = sent(&stage, &strangers).await;
            assert_eq!(new(&held, carrier(row.name)).len(), 2, "{}: {held:#?}", row.name);
            assert_eq!(decided(&stage).await.0, "form-new", "{}", row.name);
            // Before the CRM's search shows them.
            strangers["town"] = "Київ".into();
            let held = sent(&stage, &strangers).await;
            assert_eq!(new(&held, carrier(row.name)).len(), 2, "{}: {held:#?}", row.name);
            assert_eq!(decided(&stage).await.0, id, "{}", row.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_sent_twice_comes_to_one_result_and_one_that_nobody_can_use_to_none() {
    before_each(|row| async move {
        let stage = stage(row).await;
        assert_eq!(stage.form(&first()).await, "stored");
        assert_eq!(stage.form(&first()).await, "known");
        // From elsewhere on the site at the same moment, with a field more.
        let mut other = first();
        other["comment"] = "Call me".into();
        assert_eq!(stage.form(&other).await, "stored");
        stage.settled().await;
        only_carrier(&stage.crm().held(), row.name);
        let before = stage.crm().held();
        let useless = json!({"comment": "x".repeat(900_000), "utm_source": "google"});
        assert_eq!(stage.form(&useless).await, "stored");
        stage.settled().await;
        assert_eq!(decided(&stage).await.1, "no-client", "{}", row.name);
        assert_eq!(stage.crm().held(), before, "{}", row.name);
        assert_eq!(stage.form(&json!({})).await, "unreadable");
        let many: serde_json::Map<String, Value> =
            (0..200).map(|at| (format!("field {at}"), json!("x".repeat(100)))).collect();
        let mut many = Value::Object(many);
        (many["tel"], many["town"]) = ("0930000077".into(), "Суми".into());
        let held = sent(&stage, &many).await;
        assert_eq!(new(&held, carrier(row.name)).len(), 2, "{}", row.name);
    })
    .await;
}

/// Names of what else a form may make in a CRM: what it is, the field of its title, one that holds a number; the
/// organization's name; a text of the contact.
fn more(crm: &str) -> [&'static str; 5] {
    match crm {
        "pipedrive" => ["deal", "title", "value", "name", "Town"],
        "hubspot" => ["deal", "dealname", "amount", "name", "city"],
        "zoho-crm" => ["deal", "Deal_Name", "Amount", "Account_Name", "Department"],
        "zoho-desk" => ["ticket", "subject", "", "accountName", "cf_town"],
        _ => ["deal", "name", "estimatedvalue", "name", "address1_city"],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_entity_gets_its_own_rows_and_what_a_field_cannot_take_is_left_out() {
    before_each(|row| async move {
        let [thing, title, number, firm, text] = more(row.name);
        let budget = if number.is_empty() { String::new() } else { format!("{{ field = \"{number}\", form = \"budget\" }}") };
        let project = format!(
            "forms.organization = [{{ field = \"{firm}\", form = \"company\" }}]\n\
             forms.contact = [{{ field = \"{text}\", constant = \"site\" }}]\n\
             forms.{thing} = [{{ field = \"{title}\", ringostat = \"landing\" }}, {budget}]\n\
             scenario.override.form-new = {{ when = {{ form = \"any\", client = \"new\" }}, do = [\
             {{ at = \"form\", {thing} = {{ owner = \"top\" }} }}, {{ at = \"form\", contact = {{ owner = \"top\" }} }}, \
             {{ at = \"form\", organization = {{ owner = \"top\" }} }}] }}\n"
        );
        let setup = Setup { project: Box::leak(project.into_boxed_str()), ..setup(row) };
        let stage = Stage::of(row, setup).await;
        let made = stage.ops("POST", "/api/projects/acme/fields", &json!({"create": true})).await;
        assert_eq!(made["missing"], 0, "{}: {made}", row.name);
        let long = format!("Spring sale {}", "x".repeat(700_000));
        let form = json!({
            "name": "Іван", "tel": "0937771299", "email": "ivan@gmail", "company": "Роги & Копита", "budget": "many",
            "landing": long,
        });
        let held = sent(&stage, &form).await;
        for what in ["organization", "contact", thing] {
            assert_eq!(new(&held, what).len(), 1, "{}: {what}: {held:#?}", row.name);
        }
        assert!(new(&held, "organization")[0].title.contains("Роги & Копита"), "{}: {held:#?}", row.name);
        assert!(says(new(&held, "contact")[0], "site"), "{}: {held:#?}", row.name);
        let landed = new(&held, thing)[0];
        assert!(landed.title.starts_with("Spring sale xxx"), "{}: {}", row.name, landed.title);
        assert!(!says(landed, "many"), "{}: {landed:#?}", row.name);
        // Each hangs on what was made before it: organization, contact, deal.
        let on = |thing: &Thing| thing.on.iter().map(|on| on.what.clone()).collect::<Vec<_>>();
        assert!(on(landed).contains(&"contact".to_owned()), "{}: {landed:#?}", row.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_a_thousand_numbers_asks_for_eight() {
    let row = crate::crm_rows::ROWS.iter().find(|row| row.name == "hubspot").expect("a row");
    let stage = stage(row).await;
    stage.crm().forget_asked();
    let numbers: Vec<String> = (0..900).map(|at| format!("0937{at:06}")).collect();
    sent(&stage, &json!({"name": "Bot", "tel": numbers})).await;
    let searched = stage.crm().asked().iter().filter(|asked| asked.path.ends_with("/contacts/search")).count();
    assert!((1..=2 * 8).contains(&searched), "{searched}");
}
