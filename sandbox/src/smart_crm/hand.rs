//! How a change of the account is made, and what is told of it.

use super::{
    change::{Change, ChangeError},
    delta::Logged,
    notice::Notice,
    row::{Cell, Row},
    schema::{self, SYSTEM_USER, guid_of, guid_text},
    seed::{later_id, link, team_id},
    world::World,
};
use crate::kit::{Entity, EntityKind, Moment};

/// What a change was about, and what webhooks are told.
pub(super) type Changed = (Option<Entity>, Vec<Notice>);

/// The account in the hands of somebody who changes it now.
#[derive(Debug)]
pub(super) struct Hand<'a> {
    world: &'a mut World,
    now: Moment,
    pub(super) notices: Vec<Notice>,
}

impl World {
    /// Makes a change.
    pub(super) fn change(&mut self, change: Change, now: Moment) -> Result<Changed, ChangeError> {
        let mut hand = Hand::of(self, now);
        let about = hand.make(change)?;
        Ok((about, hand.notices))
    }
}

impl<'a> Hand<'a> {
    pub(super) const fn of(world: &'a mut World, now: Moment) -> Self {
        Self { world, now, notices: Vec::new() }
    }
}

impl Hand<'_> {
    fn make(&mut self, change: Change) -> Result<Option<Entity>, ChangeError> {
        match change {
            Change::Create { kind, name, phones, owner_id, contact_id, account_id } => {
                let owner = self.owner(&owner_id)?;
                let row = self.new_row(kind, name, phones).with("_ownerid_value", owner);
                self.linked(row, kind, contact_id, account_id).map(Some)
            }
            Change::SetPhones { entity, phones } => {
                let columns = schema::of(entity.kind).phones;
                if columns.is_empty() {
                    return Err(ChangeError::Unfit { expected: "a kind with numbers", found: entity });
                }
                self.edit(entity, columns, |row| row.set_numbers(phones)).map(Some)
            }
            Change::SetText { entity, column, text } => {
                let Some(column) = schema::of(entity.kind).column(&column) else {
                    return Err(ChangeError::Unfit { expected: "a column of its table", found: entity });
                };
                self.edit(entity, &[column.name], |row| row.set(column.name, text.map(Cell::Text))).map(Some)
            }
            Change::SetOwner { entity, owner_id } => {
                let owner = self.owner(&owner_id)?;
                self.edit(entity, &["_ownerid_value"], |row| row.set("_ownerid_value", Some(owner))).map(Some)
            }
            Change::SetState { entity, state, status } => {
                self.edit(entity, &["statecode", "statuscode"], |row| set_state(row, state, status)).map(Some)
            }
            Change::Delete { entity } => {
                let (kind, id) = self.existing(&entity)?;
                self.put((kind, id), None, "Delete", &[]);
                Ok(Some(entity))
            }
            Change::Merge { loser, winner } => self.merge(loser, winner).map(Some),
            Change::SetUserActive { user_id, active } => self.set_user(&user_id, active).map(|()| None),
            Change::Reshape { kind } => {
                // A version of its own, so that a link made at the same time is older.
                self.world.log.push(Logged { kind, id: 0 });
                let version = self.world.log.len() as u64;
                self.world.reshaped.insert(kind, version);
                Ok(None)
            }
            Change::Track { kind } => {
                if !self.world.tracking.contains(&kind) {
                    self.world.tracking.push(kind);
                }
                Ok(None)
            }
        }
    }

    fn owner(&self, id: &str) -> Result<Cell, ChangeError> {
        let unknown = || ChangeError::NoUser(id.to_owned());
        match guid_of(id).ok_or_else(unknown)? {
            id if id == team_id() => Ok(Cell::Lookup(id, "team")),
            id if self.world.users.iter().any(|user| user.id == id) => Ok(Cell::Lookup(id, SYSTEM_USER.logical)),
            _ => Err(unknown()),
        }
    }

    fn existing(&self, entity: &Entity) -> Result<(EntityKind, u128), ChangeError> {
        let id = guid_of(&entity.id).filter(|&id| self.world.table(entity.kind).get(id).is_some());
        id.map(|id| (entity.kind, id)).ok_or_else(|| ChangeError::Missing(entity.clone()))
    }

    fn new_row(&mut self, kind: EntityKind, name: String, phones: Vec<String>) -> Row {
        let at_s = self.now.wall.as_second();
        let number = self.world.next();
        let title = match kind {
            EntityKind::Contact | EntityKind::Lead => "fullname",
            EntityKind::Organization | EntityKind::Deal => "name",
            EntityKind::Ticket => "title",
        };
        let mut row = Row::new(schema::of(kind), later_id(kind, number), (at_s, at_s));
        row.set(title, Some(Cell::Text(name)));
        row.set_numbers(phones);
        row.with_state(0, 1)
    }

    fn linked(
        &mut self,
        mut row: Row,
        kind: EntityKind,
        contact: Option<String>,
        account: Option<String>,
    ) -> Result<Entity, ChangeError> {
        let found = |kind, id: Option<String>| match id {
            None => Ok(None),
            Some(id) => self.existing(&Entity::new(kind, id)).map(|(kind, id)| Some(link(kind, id))),
        };
        let contact = found(EntityKind::Contact, contact)?;
        let account = found(EntityKind::Organization, account)?;
        match kind {
            EntityKind::Contact => row.set("_parentcustomerid_value", account),
            EntityKind::Organization => row.set("_primarycontactid_value", contact),
            EntityKind::Lead => {
                row.set("_parentcontactid_value", contact);
                row.set("_parentaccountid_value", account);
            }
            EntityKind::Deal => {
                row.set("_customerid_value", contact.clone().or_else(|| account.clone()));
                row.set("_parentcontactid_value", contact);
                row.set("_parentaccountid_value", account);
            }
            EntityKind::Ticket => {
                row.set("_customerid_value", account.or_else(|| contact.clone()));
                row.set("_primarycontactid_value", contact);
            }
        }
        let id = row.id;
        self.put((kind, id), Some(row), "Create", &[]);
        Ok(Entity::new(kind, guid_text(id)))
    }

    fn edit(
        &mut self,
        entity: Entity,
        columns: &[&'static str],
        edit: impl FnOnce(&mut Row),
    ) -> Result<Entity, ChangeError> {
        let (kind, id) = self.existing(&entity)?;
        let Some(mut row) = self.world.table(kind).get(id) else { return Err(ChangeError::Missing(entity)) };
        edit(&mut row);
        row.update_s = self.now.wall.as_second();
        self.put((kind, id), Some(row), "Update", columns);
        Ok(entity)
    }

    pub(super) fn put(
        &mut self,
        (kind, id): (EntityKind, u128),
        row: Option<Row>,
        message: &'static str,
        columns: &[&'static str],
    ) {
        let target = row.clone();
        self.world.table_mut(kind).set(id, self.now.vendor, row);
        self.world.log.push(Logged { kind, id });
        let schema = schema::of(kind);
        self.notices.push(Notice {
            message,
            logical: schema.logical,
            id,
            columns: columns.to_vec(),
            target,
            loser: None,
        });
    }

    /// The loser's children belong to the winner, who also gets its numbers where it has room.
    fn merge(&mut self, loser: Entity, winner: Entity) -> Result<Entity, ChangeError> {
        let mergeable = matches!(loser.kind, EntityKind::Contact | EntityKind::Organization | EntityKind::Lead);
        if loser.kind != winner.kind || loser == winner || !mergeable {
            return Err(ChangeError::Unfit { expected: "two contacts, two accounts or two leads", found: loser });
        }
        let (kind, from) = self.existing(&loser)?;
        let (_, to) = self.existing(&winner)?;
        let numbers = self.world.table(kind).get(from).map(|row| row.numbers()).unwrap_or_default();
        for child in [EntityKind::Deal, EntityKind::Ticket] {
            for (id, column) in self.children(child, from) {
                let entity = Entity::new(child, guid_text(id));
                self.edit(entity, &[column], |row| row.set(column, Some(link(kind, to))))?;
            }
        }
        let columns = schema::of(kind).phones;
        self.edit(winner.clone(), columns, |row| {
            let mut all = row.numbers();
            all.extend(numbers.into_iter().filter(|number| !all.contains(number)).collect::<Vec<_>>());
            row.set_numbers(all);
        })?;
        self.edit(loser, &["statecode", "statuscode"], |row| {
            set_state(row, 1, 2);
            row.set("_masterid_value", Some(link(kind, to)));
        })?;
        let (logical, loser) = (schema::of(kind).logical, Some(from));
        self.notices.push(Notice { message: "Merge", logical, id: to, columns: Vec::new(), target: None, loser });
        Ok(winner)
    }

    /// Records of a kind that name another one, and in which column.
    fn children(&self, kind: EntityKind, of: u128) -> Vec<(u128, &'static str)> {
        let columns =
            ["_parentcontactid_value", "_parentaccountid_value", "_customerid_value", "_primarycontactid_value"];
        let mut found = Vec::new();
        for row in self.world.table(kind).walk(&crate::kit::Walk::default()) {
            found.extend(
                columns.iter().filter(|&&column| row.lookup(column) == Some(of)).map(|&column| (row.id, column)),
            );
        }
        found
    }

    fn set_user(&mut self, user_id: &str, active: bool) -> Result<(), ChangeError> {
        let at_s = self.now.wall.as_second();
        let known = guid_of(user_id).and_then(|id| self.world.users.iter_mut().find(|user| user.id == id));
        let user = known.ok_or_else(|| ChangeError::NoUser(user_id.to_owned()))?;
        user.set("isdisabled", Some(Cell::Flag(!active)));
        user.update_s = at_s;
        let (id, target) = (user.id, Some(user.clone()));
        let columns = vec!["isdisabled"];
        self.notices.push(Notice { message: "Update", logical: SYSTEM_USER.logical, id, columns, target, loser: None });
        Ok(())
    }
}

fn set_state(row: &mut Row, state: i64, status: i64) {
    row.set("statecode", Some(Cell::Whole(state)));
    row.set("statuscode", Some(Cell::Whole(status)));
}
