//! `POST /crm/objects/2026-03/{type}/search`. The index lags behind (see `Limits::index_lag`): what is found is shown as it
//! was, new records are not found yet, and archived ones are, until the index has heard of it.

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::{Value, json};

use super::{
    filter::Search,
    object::Object,
    property::value,
    wire::{self, Wanted},
    world::World,
};
use crate::kit::{EntityKind, Moment, Sort, Source, Walk};

impl World {
    /// Answers a search.
    pub(super) fn found(&self, kind: EntityKind, search: &Search, wanted: &Wanted, now: Moment) -> Value {
        let mut found = self.finds(kind, search, now);
        let total = found.len();
        match &search.sort {
            Some((name, descending)) => found.sort_by(|one, other| {
                let order = ordered(one, other, name);
                if *descending { order.reverse() } else { order }
            }),
            None => found.sort_unstable_by_key(|object| object.id),
        }
        let end = search.after + search.limit;
        let page = found.iter().skip(search.after).take(search.limit);
        let results: Vec<Value> = page.map(|object| wire::object(object, wanted)).collect();
        let mut written = json!({"total": total, "results": results});
        if end < total {
            written["paging"] = json!({"next": {"after": end.to_string()}});
        }
        written
    }

    fn finds(&self, kind: EntityKind, search: &Search, now: Moment) -> Vec<Object> {
        let table = self.table(kind);
        let changed: BTreeSet<u64> = table.changed_ids().collect();
        let hit = |object: &Object| search.finds(object);
        let indexed = changed.iter().filter_map(|&id| table.indexed(id, now.vendor)).filter(hit);
        let seeded: Vec<Object> = match self.candidates(kind, search) {
            Some(places) => {
                let untouched = places.into_iter().filter(|&place| !changed.contains(&table.source().id(place)));
                untouched.filter_map(|place| table.source().record(place)).filter(hit).collect()
            }
            None => {
                let walk = Walk { sort: Sort::UpdateTime, since_s: search.since_s(), ..Walk::default() };
                table.walk(&walk).filter(|object| !changed.contains(&object.id)).filter(hit).collect()
            }
        };
        seeded.into_iter().chain(indexed).collect()
    }

    /// The seed's places that may hold one of the numbers; `None`: any may.
    fn candidates(&self, kind: EntityKind, search: &Search) -> Option<Vec<u64>> {
        let mut places = BTreeSet::new();
        for row in search.digits()? {
            let found = match kind {
                EntityKind::Contact => self.seed.clients_by_digits(row.as_bytes()),
                EntityKind::Organization => self.seed.organizations_by_digits(row.as_bytes()),
                EntityKind::Deal | EntityKind::Lead | EntityKind::Ticket => None,
            };
            places.extend(found?);
        }
        Some(places.into_iter().collect())
    }
}

/// Records that are alike come in the order of their ids backwards: nobody says in which they do.
fn ordered(one: &Object, other: &Object, name: &str) -> Ordering {
    let order = match name {
        "hs_object_id" => one.id.cmp(&other.id),
        "lastmodifieddate" | "hs_lastmodifieddate" => one.update_s.cmp(&other.update_s),
        "createdate" | "hs_createdate" => one.add_s.cmp(&other.add_s),
        name => value(one, name).cmp(&value(other, name)),
    };
    order.then(other.id.cmp(&one.id))
}
