//! What a form puts into fields, and who is written down as the client where nobody is.

use serde_json::{Map, Number, Value, json};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    own::{Shape, shape},
    write::{
        Pen, one_of,
        request::{self, Keys, LONGEST_TEXT, Made, Wanted, Written, number, shortened},
        seen::{Seen, digits},
    },
};
use crate::crm::writer::Order;
use crate::model::{
    action::{Action, Link},
    call::Call,
    client::Kind,
    form::Filled,
    phone::PhoneKey,
};

/// Digits that two ways of writing one number have in common, at least.
const SAME_END: usize = 9;
/// A long text, in letters.
const LONGEST_LONG_TEXT: usize = 65_000;

/// What goes into an entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::crm::pipedrive) struct Filling {
    /// Members of its own.
    pub(in crate::crm::pipedrive) own: Map<String, Value>,
    /// Custom fields, by key.
    pub(in crate::crm::pipedrive) custom: Map<String, Value>,
    /// One more number, of a person.
    phone: Option<String>,
    /// One more e-mail, of a person.
    email: Option<String>,
}

impl Filling {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.custom.is_empty() && self.phone.is_none() && self.email.is_none()
    }

    /// One more value of the vendor's own. What does not fit is left out, since the vendor would refuse all of it.
    fn add_own(&mut self, (name, shape): (&str, Shape), typed: &str, client: Option<PhoneKey>) {
        let value = match shape {
            Shape::Text => Some(Value::from(shortened(typed, LONGEST_TEXT))),
            Shape::Number => real(typed).map(Value::Number),
            Shape::Whole => real(typed).and_then(|number| whole(&number)),
            Shape::Day => typed.parse::<jiff::civil::Date>().ok().map(|day| day.to_string().into()),
            Shape::Inner => Some(json!({"value": shortened(typed, LONGEST_TEXT)})),
            Shape::Phone => {
                self.phone = Some(of_client(typed, client));
                None
            }
            Shape::Email => {
                self.email = Some(typed.to_owned());
                None
            }
        };
        self.own.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Puts it over what a new entity gets anyway.
    fn put(self, kind: Kind, body: &mut Map<String, Value>) {
        for (name, added) in [("phones", self.phone), ("emails", self.email)] {
            let there = body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(list) = added.and_then(|added| with(&there, name, &added)) {
                body.insert(name.to_owned(), list.into());
            }
        }
        body.extend(self.own);
        if kind == Kind::Lead {
            body.extend(self.custom);
        } else if !self.custom.is_empty() {
            let custom = body.entry("custom_fields").or_insert_with(|| Map::new().into());
            custom.as_object_mut().into_iter().for_each(|custom| custom.extend(self.custom.clone()));
        }
    }
}

impl Pen {
    /// What makes an entity, a form's fields among it.
    ///
    /// # Cost
    /// Nothing; 10 tokens, once, where a form goes into custom fields.
    pub(super) async fn creation(&self, order: &Order, made: Made<'_>, keys: &Keys) -> Result<Wanted, Failure> {
        let mut wanted = request::create(order, made, keys)?;
        if let (Action::Create { kind, fields, .. }, Some(body)) = (&order.action, wanted.body.as_object_mut()) {
            let mut filling = self.filled(*kind, fields, &order.call).await?;
            filling.custom.retain(|key, _| keys.get(&Meaning::Mark) != Some(key));
            filling.put(*kind, body);
        }
        Ok(wanted)
    }

    /// What a form says, each value in the shape of its field.
    async fn filled(&self, kind: Kind, fields: &[Filled], call: &Call) -> Result<Filling, Failure> {
        let mut filling = Filling::default();
        for Filled { field, value } in fields {
            let typed = value.trim();
            if typed.is_empty() {
                continue;
            }
            if let Some(shape) = shape(kind, field) {
                filling.add_own((field, shape), typed, call.client);
                continue;
            }
            let (key, holds) = self.fields.custom(self.account(), kind, field).await?;
            let value = match holds.as_deref() {
                Some("double") => real(typed).map(Value::Number),
                Some("phone") => Some(shortened(&of_client(typed, call.client), LONGEST_TEXT).into()),
                Some("text") => Some(shortened(typed, LONGEST_LONG_TEXT).into()),
                Some("date") => typed.parse::<jiff::civil::Date>().ok().map(|day| day.to_string().into()),
                Some("varchar" | "varchar_auto") | None => Some(shortened(typed, LONGEST_TEXT).into()),
                Some(other) => {
                    tracing::warn!(field, kind = other, "a form goes into no field of this type: it is left out");
                    None
                }
            };
            filling.custom.extend(value.map(|value| (key, value)));
        }
        Ok(filling)
    }

    /// What an update would write into one entity as it is now: the marks while there are none (row `pd-utm`), the client
    /// where nobody is written down, a form's fields whatever stands there.
    ///
    /// # Cost
    /// 1 or 2 tokens; nothing where there is nothing to write.
    pub(super) async fn delta(&self, order: &Order, on: Link) -> Result<Filling, Failure> {
        let Action::Update { utm, call, client, fields } = &order.action else { return Ok(Filling::default()) };
        let keys = self.fields.keys(self.account(), on.kind).await?;
        let mut custom = request::values(order, &keys, Written { utm: *utm, call: *call, recording: *call });
        let mut filling = self.filled(on.kind, fields, &order.call).await?;
        let named = &order.call;
        let somebody = named.client.is_some() || named.client_name.is_some() || named.client_email.is_some();
        let client = *client && on.kind == Kind::Contact && somebody;
        if custom.is_empty() && filling.is_empty() && !client {
            return Ok(filling);
        }
        let seen = self.one(one_of(on.kind)?, &on.id.to_string()).await?;
        let utm: Vec<&String> = Meaning::UTM.iter().filter_map(|meaning| keys.get(meaning)).collect();
        let client_id = keys.get(&Meaning::ClientId);
        let told = if utm.is_empty() { client_id.into_iter().collect() } else { utm.clone() };
        if told.iter().any(|key| !seen.custom(key).is_empty()) {
            utm.into_iter().chain(client_id).for_each(|key| drop(custom.remove(key)));
        }
        if client {
            self.write_down(&order.call, &seen, &mut filling);
        }
        for (name, added) in [("phones", filling.phone.take()), ("emails", filling.email.take())] {
            let list = added.and_then(|added| with(&seen.list(name), name, &added));
            filling.own.extend(list.map(|list| (name.to_owned(), list.into())));
        }
        custom.append(&mut filling.custom);
        custom.retain(|key, value| !seen.holds_custom(key, value));
        filling.own.retain(|name, value| !seen.holds(name, value));
        Ok(Filling { custom, ..filling })
    }

    /// The client, each where a person has none. Who has an e-mail gets another only from a form's own field.
    fn write_down(&self, call: &Call, seen: &Seen, filling: &mut Filling) {
        if seen.title().trim().is_empty()
            && let Some(name) = &call.client_name
        {
            filling.own.entry("name").or_insert_with(|| shortened(name, LONGEST_TEXT).into());
        }
        if seen.list("phones").is_empty() && filling.phone.is_none() {
            filling.phone = number(call);
        }
        if seen.list("emails").is_empty() && filling.email.is_none() {
            filling.email.clone_from(&call.client_email);
        }
    }
}

/// A list of numbers or e-mails with one more; `None` where it is there.
fn with(there: &[Value], name: &str, added: &str) -> Option<Vec<Value>> {
    let same = |one: &str| match name {
        "phones" => digits(one) == digits(added),
        _ => one.trim().to_lowercase() == added.trim().to_lowercase(),
    };
    if there.iter().filter_map(|one| one["value"].as_str()).any(same) {
        return None;
    }
    let mut list = there.to_vec();
    list.push(json!({"value": added, "primary": list.is_empty(), "label": "work"}));
    Some(list)
}

/// A number as somebody typed it; the client's own as every number is written.
fn of_client(typed: &str, client: Option<PhoneKey>) -> String {
    let end = digits(typed);
    let end = end.trim_start_matches('0');
    let same = |client: &PhoneKey| end.len() >= SAME_END && client.digits().to_string().ends_with(end);
    client.filter(same).map_or_else(|| typed.to_owned(), |client| format!("+{}", client.digits()))
}

/// A number as JSON has it; `None` for a text that is none.
fn real(typed: &str) -> Option<Number> {
    if let Ok(whole) = typed.parse::<i64>() {
        return Some(whole.into());
    }
    typed.parse::<f64>().ok().and_then(Number::from_f64)
}

/// The same without a fraction; what has one is rounded.
fn whole(number: &Number) -> Option<Value> {
    if number.is_f64() {
        let rounded = format!("{:.0}", number.as_f64()?);
        return rounded.parse::<i64>().ok().map(Value::from);
    }
    Some(Value::Number(number.clone()))
}
