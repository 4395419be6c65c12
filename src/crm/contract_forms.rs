//! What every writer must do for forms: find a client who left no number, make one once, and put right nothing that a
//! person has. Named in [`writing_tests`](crate::crm::contract_writing::writing_tests) with the rest.

use std::{sync::Arc, time::Duration};

use sandbox::kit::Fault;

use crate::crm::contract_writing::{WriteStage, call, count, create, order, perform};
use crate::crm::failure::Failure;
use crate::crm::writer::{Look, Order, Writer};
use crate::model::{
    action::{Action, Link},
    call::Call,
    client::Kind,
};

/// Longer than any stand-in's search lags.
const SHOWN: Duration = Duration::from_secs(600);
const EMAIL: &str = "anna.ko+site@visitor.example";
const CLIENT_ID: &str = "1234567.7654321";

/// A contact of somebody who left an e-mail and no number.
fn nameless(stage: &dyn WriteStage, step: &str, (email, client_id): (&str, &str)) -> Order {
    let (client_email, client_id) = (Some(email.to_owned()), Some(client_id.to_owned()));
    let told = Call { client: None, client_email, client_id, recording: None, ..call(stage.nobody()) };
    Order { call: told, ..order(stage, step, create(Kind::Contact), Vec::new()) }
}

/// Who is answered, in order; nobody who is closed.
pub(super) async fn found(writer: &Arc<dyn Writer>, look: &Look) -> Vec<Link> {
    let records = writer.look(look).await.expect("an answer");
    assert!(records.iter().all(|record| record.open));
    sorted(records.iter().map(|record| Link { kind: record.kind, id: record.id }).collect())
}

pub(super) fn sorted(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_unstable();
    links
}

pub(super) async fn who_left_no_number_is_found_by_all_of_what_they_left(stage: &dyn WriteStage) {
    let writer = stage.writer();
    let made = perform(&*writer, &nameless(stage, "one", (EMAIL, CLIENT_ID))).await.expect("a contact");
    let id = made.last().expect("a part").clone();
    // Whose e-mail and id begin or end as theirs.
    let other = nameless(stage, "two", (&format!("x{EMAIL}.example"), &format!("{CLIENT_ID}0")));
    perform(&*writer, &other).await.expect("another contact");
    stage.advance(SHOWN);
    for look in [Look::by_email(EMAIL), Look::by_client_id(CLIENT_ID)] {
        let found = writer.look(&look).await.expect("an answer");
        let ids: Vec<String> = found.iter().map(|record| record.id.to_string()).collect();
        assert_eq!(ids, [id.as_str()], "{look:?}");
    }
    let strangers = ["ko+site@visitor.example", "nobody@visitor.example", "%@visitor.example", "*", "' or 1 eq 1 or '"];
    for look in strangers
        .map(Look::by_email)
        .into_iter()
        .chain(["1234567", "%", "*", "\" or \"1\"=\"1"].map(Look::by_client_id))
    {
        assert!(writer.look(&look).await.expect("an answer").is_empty(), "{look:?}");
    }
}

pub(super) async fn who_left_no_number_is_made_once_although_the_answer_was_lost(stage: &dyn WriteStage) {
    let order = nameless(stage, "one", (EMAIL, CLIENT_ID));
    let before = count(stage, "contact");
    let (path, method) = stage.door_of(&order.action);
    stage.stage(Fault::answer_lost().on(path).with_method(method).times(1));
    let writer = stage.writer();
    let failure = perform(&*writer, &order).await.expect_err("a lost answer");
    assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
    stage.clear();
    stage.advance(writer.settles_within(&order, &[]));
    let found = writer.find(&order, &[]).await.expect("an answer").expect("what was made");
    let (mut parts, mut whole) = (vec![found.id], found.whole);
    while !whole {
        let receipt = writer.perform(&order, &parts).await.expect("the rest");
        whole = receipt.whole;
        parts.push(receipt.id);
    }
    assert_eq!(count(stage, "contact") - before, 1);
}

pub(super) async fn what_a_person_has_put_right_stays_and_the_same_again_changes_nothing(stage: &dyn WriteStage) {
    let (contact, number) = stage.known();
    let writer = stage.writer();
    let action = Action::Update { utm: false, call: false, client: true, fields: Vec::new() };
    let mut update = order(stage, "client", action, vec![contact]);
    update.call = Call {
        client: Some(number),
        client_name: Some("Somebody Else".to_owned()),
        client_email: Some(EMAIL.to_owned()),
        ..update.call
    };
    perform(&*writer, &update).await.expect("an update");
    let after = stage.held();
    assert!(!after.iter().any(|thing| thing.title.contains("Somebody Else")), "{after:#?}");
    perform(&*writer, &update).await.expect("the same again");
    assert_eq!(stage.held(), after);
    assert_eq!(count(stage, "contact"), 0, "nobody is made");
}
