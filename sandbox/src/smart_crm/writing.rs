//! Writing: `POST` of a set, `PATCH` of a record, and what an account does with it.
//!
//! # Source
//! Microsoft's pages: `PATCH` makes what is not there; `If-None-Match: *` makes only, `If-Match: *` changes only; 204 with
//! the address in a header; what is closed of activities is read-only, and `statecode` is nothing to create with. Guesses,
//! each the harder one: a body that says more than the state while it opens an activity again is refused, and so is a
//! state that is set once more; business required columns are demanded of the API, too; sales and cases are closed by
//! actions only.

use hyper::{Method, StatusCode};

use super::{
    account::Account,
    activities::Set,
    body::{self, Wanted},
    hand::Hand,
    reply::Refusal,
    row::{Cell, Row},
    schema::{self, guid_text},
    seed::{later_id, other_id, user_id},
    world::{World, Written},
};
use crate::kit::{Call, EntityKind, Moment, Reply, json_reply, with_headers, write};

/// How long a write takes the vendor: its plug-ins run before it answers.
pub(super) const WRITE_MS: u64 = 40;
/// The application's own user.
const APPLICATION: usize = 5;

/// What a conditional header demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Either,
    MakeOnly,
    ChangeOnly,
}

impl Guard {
    fn read(call: &Call) -> Result<Self, Refusal> {
        match (call.header("if-none-match"), call.header("if-match")) {
            (Some("*"), None) => Ok(Self::MakeOnly),
            (None | Some("null"), Some("*")) => Ok(Self::ChangeOnly),
            (None | Some("null"), None) => Ok(Self::Either),
            _ => Err(Refusal::malformed("this stand-in knows If-Match and If-None-Match with * only, one at a time")),
        }
    }
}

impl Account {
    /// Carries out a write below the API's root, and tells the webhooks.
    pub(super) fn write(&self, set: Set, id: Option<u128>, call: &Call, root: &str) -> Result<Reply, Refusal> {
        let now = self.ground.clock.now();
        let (id, notices) = {
            let mut world = write(&self.world);
            match (call.method(), id) {
                (&Method::POST, None) => world.make(set, &call.body, now)?,
                (&Method::PATCH, Some(id)) => world.patch((set, id), Guard::read(call)?, &call.body, now)?,
                _ => return Err(Refusal::no_method()),
            }
        };
        self.tell(notices);
        let address = format!("{root}{}({})", set.schema().set, guid_text(id));
        Ok(with_headers(json_reply(StatusCode::NO_CONTENT, ""), [("odata-entityid", address)]))
    }
}

type Done = (u128, Vec<super::notice::Notice>);

impl World {
    /// A record as it is, of any set.
    pub(super) fn stored(&self, set: Set, id: u128) -> Option<Row> {
        match set {
            Set::Records(kind) => self.table(kind).get(id),
            side => self.side.get(&(side, id)).cloned(),
        }
    }

    fn make(&mut self, set: Set, bytes: &[u8], now: Moment) -> Result<Done, Refusal> {
        let wanted = body::read(self, set, None, bytes)?;
        let number = self.next();
        let id = match set {
            Set::Records(kind) => later_id(kind, number),
            _ => other_id(6, number),
        };
        self.create(set, id, wanted, now)
    }

    fn patch(&mut self, (set, id): (Set, u128), guard: Guard, bytes: &[u8], now: Moment) -> Result<Done, Refusal> {
        let stored = self.stored(set, id);
        match (&stored, guard) {
            (Some(_), Guard::MakeOnly) => return Err(Refusal::exists()),
            (None, Guard::ChangeOnly) => return Err(Refusal::no_record(set.schema().logical, id)),
            _ => {}
        }
        let wanted = body::read(self, set, Some(id), bytes)?;
        match stored {
            None => self.create(set, id, wanted, now),
            Some(row) => self.update(set, row, wanted, now),
        }
    }

    fn create(&mut self, set: Set, id: u128, wanted: Wanted, now: Moment) -> Result<Done, Refusal> {
        let schema = set.schema();
        if wanted.cells.iter().any(|(name, _)| *name == "statecode") {
            return Err(Refusal::payload(format!(
                "'statecode' of '{}' cannot be set when it is made.",
                schema.logical
            )));
        }
        for &name in schema.required.iter().chain(self.demands(set)) {
            if wanted.cell(name).is_none() {
                return Err(Refusal::missing(name, schema.logical));
            }
        }
        let parties = wanted.parties.as_deref().unwrap_or_default();
        if set == Set::PhoneCalls && !parties.iter().any(|party| party.mask == 2) {
            return Err(Refusal::missing("to", schema.logical));
        }
        let at_s = now.wall.as_second();
        let owner = Cell::Lookup(user_id(APPLICATION), schema::SYSTEM_USER.logical);
        let mut row = Row::new(schema, id, (at_s, at_s)).with("_ownerid_value", owner);
        if let Some((state, statuses)) = schema.states.first() {
            let status = wanted.whole("statuscode").unwrap_or(statuses[0]);
            if !statuses.contains(&status) {
                return Err(Refusal::no_status(status, *state, schema.logical));
            }
            row = row.with_state(*state, status);
        }
        self.applied(set, row, wanted, (now, "Create"))
    }

    /// What this organization's business rules demand besides.
    const fn demands(&self, set: Set) -> &'static [&'static str] {
        match set {
            Set::Records(EntityKind::Contact | EntityKind::Lead) if self.demands_last_name => &["lastname"],
            _ => &[],
        }
    }

    fn update(&mut self, set: Set, mut row: Row, wanted: Wanted, now: Moment) -> Result<Done, Refusal> {
        let schema = set.schema();
        let (was, to) = (row.whole("statecode").unwrap_or(0), wanted.whole("statecode"));
        let only_state = wanted.parties.is_none()
            && wanted.cells.iter().all(|(name, _)| matches!(*name, "statecode" | "statuscode"));
        let opens = only_state && to == Some(0);
        if set.is_activity() && was != 0 && !opens {
            return Err(Refusal::read_only(schema.logical));
        }
        if let (Set::Records(EntityKind::Deal | EntityKind::Ticket), Some(1..)) = (set, to) {
            return Err(Refusal::payload(format!("The state of '{}' is set by an action.", schema.logical)));
        }
        let state = to.unwrap_or(was);
        let known = schema.states.iter().find(|(known, _)| *known == state).map(|(_, statuses)| *statuses);
        match (wanted.whole("statuscode"), known) {
            (Some(status), statuses) if !statuses.is_some_and(|known| known.contains(&status)) => {
                return Err(Refusal::no_status(status, state, schema.logical));
            }
            (None, Some([first, ..])) if to.is_some_and(|to| to != was) => {
                row.set("statuscode", Some(Cell::Whole(*first)));
            }
            (None, None) if to.is_some() => return Err(Refusal::no_status(-1, state, schema.logical)),
            _ => {}
        }
        row.update_s = now.wall.as_second();
        self.applied(set, row, wanted, (now, "Update"))
    }

    fn applied(
        &mut self,
        set: Set,
        mut row: Row,
        wanted: Wanted,
        (now, message): (Moment, &'static str),
    ) -> Result<Done, Refusal> {
        let id = row.id;
        let mut columns: Vec<&'static str> = Vec::new();
        for (name, cell) in wanted.cells {
            row.set(name, cell);
            columns.push(name);
        }
        derive(&mut row);
        if let Some(parties) = wanted.parties {
            self.parties.insert(id, parties);
        }
        let made = message == "Create";
        match self.written.iter_mut().find(|written| (written.set, written.id) == (set, id)) {
            Some(written) => written.columns.extend(&columns),
            None => self.written.push(Written { set, id, made, columns: columns.clone() }),
        }
        let Set::Records(kind) = set else {
            self.side.insert((set, id), row);
            return Ok((id, Vec::new()));
        };
        let told: &[&'static str] = if made { &[] } else { &columns };
        let mut hand = Hand::of(self, now);
        hand.put((kind, id), Some(row), message, told);
        Ok((id, hand.notices))
    }
}

/// What follows from other columns.
fn derive(row: &mut Row) {
    let text = |row: &Row, name: &str| match row.cells.iter().find(|(known, _)| *known == name) {
        Some((_, Cell::Text(text))) => Some(text.clone()),
        _ => None,
    };
    let names = [text(row, "firstname"), text(row, "lastname")];
    if names.iter().any(Option::is_some) {
        row.set("fullname", Some(Cell::Text(names.into_iter().flatten().collect::<Vec<_>>().join(" "))));
    }
    if row.schema == &schema::OPPORTUNITY {
        let parent = ["_parentaccountid_value", "_parentcontactid_value"];
        let of = |name: &str| row.cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell.clone());
        if let Some(customer) = parent.into_iter().find_map(of) {
            row.set("_customerid_value", Some(customer));
        }
    }
}
