//! Webhooks of SMART CRM's stand-in: how they are registered, and what they post how often.

use sandbox::kit::{EntityKind, Neutral, StandIn};
use sandbox::smart_crm::Change;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::smart_crm::{ROOT, Stage};

/// A door that answers so many deliveries, each with the next status, and keeps what came.
pub(crate) async fn door(statuses: &'static [u16]) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/acme/crm-changes", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        let mut came = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let (mut text, mut bytes) = (String::new(), [0; 4_096]);
            while !text.contains("\"UserId\"") {
                let read = stream.read(&mut bytes).await.expect("bytes");
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(reply.as_bytes()).await.expect("written");
            came.push(text);
        }
        came
    });
    (url, serving)
}

impl Stage {
    /// Registers a webhook for updates of contacts.
    pub(crate) async fn register(&self, url: &str, authtype: u8, value: &str, filtering: &str) {
        let json = [("content-type", "application/json")];
        let body = json!({"name": "test", "url": url, "contract": 8, "authtype": authtype, "authvalue": value});
        let reply = self.send(&format!("POST {ROOT}/serviceendpoints"), &json, &body.to_string()).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
        let created = reply.header("odata-entityid").expect("an id").to_owned();
        let id = created.split(['(', ')']).nth(1).expect("an id");
        let below = "sdkmessagefilters?$select=sdkmessagefilterid,primaryobjecttypecode&\
                     $expand=sdkmessageid($select=name)&$filter=primaryobjecttypecode%20eq%20'contact'";
        let filters = self.get(below, &[]).await.json();
        let update =
            filters["value"].as_array().expect("filters").iter().find(|row| row["sdkmessageid"]["name"] == "Update");
        let update = update.expect("updates");
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let step = json!({
            "name": "test", "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0, "asyncautodelete": true,
            "filteringattributes": filtering,
            "eventhandler_serviceendpoint@odata.bind": format!("/serviceendpoints({id})"),
            "sdkmessageid@odata.bind": format!("/sdkmessages({})", text(&update["sdkmessageid"]["sdkmessageid"])),
            "sdkmessagefilterid@odata.bind": format!("/sdkmessagefilters({})", text(&update["sdkmessagefilterid"])),
        });
        let reply = self.send(&format!("POST {ROOT}/sdkmessageprocessingsteps"), &json, &step.to_string()).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
    }
}

#[tokio::test]
async fn a_webhook_is_posted_with_its_key_in_the_vendors_form() {
    let stage = Stage::start().await;
    let (url, came) = door(&[200]).await;
    stage.register(&url, 4, "k3y", "mobilephone,ownerid").await;
    let contact = stage.create(EntityKind::Contact, &[]);
    let phones = vec!["0670000009".to_owned()];
    stage.crm.change_neutral(Neutral::SetPhones { entity: contact.clone(), phones }).expect("changed");
    let came = came.await.expect("a delivery").remove(0);
    assert!(came.starts_with("POST /acme/crm-changes?code=k3y HTTP/1.1\r\n"), "{came}");
    for header in
        ["x-ms-dynamics-entity-name: contact", "x-ms-dynamics-request-name: Update", "x-ms-dynamics-organization:"]
    {
        assert!(came.contains(header), "{header}: {came}");
    }
    let body: Value = serde_json::from_str(came.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    assert_eq!((body["MessageName"].clone(), body["PrimaryEntityId"].clone()), (json!("Update"), json!(contact.id)));
    assert_eq!(body["InputParameters"][0]["value"]["Attributes"][0]["key"], "mobilephone");
}

#[tokio::test]
async fn a_webhook_is_tried_once_more_and_only_after_a_gateways_status() {
    let stage = Stage::start().await;
    let (url, came) = door(&[503, 503]).await;
    stage.register(&url, 6, "<settings><setting name=\"token\" value=\"a&amp;b\"/></settings>", "").await;
    let contact = stage.create(EntityKind::Contact, &[]);
    stage.crm.change(Change::SetPhones { entity: contact.clone(), phones: Vec::new() }).expect("changed");
    let came = came.await.expect("two deliveries");
    assert!(came.len() == 2 && came[0].starts_with("POST /acme/crm-changes?token=a%26b "), "{}", came[0]);
    assert_eq!(stage.crm.delivered(2).await.len(), 2);
    let other = Stage::start().await;
    let (url, came) = door(&[500]).await;
    other.register(&url, 5, "<settings><setting name=\"x-key\" value=\"k\"/></settings>", "").await;
    let contact = other.create(EntityKind::Contact, &[]);
    other.crm.change(Change::SetPhones { entity: contact, phones: Vec::new() }).expect("changed");
    assert!(came.await.expect("a delivery")[0].contains("x-key: k\r\n"));
    assert_eq!(other.crm.delivered(1).await.len(), 1);
}

#[tokio::test]
async fn a_webhook_takes_a_privilege_and_known_properties() {
    let stage = Stage::with(|options| options.may_register = false).await;
    let post = async |stage: &Stage, body: Value| {
        stage.send(&format!("POST {ROOT}/serviceendpoints"), &[], &body.to_string()).await
    };
    let body = json!({"name": "a", "url": "http://127.0.0.1:1/", "contract": 8, "authtype": 4, "authvalue": "k"});
    assert_eq!(post(&stage, body.clone()).await.json()["error"]["code"], "0x80040220");
    let stage = Stage::start().await;
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    for wrong in
        [with("Url", json!("x")), with("contract", json!(1)), with("authtype", json!(6)), with("authtype", json!(9))]
    {
        assert_eq!(post(&stage, wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(post(&stage, body.clone()).await.status, 204);
    assert_eq!(post(&stage, body).await.status, 400, "a name is unique");
    let listed = stage.get("serviceendpoints?$select=name,url&$filter=contract%20eq%208", &[]).await.json();
    assert_eq!(listed["value"][0]["url"], "http://127.0.0.1:1/");
    assert!(!listed.to_string().contains("authvalue"));
}
