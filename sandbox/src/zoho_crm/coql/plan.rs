//! How a query is answered without looking at every record: the stand-in's business, not the vendor's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Condition, Like, Test, sort_of};
use crate::{
    kit::{Sort, Walk},
    zoho_crm::{
        field::{Field, Type, WRITTEN},
        module::Module,
        record::Row,
        wire::Cell,
        world::World,
    },
};

/// So many digits lead to few enough records.
const ENOUGH_DIGITS: usize = 7;

/// What digits lead to, found once however often they are asked for.
type Known = BTreeMap<Vec<u8>, Option<BTreeSet<u64>>>;

/// Ids among which everything is that the condition may hold for; `None`: too many to say.
pub(super) fn ids(condition: &Condition, module: Module, world: &World) -> Option<BTreeSet<u64>> {
    among(condition, module, world, &mut Known::new())
}

fn among(condition: &Condition, module: Module, world: &World, known: &mut Known) -> Option<BTreeSet<u64>> {
    match condition {
        Condition::And(one, other) => match (among(one, module, world, known), among(other, module, world, known)) {
            (Some(one), Some(other)) => Some(one.intersection(&other).copied().collect()),
            (one, other) => one.or(other),
        },
        Condition::Or(one, other) => {
            let mut either = among(one, module, world, known)?;
            either.extend(among(other, module, world, known)?);
            Some(either)
        }
        Condition::Is(field, Test::In(cells, true)) => match field.holds {
            Type::Phone => numbers(cells, module, world),
            Type::Email => emails(cells, module, world),
            _ => named(*field, cells, module, world),
        },
        Condition::Is(field, Test::Like(like, true)) if field.holds == Type::Email => {
            let whole = !like.open_start && !like.open_end;
            whole.then(|| world.by_email(module, &like.text))
        }
        Condition::Is(_, Test::Like(like, true)) => by_digits(like, module, world, known),
        Condition::Is(..) => None,
    }
}

fn named(field: Field, cells: &[Cell], module: Module, world: &World) -> Option<BTreeSet<u64>> {
    let linked = match (module, field.name) {
        (Module::Deals, "Contact_Name") => Some(Module::Contacts),
        (Module::Deals, "Account_Name") => Some(Module::Accounts),
        (_, "id") => None,
        // The seed fills none of these.
        (Module::Tasks | Module::Calls, _) => return Some(world.table(module).changed_ids().collect()),
        _ if WRITTEN.iter().any(|own| own.name == field.name) => {
            return Some(world.table(module).changed_ids().collect());
        }
        _ => return None,
    };
    let each = cells.iter().filter_map(|cell| match cell {
        Cell::Number(id) | Cell::Lookup(Some(id)) => Some(*id),
        _ => None,
    });
    Some(match linked {
        Some(owner) => each.flat_map(|id| world.deals_of(owner, id)).collect(),
        None => each.collect(),
    })
}

/// Records with one of these whole numbers, where each has digits enough.
fn numbers(cells: &[Cell], module: Module, world: &World) -> Option<BTreeSet<u64>> {
    let mut all = BTreeSet::new();
    for cell in cells {
        let Cell::Text(Some(text)) = cell else { return None };
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        if digits.len() < ENOUGH_DIGITS {
            return None;
        }
        all.extend(world.by_digits(module, &digits)?);
    }
    Some(all)
}

fn emails(cells: &[Cell], module: Module, world: &World) -> Option<BTreeSet<u64>> {
    let mut all = BTreeSet::new();
    for cell in cells {
        let Cell::Text(Some(text)) = cell else { return None };
        all.extend(world.by_email(module, text));
    }
    Some(all)
}

fn by_digits(like: &Like, module: Module, world: &World, known: &mut Known) -> Option<BTreeSet<u64>> {
    let digits: Vec<u8> = like.text.bytes().filter(u8::is_ascii_digit).collect();
    if digits.len() < ENOUGH_DIGITS {
        return None;
    }
    let found = |digits: &Vec<u8>| world.by_digits(module, digits);
    known.entry(digits).or_insert_with_key(found).clone()
}

/// The walk that brings the rows in their order, where the table has that order.
pub(super) fn walk(condition: &Condition, orders: &[(Field, bool)]) -> Option<Walk<Row>> {
    let (sort, descending) = sort_of(orders)?;
    let mut walk = Walk { sort, descending, ..Walk::default() };
    match sort {
        Sort::Id if !descending => walk.from = least(condition, "id").map(|id| (0, id.unsigned_abs())),
        Sort::UpdateTime => walk.since_s = least(condition, "Modified_Time"),
        _ => {}
    }
    Some(walk)
}

/// The least that a field may be, where the condition says.
fn least(condition: &Condition, name: &str) -> Option<i64> {
    match condition {
        Condition::And(one, other) => least(one, name).max(least(other, name)),
        Condition::Or(one, other) => Some(least(one, name)?.min(least(other, name)?)),
        Condition::Is(field, Test::Greater(cell, _)) if field.name == name => bound(cell),
        Condition::Is(field, Test::In(cells, true)) if field.name == name => cells.iter().filter_map(bound).min(),
        Condition::Is(..) => None,
    }
}

fn bound(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Number(id) => i64::try_from(*id).ok(),
        Cell::Time(at_s) => *at_s,
        _ => None,
    }
}
