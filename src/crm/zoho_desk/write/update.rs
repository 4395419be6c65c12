//! Writing into entities that are there: what is to be read of them first, and what goes into them.

use serde_json::{Map, Value};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::{Order, Receipt};
use crate::crm::zoho_desk::{
    path,
    read::no_such,
    write::{
        DeskWriter, fill,
        request::{Wanted, international, of, refused},
        text,
        told::Person,
        unsent::Unsent,
    },
};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    form::Filled,
};
use crate::outbound::Method;

/// What an update writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct What<'o> {
    utm: bool,
    call: bool,
    client: bool,
    fields: &'o [Filled],
}

impl<'o> What<'o> {
    /// What an order does to what is there already: an update, or one that is done again; `None` for any other.
    pub(super) fn of(action: &'o Action) -> Option<Self> {
        match action {
            Action::Update { utm, call, client, fields } => {
                Some(Self { utm: *utm, call: *call, client: *client, fields })
            }
            Action::Amend { to, .. } if matches!(**to, Action::Update { .. }) => Self::of(to),
            _ => None,
        }
    }
}

impl DeskWriter {
    /// The next entity of an update.
    pub(super) async fn update(&self, order: &Order, what: What<'_>, parts: &[String]) -> Result<Receipt, Unsent> {
        let link = part(order, parts)?;
        let body = self.changes(order, what, link, false).await?;
        if let Some(body) = body.filter(|body| !body.is_empty()) {
            let operation = path::one_of(link.kind).ok_or_else(|| no_such(link.kind))?;
            self.send(Wanted { method: Method::Patch, operation, ids: vec![link.id], body: body.into() }).await?;
        }
        Ok(receipt(order, link, parts))
    }

    /// Whether the next entity of an update has it all.
    pub(super) async fn find_update(
        &self,
        order: &Order,
        what: What<'_>,
        parts: &[String],
    ) -> Result<Option<Receipt>, Failure> {
        let link = part(order, parts)?;
        let missing = self.changes(order, what, link, true).await?;
        Ok(missing.filter(Map::is_empty).map(|_| receipt(order, link, parts)))
    }

    /// What is to be set. UTM marks only while the entity has none of them, the client's own data where there are none, and
    /// nothing that was seen to stand there. `afresh`: what stands there is looked at whatever it takes; `None` where it is
    /// gone.
    ///
    /// # Errors
    /// [`Failure::Refused`] for an entity that is gone, unless it is asked for afresh.
    async fn changes(
        &self,
        order: &Order,
        what: What<'_>,
        link: Link,
        afresh: bool,
    ) -> Result<Option<Map<String, Value>>, Failure> {
        let operation = path::one_of(link.kind).ok_or_else(|| no_such(link.kind))?;
        let (words, owner) = (self.words(None), of(link.kind));
        let mut custom = if what.call { self.call_fields(order, owner)? } else { Map::new() };
        let marks = if what.utm { words.utm(owner, &order.call) } else { Map::new() };
        let of_client = what.client && link.kind == Kind::Contact;
        let filling = fill::filling(&self.names, order, (link.kind, what.fields));
        let mut body = Map::new();
        let mut stands = Value::Null;
        if afresh || of_client || !marks.is_empty() {
            let Some(there) = self.read_one::<Value>(operation, &[link.id]).await? else {
                let gone = || refused("expected the entity that is written, found that it is gone");
                return if afresh { Ok(None) } else { Err(gone()) };
            };
            let person = Person::of(&there)?;
            let mut named = Meaning::UTM.into_iter().filter_map(|meaning| self.names.of(owner, meaning));
            if named.all(|name| person.custom(name).trim().is_empty()) {
                custom.extend(marks);
            }
            if of_client {
                body.extend(self.gaps(order, &person));
            }
            stands = there;
        }
        custom.extend(filling.custom);
        body.extend(filling.own);
        if let Some(said) = &filling.said {
            let whole = if link.kind == Kind::Ticket { text::whole_html } else { text::whole };
            body.insert("description".to_owned(), whole(said, None, None, text::DESCRIPTION).into());
        }
        body.retain(|name, value| stands.get(name) != Some(value));
        custom.retain(|name, value| stands.get("cf").and_then(|cf| cf.get(name)) != Some(value));
        if !custom.is_empty() {
            body.insert("cf".to_owned(), custom.into());
        }
        Ok(Some(body))
    }

    fn call_fields(&self, order: &Order, owner: &str) -> Result<Map<String, Value>, Failure> {
        let words = self.words(None);
        let mut custom = words.call_data(owner, &order.call);
        words.put_recording(owner, &order.call, &mut custom);
        match self.names.of(owner, Meaning::Recording) {
            Some(name) if order.call.recording.is_some() && !custom.contains_key(name) => {
                Err(refused(&format!("expected a link of at most {} letters for {name}, found more", text::CUSTOM)))
            }
            _ => Ok(custom),
        }
    }

    /// The client's name, number and e-mail, each where a contact has none.
    fn gaps(&self, order: &Order, person: &Person) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: String| drop(body.insert(name.to_owned(), value.into()));
        let name = order.call.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = name.filter(|_| self.is_nameless(order, person)) {
            put("lastName", text::line(name, text::NAME));
        }
        let has_number = person.has_number() || self.desk.fields.iter().any(|field| !person.custom(field).is_empty());
        if let Some(number) = order.call.client.filter(|_| !has_number) {
            put("phone", international(number));
        }
        if let Some(email) = fill::email(order).filter(|_| person.emails().next().is_none()) {
            put("email", email.to_owned());
        }
        body
    }

    /// Whether nobody has told the name: the vendor demands one, and what stands for it says nothing of the client.
    fn is_nameless(&self, order: &Order, person: &Person) -> bool {
        let Some(name) = person.only_name() else { return false };
        let call = &order.call;
        let stand_ins = [self.contact_name.as_deref(), call.client_email.as_deref(), call.client_id.as_deref()];
        let stands_for = |stand_in: &str| text::line(stand_in, text::NAME).to_lowercase() == name.to_lowercase();
        !name.chars().any(char::is_alphabetic) || stand_ins.into_iter().flatten().any(stands_for)
    }
}

fn receipt(order: &Order, link: Link, parts: &[String]) -> Receipt {
    Receipt { id: link.id.to_string(), whole: parts.len() + 1 >= order.on.len() }
}

/// What the next part of an update writes into.
fn part(order: &Order, parts: &[String]) -> Result<Link, Failure> {
    order.on.get(parts.len()).copied().ok_or_else(|| refused("expected another entity to write into, found none"))
}
