use super::reply;
use crate::crm::smart_crm::{
    path::{CONTACT, Custom, INCIDENT},
    status::judge,
    wire::{List, deleted, record, user},
};
use crate::crm::{LONGEST_NUMBER, Links, Record};
use crate::model::{client::Kind, ids::CrmId};

fn list(fixture: &str) -> List {
    judge(&reply(200, &[], fixture)).expect("an answer")
}

fn uuid(text: &str) -> CrmId {
    CrmId::parse(text).expect("a UUID")
}

#[test]
fn a_contact_is_read_with_its_numbers_and_whatever_may_be_null_is() {
    let list = list(include_str!("../fixtures/contacts_with_nulls.json"));
    let custom = Custom(vec![(Kind::Contact, "new_whatsapp".to_owned()), (Kind::Lead, "pager".to_owned())]);
    let read: Vec<_> = list.value.iter().map(|row| record(row, &CONTACT, &custom)).collect();
    let whole = Record {
        kind: Kind::Contact,
        id: uuid("60c4e274-0d87-e711-80e5-00155db19e6d"),
        numbers: vec!["+38 (067) 111-22-33".to_owned(), "0441234567".to_owned(), "380501112233".to_owned()],
        name: Some("Ivan Franko".to_owned()),
        owner: Some(uuid("80c4e274-0d87-e711-80e5-00155db19e6d")),
        open: true,
        created_s: 1_609_459_200,
        updated_s: 1_795_168_800,
        contacts: Links::new(),
        organizations: Links::from_elem(uuid("70c4e274-0d87-e711-80e5-00155db19e6d"), 1),
    };
    assert_eq!(read[0], Some(whole));
    let bare = read[1].as_ref().expect("a record");
    assert!(!bare.open && bare.numbers.is_empty() && bare.owner.is_none() && bare.updated_s == 0);
    assert_eq!(read[2], None, "nobody without an id");
    assert_eq!(deleted(&list.value[3]), Some(uuid("62c4e274-0d87-e711-80e5-00155db19e6d")));
    assert!(list.value[..3].iter().all(|row| deleted(row).is_none()));
}

#[test]
fn a_customer_is_a_contact_or_an_account_as_the_annotation_says_and_either_without_it() {
    let list = list(include_str!("../fixtures/incidents_of_both_customers.json"));
    let read: Vec<_> = list.value.iter().filter_map(|row| record(row, &INCIDENT, &Custom::default())).collect();
    let links = |record: &Record| (record.contacts.to_vec(), record.organizations.to_vec());
    let (account, contact) = ("a0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001");
    assert_eq!(links(&read[0]), (vec![uuid(contact)], vec![uuid(account)]));
    assert_eq!(links(&read[1]), (vec![uuid("c0000000-0000-4000-8000-000000000002")], vec![]));
    let either = uuid("b0000000-0000-4000-8000-000000000003");
    assert_eq!(links(&read[2]), (vec![either], vec![either]));
    assert_eq!(read.iter().map(|record| record.open).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn of_a_text_that_is_no_number_for_its_length_the_beginning_is_handed_on() {
    let long = "1".repeat(3_000_000);
    let body = format!(r#"{{"value":[{{"contactid":"60c4e274-0d87-e711-80e5-00155db19e6d","telephone1":"{long}"}}]}}"#);
    let list = list(&body);
    let read = record(&list.value[0], &CONTACT, &Custom::default()).expect("a record");
    assert_eq!(read.numbers.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_NUMBER + 1]);
}

#[test]
fn users_who_are_disabled_are_not_active_and_have_the_first_number_there_is() {
    let list = list(include_str!("../fixtures/users.json"));
    let users: Vec<_> = list.value.iter().filter_map(user).collect();
    assert_eq!(users.iter().map(|user| user.active).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(users[0].email.as_deref(), Some("anna@acme.example"));
    let phones: Vec<_> = users.iter().map(|user| user.phone.as_deref()).collect();
    assert_eq!(phones, [Some("0671112233"), Some("0501112233"), None]);
    assert_eq!(users[1].email, None);
}
