//! Writing into entities that are there: what is to be read of them first, and what goes into them.

use serde_json::{Value, json};

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::writer::{Order, Receipt};
use crate::crm::zoho_crm::{
    api::{Payer, Question},
    path::{self, EMAIL, FIRST_NAME, LAST_NAME, MOST_FIELDS, PHONE},
    wire::{self, Rows},
    write::{
        Pen,
        body::{self, Ground, Row},
        fill,
        shape::{Shape, nothing_of},
        text,
    },
};
use crate::model::{action::Link, client::Kind, form::Filled};

/// What an update writes.
#[derive(Debug, Clone, Copy)]
pub(in crate::crm::zoho_crm) struct What<'o> {
    pub(in crate::crm::zoho_crm) utm: bool,
    pub(in crate::crm::zoho_crm) call: bool,
    pub(in crate::crm::zoho_crm) client: bool,
    pub(in crate::crm::zoho_crm) fields: &'o [Filled],
}

impl What<'_> {
    const fn is_of_client(&self, kind: Kind) -> bool {
        self.client && matches!(kind, Kind::Contact | Kind::Lead)
    }
}

impl Pen {
    /// Writes into the next of the entities that have a field for any of it.
    pub(super) async fn update(&self, order: &Order, what: What<'_>, parts: &[String]) -> Result<Receipt, Failure> {
        let targets: Vec<Link> = order.on.iter().filter(|link| self.writes(link.kind, what)).copied().collect();
        let Some(link) = targets.get(parts.len()) else {
            let id = order.on.first().map_or_else(|| order.mark.to_string(), |link| link.id.to_string());
            return Ok(Receipt { id, whole: true });
        };
        let module = path::module(link.kind).ok_or_else(|| nothing_of(link.kind.word()))?;
        let shape = self.shape(link.kind.word()).await?;
        let stands = self.stands(link, (module, &shape), what).await?;
        let row =
            updated(order, (link.kind, &self.zoho.phone_fields), what, stands.as_ref(), &self.ground(&shape, None));
        if !row.is_empty() {
            self.change(module, link.id, row).await?;
        }
        Ok(Receipt { id: link.id.to_string(), whole: parts.len() + 1 >= targets.len() })
    }

    /// Whether a kind has a field for any of it.
    fn writes(&self, kind: Kind, what: What<'_>) -> bool {
        let wanted = |meaning: &Meaning| match meaning {
            Meaning::CallId | Meaning::CallStatus | Meaning::Recording => what.call,
            Meaning::Mark => false,
            _ => what.utm,
        };
        let named = |meaning: Meaning| self.names.of(kind.word(), meaning).is_some();
        let told = what.is_of_client(kind) || !what.fields.is_empty();
        path::module(kind).is_some() && (told || Meaning::ALL.into_iter().filter(wanted).any(named))
    }

    /// What stands in the entity, as far as it decides what is written; `None` where nothing there does.
    async fn stands(
        &self,
        link: &Link,
        (module, shape): (&str, &Shape),
        what: What<'_>,
    ) -> Result<Option<wire::Row>, Failure> {
        let owner = link.kind.word();
        let named = |meaning| shape.named(&self.names, owner, meaning);
        let mut names: Vec<&str> = Meaning::UTM.into_iter().filter(|_| what.utm).filter_map(named).collect();
        if what.is_of_client(link.kind) {
            names.extend([LAST_NAME, FIRST_NAME].into_iter().filter(|name| shape.field(name).is_some()));
            names.extend(shape.of_type("email").chain(numbers(shape, &self.zoho.phone_fields)));
        }
        if names.is_empty() {
            return Ok(None);
        }
        // What is written anyway need not be where it stands already.
        names.extend(what.fields.iter().map(|filled| filled.field.as_str()).filter(|name| shape.field(name).is_some()));
        names.sort_unstable();
        names.dedup();
        names.truncate(MOST_FIELDS - 1);
        names.push(path::ID);
        let question = Question::page(path::by_id(&self.zoho.api.base, module, &names.join(","), &[link.id]));
        let rows: Option<Rows> = self.zoho.api.ask(Payer::WRITE, &question).await?;
        let row = rows.and_then(|rows| rows.data.into_iter().next());
        let gone = || Failure::Refused { reason: format!("expected the {owner}, found that it is there no more") };
        row.map(Some).ok_or_else(gone)
    }
}

/// The fields that numbers stand in: the vendor's and the configured ones.
fn numbers<'s>(shape: &'s Shape, configured: &'s [String]) -> impl Iterator<Item = &'s str> {
    let configured = configured.iter().map(String::as_str).filter(|name| shape.field(name).is_some());
    shape.of_type("phone").chain(configured)
}

/// What goes into the fields of an entity that is there, without what stands there already.
pub(in crate::crm::zoho_crm) fn updated(
    order: &Order,
    (kind, configured): (Kind, &[String]),
    what: What<'_>,
    stands: Option<&wire::Row>,
    ground: &Ground<'_>,
) -> Row {
    let mut row = Row::new();
    let filled = |name: &str| stands.and_then(|row| row.text(name)).is_some_and(|text| !text.trim().is_empty());
    let named = |meaning| ground.shape.named(ground.names, kind.word(), meaning);
    let has_utm = Meaning::UTM.into_iter().filter_map(named).any(filled);
    let own = Meaning::ORIGIN.into_iter().filter(|_| what.utm && !has_utm);
    let calls = [Meaning::CallId, Meaning::CallStatus, Meaning::Recording].into_iter().filter(|_| what.call);
    for meaning in own.chain(calls) {
        body::field(&mut row, order, kind.word(), meaning, ground);
    }
    if let Some(stands) = stands.filter(|_| what.is_of_client(kind)) {
        gaps(&mut row, order, configured, stands, ground);
    }
    fill::put(&mut row, order, (kind, what.fields), ground);
    if let Some(description) = fill::description(what.fields) {
        let most = ground.shape.limit(path::DESCRIPTION, body::LONGEST_TEXT);
        row.insert(path::DESCRIPTION.to_owned(), json!(text::cut(description, most)));
    }
    if let Some(stands) = stands {
        row.retain(|name, value| stands.value(name) != Some(value));
    }
    row
}

/// The client's name, number and e-mail, each where there is none.
fn gaps(row: &mut Row, order: &Order, configured: &[String], stands: &wire::Row, ground: &Ground<'_>) {
    let shape = ground.shape;
    let filled = |name: &str| match stands.value(name) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Null) | None => false,
        Some(_) => true,
    };
    let name = order.call.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name.filter(|_| !filled(FIRST_NAME) && is_nobodys(stands.text(LAST_NAME), order, ground)) {
        row.insert(LAST_NAME.to_owned(), json!(text::cut(name, shape.limit(LAST_NAME, body::LONGEST_NAME))));
    }
    if let Some(number) = body::number(order).filter(|_| !numbers(shape, configured).any(filled)) {
        row.insert(PHONE.to_owned(), json!(number));
    }
    if let Some(email) = body::email(order, shape).filter(|_| !shape.of_type("email").any(filled)) {
        row.insert(EMAIL.to_owned(), json!(email));
    }
}

/// Whether a name is none that somebody has: the vendor demands one, and what stands for it says nothing of the client.
fn is_nobodys(name: Option<&str>, order: &Order, ground: &Ground<'_>) -> bool {
    let name = name.unwrap_or_default().trim();
    let stand_ins = [ground.contact_name, order.call.client_email.as_deref(), order.call.client_id.as_deref()];
    let stands_for = |stand_in: &str| stand_in.trim().to_lowercase() == name.to_lowercase();
    !name.chars().any(char::is_alphabetic) || stand_ins.into_iter().flatten().any(stands_for)
}
