//! What every writer must do when something goes wrong: answers that are lost, refusals, a day that is spent, a CRM that is
//! down or hangs. Named in [`writing_tests`](crate::crm::contract_writing::writing_tests) with the rest.

use std::time::Duration;

use sandbox::kit::Fault;

use crate::crm::contract_writing::{LONG, WriteStage, audio, count, create, order, perform, task};
use crate::crm::failure::Failure;
use crate::crm::writer::{Mark, Order};
use crate::model::{
    action::{Action, Link},
    client::Kind,
};

pub(super) async fn what_was_made_although_the_answer_was_lost_is_found_and_not_made_again(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    let mut orders: Vec<(String, Order)> = Vec::new();
    for &kind in stage.makes() {
        let on = if matches!(kind, Kind::Deal | Kind::Ticket) { vec![contact] } else { Vec::new() };
        orders.push((kind.word().to_owned(), order(stage, kind.word(), create(kind), on)));
    }
    for completed in [true, false] {
        let action = task(completed);
        orders.push(("task".to_owned(), order(stage, action.word(), action.clone(), vec![contact])));
    }
    if stage.has_calls_and_notes().0 {
        let action = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
        orders.push(("call".to_owned(), order(stage, "call", action, vec![contact])));
    }
    if stage.has_calls_and_notes().1 {
        let action = Action::Note { text: "Text".to_owned() };
        orders.push(("note".to_owned(), order(stage, "note", action, vec![contact])));
    }
    for (what, order) in orders {
        let before = count(stage, &what);
        let (path, method) = stage.door_of(&order.action);
        for fault in [Fault::answer_lost(), Fault::reset()] {
            let acted = matches!(fault.kind, sandbox::kit::FaultKind::AnswerLost);
            let mut order = order.clone();
            order.mark = Mark::of(&[order.mark.as_str(), fault.kind.word()]);
            stage.stage(fault.on(path.clone()).with_method(method.clone()).times(1));
            let writer = stage.writer();
            let failure = perform(&*writer, &order).await.expect_err("a lost answer");
            assert!(matches!(failure, Failure::Unclear { .. }), "{what}: {failure:?}");
            stage.clear();
            stage.advance(writer.settles_within(&order, &[]));
            let found = writer.find(&order, &[]).await.expect("an answer");
            assert_eq!(found.is_some(), acted, "{what}: {found:?}");
            let mut parts: Vec<String> = found.iter().map(|receipt| receipt.id.clone()).collect();
            let mut whole = found.is_some_and(|receipt| receipt.whole);
            while !whole {
                order.audio = writer.wants_audio(&order, &parts).then(audio);
                let receipt = writer.perform(&order, &parts).await.expect("the rest");
                parts.push(receipt.id);
                whole = receipt.whole;
            }
        }
        assert_eq!(count(stage, &what) - before, 2, "{what}: one of each order");
    }
}

pub(super) async fn what_hangs_on_somebody_who_is_gone_is_refused_with_the_crms_words(stage: &dyn WriteStage) {
    let gone = Link { kind: Kind::Contact, id: stage.missing(Kind::Contact) };
    let failure = perform(&*stage.writer(), &order(stage, "task", task(false), vec![gone])).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.len() > 10), "{failure:?}");
    assert_eq!(count(stage, "task"), 0);
}

pub(super) async fn without_quota_nothing_is_written(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    let writer = stage.spent_writer();
    let failure = perform(&*writer, &order(stage, "task", task(false), vec![contact])).await.expect_err("no quota");
    assert!(matches!(failure, Failure::NoQuota { after, .. } if !after.is_zero()), "{failure:?}");
    assert_eq!(count(stage, "task"), 0);
}

pub(super) async fn credentials_are_checked_cheaply_and_told_when_they_are_refused(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    stage.writer().check().await.expect("accepted");
    stage.set_accepted(false);
    assert!(matches!(stage.writer().check().await, Err(Failure::Credentials { .. })));
    let failure =
        perform(&*stage.writer(), &order(stage, "task", task(false), vec![contact])).await.expect_err("refused");
    assert!(matches!(failure, Failure::Credentials { .. }), "{failure:?}");
    stage.set_accepted(true);
    stage.writer().check().await.expect("accepted again");
}

pub(super) async fn an_unavailable_crm_is_waited_for(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    stage.stage(Fault::status(503));
    let failure = perform(&*stage.writer(), &order(stage, "task", task(false), vec![contact])).await.expect_err("down");
    assert!(matches!(failure, Failure::Wait { .. } | Failure::Unclear { .. }), "{failure:?}");
    stage.clear();
    assert_eq!(count(stage, "task"), 0);
}

pub(super) async fn a_crm_that_hangs_leaves_a_write_unclear(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    let order = order(stage, "task", task(false), vec![contact]);
    let (path, method) = stage.door_of(&order.action);
    stage.stage(Fault::hang().on(path).with_method(method));
    let writer = stage.writer_within(Duration::from_millis(500));
    let failure = tokio::time::timeout(LONG, perform(&*writer, &order)).await.expect("in time").expect_err("no answer");
    assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
    stage.clear();
}
