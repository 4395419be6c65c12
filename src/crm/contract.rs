//! What every reader must do, as a suite: an adapter's tests stage its stand-in as a [`Stage`] and name it in
//! [`contract_tests`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use sandbox::kit::{Bodies, BodyOf, Running, Vendor};

use crate::crm::failure::Failure;
use crate::crm::{Cursor, Page, Reader, Record};
use crate::model::{client::Kind, ids::CrmId, phone::PhoneKey};

/// What befalls the requests that a reader sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The credentials are not accepted, new ones neither.
    Credentials,
    /// 429 in the vendor's way.
    RateLimited,
    /// 503.
    Unavailable,
    /// No answer ever comes.
    Hang,
    /// The connection is reset instead of an answer.
    Reset,
    /// A 200 that is not the vendor's answer.
    Garbage,
    /// A 200 that ends in its middle.
    Truncated,
    /// Nobody listens.
    Gone,
}

/// A client of the stand-in.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// A number that a live question finds.
    pub(super) number: PhoneKey,
    /// Everything open that carries it.
    pub(super) open: BTreeSet<(Kind, CrmId)>,
}

/// A stand-in with a few more records than fit on a page, and a reader of it.
#[async_trait]
pub(super) trait Stage: Send + Sync {
    /// A reader with quota enough that waits this long for a reply.
    fn reader_within(&self, timeout: Duration) -> Arc<dyn Reader>;
    /// A reader with quota enough that waits for a reply even on a machine that is busy with other tests.
    fn reader(&self) -> Arc<dyn Reader> {
        self.reader_within(LONG / 2)
    }
    /// A reader whose account has spent its day.
    fn spent_reader(&self) -> Arc<dyn Reader>;
    /// A client with an entity of every kind that this CRM has.
    fn known(&self) -> Known;
    /// A number that nobody has.
    fn nobody(&self) -> PhoneKey;
    /// A kind that this CRM lacks; any, where it has them all.
    fn lacking(&self) -> Kind;
    /// An id of a kind that is well formed and nobody's.
    fn missing(&self, kind: Kind) -> CrmId;
    /// How many records a full crawl must bring, of a kind.
    fn expected(&self, kind: Kind) -> usize;
    /// The stand-in's users: id and whether they still work there.
    fn users(&self) -> BTreeSet<(CrmId, bool)>;
    /// Requests that one live question may take at the most, tokens left out: one where the vendor allows it.
    fn live_requests(&self) -> usize {
        1
    }
    /// Closes the known client's deal or ticket, or whatever can be closed; says which.
    async fn close(&self) -> (Kind, CrmId);
    /// Gives a new contact the number; says which.
    async fn add_contact(&self, number: PhoneKey) -> CrmId;
    /// The stand-in's time, seconds since 1970 UTC.
    fn now_s(&self) -> i64;
    /// What befalls requests from now on.
    async fn stage(&self, trouble: Trouble);
    /// Requests that arrived so far, but for tokens.
    fn asked(&self) -> usize;
}

/// Holds what an adapter asked for tokens with, the tokens and refusals that it got, and what was delivered, against the
/// vendor's closed lists.
///
/// # Panics
/// When something is in none of them.
pub(super) fn hold_bodies<V: Vendor>(sandbox: &Running<V>) {
    let bodies = Bodies::of::<V>().expect("lists");
    for asked in sandbox.asked() {
        bodies.judge_asked(V::is_for_tokens(&asked.path), &asked).expect("a body of the closed lists");
    }
    // A look whether somebody is there says nothing.
    for delivery in sandbox.ground().hooks.tried().iter().filter(|delivery| !delivery.hook.body.is_empty()) {
        let status = delivery.status().unwrap_or_default();
        bodies.judge(BodyOf::Delivery, status, "", &delivery.hook.body).expect("a delivery of the closed lists");
    }
}

/// How long a reader may take over anything at all here; its own time-out is shorter.
const LONG: Duration = Duration::from_secs(20);
/// More pages than any stand-in has.
const MOST_PAGES: usize = 1_000;

/// Follows pages to their end.
async fn all<F, A>(ask: F) -> Result<Vec<Page>, Failure>
where
    F: Fn(Option<Cursor>) -> A,
    A: Future<Output = Result<Page, Failure>>,
{
    let (mut pages, mut cursor) = (Vec::new(), None);
    while pages.len() < MOST_PAGES {
        let page = ask(cursor).await?;
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            return Ok(pages);
        }
    }
    panic!("expected an end, found more than {MOST_PAGES} pages")
}

async fn crawl(reader: &dyn Reader, kind: Kind) -> Vec<Record> {
    let pages = all(async |cursor| reader.page(kind, cursor.as_ref()).await).await.expect("a crawl");
    pages.into_iter().flat_map(|page| page.records).collect()
}

async fn changes(reader: &dyn Reader, kind: Kind, since_s: i64) -> Vec<Record> {
    let pages = all(async |cursor| reader.changes(kind, since_s, cursor.as_ref()).await).await.expect("changes");
    pages.into_iter().flat_map(|page| page.records).collect()
}

pub(super) async fn a_crawl_brings_every_open_record(stage: &dyn Stage) {
    let (reader, known) = (stage.reader(), stage.known());
    let mut more_than_a_page = false;
    for &kind in reader.crawl_order() {
        let records = crawl(&*reader, kind).await;
        let ids: BTreeSet<_> = records.iter().map(|record| record.id).collect();
        assert!(records.iter().all(|record| record.kind == kind && record.open), "{kind}");
        assert_eq!(ids.len(), stage.expected(kind), "{kind}");
        assert!(known.open.iter().filter(|(of, _)| *of == kind).all(|(_, id)| ids.contains(id)), "{kind}");
        more_than_a_page |= reader.page(kind, None).await.expect("a page").next.is_some();
    }
    assert!(more_than_a_page, "expected a stand-in with more than a page of something");
}

pub(super) async fn what_has_no_number_of_its_own_is_crawled_before_who_has_it(stage: &dyn Stage) {
    let reader = stage.reader();
    let place = |wanted: Kind| reader.crawl_order().iter().position(|&kind| kind == wanted);
    for dependent in [Kind::Deal, Kind::Ticket] {
        assert!(place(dependent) < place(Kind::Contact), "{dependent}s before contacts");
    }
}

pub(super) async fn what_was_closed_is_among_the_changes_and_not_open(stage: &dyn Stage) {
    let (reader, since_s) = (stage.reader(), stage.now_s());
    let (kind, id) = stage.close().await;
    let changed = changes(&*reader, kind, since_s).await;
    let closed = changed.iter().find(|record| record.id == id).expect("what was closed");
    assert!(!closed.open && closed.updated_s >= since_s);
}

pub(super) async fn who_was_added_is_among_the_changes_and_nothing_older_is(stage: &dyn Stage) {
    let reader = stage.reader();
    crawl(&*reader, Kind::Contact).await;
    let since_s = stage.now_s();
    let id = stage.add_contact(stage.nobody()).await;
    let changed = changes(&*reader, Kind::Contact, since_s).await;
    let told: BTreeSet<_> = changed.iter().map(|record| (record.id, record.open)).collect();
    assert_eq!(told, BTreeSet::from([(id, true)]));
    assert!(!changed[0].numbers.is_empty() && changed[0].created_s >= since_s);
}

pub(super) async fn a_live_question_finds_everything_open_in_as_few_requests_as_the_vendor_allows(stage: &dyn Stage) {
    let (reader, known, before) = (stage.reader(), stage.known(), stage.asked());
    let found = reader.ask(known.number, LONG).await.expect("an answer");
    let open = found.iter().filter(|record| record.open).map(|record| (record.kind, record.id)).collect();
    assert!(known.open.is_subset(&open), "expected {:?}, found {open:?}", known.open);
    let (asked, most) = (stage.asked() - before, stage.live_requests());
    assert!(asked <= most, "expected at most {most} requests, found {asked}");
}

pub(super) async fn records_are_read_again_as_they_are_now_and_what_is_gone_is_missing(stage: &dyn Stage) {
    let (reader, known) = (stage.reader(), stage.known());
    for &(kind, id) in &known.open {
        let read = reader.records(kind, &[id, stage.missing(kind)]).await.expect("records");
        assert_eq!(
            read.iter().map(|record| (record.kind, record.id, record.open)).collect::<Vec<_>>(),
            [(kind, id, true)]
        );
    }
    let (kind, id) = stage.close().await;
    let read = reader.records(kind, &[id]).await.expect("records");
    assert!(read.iter().all(|record| record.id == id && !record.open), "{read:?}");
}

pub(super) async fn a_live_question_for_nobody_finds_nobody_with_the_number(stage: &dyn Stage) {
    let nobody = stage.nobody().digits().to_string();
    let found = stage.reader().ask(stage.nobody(), LONG).await.expect("an answer");
    let digits = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    assert!(!found.iter().flat_map(|record| &record.numbers).any(|typed| nobody.ends_with(&digits(typed))));
}

pub(super) async fn without_quota_nothing_is_sent_and_nobody_waits(stage: &dyn Stage) {
    let (reader, before) = (stage.spent_reader(), stage.asked());
    let since = tokio::time::Instant::now();
    let refused = |outcome: Failure| matches!(outcome, Failure::NoQuota { after, .. } if !after.is_zero());
    assert!(refused(reader.ask(stage.known().number, LONG).await.expect_err("no quota")));
    assert!(refused(reader.page(Kind::Contact, None).await.expect_err("no quota")));
    assert!(refused(reader.changes(Kind::Contact, 0, None).await.expect_err("no quota")));
    assert!(since.elapsed() < LONG / 2);
    assert_eq!(stage.asked(), before);
}

pub(super) async fn users_are_told_with_whether_they_left(stage: &dyn Stage) {
    let users = stage.reader().users().await.expect("users");
    assert_eq!(users.iter().map(|user| (user.id, user.active)).collect::<BTreeSet<_>>(), stage.users());
}

pub(super) async fn a_kind_that_the_crm_lacks_is_refused_unasked(stage: &dyn Stage) {
    let (reader, before) = (stage.reader(), stage.asked());
    let lacking = stage.lacking();
    if Kind::ALL.iter().all(|kind| reader.crawl_order().contains(kind)) {
        return;
    }
    assert!(!reader.crawl_order().contains(&lacking));
    assert!(matches!(reader.page(lacking, None).await, Err(Failure::Refused { .. })));
    assert!(matches!(reader.changes(lacking, 0, None).await, Err(Failure::Refused { .. })));
    assert!(matches!(reader.records(lacking, &[CrmId::Number(1)]).await, Err(Failure::Refused { .. })));
    assert_eq!(stage.asked(), before);
}

pub(super) async fn a_cursor_of_another_reader_is_refused(stage: &dyn Stage) {
    let reader = stage.reader();
    for &kind in reader.crawl_order() {
        let cursor = Cursor("no cursor of ours".to_owned());
        assert!(matches!(reader.changes(kind, 0, Some(&cursor)).await, Err(Failure::Refused { .. })), "{kind}");
    }
}

/// Every trouble, every question: the word that the floors above act on, in time.
pub(super) async fn in_trouble_the_reader_says_what_to_do(stage: &dyn Stage, trouble: Trouble) {
    let reader =
        if trouble == Trouble::Hang { stage.reader_within(Duration::from_millis(300)) } else { stage.reader() };
    stage.stage(trouble).await;
    let fits = |failure: &Failure| match trouble {
        Trouble::Credentials => matches!(failure, Failure::Credentials { .. }),
        // Once told, a ledger may refuse by itself: nothing is sent while the CRM wants a pause.
        Trouble::RateLimited => matches!(failure, Failure::Wait { .. } | Failure::NoQuota { .. }),
        Trouble::Unavailable | Trouble::Gone => matches!(failure, Failure::Wait { .. }),
        Trouble::Hang | Trouble::Reset | Trouble::Garbage | Trouble::Truncated => {
            matches!(failure, Failure::Unclear { .. })
        }
    };
    let live = tokio::time::timeout(LONG, reader.ask(stage.known().number, Duration::ZERO)).await;
    let failure = live.expect("in time").expect_err("a failure");
    assert!(fits(&failure), "{trouble:?}, live: {failure:?}");
    if trouble != Trouble::RateLimited {
        let page = tokio::time::timeout(LONG, reader.page(Kind::Contact, None)).await;
        let failure = page.expect("in time").expect_err("a failure");
        assert!(fits(&failure), "{trouble:?}, crawl: {failure:?}");
    }
}

pub(super) async fn whoever_has_a_name_has_it_however_they_are_read(stage: &dyn Stage) {
    let (reader, known, before_s) = (stage.reader(), stage.known(), stage.now_s());
    let mut named = BTreeMap::new();
    for &kind in reader.crawl_order() {
        for record in crawl(&*reader, kind).await {
            match kind {
                Kind::Contact | Kind::Organization => assert!(record.name.is_some(), "{record:?}"),
                Kind::Deal | Kind::Ticket => assert_eq!(record.name, None, "{record:?}"),
                Kind::Lead => {}
            }
            named.insert((kind, record.id), record.name);
        }
    }
    let found = reader.ask(known.number, LONG).await.expect("an answer");
    for record in found.iter().filter(|record| known.open.contains(&(record.kind, record.id))) {
        assert_eq!(Some(&record.name), named.get(&(record.kind, record.id)), "asked: {record:?}");
    }
    for &(kind, id) in &known.open {
        let again = reader.records(kind, &[id]).await.expect("an answer");
        assert!(again.iter().all(|record| Some(&record.name) == named.get(&(kind, id))), "read again: {again:?}");
    }
    let added = stage.add_contact(stage.nobody()).await;
    let changed = changes(&*reader, Kind::Contact, before_s).await;
    let changed = changed.iter().find(|record| record.id == added).expect("who was added");
    let again = reader.records(Kind::Contact, &[added]).await.expect("an answer");
    assert!(changed.name.is_some() && changed.name == again[0].name, "{changed:?}, then {again:?}");
}

/// One test per case of the suite; `$stage` is an async function that makes a fresh [`Stage`].
macro_rules! contract_tests {
    ($stage:path) => {
        $crate::crm::contract::contract_tests! { @cases $stage:
            a_crawl_brings_every_open_record
            what_has_no_number_of_its_own_is_crawled_before_who_has_it
            what_was_closed_is_among_the_changes_and_not_open
            who_was_added_is_among_the_changes_and_nothing_older_is
            a_live_question_finds_everything_open_in_as_few_requests_as_the_vendor_allows
            records_are_read_again_as_they_are_now_and_what_is_gone_is_missing
            a_live_question_for_nobody_finds_nobody_with_the_number
            whoever_has_a_name_has_it_however_they_are_read
            without_quota_nothing_is_sent_and_nobody_waits
            users_are_told_with_whether_they_left
            a_kind_that_the_crm_lacks_is_refused_unasked
            a_cursor_of_another_reader_is_refused
        }
        $crate::crm::contract::contract_tests! { @troubles $stage:
            refused_credentials_are_told_as_such: Credentials
            a_rate_limit_is_to_be_waited_out: RateLimited
            an_unavailable_crm_is_to_be_waited_for: Unavailable
            a_crm_that_hangs_leaves_the_outcome_unclear: Hang
            a_reset_leaves_the_outcome_unclear: Reset
            garbage_leaves_the_outcome_unclear: Garbage
            a_truncated_answer_leaves_the_outcome_unclear: Truncated
            a_crm_that_is_gone_is_to_be_waited_for: Gone
        }
    };
    (@cases $stage:path: $($case:ident)+) => {
        $(#[tokio::test]
        async fn $case() {
            $crate::crm::contract::$case(&$stage().await).await;
        })+
    };
    (@troubles $stage:path: $($name:ident: $trouble:ident)+) => {
        $(#[tokio::test]
        async fn $name() {
            let trouble = $crate::crm::contract::Trouble::$trouble;
            $crate::crm::contract::in_trouble_the_reader_says_what_to_do(&$stage().await, trouble).await;
        })+
    };
}
pub(super) use contract_tests;
