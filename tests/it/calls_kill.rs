//! The service is killed at moments that nobody chose, also while a write is landing at the CRM, and started again, while
//! calls go on being told: nothing may be lost, and nothing be there twice.
//!
//! The CRM and the telephone system live in this process and remember everything; the service is a process of its own and
//! has its data folder. In full, 100 kills and 2,000 calls for every CRM with and without a field for marks:
//! `CALLS_KILL=full cargo test --test it calls_kill -- --nocapture`. `CALLS_KILL_SEED=17` tells the calls of that seed,
//! `CALLS_KILL_CRM=zoho` only those of CRMs with that in their name.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use predial::base::environment::{Environment, ProcessEnvironment};
use sandbox::{
    hubspot::{self, HubSpot},
    kit::{Fault, Neutral, StandIn},
    pipedrive::{self, Pipedrive},
    ringostat_api::{self, RingostatApi},
    smart_crm::{self, SmartCrm},
    zoho_crm::{self, ZohoCrm},
    zoho_desk::{self, Desk},
};
use tokio::{sync::watch, task::JoinSet};

use crate::calls_count::{Figures, figures};
use crate::calls_process::{Deployed, Life, worked_off};
use crate::calls_scene::{making, met, on_making};
use crate::calls_script::{Caller, Dice, Recordings, ScriptedCall, script};
use crate::changes_stage::Setup;
use crate::crm_rows::{ROWS, Row};

/// Longer than any stand-in's search lags.
const LAG: Duration = Duration::from_secs(60);

/// One CRM, and whether it has a field for marks.
#[derive(Debug, Clone, Copy)]
struct Before {
    crm: &'static str,
    /// Lines of `[crm]`.
    fields: &'static str,
}

/// How large.
#[derive(Debug, Clone, Copy)]
struct Size {
    kills: usize,
    calls: usize,
    /// The last of it is worked off by then.
    patience: Duration,
}

const HUBSPOT: Before = Before { crm: "hubspot", fields: "fields = { mark = \"pbx_mark\" }" };
const HUBSPOT_BARE: Before = Before { crm: "hubspot", fields: "" };
const PIPEDRIVE: Before = Before { crm: "pipedrive", fields: "fields = { mark = \"Made by\" }" };
const PIPEDRIVE_BARE: Before = Before { crm: "pipedrive", fields: "" };
const ZOHO_CRM: Before = Before { crm: "zoho-crm", fields: "fields = { mark = \"PBX_Mark\" }" };
const ZOHO_CRM_BARE: Before = Before { crm: "zoho-crm", fields: "" };
const ZOHO_DESK: Before = Before { crm: "zoho-desk", fields: "fields = { mark = \"cf_pbx_mark\" }" };
const ZOHO_DESK_BARE: Before = Before { crm: "zoho-desk", fields: "" };
/// Ids are ours there: there is no other mark.
const SMART_CRM: Before = Before { crm: "smart-crm", fields: "" };

/// Some with a field for marks, some without.
const SHORT: [Before; 5] = [HUBSPOT, PIPEDRIVE_BARE, ZOHO_CRM, ZOHO_DESK_BARE, SMART_CRM];
const FULL: [Before; 9] =
    [HUBSPOT, PIPEDRIVE_BARE, ZOHO_CRM, ZOHO_DESK_BARE, SMART_CRM, HUBSPOT_BARE, PIPEDRIVE, ZOHO_CRM_BARE, ZOHO_DESK];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_the_service_loses_nothing_and_makes_nothing_twice() {
    let in_full = ProcessEnvironment.get("CALLS_KILL").is_some_and(|word| word == "full");
    let seed = ProcessEnvironment.get("CALLS_KILL_SEED").and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    let only = ProcessEnvironment.get("CALLS_KILL_CRM").unwrap_or_default();
    let (size, campaigns) = if in_full {
        (Size { kills: 100, calls: 2_000, patience: Duration::from_secs(1_800) }, &FULL[..])
    } else {
        (Size { kills: 10, calls: 200, patience: Duration::from_secs(180) }, &SHORT[..])
    };
    println!("seed {seed}");
    let (mut wrong, mut lost) = (String::new(), 0);
    // Five at a time: most of it is waiting.
    for campaigns in campaigns.chunks(5) {
        let mut under_way = JoinSet::new();
        for &before in campaigns.iter().filter(|before| before.crm.contains(&only)) {
            under_way.spawn(Campaign::run(before, size, seed));
        }
        while let Some(ended) = under_way.join_next().await {
            let (before, told, answers_lost) = ended.expect("no panic");
            lost += answers_lost;
            for what in told.lost.iter().chain(&told.doubled) {
                writeln!(wrong, "{} ({}): {what}", before.crm, before.fields).expect("text");
            }
        }
    }
    assert!(wrong.is_empty(), "seed {seed}: lost or doubled:\n{wrong}");
    assert!(lost > 0, "seed {seed}: no answer to what makes something was lost, so nothing of it was tried");
}

/// A CRM, the service before it, and those who call.
struct Campaign {
    before: Before,
    size: Size,
    dice: Dice,
    crm: Arc<dyn StandIn>,
    deployed: Arc<Deployed>,
    callers: Vec<Caller>,
    /// Contacts who were there, with their numbers.
    there: HashMap<String, String>,
    /// In how many lives an answer was lost to what had made something.
    lost: usize,
}

impl Campaign {
    async fn run(before: Before, size: Size, seed: u64) -> (Before, Figures, usize) {
        let began = Instant::now();
        let recordings = RingostatApi::start(ringostat_api::Options::default()).await.expect("a stand-in");
        let mut campaign = Self::new(before, size, seed, &recordings.base_url()).await;
        let (allowed, gate) = watch::channel(0);
        let told = Arc::new(AtomicU64::new(0));
        let mut tellers = campaign.tellers(&gate, &told);
        let first = campaign.first().await;
        campaign.lives(first, &allowed).await;
        let last = campaign.deployed.start().await;
        allowed.send_replace(usize::MAX);
        while let Some(ended) = tellers.join_next().await {
            ended.expect("no panic");
        }
        let view = last.until("the journal is worked off", size.patience, worked_off).await;
        let figures = figures(&*campaign.crm, &campaign.callers, &campaign.there);
        let marks = if before.fields.is_empty() { "no mark field" } else { "a mark field" };
        println!(
            "{:<10} {marks:<13}: {} calls, {} tellings, {} kills, {} lives with lost answers, {} things expected, {} lost, \
             {} doubled, {} s; {}",
            before.crm,
            size.calls,
            told.load(Ordering::Relaxed),
            size.kills,
            campaign.lost,
            figures.expected,
            figures.lost.len(),
            figures.doubled.len(),
            began.elapsed().as_secs(),
            view["journal"]["by_state"],
        );
        if !figures.lost.is_empty() {
            let dead = last.ops("GET", "/api/journal?project=acme&state=dead&limit=5", "").await;
            println!("{}: dead: {dead}", before.crm);
        }
        (before, figures, campaign.lost)
    }

    async fn new(before: Before, size: Size, seed: u64, recordings: &str) -> Self {
        let row = ROWS.iter().find(|row| row.name == before.crm).expect("a row");
        let crm = generous(before.crm).await;
        let row = Row { quota: quota(before.crm), ..*row };
        let setup = Setup {
            public: false,
            crm: before.fields,
            ringostat: "recording_hosts = [\"127.0.0.1\"]",
            ..Setup::default()
        };
        let deployed = Arc::new(Deployed::before(&row, &*crm, setup, None));
        let mut dice = Dice::new(seed);
        let audio = if before.crm == "pipedrive" { recordings.to_owned() } else { String::new() };
        let began_s = jiff::Timestamp::now().as_second();
        // Whether somebody is new is asked of the vendor's search, of which predial leaves writing one a second at these.
        let new_percent = if ["hubspot", "pipedrive"].contains(&before.crm) { 8 } else { 40 };
        let callers = script(&mut dice, (size.calls, new_percent), (began_s, &Recordings { audio }));
        let mut there = HashMap::new();
        for caller in callers.iter().filter(|caller| caller.existing) {
            let owner_id = crm.employees()[caller.employee].clone();
            let (name, phones) = (format!("Client {}", caller.number), vec![format!("+{}", caller.number)]);
            let made = crm.change_neutral(Neutral::CreateContact { name, phones, owner_id }).expect("a contact");
            there.insert(made.expect("a record").id, caller.number.clone());
        }
        crm.advance(LAG);
        Self { before, size, dice, crm, deployed, callers, there, lost: 0 }
    }

    /// The first life, undisturbed until it knows who is there and the fields are.
    async fn first(&self) -> Life {
        let life = self.deployed.start().await;
        let warm = |view: &serde_json::Value| {
            view["directory"]["absent_is_known"] == true && !view["directory"]["snapshot"]["newest"].is_null()
        };
        life.until("the directory is complete and kept", Duration::from_secs(120), warm).await;
        if !self.before.fields.is_empty() {
            let made = life.ops("POST", "/api/projects/acme/fields", r#"{"create": true}"#).await;
            assert_eq!(made["missing"], 0, "{}: {made}", self.before.crm);
        }
        life
    }

    /// Those who tell of the calls: each client's calls one after the other, some at the same time; none before the gate
    /// lets it.
    fn tellers(&self, gate: &watch::Receiver<usize>, told: &Arc<AtomicU64>) -> JoinSet<()> {
        let mut tellers = JoinSet::new();
        let mut nth = 0;
        for caller in &self.callers {
            let calls: Vec<(usize, Vec<ScriptedCall>)> = caller
                .calls
                .iter()
                .map(|calls| {
                    nth += calls.len();
                    (nth, calls.clone())
                })
                .collect();
            let (deployed, mut gate, told) = (Arc::clone(&self.deployed), gate.clone(), Arc::clone(told));
            tellers.spawn(async move {
                for (nth, calls) in calls {
                    gate.wait_for(|allowed| *allowed >= nth).await.expect("a gate");
                    let each = calls.into_iter().map(|call| tell(Arc::clone(&deployed), call));
                    let tried: Vec<u64> = futures_util::future::join_all(each).await;
                    told.fetch_add(tried.iter().sum(), Ordering::Relaxed);
                }
            });
        }
        tellers
    }

    /// One life after the other, each with its share of the calls, its faults and its end.
    async fn lives(&mut self, first: Life, allowed: &watch::Sender<usize>) {
        let mut next = Some(first);
        for kill in 0..self.size.kills {
            let life = match next.take() {
                Some(life) => life,
                None => self.deployed.start().await,
            };
            self.crm.clear_faults();
            self.crm.forget_asked();
            self.stage_faults();
            allowed.send_replace(self.size.calls * (kill + 1) / self.size.kills);
            self.moment().await;
            life.killed().await;
            self.lost += usize::from(!met(&*self.crm, "answer_lost").is_empty());
        }
        self.crm.clear_faults();
    }

    /// What befalls some of what makes something in a life, and nothing that is read.
    fn stage_faults(&mut self) {
        if self.dice.once_in(2) {
            let by = Duration::from_millis(100 + self.dice.below(2_900));
            self.stage_on_making(&Fault::delay(by).times(2));
        }
        if self.dice.once_in(2) {
            let times = if self.dice.once_in(2) { 1 } else { 3 };
            self.stage_on_making(&Fault::answer_lost().times(times));
        }
        if self.dice.once_in(3) {
            self.stage_on_making(&Fault::status(503).times(2));
        }
    }

    fn stage_on_making(&self, fault: &Fault) {
        let crm = self.before.crm;
        let each = making(crm).1.iter().map(|path| on_making(crm, path, fault.clone()));
        each.for_each(|fault| self.crm.stage_fault(fault));
    }

    /// Waits for the moment of a kill: any, one at which something was just made, or one at which a write is under way.
    async fn moment(&mut self) {
        let began = Instant::now();
        let at_most = Duration::from_millis(200 + self.dice.below(1_300));
        let held = self.crm.held().len();
        let how = self.dice.below(3);
        let at_least = Duration::from_millis(self.dice.below(200));
        while began.elapsed() < at_most {
            let now = match how {
                0 => false,
                1 => self.crm.held().len() > held,
                _ => self.crm.asked().iter().any(|asked| asked.fault == Some("delay") && asked.status.is_none()),
            };
            if now && began.elapsed() >= at_least {
                return;
            }
            // Somebody else's process: what it has come to can only be polled, and the moment is to be any.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn tell(deployed: Arc<Deployed>, call: ScriptedCall) -> u64 {
    let mut tries = 0;
    for (moment, told) in call.moments() {
        tries += deployed.insist(moment, &told).await;
    }
    tries
}

/// A stand-in whose account allows what a few minutes of many calls need: it is not its limits that are tried here.
async fn generous(crm: &str) -> Arc<dyn StandIn> {
    const ENOUGH: u64 = 1_000_000;
    match crm {
        "hubspot" => {
            let options =
                hubspot::Options { clients: 20, limits: hubspot::Limits::unlimited(), ..hubspot::Options::default() };
            Arc::new(HubSpot::start(options).await.expect("a stand-in"))
        }
        "pipedrive" => {
            let limits = pipedrive::Limits {
                daily_tokens: Some(u64::MAX / 4),
                burst: Some(100_000),
                search_burst: 100_000,
                ..pipedrive::Limits::default()
            };
            let options = pipedrive::Options { clients: 20, limits, ..pipedrive::Options::default() };
            Arc::new(Pipedrive::start(options).await.expect("a stand-in"))
        }
        "zoho-crm" => {
            let limits = zoho_crm::Limits {
                credits: Some(ENOUGH * 100),
                at_once: Some(1_000),
                sub_at_once: 1_000,
                tokens: ENOUGH,
                live_tokens: 10_000,
                ..zoho_crm::Limits::default()
            };
            let options = zoho_crm::Options { clients: 20, limits, ..zoho_crm::Options::default() };
            Arc::new(ZohoCrm::start(options).await.expect("a stand-in"))
        }
        "zoho-desk" => {
            let lag = zoho_desk::Limits::default().index_lag;
            let limits = zoho_desk::Limits { index_lag: lag, ..zoho_desk::Limits::none() };
            let options = zoho_desk::Options { clients: 20, limits, ..zoho_desk::Options::default() };
            Arc::new(Desk::start(options).await.expect("a stand-in"))
        }
        _ => {
            let options =
                smart_crm::Options { clients: 20, limits: smart_crm::Limits::none(), ..smart_crm::Options::default() };
            Arc::new(SmartCrm::start(options).await.expect("a stand-in"))
        }
    }
}

/// The same as the service is told it.
fn quota(crm: &str) -> &'static str {
    match crm {
        "smart-crm" => "quota = { daily = 10000000, burst = 200000, live_percent = 1 }",
        // Of queries no edition allows more at once.
        "zoho-crm" => "quota = { daily = 10000000, in_flight = 10, live_percent = 1 }",
        "zoho-desk" => "quota = { daily = 10000000, in_flight = 20, live_percent = 1 }",
        _ => "quota = { daily = 100000000, burst = 5000, live_percent = 1 }",
    }
}
