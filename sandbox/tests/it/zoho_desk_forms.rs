//! The checklist of Zoho Desk's rules that forms run into: e-mails, custom fields, properties of its own.

use std::time::Duration;

use serde_json::json;

use crate::zoho_desk::desk;
use crate::zoho_desk_writing::Client;

/// The index lags and compares from the beginning; a field's own words ask for what is empty and what is not.
#[tokio::test]
async fn an_email_and_a_custom_field_are_found_late_and_loosely() {
    let desk = desk(|options| options.limits.index_lag = Duration::from_secs(60)).await;
    let client = Client::of(&desk).await;
    let made = async |email: &str, id: &str| {
        let body = json!({"lastName": "New", "email": email, "cf": {"cf_client_id": id}});
        client.written("POST contacts", &body).await["id"].as_str().expect("an id").to_owned()
    };
    let (anna, longer) = (made("Anna@site.example", "GA1,2").await, made("anna@site.example.ua", "GA1.3").await);
    let ids = async |query: &str| -> Vec<String> {
        let reply = client.get(&format!("contacts/search?{query}")).await;
        if reply.status == 204 {
            return Vec::new();
        }
        assert_eq!(reply.status, 200, "{}", reply.text());
        let mut ids: Vec<String> = reply
            .data()
            .as_array()
            .expect("rows")
            .iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort_unstable();
        ids
    };
    let both = [anna.clone(), longer.clone()];
    assert_eq!(ids("email=anna@site.example").await, Vec::<String>::new(), "not indexed");
    desk.advance(Duration::from_secs(60));
    assert_eq!(ids("email=ANNA@site.example").await, both);
    assert_eq!(ids("email=nobody@site.example").await, Vec::<String>::new());
    assert_eq!(ids("customField1=cf_client_id:ga1.3").await, [longer]);
    assert_eq!(ids("customField1=cf_client_id:GA1,2").await, Vec::<String>::new(), "two values, neither of them whole");
    assert_eq!(ids("customField1=cf_client_id:GA1*").await, both);
    assert_eq!(ids("customField1=cf_client_id:$%7Bnotempty%7D&limit=100").await, both);
    assert_eq!(client.get("accounts/search?email=a@b.cd").await.status, 422);
    assert_eq!(client.get("contacts/search?email=*@site.example").await.status, 422);
}

#[tokio::test]
async fn an_email_is_one_of_the_described_pattern_and_no_other_contacts() {
    let desk = desk(|_| {}).await;
    let client = Client::of(&desk).await;
    let body = |email: &str| json!({"lastName": "New", "email": email});
    let id = client.written("POST contacts", &body("anna@site.example")).await["id"].clone();
    let refused = |kind: &str| (422, "INVALID_DATA".to_owned(), format!("/email {kind}"));
    for wrong in ["anna", "a*@site.example", "a,b@site.example", "anna@site"] {
        assert_eq!(client.refused("POST contacts", &body(wrong)).await, refused("invalid"), "{wrong}");
    }
    assert_eq!(client.refused("POST contacts", &body("ANNA@site.example")).await, refused("duplicate"));
    let seeded = (0..20).find_map(|place| {
        let email = format!("client{place}@example.com");
        desk.client(place).map(|client| (client.contact_id, email))
    });
    let (_, email) = seeded.expect("a client");
    let first = client.write("POST contacts", &body(&email)).await.status;
    assert!(matches!(first, 200 | 422), "{first}");
    assert_eq!(client.refused("POST contacts", &body(&email)).await, refused("duplicate"));
    // Their own again is nobody else's.
    let call = format!("PATCH contacts/{}", id.as_str().expect("an id"));
    client.written(&call, &body("Anna@Site.example")).await;
    for (name, value, kind) in [("zip", "AB-12", "invalid"), ("city", "x".repeat(31).as_str(), "invalid")] {
        let found = client.refused("POST contacts", &json!({"lastName": "New", name: value})).await;
        assert_eq!(found, (422, "INVALID_DATA".to_owned(), format!("/{name} {kind}")));
    }
}
