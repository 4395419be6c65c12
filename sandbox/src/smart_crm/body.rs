//! What a body wants written, read as strictly as the vendor does.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    activities::{PARTIES, PARTY_BINDS, Party, Set},
    reply::Refusal,
    row::Cell,
    schema::{Bind, Column, SYSTEM_USER, Schema, Type, guid_of},
    seed::team_id,
    world::World,
};

const BIND: &str = "@odata.bind";
/// Columns that nobody sets.
const READ_ONLY: [&str; 3] = ["fullname", "createdon", "modifiedon"];
/// Characters of a party's address.
const LONGEST_ADDRESS: usize = 200;

/// What a body wants written.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) cells: Vec<(&'static str, Option<Cell>)>,
    pub(super) parties: Option<Vec<Party>>,
}

impl Wanted {
    pub(super) fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|(known, _)| *known == name).and_then(|(_, cell)| cell.as_ref())
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Some(Cell::Whole(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Reads a body for a record of a set; `id` is the one in the address.
pub(super) fn read(world: &World, set: Set, id: Option<u128>, bytes: &[u8]) -> Result<Wanted, Refusal> {
    let body: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|_| Refusal::payload("The body is not a JSON object."))?;
    let schema = set.schema();
    let mut wanted = Wanted::default();
    for (name, value) in &body {
        if set == Set::PhoneCalls && name == PARTIES {
            wanted.parties = Some(parties(world, value)?);
        } else if let Some(navigation) = name.strip_suffix(BIND) {
            let bind = declared(schema.binds, navigation)?;
            let (logical, id) = bound(world, bind, value)?;
            wanted.cells.push((bind.column, Some(Cell::Lookup(id, logical))));
        } else {
            let column = writable(schema, name)?;
            let cell = cell(schema, column, value)?;
            if column.holds != Type::Key {
                wanted.cells.push((column.name, cell));
            } else if cell != id.map(Cell::Id) {
                return Err(Refusal::payload(format!("'{name}' is not the key of the address.")));
            }
        }
    }
    Ok(wanted)
}

fn writable(schema: &'static Schema, name: &str) -> Result<&'static Column, Refusal> {
    let column = schema.column(name).filter(|column| column.holds != Type::Lookup);
    let column = column.ok_or_else(|| Refusal::no_such(name, schema.logical))?;
    if READ_ONLY.contains(&name) {
        return Err(Refusal::payload(format!("'{name}' of '{}' cannot be set.", schema.logical)));
    }
    Ok(column)
}

fn declared<'a>(binds: &'a [Bind], navigation: &str) -> Result<&'a Bind, Refusal> {
    let found = binds.iter().find(|bind| bind.name == navigation);
    found.ok_or_else(|| {
        let message = format!("An undeclared property '{navigation}' with annotations and without a value.");
        Refusal::payload(message)
    })
}

fn cell(schema: &Schema, column: &Column, value: &Value) -> Result<Option<Cell>, Refusal> {
    let name = column.name;
    let cell = match (column.holds, value) {
        (_, Value::Null) => return Ok(None),
        (Type::Text(longest), Value::String(text)) => {
            if text.encode_utf16().count() > longest {
                return Err(Refusal::too_long(name, schema.logical, longest));
            }
            // The vendor keeps no empty texts.
            return Ok((!text.is_empty()).then(|| Cell::Text(text.clone())));
        }
        (Type::Whole, Value::Number(number)) => number.as_i64().map(Cell::Whole),
        (Type::Count(most), Value::Number(number)) => {
            number.as_i64().filter(|number| (0..=most).contains(number)).map(Cell::Whole)
        }
        (Type::Money(least, most), Value::Number(number)) => {
            let within = |sum: &i64| (least * 100..=most * 100).contains(sum);
            number.as_f64().and_then(hundredths).filter(within).map(Cell::Money)
        }
        (Type::Flag, Value::Bool(flag)) => Some(Cell::Flag(*flag)),
        (Type::Time, Value::String(text)) => text.parse::<Timestamp>().ok().map(|at| Cell::Time(at.as_second())),
        (Type::Key, Value::String(text)) => guid_of(text).map(Cell::Id),
        _ => None,
    };
    cell.map(Some).ok_or_else(|| Refusal::payload(format!("The value of '{name}' is of another type.")))
}

/// A sum in hundredths: what it has beyond is rounded away.
pub(super) fn hundredths(sum: f64) -> Option<i64> {
    let rounded = (sum * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    (rounded.abs() < 1e17).then_some(rounded as i64)
}

/// The record that `/contacts(id)` names, if one may be named here and it is there.
fn bound(world: &World, bind: &Bind, value: &Value) -> Result<(&'static str, u128), Refusal> {
    let wrong = || Refusal::payload(format!("'{}{BIND}' leads to no record of {}.", bind.name, bind.to.join(" or ")));
    let text = value.as_str().ok_or_else(wrong)?;
    let text = text.strip_prefix('/').unwrap_or(text);
    let (set, id) = text.strip_suffix(')').and_then(|text| text.split_once('(')).ok_or_else(wrong)?;
    let id = guid_of(id).filter(|_| bind.to.contains(&set)).ok_or_else(wrong)?;
    let (logical, there) = match set {
        "teams" => ("team", id == team_id()),
        "systemusers" => {
            let user = world.users.iter().find(|user| user.id == id);
            if user.is_some_and(|user| user.cells.contains(&("isdisabled", Cell::Flag(true)))) {
                // A guess: what an organization does that lets nobody own anything who has left.
                return Err(Refusal::disabled());
            }
            (SYSTEM_USER.logical, user.is_some())
        }
        set => {
            let set = Set::of(set).ok_or_else(wrong)?;
            (set.schema().logical, world.stored(set, id).is_some())
        }
    };
    if there { Ok((logical, id)) } else { Err(Refusal::no_record(logical, id)) }
}

fn parties(world: &World, value: &Value) -> Result<Vec<Party>, Refusal> {
    let list = value.as_array().ok_or_else(|| Refusal::payload(format!("'{PARTIES}' is no collection.")))?;
    list.iter().map(|party| one_party(world, party)).collect()
}

/// Whom the organization knows as a record, or an address. That an address alone is taken for a call is a guess.
fn one_party(world: &World, value: &Value) -> Result<Party, Refusal> {
    let object = value.as_object().ok_or_else(|| Refusal::payload("A party is no object."))?;
    let mut party = Party { mask: 0, who: None, address: None };
    for (name, value) in object {
        match (name.as_str(), value) {
            ("participationtypemask", Value::Number(mask)) => party.mask = mask.as_i64().unwrap_or(0),
            ("addressused", Value::String(text)) if text.chars().count() <= LONGEST_ADDRESS => {
                party.address = Some(text.clone());
            }
            (name, value) => {
                let navigation = name.strip_suffix(BIND).ok_or_else(|| Refusal::no_such(name, "activityparty"))?;
                party.who = Some(bound(world, declared(&PARTY_BINDS, navigation)?, value)?);
            }
        }
    }
    let somebody = party.who.is_some() || party.address.as_ref().is_some_and(|text| !text.trim().is_empty());
    // The vendor has more roles; a telephone call has these two.
    if !somebody || !matches!(party.mask, 1 | 2) {
        return Err(Refusal::payload("A party of a phone call is somebody, and from or to."));
    }
    Ok(party)
}
