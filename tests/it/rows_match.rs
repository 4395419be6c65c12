//! Rows of the scenario matrices about how a client is found, each before the whole service: from the directory, and asked
//! by the call itself.

use std::time::Duration;

use sandbox::kit::{Fault, Neutral};

use crate::crm_rows::ROWS;
use crate::fault_stage::{Member, Troop};

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

#[tokio::test(flavor = "multi_thread")]
async fn hs_number() {
    let contacts = [("380671112201", 1), ("+380671112202", 2), ("067 111 22 03", 3)];
    let pair = Pair::of("hubspot", "\"contact\"", &contacts).await;
    pair.leads(&["380671112201", "%2B380671112201", "067%20111%2022%2001"], "acme_bohdan", "contact").await;
    pair.leads(&["%2B380671112202", "0671112202", "380671112202"], "acme_oksana", "contact").await;
    pair.leads(&["067%20111%2022%2003", "380671112203", "%2B380671112203"], "acme_petro", "contact").await;
    pair.leads_nowhere("380671112204").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zd_match() {
    by_the_last_nine_digits("zoho-desk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zc_match() {
    by_the_last_nine_digits("zoho-crm").await;
}

/// Whatever stands before the last nine digits; who has the whole number goes first.
async fn by_the_last_nine_digits(crm: &str) {
    let contacts = [("0671112201", 1), ("671112202", 2), ("+380671112203", 3), ("+48671112203", 1)];
    let pair = Pair::of(crm, "\"contact\"", &contacts).await;
    pair.leads(&["380671112201", "%2B380671112201", "0671112201"], "acme_bohdan", "contact").await;
    pair.is_known(&["380671112202", "0671112202"], "acme_oksana", "contact").await;
    pair.leads(&["380671112203"], "acme_petro", "contact").await;
    pair.leads(&["%2B48671112203"], "acme_bohdan", "contact").await;
    // Eight are not enough.
    pair.leads_nowhere("380661112201").await;
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
}
