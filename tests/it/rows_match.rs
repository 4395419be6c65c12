//! Rows of the scenario matrices about how a client is found, each before the whole service: from the directory, and asked
//! by the call itself; who is responsible is asked, and what a call leaves behind is read.

use std::time::Duration;

use sandbox::kit::{Fault, Neutral, Thing};

use crate::changes_stage::Stage;
use crate::crm_rows::ROWS;
use crate::fault_stage::{Member, Troop};
use crate::rows_stage::{Telling, print, read_again, stage};

/// Longer than any stand-in's search lags.
const LAG: Duration = Duration::from_secs(60);

/// Two projects before one kind of CRM: one is warm, the other knows nothing and has to ask.
struct Pair {
    members: [Member; 2],
    troop: Troop,
}

impl Pair {
    /// With contacts of these numbers as typed, each owned by the employee at this place.
    async fn of(crm: &str, priority: &'static str, contacts: &[(&str, usize)]) -> Self {
        let row = ROWS.iter().find(|row| row.name == crm).expect("a row");
        let mut members = [
            Member::new("warm".to_owned(), row, row.credentials).await,
            Member::new("cold".to_owned(), row, row.credentials).await,
        ];
        for member in &mut members {
            member.priority = priority;
            for &(typed, owner) in contacts {
                let (name, owner_id) = (format!("Client {typed}"), member.crm().employees()[owner].clone());
                let contact = Neutral::CreateContact { name, phones: vec![typed.to_owned()], owner_id };
                member.crm().change_neutral(contact).expect("a contact");
            }
            member.crm().advance(LAG);
        }
        members[1].crm().stage_fault(Fault::status(503));
        let troop = Troop::before(&members.iter().collect::<Vec<_>>()).await;
        troop.until_warm("warm").await;
        // Its next try of the first crawl is half a minute away.
        troop.until("cold", "the first crawl fails", |view| view["warm"]["state"] == "failed").await;
        members[1].crm().clear_faults();
        Self { members, troop }
    }

    /// A number that somebody has leads to their owner, however the caller's is written.
    async fn leads(&self, forms: &[&str], destination: &str, entity: &str) {
        self.is_known(forms, destination, entity).await;
        // The first of them asks, or comes too late on a busy machine and the next one knows.
        for &form in forms {
            let heard = self.troop.until_answered("cold", form, destination).await;
            assert_eq!(heard.entity.as_deref(), Some(entity), "live: {form}");
            assert!(matches!(heard.source.as_str(), "live" | "directory"), "{form}: {heard:?}");
        }
        assert_eq!(self.troop.view("cold").await["state"], "cold");
    }

    /// The same from the directory alone: the vendor's search finds what is typed, and nobody types it so.
    async fn is_known(&self, forms: &[&str], destination: &str, entity: &str) {
        for &form in forms {
            let (heard, _) = self.troop.ask("warm", form).await;
            let found = (heard.body.as_str(), heard.source.as_str(), heard.entity.as_deref());
            assert_eq!(found, (destination, "directory", Some(entity)), "{form}");
        }
    }

    /// A number that leads nowhere, by neither way.
    async fn leads_nowhere(&self, number: &str) {
        assert_eq!(self.troop.ask("warm", number).await.0.body, "", "{number}");
        let mut heard = self.troop.ask("cold", number).await.0;
        while heard.source == "late" {
            heard = self.troop.ask("cold", number).await.0;
        }
        assert_eq!((heard.body.as_str(), heard.source.as_str()), ("", "live"), "{number}");
    }
}

/// A contact as somebody typed its number, and how the number of its calls is written.
struct Client {
    typed: &'static str,
    forms: &'static [&'static str],
    /// Whether the vendor's search finds what is typed.
    is_found: bool,
}

const fn client(typed: &'static str, forms: &'static [&'static str]) -> Client {
    Client { typed, forms, is_found: true }
}

/// A CRM of such contacts, entered after the directory was read: what is known of them is asked for, until it is read again.
struct Callers {
    stage: Stage,
    clients: Vec<(Client, String)>,
    calls: usize,
}

impl Callers {
    async fn of(crm: &str, clients: Vec<Client>) -> Self {
        let stage = stage(crm, "").await;
        let enter = |client: Client| {
            let owner_id = stage.crm().employees()[1].clone();
            let (name, phones) = (format!("Client {}", client.typed), vec![client.typed.to_owned()]);
            let entered = stage.crm().change_neutral(Neutral::CreateContact { name, phones, owner_id });
            (client, entered.expect("a contact").expect("its id").id)
        };
        let clients = clients.into_iter().map(enter).collect();
        stage.crm().advance(LAG);
        Self { stage, clients, calls: 0 }
    }

    /// Missed calls of all of them in every form: each leaves a task on its client's contact, and nobody is made twice.
    async fn call_and_are_known(&mut self, id: &str) {
        for is_warm in [false, true] {
            if is_warm {
                read_again(&self.stage).await;
            }
            for at in 0..self.clients.len() {
                let (client, contact) = &self.clients[at];
                let (forms, contact) = (client.forms, contact.clone());
                let is_known = is_warm || client.is_found;
                for form in forms.iter().filter(|_| is_known) {
                    let tasks = self.missed(form).await;
                    let on = tasks.last().map(on_contacts).unwrap_or_default();
                    assert_eq!(on, [&*contact], "{id}: {form} (read: {is_warm})");
                }
            }
        }
        print(id, &self.stage.crm().held());
    }

    /// Tells of a missed call; gives the tasks that there are, its own the last.
    async fn missed(&mut self, number: &str) -> Vec<Thing> {
        self.tell(number, ("NO ANSWER", None)).await;
        let held = self.stage.crm().held();
        let (done, made): (Vec<Thing>, Vec<Thing>) = held
            .into_iter()
            .filter(|thing| !thing.seeded)
            .partition(|thing| matches!(thing.what.as_str(), "task" | "call" | "note"));
        assert!(made.is_empty(), "{number}: {made:?}");
        let tasks: Vec<Thing> = done.into_iter().filter(|thing| thing.what == "task").collect();
        assert_eq!(tasks.len(), self.calls, "{number}: {tasks:?}");
        tasks
    }

    async fn tell(&mut self, number: &str, (status, by): (&str, Option<&str>)) {
        self.calls += 1;
        let call_id = format!("ua0_-1731315881.{}", self.calls);
        let telling = Telling { call_id: &call_id, number, direction: "in", status, by, recording: None };
        self.stage.tell("after-call", &telling.after()).await;
        self.stage.settled().await;
    }

    /// Whoever is not known is made once, with the number international and without separators, however it is written.
    async fn one_is_made(mut self, what: &str, forms: &[&str], number: &str) {
        for form in forms {
            self.tell(form, ("ANSWERED", Some("acme_bohdan"))).await;
            let held = self.stage.crm().held();
            let made = held.iter().filter(|thing| !thing.seeded && thing.what == what);
            let numbers: Vec<&[String]> = made.map(|thing| thing.numbers.as_slice()).collect();
            assert_eq!(numbers, [[number.to_owned()]], "{form}");
        }
    }
}

fn on_contacts(thing: &Thing) -> Vec<&str> {
    thing.on.iter().filter(|on| on.what == "contact").map(|on| on.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_number() {
    let contacts = [("380671112201", 1), ("+380671112202", 2), ("067 111 22 03", 3)];
    let pair = Pair::of("hubspot", "\"contact\"", &contacts).await;
    pair.leads(&["380671112201", "%2B380671112201", "067%20111%2022%2001"], "acme_bohdan", "contact").await;
    pair.leads(&["%2B380671112202", "0671112202", "380671112202"], "acme_oksana", "contact").await;
    pair.leads(&["067%20111%2022%2003", "380671112203", "%2B380671112203"], "acme_petro", "contact").await;
    pair.leads_nowhere("380671112204").await;
    let clients = vec![
        client("380671112201", &["380671112201", "+380671112201", "067 111 22 01"]),
        client("+380671112202", &["+380671112202", "0671112202", "380671112202"]),
        client("067 111 22 03", &["067 111 22 03", "380671112203", "+380671112203"]),
    ];
    let mut callers = Callers::of("hubspot", clients).await;
    callers.call_and_are_known("hs-number").await;
    callers.one_is_made("contact", &["067 111 22 04", "+380671112204", "380671112204"], "+380671112204").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zd_match() {
    by_the_last_nine_digits("zd-match", "zoho-desk", "contact").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zc_match() {
    by_the_last_nine_digits("zc-match", "zoho-crm", "lead").await;
}

/// Whatever stands before the last nine digits; who has the whole number goes first.
async fn by_the_last_nine_digits(id: &str, crm: &str, made: &str) {
    let contacts = [("0671112201", 1), ("671112202", 2), ("+380671112203", 3), ("+48671112203", 1)];
    let pair = Pair::of(crm, "\"contact\"", &contacts).await;
    pair.leads(&["380671112201", "%2B380671112201", "0671112201"], "acme_bohdan", "contact").await;
    pair.is_known(&["380671112202", "0671112202"], "acme_oksana", "contact").await;
    pair.leads(&["380671112203"], "acme_petro", "contact").await;
    pair.leads(&["%2B48671112203"], "acme_bohdan", "contact").await;
    // Eight are not enough.
    pair.leads_nowhere("380661112201").await;
    let clients = vec![
        client("0671112201", &["380671112201", "+380671112201", "0671112201"]),
        Client { is_found: false, ..client("671112202", &["380671112202", "0671112202"]) },
        client("+380671112203", &["380671112203", "067 111 22 03"]),
        client("+48671112203", &["+48671112203"]),
    ];
    let mut callers = Callers::of(crm, clients).await;
    callers.call_and_are_known(id).await;
    callers.one_is_made(made, &["066 111 22 01", "+380661112201", "380661112201"], "+380661112201").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pd_deal_by_person() {
    let pair = Pair::of("pipedrive", "\"deal\"", &[]).await;
    let number = |case: &str| pair.members[0].crm().sample(case).expect("a sample").number;
    pair.leads(&[number("owner-left")], "acme_oksana", "deal").await;
    pair.leads(&[number("two-deals")], "acme_oksana", "deal").await;
    // A won deal is not open, and an organization's deal has no person.
    pair.leads_nowhere(number("closed-deal")).await;
    pair.leads_nowhere(number("organization-deal")).await;
    let mut callers = Callers::of("pipedrive", Vec::new()).await;
    // The person's newest deal, none where the person's only one is won.
    for (case, deals) in [("owner-left", vec!["3"]), ("two-deals", vec!["20"]), ("closed-deal", Vec::new())] {
        let tasks = callers.missed(number(case)).await;
        let on = tasks.last().map(|task| task.on.as_slice()).unwrap_or_default();
        let on: Vec<&str> = on.iter().filter(|on| on.what == "deal").map(|on| on.id.as_str()).collect();
        assert_eq!(on, deals, "{case}");
    }
    print("pd-deal-by-person", &callers.stage.crm().held());
}
