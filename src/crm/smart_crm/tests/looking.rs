//! Who is found by an e-mail or by the site's id.

use std::collections::BTreeSet;

use sandbox::smart_crm::{Change, Entity, EntityKind};

use super::account::{Account, Employee, PLENTY, id};
use super::writing::{Written, stage};
use crate::config::{FieldNames, Meaning};
use crate::crm::contract_writing::{LONG, WriteStage};
use crate::crm::writer::{Look, Writer};
use crate::model::{action::Link, client::Kind, ids::CrmId};

const ANNA: &str = "anna@acme.example";

fn made(stage: &Written, kind: EntityKind, contact: Option<&Entity>) -> Entity {
    let change = Change::Create {
        kind,
        name: "Somebody".to_owned(),
        phones: Vec::new(),
        owner_id: stage.0.sandbox.vendor_employee(),
        contact_id: contact.map(|contact| contact.id.clone()),
        account_id: None,
    };
    stage.0.change(change).expect("a record")
}

fn with(stage: &Written, kind: EntityKind, column: &str, text: &str) -> Entity {
    let entity = made(stage, kind, None);
    set(stage, &entity, column, text);
    entity
}

fn set(stage: &Written, entity: &Entity, column: &str, text: &str) {
    let change = Change::SetText { entity: entity.clone(), column: column.to_owned(), text: Some(text.to_owned()) };
    stage.0.change(change);
}

async fn found(writer: &dyn Writer, look: &Look) -> BTreeSet<(Kind, CrmId)> {
    let records = writer.look(look).await.expect("an answer");
    let all: BTreeSet<_> = records.iter().map(|record| (record.kind, record.id)).collect();
    assert_eq!(all.len(), records.len(), "each once");
    all
}

fn set_of<const N: usize>(entities: [(Kind, &Entity); N]) -> BTreeSet<(Kind, CrmId)> {
    entities.into_iter().map(|(kind, entity)| (kind, id(entity))).collect()
}

#[tokio::test]
async fn an_email_finds_contacts_and_leads_that_have_it_in_any_column_and_what_hangs_on_them() {
    let stage = stage().await;
    let writer = stage.writer();
    let contact = with(&stage, EntityKind::Contact, "emailaddress1", "Anna@ACME.example");
    let second = with(&stage, EntityKind::Contact, "emailaddress3", ANNA);
    let lead = with(&stage, EntityKind::Lead, "emailaddress2", ANNA);
    let hung = made(&stage, EntityKind::Lead, Some(&contact));
    let deal = made(&stage, EntityKind::Deal, Some(&contact));
    let ticket = made(&stage, EntityKind::Ticket, Some(&contact));
    let closed = made(&stage, EntityKind::Deal, Some(&contact));
    stage.0.change(Change::SetState { entity: closed, state: 1, status: 3 });
    let inactive = with(&stage, EntityKind::Contact, "emailaddress1", ANNA);
    stage.0.change(Change::SetState { entity: inactive, state: 1, status: 2 });
    made(&stage, EntityKind::Deal, None);
    let expected = set_of([
        (Kind::Contact, &contact),
        (Kind::Contact, &second),
        (Kind::Lead, &lead),
        (Kind::Lead, &hung),
        (Kind::Deal, &deal),
        (Kind::Ticket, &ticket),
    ]);
    assert_eq!(found(&*writer, &Look::by_email(ANNA)).await, expected);
}

#[tokio::test]
async fn a_stranger_whose_email_contains_the_wanted_one_or_looks_the_same_to_the_vendor_is_not_answered() {
    let stage = stage().await;
    let writer = stage.writer();
    let wanted = with(&stage, EntityKind::Contact, "emailaddress1", "rene@acme.example");
    for stranger in
        ["irene@acme.example", "rene@acme.example.com", "rené@acme.example", "x rene@acme.example", "rene@acme_example"]
    {
        with(&stage, EntityKind::Contact, "emailaddress1", stranger);
        with(&stage, EntityKind::Lead, "emailaddress1", stranger);
    }
    assert_eq!(found(&*writer, &Look::by_email("rene@acme.example")).await, set_of([(Kind::Contact, &wanted)]));
    let asked = stage.0.requests().into_iter().filter(|asked| asked.query.contains("emailaddress1+eq"));
    let loose = asked.filter(|asked| asked.reply.as_deref().is_some_and(|reply| reply.contains("rené@")));
    assert_eq!(loose.count(), 2, "the vendor itself answers who has an accent more");
}

#[tokio::test]
async fn quotes_wildcards_and_words_of_the_query_language_are_nothing_but_text() {
    let stage = stage().await;
    let writer = stage.writer();
    let everybody = with(&stage, EntityKind::Contact, "emailaddress1", ANNA);
    for odd in [
        "o'neil@acme.example",
        "''@acme.example",
        "x' or statecode eq 0 or emailaddress1 eq '",
        "%@acme.example",
        "anna_@acme.example",
        "[a-z]%@acme.example",
        "a+b&$top=1#x@acme.example",
        "a%27 or 1 eq 1@x",
        "їжак@acme.example",
        "a\\'b@acme.example",
    ] {
        assert_eq!(found(&*writer, &Look::by_email(odd)).await, BTreeSet::new(), "{odd}");
        let has_it = with(&stage, EntityKind::Contact, "emailaddress1", odd);
        assert_eq!(
            found(&*writer, &Look::by_email(&odd.to_lowercase())).await,
            set_of([(Kind::Contact, &has_it)]),
            "{odd}"
        );
        assert_eq!(found(&*writer, &Look::by_client_id(odd)).await, BTreeSet::new(), "{odd}");
        set(&stage, &has_it, "new_client_id", odd);
        assert_eq!(found(&*writer, &Look::by_client_id(odd)).await, set_of([(Kind::Contact, &has_it)]), "{odd}");
    }
    assert_eq!(found(&*writer, &Look::by_email(ANNA)).await, set_of([(Kind::Contact, &everybody)]));
}

#[tokio::test]
async fn a_clients_id_is_found_to_the_letter_in_the_column_of_each_table() {
    let stage = stage().await;
    let contact = with(&stage, EntityKind::Contact, "new_client_id", "GA1.2.Ab");
    let lead = with(&stage, EntityKind::Lead, "new_mark", "GA1.2.Ab");
    for other in ["ga1.2.ab", "GA1.2.Abc", "1GA1.2.Ab", "GA1.2.Ab "] {
        with(&stage, EntityKind::Contact, "new_client_id", other);
    }
    let deal = made(&stage, EntityKind::Deal, Some(&contact));
    let mut section = stage.0.section();
    section.fields = FieldNames::default().with(Some("contact"), Meaning::ClientId, "new_client_id").with(
        Some("lead"),
        Meaning::ClientId,
        "new_mark",
    );
    let writer = Written::writer_of(&section, PLENTY, LONG);
    let expected = set_of([(Kind::Contact, &contact), (Kind::Lead, &lead), (Kind::Deal, &deal)]);
    assert_eq!(found(&*writer, &Look::by_client_id("GA1.2.Ab")).await, expected);
}

#[tokio::test]
async fn nobody_is_found_and_nothing_asked_without_a_column_or_by_what_no_column_holds() {
    let stage = stage().await;
    with(&stage, EntityKind::Contact, "new_client_id", "1.2");
    let bare = Written::writer_of(&stage.0.section(), PLENTY, LONG);
    let before = stage.0.requests().len();
    assert_eq!(found(&*bare, &Look::by_client_id("1.2")).await, BTreeSet::new());
    for nothing in ["", "  ", "a\u{0}b@acme.example", &"a".repeat(400)] {
        assert_eq!(found(&*stage.writer(), &Look::by_email(nothing)).await, BTreeSet::new());
        assert_eq!(found(&*stage.writer(), &Look::by_client_id(nothing)).await, BTreeSet::new());
    }
    assert_eq!(stage.0.requests().len(), before);
}

#[tokio::test]
async fn what_is_known_is_answered_only_while_it_has_the_email_or_hangs_on_who_has() {
    let stage = stage().await;
    let contact = with(&stage, EntityKind::Contact, "emailaddress1", ANNA);
    let deal = made(&stage, EntityKind::Deal, Some(&contact));
    let left = with(&stage, EntityKind::Contact, "emailaddress1", "else@acme.example");
    let lefts = made(&stage, EntityKind::Deal, Some(&left));
    let link = |kind, entity: &Entity| Link { kind, id: id(entity) };
    let mut known: Vec<Link> = vec![
        link(Kind::Contact, &contact),
        link(Kind::Deal, &deal),
        link(Kind::Contact, &left),
        link(Kind::Deal, &lefts),
    ];
    known.push(Link { kind: Kind::Organization, id: id(&stage.0.account) });
    known.push(Link { kind: Kind::Contact, id: CrmId::Uuid([7; 16]) });
    let expected = set_of([(Kind::Contact, &contact), (Kind::Deal, &deal)]);
    let look = |known| Look { known, ..Look::by_email(ANNA) };
    assert_eq!(found(&*stage.writer(), &look(known.clone())).await, expected);
    assert_eq!(found(&*stage.writer(), &look(Vec::new())).await, expected);
    let by_number = Look { number: Some(Account::number()), ..Look::default() };
    assert!(found(&*stage.writer(), &by_number).await.contains(&(Kind::Contact, id(&stage.0.contact))));
}
