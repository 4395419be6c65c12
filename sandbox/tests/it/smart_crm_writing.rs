//! Writing into the stand-in for SMART CRM from outside: each point in which Dataverse is hard on who writes.

use sandbox::kit::{EntityKind, Fault, StandIn, Thing};
use serde_json::{Value, json};

use crate::smart_crm::{ROOT, Stage, TRACK};
use crate::smart_crm_hooks::door;
use crate::support::Reply;

const MAKE: (&str, &str) = ("if-none-match", "*");
const CHANGE: (&str, &str) = ("if-match", "*");
const ID: &str = "0a1b2c3d-1111-5222-8333-444455556666";
const NOBODY: &str = "0a1b2c3d-1111-5222-8333-00000000dead";

impl Stage {
    async fn patch(&self, below: &str, condition: (&str, &str), body: &Value) -> Reply {
        let headers = [("content-type", "application/json"), condition];
        self.send(&format!("PATCH {ROOT}/{below}"), &headers, &body.to_string()).await
    }

    async fn made(&self, below: &str, body: &Value) {
        let reply = self.patch(below, MAKE, body).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{}", reply.text());
        let address = format!("{}{ROOT}/{below}", self.crm.base_url());
        assert_eq!(reply.header("odata-entityid"), Some(address.as_str()));
    }

    async fn no(&self, below: &str, condition: (&str, &str), body: &Value, expected: (u16, &str)) {
        let reply = self.patch(below, condition, body).await;
        let code = reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!((reply.status, code.as_str()), expected, "{below} {body}: {}", reply.text());
        assert!(reply.json()["error"]["message"].as_str().is_some_and(|text| text.len() > 10));
    }

    fn thing(&self, what: &str) -> Thing {
        let held = StandIn::held(&self.crm);
        let found: Vec<&Thing> = held.iter().filter(|thing| thing.what == what).collect();
        let [thing] = found[..] else { panic!("expected one {what}, found {held:?}") };
        thing.clone()
    }
}

fn call_on(contact: &str) -> Value {
    json!({
        "subject": "Call", "directioncode": false, "actualdurationminutes": 2,
        "regardingobjectid_contact_phonecall@odata.bind": format!("/contacts({contact})"),
        "phonecall_activity_parties": [
            {"participationtypemask": 1, "partyid_contact@odata.bind": format!("/contacts({contact})")},
            {"participationtypemask": 2, "addressused": "+380442000000"},
        ],
    })
}

#[tokio::test]
async fn conditions_make_only_or_change_only_and_without_one_a_patch_does_either() {
    let stage = Stage::start().await;
    let contact = format!("contacts({ID})");
    stage.no(&contact, CHANGE, &json!({"lastname": "A"}), (404, "0x80040217")).await;
    stage.made(&contact, &json!({"lastname": "A", "firstname": "B"})).await;
    stage.no(&contact, MAKE, &json!({"lastname": "C"}), (412, "0x80040237")).await;
    assert_eq!(stage.thing("contact").title, "B A");
    assert_eq!(stage.patch(&contact, CHANGE, &json!({"lastname": "D"})).await.status, 204);
    assert_eq!(stage.patch(&contact, ("if-none-match", "null"), &json!({"firstname": null})).await.status, 204);
    assert_eq!(stage.patch(&format!("contacts({NOBODY})"), ("if-none-match", "null"), &json!({})).await.status, 204);
    let row = stage.get(&format!("{contact}?$select=fullname,statecode"), &[]).await.json();
    assert_eq!((&row["fullname"], &row["statecode"]), (&json!("D"), &json!(0)));
    assert!(row["@odata.context"].as_str().is_some_and(|context| context.ends_with("/$entity")), "{row}");
}

#[tokio::test]
async fn a_post_makes_one_under_an_id_of_the_vendors() {
    let stage = Stage::start().await;
    let reply = stage.send(&format!("POST {ROOT}/accounts"), &[], &json!({"name": "Acme"}).to_string()).await;
    let id = reply.header("odata-entityid").expect("an address").split(['(', ')']).nth(1).expect("an id").to_owned();
    assert_eq!((reply.status, stage.thing("organization").id), (204, id));
    let again = stage.send(&format!("POST {ROOT}/accounts({ID})"), &[], "{}").await;
    assert_eq!(again.status, 405);
    assert_eq!(stage.send(&format!("DELETE {ROOT}/accounts({ID})"), &[], "").await.status, 405);
}

#[tokio::test]
async fn what_a_body_may_not_say_is_refused_and_nothing_is_made() {
    let stage = Stage::start().await;
    let payload = (400, "0x80048d19");
    let bind = |name: &str, target: &str| {
        let mut body = json!({"lastname": "A"});
        body[format!("{name}@odata.bind")] = json!(target);
        body
    };
    for body in [
        json!({"LastName": "A"}),
        json!({"nick_name": "A"}),
        json!({"lastname": 7}),
        json!({"statecode": 0}),
        json!({"fullname": "A"}),
        json!({"createdon": "2026-01-01T00:00:00Z"}),
        json!({"_ownerid_value": ID}),
        json!({"ownerid": ID}),
        json!({"contactid": NOBODY}),
        bind("owner", &format!("/systemusers({ID})")),
        bind("parentcustomerid", &format!("/accounts({ID})")),
        bind("parentcustomerid_account", &format!("/contacts({ID})")),
        bind("parentcustomerid_account", ID),
    ] {
        stage.no(&format!("contacts({ID})"), MAKE, &body, payload).await;
    }
    let long = json!({"lastname": "x".repeat(51)});
    stage.no(&format!("contacts({ID})"), MAKE, &long, (400, "0x80044331")).await;
    let long = json!({"subject": "A", "mobilephone": "+38067111223344556677"});
    stage.no(&format!("leads({ID})"), MAKE, &long, (400, "0x80044331")).await;
    let account = bind("parentcustomerid_account", &format!("/accounts({NOBODY})"));
    stage.no(&format!("contacts({ID})"), MAKE, &account, (404, "0x80040217")).await;
    assert_eq!(StandIn::held(&stage.crm), Vec::new());
}

#[tokio::test]
async fn what_a_table_demands_has_to_be_there_and_a_last_name_only_where_a_rule_wants_it() {
    let stage = Stage::start().await;
    for set in ["accounts", "leads", "opportunities", "incidents", "tasks", "phonecalls", "annotations"] {
        stage.no(&format!("{set}({ID})"), MAKE, &json!({}), (400, "0x80048d19")).await;
    }
    stage.no(&format!("incidents({ID})"), MAKE, &json!({"title": "A"}), (400, "0x80048d19")).await;
    stage.made(&format!("contacts({ID})"), &json!({"mobilephone": "+380671112233"})).await;
    let strict = Stage::with(|options| options.demands_last_name = true).await;
    strict.no(&format!("contacts({ID})"), MAKE, &json!({"mobilephone": "1"}), (400, "0x80048d19")).await;
    strict.made(&format!("contacts({ID})"), &json!({"lastname": "A"})).await;
}

#[tokio::test]
async fn owners_are_users_who_are_there_and_work_here_or_the_team_else_the_application() {
    let stage = Stage::start().await;
    let owned = |owner: &str| json!({"lastname": "A", "ownerid@odata.bind": owner});
    stage.no(&format!("contacts({ID})"), MAKE, &owned(&format!("/systemusers({NOBODY})")), (404, "0x80040217")).await;
    let (left, _) = stage.crm.users().into_iter().find(|(_, active)| !active).expect("somebody who left");
    stage.no(&format!("contacts({ID})"), MAKE, &owned(&format!("/systemusers({left})")), (400, "0x80040225")).await;
    stage.made(&format!("contacts({ID})"), &json!({"lastname": "A"})).await;
    let application = stage.thing("contact").owner;
    for owner in [("teams", stage.crm.team()), ("systemusers", stage.crm.employees()[0].clone())] {
        let body = owned(&format!("/{}({})", owner.0, owner.1));
        assert_eq!(stage.patch(&format!("contacts({ID})"), CHANGE, &body).await.status, 204);
        assert_eq!(stage.thing("contact").owner, Some(owner.1));
    }
    assert!(application.is_some_and(|id| !stage.crm.employees().contains(&id)));
}

#[tokio::test]
async fn what_is_written_is_read_at_once_by_lists_ends_of_numbers_and_change_tracking() {
    let stage = Stage::start().await;
    let (_, delta) = stage.all("contacts?$select=fullname", &[TRACK]).await;
    stage.made(&format!("contacts({ID})"), &json!({"mobilephone": "+380671112233"})).await;
    let deal = json!({"name": "Sale", "parentcontactid@odata.bind": format!("/contacts({ID})")});
    stage.made(&format!("opportunities({ID})"), &deal).await;
    for below in [
        "contacts?$select=fullname&$filter=statecode%20eq%200%20and%20endswith(mobilephone,'1112233')".to_owned(),
        format!("contacts?$select=fullname&$filter=contactid%20eq%20{ID}"),
        format!("opportunities?$select=name&$filter=_parentcontactid_value%20eq%20{ID}"),
        format!("opportunities?$select=name&$filter=_customerid_value%20eq%20{ID}"),
    ] {
        let found = stage.get(&below, &[]).await.json();
        assert_eq!(found["value"].as_array().map(Vec::len), Some(1), "{below}: {found}");
    }
    let page = stage.follow(delta.as_str().expect("a link"), &[]).await.json();
    assert_eq!(page["value"][0]["contactid"], ID);
}

#[tokio::test]
async fn webhooks_are_told_of_what_is_written() {
    let stage = Stage::start().await;
    let (url, came) = door(&[200]).await;
    stage.register(&url, 4, "k3y", "mobilephone").await;
    stage.made(&format!("contacts({ID})"), &json!({"lastname": "A"})).await;
    for body in [json!({"lastname": "B"}), json!({"mobilephone": "+380671112233"})] {
        assert_eq!(stage.patch(&format!("contacts({ID})"), CHANGE, &body).await.status, 204);
    }
    let came = came.await.expect("one delivery").remove(0);
    assert!(came.contains(ID) && came.contains("+380671112233"), "{came}");
}

#[tokio::test]
async fn a_call_has_parties_and_a_subject_by_the_right_names_only() {
    let stage = Stage::start().await;
    stage.made(&format!("contacts({ID})"), &json!({"lastname": "A"})).await;
    let with = |name: &str, value: Value| {
        let mut body = call_on(ID);
        body[name] = value;
        body
    };
    let parties = "phonecall_activity_parties";
    let user = format!("/systemusers({})", stage.crm.employees()[0]);
    for body in [
        with("regardingobjectid_contact@odata.bind", json!(format!("/contacts({ID})"))),
        with("regardingobjectid_contact_task@odata.bind", json!(format!("/contacts({ID})"))),
        with("directioncode", json!(1)),
        with("actualdurationminutes", json!(1.5)),
        with("statecode", json!(1)),
        with(parties, json!([])),
        with(parties, json!({"participationtypemask": 2})),
        with(parties, json!([{"participationtypemask": 2}])),
        with(parties, json!([{"participationtypemask": 9, "addressused": "1"}])),
        with(parties, json!([{"participationtypemask": 2, "partyid@odata.bind": user}])),
        with(parties, json!([{"participationtypemask": 2, "partyid_systemuser@odata.bind": "x"}])),
        with(parties, json!([{"participationtypemask": 2, "addressused": "1", "name": "A"}])),
    ] {
        stage.no(&format!("phonecalls({ID})"), MAKE, &body, (400, "0x80048d19")).await;
    }
    stage.made(&format!("phonecalls({ID})"), &call_on(ID)).await;
    let call = stage.thing("call");
    let on: Vec<(&str, &str, &str)> =
        call.on.iter().map(|on| (on.what.as_str(), on.id.as_str(), on.role.as_deref().unwrap_or_default())).collect();
    let expected = [("address", "+380442000000", "to"), ("contact", ID, "from"), ("contact", ID, "regarding")];
    assert_eq!(on, expected);
    assert_eq!((call.direction.as_deref(), call.seconds, call.state.as_deref()), (Some("in"), Some(120), Some("Open")));
}

#[tokio::test]
async fn a_closed_activity_is_read_only_until_it_is_opened_by_its_state_alone() {
    let stage = Stage::start().await;
    stage.made(&format!("contacts({ID})"), &json!({"lastname": "A"})).await;
    stage.made(&format!("phonecalls({ID})"), &call_on(ID)).await;
    let call = format!("phonecalls({ID})");
    let state = |state: i64, status: i64| json!({"statecode": state, "statuscode": status});
    for wrong in [state(1, 5), state(1, 1), state(0, 4), state(7, 1), json!({"statuscode": 4})] {
        stage.no(&call, CHANGE, &wrong, (400, "0x80048408")).await;
    }
    assert_eq!(stage.patch(&call, CHANGE, &state(1, 4)).await.status, 204);
    assert_eq!(stage.thing("call").state.as_deref(), Some("Received"));
    let opened_and_written = json!({"statecode": 0, "statuscode": 1, "description": "x"});
    for closed in [json!({"description": "x"}), state(1, 4), state(1, 2), opened_and_written] {
        stage.no(&call, CHANGE, &closed, (400, "0x80040216")).await;
    }
    assert_eq!(stage.patch(&call, CHANGE, &state(0, 1)).await.status, 204);
    assert_eq!(stage.patch(&call, CHANGE, &json!({"description": "x"})).await.status, 204);
    assert_eq!(stage.thing("call").text, "x");
    let case = json!({"title": "A", "customerid_contact@odata.bind": format!("/contacts({ID})")});
    stage.made(&format!("incidents({ID})"), &case).await;
    stage.no(&format!("incidents({ID})"), CHANGE, &state(1, 5), (400, "0x80048d19")).await;
}

#[tokio::test]
async fn tasks_and_notes_hang_on_what_is_there() {
    let stage = Stage::start().await;
    let contact = stage.create(EntityKind::Contact, &[]).id;
    let task = |id: &str| {
        json!({
            "subject": "Call back", "scheduledend": "2026-11-27T10:00:00Z",
            "regardingobjectid_contact_task@odata.bind": format!("/contacts({id})"),
        })
    };
    stage.no(&format!("tasks({ID})"), MAKE, &task(NOBODY), (404, "0x80040217")).await;
    stage.made(&format!("tasks({ID})"), &task(&contact)).await;
    let thing = stage.thing("task");
    assert_eq!((thing.state.as_deref(), thing.due.as_deref()), (Some("open"), Some("2026-11-27T10:00:00Z")));
    let note = json!({"subject": "A", "notetext": "B", "objectid_task@odata.bind": format!("/tasks({ID})")});
    stage.made(&format!("annotations({ID})"), &note).await;
    assert_eq!(stage.thing("note").on[0].id, ID);
    let (rows, _) = stage.all("tasks?$select=subject,_regardingobjectid_value&$filter=statecode%20eq%200", &[]).await;
    assert_eq!((rows.len(), &rows[0]["_regardingobjectid_value"]), (1, &json!(contact)));
    stage.no(&format!("annotations({NOBODY})"), CHANGE, &json!({"statecode": 1}), (404, "0x80040217")).await;
    stage.no(&format!("annotations({ID})"), CHANGE, &json!({"statecode": 1}), (400, "0x80048d19")).await;
}

#[tokio::test]
async fn definitions_tell_columns_types_and_behind_a_cast_lengths() {
    let stage = Stage::start().await;
    let of = "EntityDefinitions(LogicalName='contact')/Attributes";
    let filter = "$filter=LogicalName%20eq%20'new_recording'%20or%20LogicalName%20eq%20'new_nowhere'";
    let found =
        stage.get(&format!("{of}?$select=LogicalName,AttributeType,IsValidForUpdate&{filter}"), &[]).await.json();
    let expected = json!([{"LogicalName": "new_recording", "AttributeType": "String", "IsValidForUpdate": true}]);
    assert_eq!(found["value"], expected);
    assert_eq!(stage.get(&format!("{of}?$select=MaxLength"), &[]).await.status, 400);
    let cast = format!("{of}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength&{filter}");
    assert_eq!(stage.get(&cast, &[]).await.json()["value"][0]["MaxLength"], 2_000);
    assert_eq!(stage.get("EntityDefinitions(LogicalName='nobody')/Attributes", &[]).await.status, 404);
    let reply = stage.send(&format!("POST {ROOT}/{of}"), &[], "{}").await;
    assert_eq!(reply.json()["error"]["code"], "0x80040220");
}

#[tokio::test]
async fn a_write_costs_a_request_and_time_and_may_land_although_its_answer_is_lost() {
    let stage = Stage::with(|options| options.limits.requests = 3).await;
    stage.crm.stage_fault(Fault::answer_lost().with_method("PATCH").times(1));
    let headers = [MAKE, ("content-type", "application/json")];
    let lost = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        let head = format!("PATCH {ROOT}/contacts({ID})");
        let bearer = stage.bearer();
        let all = [("authorization", bearer.as_str()), headers[0], headers[1]];
        crate::support::exchange(&stage.crm, &head, &all, "{}").await
    });
    assert!(lost.await.expect("in time").is_err());
    assert_eq!(stage.thing("contact").id, ID);
    let left = |reply: &Reply| reply.header("x-ms-ratelimit-burst-remaining-xrm-requests").map(str::to_owned);
    let reply = stage.patch(&format!("contacts({ID})"), MAKE, &json!({})).await;
    assert_eq!((reply.status, left(&reply).as_deref()), (412, Some("1")));
    assert_eq!(stage.patch(&format!("contacts({ID})"), CHANGE, &json!({})).await.status, 204);
    let limited = stage.patch(&format!("contacts({ID})"), CHANGE, &json!({"lastname": "A"})).await;
    assert!(limited.status == 429 && limited.header("retry-after").is_some());
    assert_eq!(stage.thing("contact").title, "");
}

#[tokio::test]
async fn whole_texts_are_compared_past_case_accents_and_blanks_and_a_quote_in_one_is_two() {
    let stage = Stage::start().await;
    let emails = ["rene@acme.example", "René@Acme.example ", "irene@acme.example", "o'neil@acme.example"];
    for (at, email) in emails.into_iter().enumerate() {
        let id = format!("0a1b2c3d-1111-5222-8333-44445555000{at}");
        stage.made(&format!("contacts({id})"), &json!({"emailaddress1": email})).await;
    }
    let found = async |wanted: &str| {
        let below = format!(
            "contacts?$select=emailaddress1&$filter=statecode%20eq%200%20and%20emailaddress1%20eq%20'{wanted}'"
        );
        let (rows, _) = stage.all(&below, &[]).await;
        rows.iter().map(|row| row["emailaddress1"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("RENE@acme.example").await, emails[..2]);
    assert_eq!(found("o''neil@acme.example").await, emails[3..]);
    assert_eq!(found("%25@acme.example").await, Vec::<String>::new());
    stage.refused("contacts?$filter=emailaddress1%20eq%20'o'neil@acme.example'", &[], "0x80060888").await;
}

#[tokio::test]
async fn numbers_are_numbers_within_their_bounds_and_sums_have_two_places() {
    let stage = Stage::start().await;
    let account = format!("accounts({ID})");
    for (name, value) in [
        ("revenue", json!("1500")),
        ("revenue", json!(-1)),
        ("numberofemployees", json!("7")),
        ("numberofemployees", json!(1.5)),
        ("numberofemployees", json!(-1)),
        ("emailaddress1", json!(7)),
        ("emailaddress1", json!("a".repeat(101))),
    ] {
        let body = json!({"name": "Acme", name: value});
        let reply = stage.patch(&account, MAKE, &body).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    stage.made(&account, &json!({"name": "Acme", "revenue": 1500.456, "numberofemployees": 7})).await;
    let row = stage.get(&format!("{account}?$select=revenue,numberofemployees"), &[]).await.json();
    assert_eq!((&row["revenue"], &row["numberofemployees"]), (&json!(1500.46), &json!(7)));
}
