//! What a form puts into properties, and who is written down as the client where nobody is.

use crate::config::{FieldNames, Meaning};
use crate::crm::Holds;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    email::is_email,
    own, path,
    seek::Wanted,
    send::{Payer, Question},
    status::{self, Made},
    wire::Object,
    write::{
        Writing,
        body::{self, Given, Values, What},
        find::digits,
        text,
    },
    wrong::{self, MOST_LEFT_OUT},
};
use crate::crm::writer::{Order, Receipt};
use crate::model::{
    action::{Action, Link},
    call::Call,
    client::Kind,
    form::Filled,
    ids::CrmId,
    phone::PhoneKey,
};

const FIRST_NAME: &str = "firstname";
const LAST_NAME: &str = "lastname";
/// Digits that two ways of writing one number have in common, at least.
const SAME_END: usize = 9;

/// What a form says, by property.
///
/// The client's own number is written as every number is, however it was typed. What is no number or no e-mail is left out
/// of a property that holds one, since the vendor would refuse all of it.
pub(in crate::crm::hubspot) fn filled(kind: Kind, fields: &[Filled], call: &Call) -> Values {
    let one = |filled: &Filled| {
        let typed = filled.value.trim();
        if (kind, filled.field.as_str()) == (Kind::Contact, path::EMAIL) && !is_email(typed) {
            return None;
        }
        let value = match own::holds(kind, &filled.field) {
            Holds::Number => number(typed)?,
            Holds::Phone => {
                call.client.filter(|client| is_same(typed, *client)).map_or(typed.to_owned(), international)
            }
            Holds::Text => typed.to_owned(),
        };
        (!value.is_empty()).then(|| (filled.field.clone(), value))
    };
    fields.iter().filter_map(one).collect()
}

/// The same, over what a new entity gets anyway.
///
/// Where its text or its only number is taken by something else, the mark and the client's number keep a place. A form that
/// names a contact makes the name that would stand for none needless; one whose e-mail cannot be written, and that names
/// nobody, is called by that.
pub(in crate::crm::hubspot) fn put(values: &mut Values, order: &Order, given: &Given<'_>) {
    let Action::Create { kind, title, fields, .. } = &order.action else { return };
    let what = What::Entity(*kind);
    let mut filled = filled(*kind, fields, &order.call);
    let mark_field = what.field(given.names, Meaning::Mark);
    filled.retain(|name, _| Some(name.as_str()) != mark_field && !given.without.contains(name));
    if let (Some(name), None) = (what.text(), mark_field)
        && let Some(told) = filled.get_mut(name)
    {
        *told = text::plain(told, Some(order.mark.as_str()));
    }
    if *kind == Kind::Contact {
        let named = [FIRST_NAME, LAST_NAME, path::EMAIL].iter().any(|name| filled.contains_key(*name));
        if title.trim().is_empty() && named {
            values.remove(FIRST_NAME);
            values.remove(LAST_NAME);
        }
        let displaced = filled.get(path::PHONE).is_some_and(|number| Some(number) != values.get(path::PHONE));
        if displaced && let Some(number) = values.remove(path::PHONE) {
            values.insert(path::MOBILE.to_owned(), number);
        }
    }
    values.extend(filled);
    if *kind == Kind::Contact && ![FIRST_NAME, LAST_NAME, path::EMAIL].iter().any(|name| values.contains_key(*name)) {
        let typed = fields.iter().find(|filled| filled.field == path::EMAIL).map(|filled| text::title(&filled.value));
        values.extend(typed.filter(|typed| !typed.is_empty()).map(|typed| (FIRST_NAME.to_owned(), typed)));
    }
}

/// A number as it is written; `None` for a text that is none.
fn number(typed: &str) -> Option<String> {
    typed.parse::<f64>().ok().filter(|number| number.is_finite()).map(|_| typed.to_owned())
}

/// Whether somebody typed this number, with or without its country's code.
fn is_same(typed: &str, client: PhoneKey) -> bool {
    let typed = digits(typed);
    let (typed, whole) = (typed.trim_start_matches('0'), client.digits().to_string());
    typed.len() >= SAME_END && whole.ends_with(typed)
}

fn international(number: PhoneKey) -> String {
    format!("+{}", number.digits())
}

/// What a contact of this order is looked for by where it has no number, one after the other: what is written into it. The
/// vendor may have refused the e-mail, then the client id is there all the same.
pub(super) fn sought<'a>(order: &'a Order, names: &'a FieldNames) -> Vec<Wanted<'a>> {
    let Action::Create { utm, fields, .. } = &order.action else { return Vec::new() };
    let told = |name: &str| fields.iter().find(|filled| filled.field == name).map(|filled| filled.value.trim());
    let typed = told(path::EMAIL).filter(|email| is_email(email));
    let email = typed.or_else(|| order.call.client_email.as_deref().filter(|email| is_email(email)));
    let field = What::Entity(Kind::Contact).field(names, Meaning::ClientId);
    let id = field.and_then(|field| {
        let id = told(field).or_else(|| order.call.client_id.as_deref().filter(|_| *utm))?;
        Some(Wanted::exactly(field, id))
    });
    email.map(Wanted::email).into_iter().chain(id).collect()
}

/// Whether a property of what is written is a form's.
pub(super) fn is_forms(action: &Action, name: &str) -> bool {
    match action {
        Action::Create { fields, .. } | Action::Update { fields, .. } => fields.iter().any(|it| it.field == name),
        _ => false,
    }
}

impl Writing {
    /// Writes the call's or the form's data into one entity, each part another one.
    pub(super) async fn update(&self, order: &Order, part: usize) -> Result<Receipt, Failure> {
        let Action::Update { utm, call, client, fields } = &order.action else {
            return Err(Failure::Refused { reason: format!("expected an update, found {}", order.action.word()) });
        };
        let Some(link) = order.on.get(part) else {
            let reason = "expected an entity that the call's data are written into, found none".to_owned();
            return Err(Failure::Refused { reason });
        };
        let what = What::Entity(link.kind);
        let mut values = if *call { body::called(&self.names, what, &order.call, true) } else { Values::new() };
        values.extend(self.missing(link, &order.call, (*utm, *client)).await?);
        self.write_into(link, values, filled(link.kind, fields, &order.call)).await?;
        Ok(Receipt { id: link.id.to_string(), whole: part + 1 == order.on.len() })
    }

    /// Changes an entity: what a form says over what is ours. Where another contact has the e-mail the rest is written
    /// without it: the vendor takes an e-mail once. So it is where the vendor does not take what a form says; what is ours
    /// is never left out but for the e-mail.
    async fn write_into(&self, link: &Link, mut ours: Values, mut forms: Values) -> Result<(), Failure> {
        let object = path::object(link.kind);
        let mut left_out = 0;
        loop {
            let mut values = ours.clone();
            values.extend(forms.clone());
            if values.is_empty() {
                return Ok(());
            }
            let url = path::one(self.base(), object, &link.id.to_string(), &[]);
            let question = Question::patch(url, serde_json::json!({"properties": values}));
            let reply = self.hubspot.sender.reply_to(Payer::WRITE, &question).await?;
            let refused = match status::judge_made(&reply) {
                Ok(Made::There(other)) if values.contains_key(path::EMAIL) => {
                    tracing::warn!(contact = %link.id, %other, "another contact has the e-mail: it is left out");
                    drop((ours.remove(path::EMAIL), forms.remove(path::EMAIL)));
                    continue;
                }
                Ok(Made::New(_) | Made::There(_)) => return Ok(()),
                Err(refused @ Failure::Refused { .. }) if left_out < MOST_LEFT_OUT => refused,
                Err(failure) => return Err(failure),
            };
            let is_there = |name: &str| forms.contains_key(name);
            let Some(names) = wrong::spared(wrong::wrong(&reply), is_there) else { return Err(refused) };
            wrong::tell(object, &names);
            forms.retain(|name, _| !names.contains(name));
            ours.retain(|name, _| name != path::EMAIL || !names.contains(name));
            left_out += 1;
        }
    }

    /// What of the marks and of the client an entity does not have yet: the marks while all of them are empty (row
    /// `pd-utm`), of the client each on its own.
    ///
    /// # Cost
    /// One request, none where there is nothing to write.
    async fn missing(&self, link: &Link, call: &Call, (utm, client): (bool, bool)) -> Result<Values, Failure> {
        let what = What::Entity(link.kind);
        let marks = if utm { body::marks(&self.names, what, call) } else { Values::new() };
        let person = if client { person(link.kind, call) } else { Values::new() };
        if marks.is_empty() && person.is_empty() {
            return Ok(person);
        }
        let origin: Vec<&str> = Meaning::UTM.iter().filter_map(|&meaning| what.field(&self.names, meaning)).collect();
        let client_id = what.field(&self.names, Meaning::ClientId);
        let origin = if origin.is_empty() { client_id.into_iter().collect() } else { origin };
        let mut asked: Vec<&str> = if marks.is_empty() { Vec::new() } else { origin.clone() };
        if !person.is_empty() {
            asked.extend([FIRST_NAME, LAST_NAME, path::EMAIL].iter().filter(|_| link.kind == Kind::Contact));
            asked.extend(path::numbers(link.kind));
            asked.extend(self.hubspot.phone_fields.iter().map(String::as_str).filter(|_| link.kind == Kind::Contact));
            asked.extend((link.kind == Kind::Lead).then_some(path::LEAD_NAME));
        }
        let object = self.read(what.object(), &link.id.to_string(), &asked).await?;
        let none = |names: &[&str]| names.iter().all(|name| object.property(name).is_none());
        let mut values = if none(&origin) { marks } else { Values::new() };
        values.extend(person.into_iter().filter(|(name, _)| self.has_none(&object, name)));
        Ok(values)
    }

    /// Whether a contact or lead has nothing of what this property is a part of: a name has two, a number may stand in any.
    fn has_none(&self, object: &Object, name: &str) -> bool {
        let own = self.hubspot.phone_fields.iter().map(String::as_str);
        let alike: Vec<&str> = match name {
            FIRST_NAME | LAST_NAME => vec![FIRST_NAME, LAST_NAME],
            path::PHONE => path::numbers(Kind::Contact).iter().copied().chain(own).collect(),
            other => vec![other],
        };
        alike.iter().all(|name| object.property(name).is_none())
    }

    /// What an order has for a contact that was there by its e-mail: the number, where it has a place left for one; what a
    /// form puts into fields; the rest of the client and the marks, where it has none.
    pub(super) async fn join(&self, order: &Order, id: &str) -> Result<Receipt, Failure> {
        let receipt = Receipt { id: id.to_owned(), whole: true };
        let Action::Create { kind, utm, fields, .. } = &order.action else { return Ok(receipt) };
        let Some(id) = CrmId::parse(id) else { return Ok(receipt) };
        let link = Link { kind: *kind, id };
        let mut values = self.missing(&link, &order.call, (*utm, true)).await?;
        if let Some(number) = order.call.client {
            let places = path::numbers(*kind);
            let contact = self.read(path::object(*kind), &receipt.id, places).await?;
            let held: Vec<Option<String>> = places.iter().map(|name| contact.property(name)).collect();
            let wanted = number.digits().to_string();
            let has = held.iter().flatten().any(|typed| digits(typed) == wanted);
            let free = places.iter().zip(&held).find(|(_, held)| held.is_none());
            if let (false, Some((name, _))) = (has, free) {
                values.insert((*name).to_owned(), international(number));
            }
        }
        self.write_into(&link, values, filled(*kind, fields, &order.call)).await?;
        Ok(receipt)
    }
}

/// The client, by property of a contact or a lead.
fn person(kind: Kind, call: &Call) -> Values {
    let name = call.client_name.as_deref().map(text::title).filter(|name| !name.is_empty());
    let mut values = Values::new();
    match kind {
        Kind::Contact => {
            let (first, last) =
                name.as_deref().map(|name| name.split_once(' ').unwrap_or((name, ""))).unwrap_or_default();
            values.insert(FIRST_NAME.to_owned(), first.to_owned());
            values.insert(LAST_NAME.to_owned(), last.to_owned());
            values.insert(path::PHONE.to_owned(), call.client.map(international).unwrap_or_default());
            let email = call.client_email.as_deref().filter(|email| is_email(email));
            values.insert(path::EMAIL.to_owned(), email.unwrap_or_default().to_owned());
        }
        Kind::Lead => drop(values.insert(path::LEAD_NAME.to_owned(), name.unwrap_or_default())),
        Kind::Organization | Kind::Deal | Kind::Ticket => {}
    }
    values.retain(|_, value| !value.is_empty());
    values
}
