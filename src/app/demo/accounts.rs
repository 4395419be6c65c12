//! The demo's accounts: one stand-in per CRM and the project in front of it, and a second Pipedrive that stays cold.

use std::{collections::BTreeMap, io};

use sandbox::kit::{Fault, StandIn};
use sandbox::{hubspot, pipedrive, smart_crm, zoho_crm, zoho_desk};

use super::stage::TOKEN;

/// Clients that are seeded besides the samples.
const CLIENTS: usize = 2_000;

/// A project and the CRM behind it.
pub(super) struct Account {
    /// The project.
    pub(super) project: &'static str,
    /// Its CRM, as a person calls it.
    pub(super) called: &'static str,
    /// The stand-in.
    pub(super) crm: Box<dyn StandIn>,
    /// Its `[crm]` section.
    section: String,
    /// The kind that is found through its contact.
    dealt_with: &'static str,
}

/// Who takes calls, in the order of the stand-ins' employees.
pub(super) const NAMES: [&str; 4] = ["Anna", "Boris", "Clara", "Denys"];

/// Starts every stand-in. The one of `bistro` never answers its lists, so that project stays cold.
pub(super) async fn open() -> io::Result<Vec<Account>> {
    let bistro = pipedrive(2, "bistro").await?;
    // The first list that a crawl asks for.
    bistro.crm.stage_fault(Fault::hang().on("/api/v2/deals"));
    Ok(vec![
        pipedrive(1, "acme").await?,
        hubspot().await?,
        zoho_crm().await?,
        zoho_desk().await?,
        smart_crm().await?,
        bistro,
    ])
}

async fn pipedrive(seed: u64, project: &'static str) -> io::Result<Account> {
    let options = pipedrive::Options { clients: CLIENTS, seed, ..pipedrive::Options::default() };
    let crm = pipedrive::Pipedrive::start(options).await?;
    let section = format!(
        "kind = \"pipedrive\"\nbase_url = \"{}\"\ntoken = {{ env = \"DEMO_CRM\" }}\nquota = {{ daily = 300000 }}\n\
         fields.phone = [\"{}\"]\n",
        crm.base_url(),
        pipedrive::ORGANIZATION_PHONE
    );
    Ok(Account { project, called: "Pipedrive", crm: Box::new(crm), section, dealt_with: "deal" })
}

async fn hubspot() -> io::Result<Account> {
    let options = hubspot::Options { clients: CLIENTS, ..hubspot::Options::default() };
    let crm = hubspot::HubSpot::start(options).await?;
    let section = format!("kind = \"hubspot\"\nbase_url = \"{}\"\ntoken = {{ env = \"DEMO_CRM\" }}\n", crm.base_url());
    Ok(Account { project: "hubspot", called: "HubSpot", crm: Box::new(crm), section, dealt_with: "deal" })
}

async fn zoho_crm() -> io::Result<Account> {
    let options = zoho_crm::Options { clients: CLIENTS, ..zoho_crm::Options::default() };
    let crm = zoho_crm::ZohoCrm::start(options).await?;
    let section = format!("kind = \"zoho-crm\"\n{}", refreshed(&crm));
    Ok(Account { project: "zoho-crm", called: "Zoho CRM", crm: Box::new(crm), section, dealt_with: "deal" })
}

async fn zoho_desk() -> io::Result<Account> {
    let options = zoho_desk::Options { clients: CLIENTS, ..zoho_desk::Options::default() };
    let crm = zoho_desk::Desk::start(options).await?;
    let section = format!("kind = \"zoho-desk\"\n{}org_id = \"{}\"\n", refreshed(&crm), zoho_desk::ORG_ID);
    Ok(Account { project: "zoho-desk", called: "Zoho Desk", crm: Box::new(crm), section, dealt_with: "ticket" })
}

async fn smart_crm() -> io::Result<Account> {
    let options = smart_crm::Options { clients: CLIENTS, ..smart_crm::Options::default() };
    let client_id = options.app.client_id.clone();
    let crm = smart_crm::SmartCrm::start(options).await?;
    let section = format!(
        "kind = \"smart-crm\"\nbase_url = \"{}\"\nauth_url = \"{}\"\ntenant = \"{}\"\nclient_id = \"{client_id}\"\n\
         client_secret = {{ env = \"DEMO_CLIENT_SECRET\" }}\n",
        crm.base_url(),
        crm.auth_url(),
        smart_crm::TENANT
    );
    Ok(Account { project: "smart-crm", called: "SMART CRM", crm: Box::new(crm), section, dealt_with: "deal" })
}

/// What both of Zoho's take: an address, and a client with a refresh token.
fn refreshed(crm: &dyn StandIn) -> String {
    format!(
        "base_url = \"{}\"\nauth_url = \"{}\"\nclient_id = \"sandbox-client\"\n\
         client_secret = {{ env = \"DEMO_CLIENT_SECRET\" }}\nrefresh_token = {{ env = \"DEMO_REFRESH\" }}\n",
        crm.base_url(),
        crm.auth_url()
    )
}

/// What the secrets in the projects' files refer to.
pub(super) fn environment() -> BTreeMap<String, String> {
    [
        ("DEMO_TOKEN", TOKEN),
        ("DEMO_CRM", "sandbox-token"),
        ("DEMO_CLIENT_SECRET", "sandbox-secret"),
        ("DEMO_REFRESH", "sandbox-refresh"),
        ("PREDIAL__LOG__FILTER", "error"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

impl Account {
    /// The project's file.
    pub(super) fn file(&self) -> String {
        let head = "token = { env = \"DEMO_TOKEN\" }\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n";
        let fields = fields(self.crm.name());
        // What lies on this machine may be fetched: the stand-in's recordings.
        let ringostat = "\n[ringostat]\nrecording_hosts = [\"127.0.0.1\"]\n";
        let people = people(&self.crm.employees());
        format!("{head}\n[crm]\n{}{fields}{ringostat}{people}{}", self.section, self.blocks())
    }

    /// Whether the CRM takes the recordings themselves, not their links.
    pub(super) fn takes_audio(&self) -> bool {
        self.crm.name() == "pipedrive"
    }

    /// The same blocks for every CRM, with its own kind in the place of the deal.
    fn blocks(&self) -> String {
        BLOCKS.replace("{dealt-with}", self.dealt_with)
    }
}

/// The CRM's own name of a UTM mark.
type Renamed = fn(&str) -> String;

/// Where each CRM keeps what it has no field of its own for, as lines of `[crm]`.
fn fields(crm: &str) -> String {
    const MARKS: [&str; 5] = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
    let (utm, others): (Renamed, &[(&str, &str)]) = match crm {
        "pipedrive" => (
            |mark| mark.replacen("utm_", "UTM ", 1),
            &[("client_id", "Client id"), ("call_id", "Call id"), ("recording", "Recording"), ("mark", "Made by")],
        ),
        "zoho-crm" => (
            |mark| {
                let (first, rest) = mark.trim_start_matches("utm_").split_at(1);
                format!("UTM_{}{rest}", first.to_uppercase())
            },
            &[("client_id", "GA_Client"), ("call_id", "Ringostat_Call"), ("recording", "Ringostat_Record")],
        ),
        "zoho-desk" => (|mark| format!("cf_{mark}"), &[("client_id", "cf_client_id")]),
        "smart-crm" => (|mark| format!("new_{mark}"), &[("recording", "new_recording")]),
        _ => (|mark| mark.to_owned(), &[("client_id", "ga_client")]),
    };
    let marks = MARKS.iter().map(|mark| format!("fields.{mark} = \"{}\"\n", utm(mark)));
    marks.chain(others.iter().map(|(field, name)| format!("fields.{field} = \"{name}\"\n"))).collect()
}

/// Anna, Boris, Clara and Denys, as the CRM's first four users.
fn people(users: &[String; 4]) -> String {
    let mains = ["acme_anna", "acme_boris", "+380 67 111 22 33", "acme_denys"];
    let mut text = String::new();
    for ((user, main), name) in users.iter().zip(mains).zip(NAMES) {
        let top = if name == "Anna" { "other = [\"380509990001\"]\ntop_manager = true\n" } else { "" };
        text.push_str(&format!("\n[[employee]]\nname = \"{name}\"\ncrm_user = \"{user}\"\nmain = [\"{main}\"]\n{top}"));
    }
    text
}

const BLOCKS: &str = r#"
[block.sales]
priority = ["contact", "organization", "{dealt-with}"]
answer = "json"
answer_field = "destination"

[block.plain]
priority = ["contact", "organization", "{dealt-with}"]
answer = "plain"

[block.rpc]
priority = ["contact", "organization", "{dealt-with}"]
answer = "json-rpc"
answer_field = "destination"

[block.deals]
priority = ["{dealt-with}", "contact"]
answer = "json-rpc"
answer_field = "destination"

[block.deals-only]
priority = ["{dealt-with}"]
answer = "plain"

[block.on]
priority = ["contact", "{dealt-with}"]
answer = "json"
answer_field = "destination"
on_unassigned = "next_entity"

[block.night]
priority = ["contact"]
answer = "plain"
miss_destination = "231146"
"#;
