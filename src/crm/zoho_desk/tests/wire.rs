use serde::de::DeserializeOwned;

use super::reply;
use crate::crm::zoho_desk::{
    path::Axis,
    status::judge,
    wire::{Account, Agent, Contact, List, Ticket, Wire},
};
use crate::crm::{CrmUser, Links, Record};
use crate::model::{client::Kind, ids::CrmId};

fn list<T: DeserializeOwned>(fixture: &str) -> List<T> {
    judge(&reply(200, &[], fixture)).expect("an answer")
}

fn records<T: Wire>(fixture: &str) -> Vec<Record> {
    let fields = ["cf_second_phone".to_owned(), "cf_absent".to_owned()];
    list::<T>(fixture).data.into_iter().filter_map(|one| one.record(&fields)).collect()
}

#[test]
fn contacts_are_read_with_their_numbers_and_whatever_may_be_null_is() {
    let records = records::<Contact>(include_str!("../fixtures/contacts_with_nulls.json"));
    let whole = Record {
        kind: Kind::Contact,
        id: CrmId::Number(217_301_000_100_000_001),
        numbers: vec!["+38 (067) 111-22-33".to_owned(), "0441234567".to_owned(), "0502223344".to_owned()],
        name: Some("Jennifer Lawrence".to_owned()),
        owner: Some(CrmId::Number(217_301_000_000_010_001)),
        open: true,
        created_s: 1_383_564_067,
        updated_s: 1_462_355_837,
        contacts: Links::new(),
        organizations: Links::from_elem(CrmId::Number(217_301_000_300_000_009), 1),
    };
    assert_eq!(records[0], whole);
    let bare = Record {
        id: CrmId::Number(2),
        numbers: Vec::new(),
        name: None,
        owner: None,
        created_s: 0,
        updated_s: 0,
        organizations: Links::new(),
        ..whole
    };
    assert_eq!(records[1], bare);
    assert_eq!(records[2], Record { id: CrmId::Number(3), open: false, ..bare }, "in the trash");
    assert_eq!(records.len(), 3, "what has no number for an id is none of ours");
}

#[test]
fn a_ticket_is_open_unless_it_is_closed_whatever_its_label_says() {
    let tickets = records::<Ticket>(include_str!("../fixtures/tickets_of_every_status_type.json"));
    assert_eq!(tickets.iter().map(|ticket| ticket.open).collect::<Vec<_>>(), [true, true, false, true, true, false]);
    let links = |at: usize| (tickets[at].contacts.first().copied(), tickets[at].organizations.first().copied());
    assert_eq!(links(0), (Some(6.into()), Some(9.into())), "a search names the account inside the contact");
    assert_eq!(links(1), (Some(6.into()), Some(8.into())), "one by itself beside it");
    assert_eq!((links(2), tickets[2].owner), ((None, None), None));
    assert!(tickets.iter().all(|ticket| ticket.numbers.is_empty()), "a ticket's own phone is nobody's");
}

#[test]
fn accounts_are_read_and_a_time_in_milliseconds_is_one_too() {
    let accounts = records::<Account>(include_str!("../fixtures/accounts.json"));
    assert_eq!(accounts[0].numbers, ["5550100006", "380441234567"]);
    assert_eq!((accounts[0].created_s, accounts[0].updated_s), (1_507_813_910, 1_507_813_911));
    let list = list::<Account>(include_str!("../fixtures/accounts.json"));
    assert_eq!(
        (list.data[0].second(Axis::Created), list.data[0].second(Axis::Modified)),
        (Some(1_507_813_910), Some(1_507_813_911))
    );
    assert_eq!(list.count, Some(379), "a count may be text");
    assert_eq!(list.data[1].second(Axis::Created), None);
}

#[test]
fn agents_are_read_with_both_numbers_and_their_extension() {
    let agents: List<Agent> = list(include_str!("../fixtures/agents.json"));
    let users: Vec<CrmUser> = agents.data.into_iter().filter_map(Agent::user).collect();
    let anna = CrmUser {
        id: CrmId::Number(7),
        email: Some("anna@acme.example".to_owned()),
        phone: Some("067 111-22-33, +380501112233".to_owned()),
        extension: Some("101".to_owned()),
        active: true,
    };
    let bare = |id, active| CrmUser { id: CrmId::Number(id), email: None, phone: None, extension: None, active };
    assert_eq!(users, [anna, bare(8, false), bare(9, true)]);
}
