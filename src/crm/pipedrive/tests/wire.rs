use serde::de::DeserializeOwned;

use super::reply;
use crate::crm::pipedrive::{
    status::judge,
    wire::{Deal, Envelope, Found, Hit, Lead, Person, User},
};
use crate::crm::{Links, Record};
use crate::model::{client::Kind, ids::CrmId};

fn answer<T: DeserializeOwned>(fixture: &str) -> Envelope<T> {
    judge(&reply(200, &[], fixture)).expect("an answer")
}

const FIELD: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn persons_are_read_with_their_numbers_and_whatever_may_be_null_is() {
    let answer: Envelope<Vec<Person>> = answer(include_str!("../fixtures/persons_with_nulls.json"));
    assert_eq!(answer.additional_data.next_cursor.as_deref(), Some("eyJpZCI6M30="));
    let read = |person: Person| person.record(&[FIELD.to_owned()]);
    let records: Vec<Record> = answer.data.expect("data").into_iter().map(read).collect();
    let whole = Record {
        kind: Kind::Contact,
        id: CrmId::Number(1),
        numbers: vec!["+38 (067) 111-22-33".to_owned(), "0441234567".to_owned()],
        name: Some("Olena Bilous".to_owned()),
        owner: Some(CrmId::Number(101)),
        open: true,
        created_s: 1_609_459_200,
        updated_s: 1_795_168_800,
        contacts: Links::new(),
        organizations: Links::from_elem(CrmId::Number(9), 1),
    };
    assert_eq!(records[0], whole);
    let bare = |id| Record {
        id: CrmId::Number(id),
        numbers: Vec::new(),
        name: None,
        owner: None,
        created_s: 0,
        updated_s: 0,
        organizations: Links::new(),
        ..whole.clone()
    };
    assert_eq!(records[1..], [bare(2), bare(3)]);
}

#[test]
fn of_deals_only_the_open_and_unarchived_are_open() {
    let answer: Envelope<Vec<Deal>> = answer(include_str!("../fixtures/deals_of_every_state.json"));
    assert_eq!(answer.additional_data.next_cursor, None);
    let records: Vec<Record> = answer.data.expect("data").into_iter().map(Deal::record).collect();
    assert_eq!(records.iter().map(|deal| deal.open).collect::<Vec<_>>(), [true, false, false, false, false, true]);
    assert_eq!((records[0].contacts.first(), records[0].organizations.first()), (Some(&6.into()), Some(&9.into())));
}

#[test]
fn leads_are_read_by_uuid_and_their_pages_by_position() {
    let answer: Envelope<Vec<Lead>> = answer(include_str!("../fixtures/leads_half_page.json"));
    assert!(answer.additional_data.more());
    let records: Vec<Record> = answer.data.expect("data").into_iter().filter_map(Lead::record).collect();
    assert_eq!(records.len(), 1, "what has no UUID is none of ours");
    assert_eq!(records[0].id.to_string(), "adf21080-0e10-11eb-879b-05d71fb426ec");
    assert_eq!((records[0].created_s, records[0].contacts.first()), (1_602_675_036, Some(&6.into())));
    let flat: Envelope<Vec<Lead>> =
        self::answer(r#"{"success":true,"data":[],"additional_data":{"more_items_in_collection":true}}"#);
    assert!(flat.additional_data.more());
    let last: Envelope<Vec<Lead>> = self::answer(r#"{"success":true,"data":null,"additional_data":null}"#);
    assert!(!last.additional_data.more() && last.data.is_none());
}

#[test]
fn a_search_brings_who_carries_the_number_and_what_belongs_to_them() {
    let answer: Envelope<Found> = answer(include_str!("../fixtures/found.json"));
    let found = answer.data.expect("data");
    let records: Vec<Record> = found.items.into_iter().chain(found.related_items).filter_map(Hit::record).collect();
    let told: Vec<_> =
        records.iter().map(|found| (found.kind, found.id, found.open, found.contacts.first().copied())).collect();
    let six = Some(CrmId::Number(6));
    let lead = CrmId::parse("39c433f0-8a4c-11ec-8728-09968f0a1ca0").expect("a UUID");
    assert_eq!(
        told,
        [
            (Kind::Contact, 6.into(), true, None),
            (Kind::Organization, 9.into(), true, None),
            (Kind::Deal, 2.into(), true, six),
            (Kind::Deal, 3.into(), false, six),
            (Kind::Deal, 4.into(), false, None),
            (Kind::Lead, lead, true, six),
        ]
    );
    assert_eq!(records[0].numbers, ["555123123", "+380671112233", "0441112233"]);
    assert_eq!(records[1].numbers, ["044 1112233", "5"]);
    assert!(records[2].numbers.is_empty(), "a deal's custom fields are nobody's numbers");
    assert_eq!(
        records.iter().map(|found| found.owner).collect::<Vec<_>>()[..3],
        [Some(69.into()), Some(70.into()), Some(71.into())]
    );
    assert_eq!(records[2].organizations.first(), Some(&9.into()));
}

#[test]
fn users_who_left_are_not_active() {
    let answer: Envelope<Vec<User>> = answer(include_str!("../fixtures/users.json"));
    let users: Vec<_> = answer.data.expect("data").into_iter().map(User::user).collect();
    assert_eq!(users.iter().map(|user| user.active).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(users[0].email.as_deref(), Some("anna@acme.example"));
    assert_eq!(users[1].phone.as_deref(), Some("0000-0002"));
}
