use std::collections::{BTreeMap, BTreeSet};

use crate::journal::store::contract::{ACME, MINUTE, NOW, StoreStage, claim, dead, done, event, later, plan};
use crate::journal::store::{Claim, Entry, Filter, Leased, State, Store, StoreError};

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// Some hundreds of whatever can be done, in an order of chance; after each the lanes are looked at.
pub(in crate::journal::store) async fn whatever_is_done_lanes_keep_their_order_and_the_counts_are_true(
    stage: &dyn StoreStage,
) {
    let mut store = stage.open();
    let mut dice = Dice(7);
    let mut held: Vec<Leased> = Vec::new();
    let mut now_ms = NOW;
    for n in 0..1_500_u32 {
        now_ms += 10;
        let lane = format!("lane-{}", dice.below(6));
        match dice.below(12) {
            0..4 => {
                store.append(event(&lane, n)).await.expect("stored");
            }
            4..7 => {
                let before = everything(&*store).await;
                let claim = Claim { lease_ms: MINUTE / 100, retries_first: dice.below(2) == 0, ..claim(now_ms) };
                let leased = store.lease(claim).await.expect("an answer");
                may_be_leased(&before, leased.as_ref(), now_ms);
                held.extend(leased);
            }
            7..10 if !held.is_empty() => {
                let leased = held.swap_remove(dice.below(held.len()));
                use_up(&*store, &mut dice, &leased, now_ms).await;
            }
            10 => {
                let entries = everything(&*store).await;
                if !entries.is_empty() {
                    operate(&*store, &mut dice, &entries, now_ms).await;
                }
            }
            _ if n % 50 == 0 => {
                drop(store);
                store = stage.open();
            }
            _ => {}
        }
        look(&*store).await;
    }
}

async fn everything(store: &dyn Store) -> Vec<Entry> {
    let filter = Filter { project: Some(ACME.to_owned()), limit: 10_000, ..Filter::default() };
    store.list(filter).await.expect("read")
}

/// The rule for a lease, said over all entries: open, its time has come, nobody is at its lane, none before it is open.
fn workable(all: &[Entry], one: &Entry, now_ms: i64) -> bool {
    let due = match one.state {
        State::Received | State::Planned => true,
        State::Later => one.not_before_ms.is_some_and(|time| time <= now_ms),
        State::Leased => one.lease_until_ms.is_some_and(|time| time <= now_ms),
        _ => false,
    };
    let of_lane = || all.iter().filter(|other| other.lane == one.lane && other.id != one.id);
    let taken = of_lane().any(|other| other.state == State::Leased);
    let first = one.state == State::Leased || of_lane().all(|other| !other.state.is_open() || other.id > one.id);
    due && !taken && first
}

fn may_be_leased(before: &[Entry], leased: Option<&Leased>, now_ms: i64) {
    let workable: BTreeSet<_> = before.iter().filter(|one| workable(before, one, now_ms)).map(|one| one.id).collect();
    match leased {
        Some(leased) => assert!(workable.contains(&leased.entry.id), "{workable:?} {leased:?}"),
        None => assert!(workable.is_empty(), "expected one of {workable:?}, found none"),
    }
}

async fn use_up(store: &dyn Store, dice: &mut Dice, leased: &Leased, now_ms: i64) {
    let lease = &leased.lease;
    let used = match dice.below(6) {
        0 => store.finish(lease, done(), now_ms).await,
        1 => store.finish(lease, dead(), now_ms).await,
        2 => store.finish(lease, later(now_ms + 200), now_ms).await,
        3 => store.release(lease).await,
        4 => store.set_lane(lease, &format!("lane-{}", dice.below(6))).await,
        _ => store.save_plan(lease, plan(&["contact"])).await,
    };
    match used {
        Ok(()) | Err(StoreError::LeaseLost(_) | StoreError::Planned(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

async fn operate(store: &dyn Store, dice: &mut Dice, entries: &[Entry], now_ms: i64) {
    let id = entries[dice.below(entries.len())].id;
    let operated = if dice.below(3) == 0 { store.drop_entry(id, now_ms).await } else { store.retry(id).await };
    assert!(matches!(operated, Ok(()) | Err(StoreError::State { .. })), "{operated:?}");
}

/// Of a lane at most one is being worked on, and the counts are those of the list.
async fn look(store: &dyn Store) {
    let entries = everything(store).await;
    let mut counted: BTreeMap<State, u64> = BTreeMap::new();
    let mut lanes = BTreeSet::new();
    for entry in &entries {
        *counted.entry(entry.state).or_default() += 1;
        if entry.state == State::Leased {
            assert!(lanes.insert(entry.lane.clone()), "two are worked on in {}", entry.lane);
        }
    }
    let counts = store.counts(ACME).await.expect("read");
    assert_eq!(counts.by_state, counted);
}
