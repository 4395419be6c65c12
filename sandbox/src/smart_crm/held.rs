//! What was written through the API, in words that are no vendor's.

use super::{
    activities::Set,
    row::{Cell, Row, money, time},
    schema::guid_text,
    world::{World, Written},
};
use crate::kit::{EntityKind, Reference, Thing};

impl World {
    /// Everything that was written, in the order it was first.
    pub(super) fn held(&self) -> Vec<Thing> {
        self.written
            .iter()
            .filter_map(|written| Some(self.thing(written, &self.stored(written.set, written.id)?)))
            .collect()
    }

    fn thing(&self, written: &Written, row: &Row) -> Thing {
        let text = |name: &str| match cell(row, name) {
            Some(Cell::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let set = written.set;
        let title = ["name", "title", "subject", "fullname"].map(text).into_iter().find(|text| !text.is_empty());
        let minutes = row.whole("actualdurationminutes").and_then(|minutes| u64::try_from(minutes).ok());
        Thing {
            what: word(set).to_owned(),
            id: guid_text(row.id),
            seeded: !written.made,
            owner: row.lookup("_ownerid_value").map(guid_text),
            on: self.references(set, row),
            title: title.unwrap_or_default(),
            text: if set == Set::Notes { text("notetext") } else { text("description") },
            state: state(set, row),
            due: match cell(row, "scheduledend") {
                Some(Cell::Time(at_s)) => Some(time(*at_s)),
                _ => None,
            },
            direction: match cell(row, "directioncode") {
                Some(Cell::Flag(out)) => Some(if *out { "out" } else { "in" }.to_owned()),
                _ => None,
            },
            seconds: minutes.map(|minutes| minutes * 60),
            numbers: row.numbers(),
            fields: written.columns.iter().filter_map(|&name| field(row, name)).collect(),
            ..Thing::default()
        }
    }

    fn references(&self, set: Set, row: &Row) -> Vec<Reference> {
        let regarding = |name: &str| name.starts_with("_regarding").then(|| "regarding".to_owned());
        let lookups = row.cells.iter().filter(|(name, _)| !matches!(*name, "_ownerid_value" | "_masterid_value"));
        let mut on: Vec<Reference> = lookups
            .filter_map(|(name, cell)| match cell {
                Cell::Lookup(id, logical) => Some(reference(logical, *id, regarding(name))),
                _ => None,
            })
            .collect();
        if set == Set::PhoneCalls {
            for party in self.parties.get(&row.id).into_iter().flatten() {
                let role = Some(if party.mask == 1 { "from" } else { "to" }.to_owned());
                on.push(match (party.who, &party.address) {
                    (Some((logical, id)), _) => reference(logical, id, role),
                    (None, address) => {
                        let id = address.clone().unwrap_or_default();
                        Reference { what: "address".to_owned(), id, role }
                    }
                });
            }
        }
        on.sort();
        on.dedup();
        on
    }
}

fn cell<'a>(row: &'a Row, name: &str) -> Option<&'a Cell> {
    row.cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell)
}

const fn word(set: Set) -> &'static str {
    match set {
        Set::Records(EntityKind::Contact) => "contact",
        Set::Records(EntityKind::Organization) => "organization",
        Set::Records(EntityKind::Lead) => "lead",
        Set::Records(EntityKind::Deal) => "deal",
        Set::Records(EntityKind::Ticket) => "ticket",
        Set::PhoneCalls => "call",
        Set::Tasks => "task",
        Set::Notes => "note",
    }
}

fn reference(logical: &str, id: u128, role: Option<String>) -> Reference {
    let what = match logical {
        "account" => "organization",
        "opportunity" => "deal",
        "incident" => "ticket",
        "systemuser" => "user",
        "phonecall" => "call",
        other => other,
    };
    Reference { what: what.to_owned(), id: guid_text(id), role }
}

fn state(set: Set, row: &Row) -> Option<String> {
    let (state, status) = (row.whole("statecode")?, row.whole("statuscode")?);
    let word = match (set, state, status) {
        (Set::Tasks, 1, _) => "completed",
        (Set::Tasks | Set::PhoneCalls, 2, _) => "canceled",
        (Set::PhoneCalls, _, 2) => "Made",
        (Set::PhoneCalls, _, 4) => "Received",
        (Set::PhoneCalls, ..) => "Open",
        (Set::Tasks | Set::Records(EntityKind::Deal | EntityKind::Ticket), 0, _) => "open",
        (Set::Records(EntityKind::Deal | EntityKind::Ticket), ..) => "closed",
        _ => return None,
    };
    Some(word.to_owned())
}

/// A column that was written and has no place of its own in a [`Thing`].
fn field(row: &Row, name: &'static str) -> Option<(String, String)> {
    const SHOWN: [&str; 9] = [
        "subject",
        "description",
        "notetext",
        "scheduledend",
        "directioncode",
        "actualdurationminutes",
        "statecode",
        "name",
        "title",
    ];
    if SHOWN.contains(&name) || row.schema.phones.contains(&name) {
        return None;
    }
    let text = match cell(row, name)? {
        Cell::Text(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Money(hundredths) => money(*hundredths).to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Time(at_s) => time(*at_s),
        Cell::Id(_) | Cell::Lookup(..) => return None,
    };
    Some((name.to_owned(), text))
}
