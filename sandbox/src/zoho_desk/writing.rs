//! Making and changing contacts, accounts and tickets through the API.
//!
//! # Source
//! The vendor's description and the facts beside it: which properties must be there, that a contact of another name with
//! the same number is made without a word, that a ticket's account is its contact's. That an owner has to be an agent who
//! works there, and that what is put away is not changed, is nowhere said: so here, the harder guess. A ticket with an
//! embedded contact, which the vendor matches by e-mail or makes, is not answered.

use super::{
    body::{Body, LONGEST_TEXT},
    change::{Done, Event, Item},
    record::{Contact, Entry, Firm, Made, StatusType, Ticket},
    reply::Refusal,
    route::Module,
    seed::{DEPARTMENTS, Of, id_of},
    wire::CONTACT_PHONE,
    world::World,
};
use crate::kit::{Moment, Source};

const CONTACT: &[&str] = &[
    "lastName",
    "firstName",
    "phone",
    "mobile",
    "email",
    "accountId",
    "ownerId",
    "description",
    "cf",
    "secondaryEmail",
    "title",
    "street",
    "city",
    "state",
    "zip",
    "country",
];
const ACCOUNT: &[&str] = &[
    "accountName",
    "phone",
    "ownerId",
    "description",
    "cf",
    "email",
    "fax",
    "website",
    "industry",
    "street",
    "city",
    "state",
    "code",
    "country",
];
const TICKET: &[&str] = &[
    "subject",
    "departmentId",
    "contactId",
    "assigneeId",
    "status",
    "priority",
    "channel",
    "description",
    "cf",
    "phone",
    "email",
    "classification",
    "category",
];
/// Properties of which nothing is known but how long they may be.
const OF_CONTACT: [(&str, usize); 6] =
    [("secondaryEmail", 255), ("title", 100), ("street", 250), ("city", 30), ("state", 30), ("country", 30)];
const OF_ACCOUNT: [(&str, usize); 9] = [
    ("email", 255),
    ("fax", 50),
    ("website", 120),
    ("industry", 100),
    ("street", 250),
    ("city", 30),
    ("state", 30),
    ("code", 30),
    ("country", 30),
];
const OF_TICKET: [(&str, usize); 4] = [("phone", 50), ("email", 255), ("classification", 100), ("category", 100)];
/// Labels, and what each is a kind of.
const STATUSES: [(&str, StatusType); 6] = [
    ("Open", StatusType::Open),
    ("Escalated", StatusType::Open),
    ("On Hold", StatusType::OnHold),
    ("Чекаємо клієнта", StatusType::OnHold),
    ("Closed", StatusType::Closed),
    ("Вирішено", StatusType::Closed),
];
const CHANNELS: [&str; 6] = ["Phone", "Email", "Web", "Chat", "Forums", "Twitter"];
const PRIORITIES: [&str; 3] = ["High", "Medium", "Low"];

impl World {
    pub(super) fn make_record(&mut self, module: Module, bytes: &[u8], now: Moment) -> Result<Done, Refusal> {
        let (number, at) = (self.number(), now.wall.as_second());
        let item = match module {
            Module::Contacts => {
                let body = Body::read(bytes, CONTACT)?;
                body.needs(&["lastName"])?;
                let mut contact = nobody(id_of(Of::Contact, number), at);
                self.write_contact(&mut contact, &body)?;
                self.contacts.set(contact.id, now.vendor, Some(contact.clone()));
                Item::Contact(contact.id)
            }
            Module::Accounts => {
                let body = Body::read(bytes, ACCOUNT)?;
                body.needs(&["accountName"])?;
                let mut firm = no_firm(id_of(Of::Firm, number), at);
                self.write_firm(&mut firm, &body)?;
                self.firms.set(firm.id, now.vendor, Some(firm.clone()));
                Item::Account(firm.id)
            }
            Module::Tickets => {
                let body = Body::read(bytes, TICKET)?;
                body.needs(&["subject", "departmentId", "contactId"])?;
                let mut ticket = no_ticket(id_of(Of::Ticket, number), at);
                self.write_ticket(&mut ticket, &body)?;
                self.tickets.set(ticket.id, now.vendor, Some(ticket.clone()));
                Item::Ticket(ticket.id)
            }
        };
        Ok(vec![(item, Event::Add)])
    }

    pub(super) fn change_record(
        &mut self,
        (module, id): (Module, u64),
        bytes: &[u8],
        now: Moment,
    ) -> Result<Done, Refusal> {
        let item = match module {
            Module::Contacts => {
                let mut contact = self.contacts.get(id).filter(|one| !one.trashed()).ok_or(Refusal::NotFound)?;
                self.write_contact(&mut contact, &Body::read(bytes, CONTACT)?)?;
                contact.update_s = now.wall.as_second();
                self.contacts.set(id, now.vendor, Some(contact));
                Item::Contact(id)
            }
            Module::Accounts => {
                let mut firm = self.firms.get(id).filter(|one| !one.trashed()).ok_or(Refusal::NotFound)?;
                self.write_firm(&mut firm, &Body::read(bytes, ACCOUNT)?)?;
                firm.update_s = now.wall.as_second();
                self.firms.set(id, now.vendor, Some(firm));
                Item::Account(id)
            }
            Module::Tickets => {
                let mut ticket = self.tickets.get(id).filter(|one| !one.trashed()).ok_or(Refusal::NotFound)?;
                if ticket.archived {
                    return Err(Refusal::Unprocessable("The ticket is archived.".to_owned()));
                }
                self.write_ticket(&mut ticket, &Body::read(bytes, TICKET)?)?;
                ticket.update_s = now.wall.as_second();
                self.tickets.set(id, now.vendor, Some(ticket));
                Item::Ticket(id)
            }
        };
        Ok(vec![(item, Event::Update)])
    }

    fn write_contact(&self, contact: &mut Contact, body: &Body) -> Result<(), Refusal> {
        put(&mut contact.last_name, body.text("lastName", 200)?);
        put(&mut contact.first_name, body.text("firstName", 40)?);
        put_or_clear(&mut contact.phone, body.text("phone", 50)?);
        put_or_clear(&mut contact.mobile, body.text("mobile", 50)?);
        let email = body.text("email", 255)?;
        self.check_email(contact.id, email.as_deref())?;
        put_or_clear(&mut contact.email, email);
        put_others(&mut contact.made, body, &OF_CONTACT)?;
        if let Some(zip) = body.text("zip", 100)? {
            if !zip.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::Invalid("zip", "invalid"));
            }
            contact.made.others.insert("zip", zip);
        }
        if let Some(id) = body.number("accountId")? {
            self.firms.get(id).filter(|firm| !firm.trashed).ok_or(Refusal::Invalid("accountId", "invalid"))?;
            contact.account = Some(id);
        }
        if let Some(owner) = self.agent(body, "ownerId")? {
            contact.owner = Some(owner);
        }
        self.write_made(&mut contact.made, body, Module::Contacts.word())?;
        if let Some(number) = contact.made.cf.remove(CONTACT_PHONE) {
            contact.second_phone = Some(number);
        }
        Ok(())
    }

    /// An e-mail is of the described pattern, and no other contact's: refused as a field of which no two may be alike is, the
    /// harder guess.
    fn check_email(&self, own: u64, email: Option<&str>) -> Result<(), Refusal> {
        let Some(email) = email.filter(|email| !email.is_empty()) else { return Ok(()) };
        if !is_email(email) {
            return Err(Refusal::Invalid("email", "invalid"));
        }
        let seeded = self.seed.client_by_email(email).map(|place| Source::<Contact>::id(&self.seed, place));
        let mut others = seeded.into_iter().chain(self.contacts.changed_ids()).filter(|id| *id != own);
        let folded = email.to_lowercase();
        let has_it = |contact: Contact| contact.email.is_some_and(|other| other.to_lowercase() == folded);
        let taken = |id| self.contacts.get(id).filter(|contact| !contact.trashed).is_some_and(has_it);
        if others.any(taken) { Err(Refusal::Invalid("email", "duplicate")) } else { Ok(()) }
    }

    fn write_firm(&self, firm: &mut Firm, body: &Body) -> Result<(), Refusal> {
        put(&mut firm.name, body.text("accountName", 200)?);
        put_or_clear(&mut firm.phone, body.text("phone", 50)?);
        if let Some(owner) = self.agent(body, "ownerId")? {
            firm.owner = Some(owner);
        }
        put_others(&mut firm.made, body, &OF_ACCOUNT)?;
        self.write_made(&mut firm.made, body, Module::Accounts.word())
    }

    fn write_ticket(&self, ticket: &mut Ticket, body: &Body) -> Result<(), Refusal> {
        put(&mut ticket.subject, body.text("subject", 255)?);
        if let Some(department) = self.department(body)? {
            ticket.department = department;
        }
        if let Some(contact) = self.contact(body)? {
            (ticket.contact, ticket.account) = (Some(contact.id), contact.account);
        }
        if let Some(assignee) = self.agent(body, "assigneeId")? {
            ticket.assignee = Some(assignee);
        }
        if let Some(label) = body.word("status", &STATUSES.map(|(label, _)| label))? {
            ticket.status_type = STATUSES.iter().find(|(known, _)| *known == label).map_or(StatusType::Open, |of| of.1);
            ticket.status = label;
        }
        put_or_clear(&mut ticket.made.channel, body.word("channel", &CHANNELS)?);
        put_or_clear(&mut ticket.made.priority, body.word("priority", &PRIORITIES)?);
        put_others(&mut ticket.made, body, &OF_TICKET)?;
        self.write_made(&mut ticket.made, body, Module::Tickets.word())
    }

    /// What every kind has: a description, custom fields.
    pub(super) fn write_made(&self, made: &mut Made, body: &Body, module: &str) -> Result<(), Refusal> {
        put_or_clear(&mut made.description, body.text("description", LONGEST_TEXT)?);
        for (name, value) in body.custom(&self.fields, module)? {
            if value.is_empty() {
                made.cf.remove(&name);
            } else {
                made.cf.insert(name, value);
            }
        }
        Ok(())
    }

    /// An agent who works there.
    pub(super) fn agent(&self, body: &Body, name: &'static str) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number(name)? else { return Ok(None) };
        let works = self.agents.iter().any(|agent| agent.id == id && agent.active());
        works.then_some(Some(id)).ok_or(Refusal::Invalid(name, "invalid"))
    }

    /// A contact who is not in the trash.
    pub(super) fn contact(&self, body: &Body) -> Result<Option<Contact>, Refusal> {
        let Some(id) = body.number("contactId")? else { return Ok(None) };
        let contact = self.contacts.get(id).filter(|contact| !contact.trashed);
        contact.map(Some).ok_or(Refusal::Invalid("contactId", "invalid"))
    }

    /// A department that is enabled.
    pub(super) fn department(&self, body: &Body) -> Result<Option<u64>, Refusal> {
        let Some(id) = body.number("departmentId")? else { return Ok(None) };
        DEPARTMENTS.contains(&id).then_some(Some(id)).ok_or(Refusal::Invalid("departmentId", "invalid"))
    }
}

/// # Source
/// The description's pattern of e-mails.
fn is_email(text: &str) -> bool {
    let word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let Some((user, host)) = text.split_once('@') else { return false };
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let label = |label: &str| {
        let ends = [label.chars().next(), label.chars().last()];
        let sound = ends.into_iter().all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()));
        sound && label.chars().all(|sign| word(sign) || sign == '-')
    };
    user.starts_with(word)
        && user.chars().all(|sign| word(sign) || "+-.'&~".contains(sign))
        && labels.split('.').all(label)
        && (2..=22).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn put_others(made: &mut Made, body: &Body, known: &[(&'static str, usize)]) -> Result<(), Refusal> {
    for &(name, most) in known {
        match body.text(name, most)? {
            Some(text) if text.is_empty() => drop(made.others.remove(name)),
            Some(text) => drop(made.others.insert(name, text)),
            None => {}
        }
    }
    Ok(())
}

fn put(place: &mut String, text: Option<String>) {
    if let Some(text) = text {
        *place = text;
    }
}

pub(super) fn put_or_clear(place: &mut Option<String>, text: Option<String>) {
    if let Some(text) = text {
        *place = Some(text).filter(|text| !text.is_empty());
    }
}

fn nobody(id: u64, at: i64) -> Contact {
    Contact {
        id,
        first_name: String::new(),
        last_name: String::new(),
        owner: None,
        account: None,
        phone: None,
        mobile: None,
        second_phone: None,
        email: None,
        notes: 0,
        add_s: at,
        update_s: at,
        trashed: false,
        made: Made::default(),
    }
}

fn no_firm(id: u64, at: i64) -> Firm {
    Firm {
        id,
        name: String::new(),
        owner: None,
        phone: None,
        street: None,
        notes: 0,
        add_s: at,
        update_s: at,
        trashed: false,
        made: Made::default(),
    }
}

fn no_ticket(id: u64, at: i64) -> Ticket {
    Ticket {
        id,
        subject: String::new(),
        assignee: None,
        contact: None,
        account: None,
        department: DEPARTMENTS[0],
        status: "Open".to_owned(),
        status_type: StatusType::Open,
        notes: 0,
        add_s: at,
        update_s: at,
        archived: false,
        trashed: false,
        made: Made::default(),
    }
}
