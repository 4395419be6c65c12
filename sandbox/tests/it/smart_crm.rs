//! The stand-in for SMART CRM from outside: each point in which Dataverse is hard on its clients.

use std::{collections::BTreeSet, time::Duration};

use sandbox::kit::{Entity, EntityKind, Fault, Neutral, StandIn};
use sandbox::smart_crm::{Change, Limits, Options, SmartCrm, TENANT};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

pub(crate) const ROOT: &str = "/api/data/v9.2";
pub(crate) const TRACK: (&str, &str) = ("prefer", "odata.track-changes");

/// A stand-in whose time stands still, and a token for it.
pub(crate) struct Stage {
    pub(crate) crm: SmartCrm,
    pub(crate) token: String,
}

impl Stage {
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { clients: 20, still: true, limits: Limits::none(), ..Options::default() };
        change(&mut options);
        let crm = SmartCrm::start(options).await.expect("started");
        let token = token(&crm).await;
        Self { crm, token }
    }

    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn send(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let bearer = self.bearer();
        let all: Vec<_> = [("authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
        exchange(&self.crm, head, &all, body).await.expect("a reply")
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) async fn get(&self, below: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(&format!("GET {ROOT}/{below}"), headers, "").await
    }

    /// Follows a link as it is.
    pub(crate) async fn follow(&self, link: &str, headers: &[(&str, &str)]) -> Reply {
        let path = link.strip_prefix(&self.crm.base_url()).expect("a link of this stand-in");
        self.send(&format!("GET {path}"), headers, "").await
    }

    pub(crate) async fn refused(&self, below: &str, headers: &[(&str, &str)], code: &str) {
        let reply = self.get(below, headers).await;
        assert!((400..500).contains(&reply.status), "{below}: {}", reply.text());
        assert_eq!(reply.json()["error"]["code"], code, "{below}: {}", reply.text());
    }

    pub(crate) async fn all(&self, below: &str, headers: &[(&str, &str)]) -> (Vec<Value>, Value) {
        let mut reply = self.get(below, headers).await;
        let mut rows = Vec::new();
        loop {
            assert_eq!(reply.status, 200, "{}", reply.text());
            let page = reply.json();
            rows.extend(page["value"].as_array().expect("a list").iter().cloned());
            match page["@odata.nextLink"].as_str() {
                Some(next) => reply = self.follow(next, headers).await,
                None => return (rows, page["@odata.deltaLink"].clone()),
            }
        }
    }

    pub(crate) fn create(&self, kind: EntityKind, phones: &[&str]) -> Entity {
        let change = Change::Create {
            kind,
            name: "New".to_owned(),
            phones: phones.iter().map(|&phone| phone.to_owned()).collect(),
            owner_id: self.crm.employees()[0].clone(),
            contact_id: None,
            account_id: None,
        };
        self.crm.change(change).expect("a change").expect("a record")
    }
}

fn form(crm: &SmartCrm, secret: &str) -> String {
    let scope = format!("{}/.default", crm.base_url());
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", "5ca1ab1e-0000-4000-8000-00000000c11e"),
        ("client_secret", secret),
        ("scope", scope.as_str()),
    ];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) async fn token(crm: &SmartCrm) -> String {
    let reply = exchange(crm, &format!("POST /{TENANT}/oauth2/v2.0/token"), &[], &form(crm, "sandbox-secret")).await;
    reply.expect("a reply").json()["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_token_takes_the_right_tenant_secret_and_scope_and_dies() {
    let stage = Stage::start().await;
    let ask = async |tenant: &str, form: String| {
        exchange(&stage.crm, &format!("POST /{tenant}/oauth2/v2.0/token"), &[], &form).await.expect("a reply")
    };
    let good = form(&stage.crm, "sandbox-secret");
    assert_eq!(ask(TENANT, good.clone()).await.json()["expires_in"], 3_599);
    assert_eq!(ask("common", good.clone()).await.status, 400);
    assert_eq!(ask(TENANT, form(&stage.crm, "wrong")).await.json()["error"], "invalid_client");
    assert_eq!(ask(TENANT, good.replace(".default", "user")).await.json()["error"], "invalid_scope");
    stage.crm.set_revoked(true);
    assert_eq!(ask(TENANT, good).await.json()["error"], "unauthorized_client");
    stage.crm.advance(Duration::from_secs(3_600));
    let reply = stage.get("contacts", &[]).await;
    assert!(reply.status == 401 && reply.body.is_empty() && reply.header("www-authenticate").is_some());
}

#[tokio::test]
async fn unknown_properties_and_options_are_refused_wherever_they_stand() {
    let stage = Stage::start().await;
    for below in [
        "contacts?$select=telefone1",
        "contacts?$select=parentcustomerid",
        "contacts?$filter=mobile%20eq%20'1'",
        "contacts?$orderby=changedon",
        "contacts?$skip=5",
        "contacts?limit=5",
        "contacts?$filter=statecode%20eq%20'0'",
        "contacts?$filter=contactid%20eq%20'0a1b2c3d-1111-4222-8333-444455556666'",
        "contacts?$filter=endswith(statecode,'0')",
        "contacts?$filter=statecode%20eq",
        "contacts?$top=many",
        "contacts?$select=fullname&$select=pager",
    ] {
        stage.refused(below, &[], "0x80060888").await;
    }
    stage.refused("persons", &[], "0x80040217").await;
    assert_eq!(stage.send(&format!("PUT {ROOT}/contacts"), &[], "{}").await.status, 405);
    let outside = stage.send("GET /api/data/v8.0/contacts", &[], "").await;
    assert_eq!(outside.status, 404);
}

#[tokio::test]
async fn a_page_has_5000_records_at_most_and_its_link_is_followed_as_it_is_or_not_at_all() {
    let stage = Stage::with(|options| options.clients = 5_100).await;
    let reply = stage.get("contacts?$select=fullname", &[("prefer", "odata.maxpagesize=9000")]).await;
    let page = reply.json();
    assert_eq!(page["value"].as_array().expect("a list").len(), 5_000);
    let next = page["@odata.nextLink"].as_str().expect("a link");
    let small = [("prefer", "odata.maxpagesize=7")];
    assert_eq!(stage.get("contacts", &small).await.json()["value"].as_array().expect("a list").len(), 7);
    let rest = stage.follow(next, &[]).await.json();
    assert!(rest["value"].as_array().expect("a list").len() > 100 && rest["@odata.nextLink"].is_null());
    let touched = next.replace("fullname", "pager");
    assert_eq!(stage.follow(&touched, &[]).await.status, 400);
    assert_eq!(stage.get("contacts?$skiptoken=2", &[]).await.status, 400);
}

#[tokio::test]
async fn records_show_their_id_what_is_null_and_where_a_lookup_points_only_when_asked() {
    let stage = Stage::start().await;
    let row = async |headers: &[(&str, &str)]| {
        let reply = stage.get("contacts?$select=pager,_ownerid_value&$top=1", headers).await;
        reply.json()["value"][0].clone()
    };
    let plain = row(&[]).await;
    let names: BTreeSet<_> = plain.as_object().expect("a record").keys().cloned().collect();
    let expected = ["@odata.etag", "contactid", "pager", "_ownerid_value"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(expected));
    assert!(plain["pager"].is_null());
    let annotation = "odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\"";
    let annotated = row(&[("prefer", annotation)]).await;
    assert_eq!(annotated["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "systemuser");
}

#[tokio::test]
async fn texts_are_compared_as_they_were_typed() {
    let stage = Stage::start().await;
    let contact = stage.create(EntityKind::Contact, &["(067) 111-22-33"]);
    let found = async |end: &str| {
        let below = format!("contacts?$select=fullname&$filter=endswith(mobilephone,'{end}')");
        let reply = stage.get(&below.replace(' ', "%20"), &[]).await.json();
        reply["value"].as_array().expect("a list").iter().any(|row| row["contactid"] == contact.id.as_str())
    };
    assert!(found("111-22-33").await && found("-33").await);
    assert!(!found("1112233").await && !found("111 22 33").await);
}

#[tokio::test]
async fn what_is_closed_stays_and_what_is_deleted_is_gone_at_once() {
    let stage = Stage::start().await;
    let deal = stage.create(EntityKind::Deal, &[]);
    let state = async || {
        let below = format!("opportunities?$select=statecode,statuscode&$filter=opportunityid%20eq%20{}", deal.id);
        stage.get(&below, &[]).await.json()["value"].clone()
    };
    stage.crm.change_neutral(Neutral::Close { entity: deal.clone() }).expect("closed");
    assert_eq!((state().await[0]["statecode"].clone(), state().await[0]["statuscode"].clone()), (json!(1), json!(3)));
    stage.crm.change_neutral(Neutral::Delete { entity: deal.clone() }).expect("deleted");
    assert_eq!(state().await, json!([]));
}

#[tokio::test]
async fn a_merge_leaves_the_loser_inactive_and_gives_its_numbers_to_the_winner() {
    let stage = Stage::start().await;
    let loser = stage.create(EntityKind::Contact, &["0670000001"]);
    let winner = stage.create(EntityKind::Contact, &["0670000002"]);
    stage.crm.change(Change::Merge { loser: loser.clone(), winner: winner.clone() }).expect("merged");
    let of = async |entity: &Entity| {
        let below = format!(
            "contacts?$select=statecode,_masterid_value,mobilephone,telephone1&$filter=contactid%20eq%20{}",
            entity.id
        );
        stage.get(&below, &[]).await.json()["value"][0].clone()
    };
    let (lost, won) = (of(&loser).await, of(&winner).await);
    assert_eq!((lost["statecode"].clone(), lost["_masterid_value"].clone()), (json!(1), json!(winner.id)));
    assert_eq!((won["mobilephone"].clone(), won["telephone1"].clone()), (json!("0670000002"), json!("0670000001")));
}

#[tokio::test]
async fn each_limit_is_a_429_of_its_own_that_says_for_how_long() {
    let limited = async |change: fn(&mut Limits), below: &str| {
        let stage = Stage::with(|options| change(&mut options.limits)).await;
        assert_eq!(stage.get(below, &[]).await.status, 200);
        let reply = stage.get(below, &[]).await;
        let after: u64 = reply.header("retry-after").expect("a header").parse().expect("seconds");
        let again = stage.get(below, &[]).await;
        let longer: u64 = again.header("retry-after").expect("a header").parse().expect("seconds");
        assert!(longer > after, "who does not wait is told to wait longer");
        stage.crm.advance(Duration::from_secs(longer));
        assert_eq!(stage.get(below, &[]).await.status, 200);
        (reply.status, reply.json()["error"]["code"].as_str().expect("a code").to_owned())
    };
    assert_eq!(limited(|limits| limits.requests = 1, "WhoAmI").await, (429, "0x80072322".to_owned()));
    assert_eq!(limited(|limits| limits.execution_ms = 1, "leads").await, (429, "0x80072321".to_owned()));
    let stage = Stage::start().await;
    for (how, code) in [("requests", "0x80072322"), ("execution", "0x80072321"), ("concurrent", "0x80072326")] {
        stage.crm.stage_fault(Fault::rate_limit(how).times(1));
        let reply = stage.get("WhoAmI", &[]).await;
        assert!(reply.header("retry-after").is_some() && reply.json()["error"]["code"] == code, "{how}");
    }
}

#[tokio::test]
async fn a_question_about_an_end_costs_a_look_at_every_record() {
    let stage = Stage::with(|options| {
        options.clients = 1_000_000;
        options.limits.execution_ms = Limits::default().execution_ms;
    })
    .await;
    let left = |reply: &Reply| -> f64 {
        reply.header("x-ms-ratelimit-time-remaining-xrm-requests").expect("a header").parse().expect("seconds")
    };
    let by_id = "contacts?$select=fullname&$filter=contactid%20eq%200a1b2c3d-1111-4222-8333-444455556666";
    let before = left(&stage.get(by_id, &[]).await);
    let columns = ["mobilephone", "telephone1", "telephone2", "telephone3", "pager"];
    let ends = columns.map(|column| format!("endswith({column},'1112233')")).join("%20or%20");
    let after = left(&stage.get(&format!("contacts?$select=fullname&$filter={ends}"), &[]).await);
    let again = left(&stage.get(by_id, &[]).await);
    assert!(before - after >= 0.09, "a million records, five columns: {before} {after}");
    assert!(after - again < 0.02, "an id is found at once: {after} {again}");
}

#[tokio::test]
async fn users_are_listed_with_those_who_left_and_the_team_is_none_of_them() {
    let stage = Stage::start().await;
    let below = "systemusers?$select=internalemailaddress,mobilephone,address1_telephone1,isdisabled,accessmode";
    let (rows, _) = stage.all(below, &[]).await;
    let disabled: Vec<_> = rows.iter().filter(|row| row["isdisabled"] == true).collect();
    assert_eq!((rows.len(), disabled.len()), (6, 1));
    assert!(rows.iter().all(|row| row["systemuserid"] != stage.crm.team().as_str()));
    let unassigned = stage.crm.sample("unassigned").expect("a sample");
    assert_eq!(unassigned.open[0].owner_id, stage.crm.team());
    let [anna, ..] = stage.crm.employees();
    stage.crm.change_neutral(Neutral::SetUserActive { user_id: anna, active: false }).expect("left");
    let (rows, _) = stage.all(below, &[]).await;
    assert_eq!(rows.iter().filter(|row| row["isdisabled"] == true).count(), 2);
}

#[tokio::test]
async fn every_sample_stands_in_the_lists_as_it_says() {
    let stage = Stage::start().await;
    let sets = [
        (EntityKind::Contact, "contacts", "contactid"),
        (EntityKind::Organization, "accounts", "accountid"),
        (EntityKind::Deal, "opportunities", "opportunityid"),
        (EntityKind::Lead, "leads", "leadid"),
        (EntityKind::Ticket, "incidents", "incidentid"),
    ];
    for (kind, set, key) in sets {
        let (rows, _) = stage.all(&format!("{set}?$select=_ownerid_value&$filter=statecode%20eq%200"), &[]).await;
        let owners: std::collections::BTreeMap<_, _> = rows
            .iter()
            .map(|row| (row[key].as_str().expect("an id"), row["_ownerid_value"].as_str().expect("an owner")))
            .collect();
        let samples = stage.crm.samples();
        let clients: Vec<_> = (0..20).filter_map(|place| stage.crm.client(place)).collect();
        let open = samples.iter().flat_map(|sample| &sample.open).chain(clients.iter().flat_map(|client| &client.open));
        for entity in open.filter(|entity| entity.kind == kind) {
            assert_eq!(owners.get(entity.id.as_str()), Some(&entity.owner_id.as_str()), "{set} {entity:?}");
        }
    }
}

#[tokio::test]
async fn an_unlimited_account_of_100000_clients_is_read_in_a_few_pages() {
    let stage = Stage::with(|options| options.clients = 100_000).await;
    let (rows, delta) = stage.all("contacts?$select=mobilephone,_ownerid_value,statecode", &[TRACK]).await;
    assert!(rows.len() > 100_000 && delta.is_string());
    assert!(stage.crm.asked().len() <= 25);
}
