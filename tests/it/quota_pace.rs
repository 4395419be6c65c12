//! A full crawl of a CRM that keeps its limits takes as long as these limits say, within a tenth, and is never told that
//! it was too much.
//!
//! The stand-in's time and the ledger's pass so many times as fast; the service itself has no such setting, so the parts
//! are put together here. What binds is each vendor's own: a day's budget, of which crawls have their share, or the
//! requests in a window, of which some are kept for live questions. A day is short enough at a speed of 1,000 and more;
//! a window of seconds is not: there the pacer's least gap of a millisecond, and this machine, would be what the time is
//! made of, so those vendors run slower. The time that is expected is made of the vendor's limits and of what the stand-in
//! was asked and charged, and of nothing that the ledger says.
//!
//! In full, some minutes each: `QUOTA_PACE=full cargo test --release --test it quota_pace -- --nocapture --test-threads=1`.

use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use predial::{
    base::{
        clock::Clock,
        environment::{Environment, ProcessEnvironment},
        metric::Metrics,
    },
    config::LiveSettings,
    crm::{Tools, quota::Ledger, token::SharedTokens},
    directory::{Directory, Feed, Parts, WarmRequest, WarmState},
    outbound::{Bounds, Outbound},
    project::Project,
};
use sandbox::{
    hubspot,
    kit::{Asked, StandIn},
    pipedrive, smart_crm, zoho_crm, zoho_desk,
};
use tokio::runtime::Handle;

const DAY: Duration = Duration::from_secs(86_400);
/// What crawls may spend of a day, and what is kept for live questions, unless `crm.quota` says otherwise.
const CRAWL_PERCENT: u64 = 30;
const LIVE_PERCENT: u64 = 30;
/// How long the vendor's day is old when a crawl begins, so that neither side can take it for the day before. Near the end
/// of an hour: what was spent within one counts to its end, which is the safer side and not what is timed here.
const INTO_THE_DAY: Duration = Duration::from_secs(50 * 60);

/// A CRM before which a crawl is timed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paced {
    start: fn(Seeded) -> Starting,
    /// The rows of `[crm]` beside `kind` and `base_url`.
    rows: &'static str,
    binds: Binds,
    limit: u64,
    clients: usize,
    speed: f64,
}

/// The limit that the time is made of.
#[derive(Debug, Clone, Copy)]
enum Binds {
    /// So much from one midnight to the next.
    Midnight,
    /// So much in any 24 hours.
    Rolling,
    /// So many requests in any window of this length.
    Window(Duration),
}

/// What a stand-in is made of.
struct Seeded {
    clients: usize,
    speed: f64,
    limit: u64,
}

type Starting = Pin<Box<dyn Future<Output = std::io::Result<Box<dyn StandIn>>> + Send>>;

/// How a crawl went.
struct Crawled {
    name: &'static str,
    took: Duration,
    expected: Duration,
    requests: usize,
    refused: usize,
}

impl Paced {
    /// With another limit.
    pub(crate) const fn of(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Crawls it from an empty directory.
    async fn crawl(&self) -> Crawled {
        let (began, began_at) = (Instant::now(), Timestamp::now());
        let crm = (self.start)(Seeded { clients: self.clients, speed: self.speed, limit: self.limit });
        let crm = crm.await.expect("a stand-in");
        let folder = tempfile::tempdir().expect("a folder");
        let (project, live) = self.project(folder.path(), &*crm);
        // Both calendars stand at the same time from here on: a little after midnight of the vendor's.
        let vendors = began_at + SignedDuration::try_from(began.elapsed().mul_f64(self.speed)).expect("a time");
        let into_s = u64::try_from(vendors.as_second()).expect("after 1970") % DAY.as_secs();
        let until = Duration::from_secs(DAY.as_secs() - into_s) + INTO_THE_DAY;
        crm.advance(until);
        let clock = Clock::following(vendors + SignedDuration::try_from(until).expect("a time"));
        let directory = directory(&project, live, clock, self.speed);
        let took = crawled(&directory).await;
        let asked: Vec<_> = crm.asked().into_iter().filter(|asked| !is_for_tokens(asked)).collect();
        crm.stop().await;
        Crawled {
            name: crm.name(),
            took,
            expected: self.expected(&asked),
            requests: asked.len(),
            refused: asked.iter().filter(|asked| asked.status == Some(429)).count(),
        }
    }

    /// The project of a CRM that is up, and its live settings.
    pub(crate) fn project(&self, folder: &Path, crm: &dyn StandIn) -> (Arc<Project>, LiveSettings) {
        let quota = match self.binds {
            Binds::Midnight | Binds::Rolling => format!("daily = {}", self.limit),
            Binds::Window(_) => format!("burst = {}", self.limit),
        };
        let [user, ..] = crm.employees();
        let text = format!(
            "token = {{ env = \"TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\
             [crm]\nkind = \"{}\"\nbase_url = \"{}\"\n{}quota = {{ {quota} }}\n\
             [block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n\
             [[employee]]\nname = \"Anna\"\ncrm_user = \"{user}\"\nmain = [\"acme_anna\"]\ntop_manager = true\n",
            crm.name(),
            crm.base_url(),
            self.rows.replace("{auth_url}", &crm.auth_url()),
        );
        std::fs::create_dir_all(folder.join("projects")).expect("a folder");
        std::fs::write(folder.join("projects/acme.toml"), text).expect("a file");
        let secrets = [
            ("TOKEN", "acme-token"),
            ("CRM", "sandbox-token"),
            ("SECRET", "sandbox-secret"),
            ("REFRESH", "sandbox-refresh"),
        ];
        let environment: BTreeMap<_, _> = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = predial::config::read(Some(folder), &environment).expect("no problem");
        (predial::project::compile(&settings).expect("no problem").remove(0), settings.process.live)
    }

    /// How long the vendor's limits let what was asked take, on our clock.
    fn expected(&self, asked: &[Asked]) -> Duration {
        let vendors = match self.binds {
            Binds::Midnight => self.days(asked) - INTO_THE_DAY,
            Binds::Rolling => self.days(asked),
            Binds::Window(length) => {
                let ours = self.limit - self.limit * LIVE_PERCENT / 100;
                let gaps = u32::try_from(asked.len()).expect("a count") - 1;
                length.div_f64(f64::from(u32::try_from(ours).expect("a count"))) * gaps
            }
        };
        vendors.div_f64(self.speed)
    }

    /// The days it takes until a day's share is left that the last request fits into.
    fn days(&self, asked: &[Asked]) -> Duration {
        let share = self.limit * CRAWL_PERCENT / 100;
        let (mut left, mut days) = (share, 0);
        for asked in asked {
            if asked.tokens > left {
                (left, days) = (share, days + 1);
            }
            left -= asked.tokens;
        }
        let spent: u64 = asked.iter().map(|asked| asked.tokens).sum();
        assert!(days >= 2, "{spent} units took {days} days: the budget is not what binds");
        DAY * days
    }

    /// The short form, for CI; or, where the environment's `QUOTA_PACE` is `full`, 100,000 clients with ten times the
    /// day's budget and a day in 86 s, or with twenty times as many windows. For a release build on a quiet machine: else
    /// the machine is what the time is made of.
    fn as_asked_for(self) -> Self {
        if ProcessEnvironment.get("QUOTA_PACE").is_none_or(|form| form != "full") {
            return self;
        }
        let (limit, speed) = match self.binds {
            Binds::Midnight | Binds::Rolling => (self.limit * 10, 1_000.0),
            Binds::Window(_) => (self.limit, self.speed),
        };
        Self { limit, speed, clients: 100_000, ..self }
    }

    async fn keeps_to_the_quota(&self) {
        let Crawled { name, took, expected, requests, refused } = self.crawl().await;
        let ratio = took.as_secs_f64() / expected.as_secs_f64();
        println!(
            "{name}: {requests} requests in {took:.2?}, the quota says {expected:.2?} (× {ratio:.3}), {refused} refused"
        );
        assert!(
            (0.9..=1.1).contains(&ratio),
            "{requests} requests took {took:?}, expected {expected:?} and no tenth more or less"
        );
        assert_eq!(refused, 0, "answers of 429");
    }
}

/// Whoever asks for an access token asks another desk: that counts in no limit here.
fn is_for_tokens(asked: &Asked) -> bool {
    asked.method == "POST" && asked.path.contains("oauth")
}

/// The directory of a project, with a ledger of its own whose time passes so many times as fast.
pub(crate) fn directory(project: &Project, live: LiveSettings, clock: Clock, speed: f64) -> Arc<Directory> {
    let bounds = Bounds {
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(30),
        max_body_bytes: 64 << 20,
    };
    let ledger = Arc::new(Ledger::new(project.crm.limits().faster(speed), clock));
    let outbound = Outbound::new(&bounds).expect("a client");
    Directory::new(Parts {
        project: project.name.clone(),
        feed: Feed {
            reader: project.crm.prepared.reader(Tools {
                outbound,
                ledger: Arc::clone(&ledger),
                tokens: SharedTokens::default(),
                clock,
            }),
            section: project.crm.section.clone(),
            ledger,
            timezone: project.timezone.clone(),
        },
        kinds: project.crm.adapter.kinds,
        matching: project.crm.adapter.matching,
        numbers: project.numbers.clone(),
        live,
        clock,
        work: Handle::current(),
        metrics: Metrics::new().project(&project.name),
        keeping: None,
    })
}

async fn crawled(directory: &Arc<Directory>) -> Duration {
    let began = Instant::now();
    directory.warm(WarmRequest { full: true, force: false }).expect("none under way");
    let mut progress = directory.warm_progress();
    let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("an end").clone();
    assert_eq!(ended.state, WarmState::Done, "{ended:?}");
    began.elapsed()
}

/// Longer than any crawl: what tokens live is not what is timed.
const FOR_EVER: Duration = Duration::from_secs(1_000 * 86_400);

/// By the day's tokens: any 2 s take more requests than a crawl makes of a day's share.
const PIPEDRIVE: Paced = Paced {
    start: |Seeded { clients, speed, limit }| {
        use pipedrive::{Limits, Options, Pipedrive};
        let limits = Limits { daily_tokens: Some(limit), ..Limits::default() };
        let options = Options { clients, speed, limits, ..Options::default() };
        Box::pin(async { Ok(Box::new(Pipedrive::start(options).await?) as Box<dyn StandIn>) })
    },
    rows: "token = { env = \"CRM\" }\n",
    binds: Binds::Midnight,
    limit: 300,
    clients: 5_000,
    speed: 28_800.0,
};

/// By the requests of a private app in 10 s.
pub(crate) const HUBSPOT: Paced = Paced {
    start: |Seeded { clients, speed, limit }| {
        use hubspot::{HubSpot, Limits, Options};
        let limits = Limits { burst: limit, ..Limits::default() };
        let options = Options { clients, speed, limits, ..Options::default() };
        Box::pin(async { Ok(Box::new(HubSpot::start(options).await?) as Box<dyn StandIn>) })
    },
    rows: "token = { env = \"CRM\" }\n",
    binds: Binds::Window(Duration::from_secs(10)),
    limit: 100,
    clients: 5_000,
    speed: 2.0,
};

/// By the credits of any 24 hours; requests under way are limited as well, and a crawl has one.
const ZOHO_CRM: Paced = Paced {
    start: |Seeded { clients, speed, limit }| {
        use zoho_crm::{Edition, Limits, Options, ZohoCrm};
        let limits = Limits { credits: Some(limit), access_token: FOR_EVER, ..Limits::default() };
        let options = Options { clients, speed, limits, edition: Edition::Free, ..Options::default() };
        Box::pin(async { Ok(Box::new(ZohoCrm::start(options).await?) as Box<dyn StandIn>) })
    },
    rows: "auth_url = \"{auth_url}\"\nclient_id = \"sandbox-client\"\nclient_secret = { env = \"SECRET\" }\n\
           refresh_token = { env = \"REFRESH\" }\n",
    binds: Binds::Rolling,
    limit: 40,
    clients: 5_000,
    speed: 17_280.0,
};

/// By the day's credits.
const ZOHO_DESK: Paced = Paced {
    start: |Seeded { clients, speed, limit }| {
        use zoho_desk::{Desk, Edition, Limits, Options};
        let limits = Limits { daily_credits: Some(limit), access_token: FOR_EVER, ..Limits::default() };
        let options = Options { clients, speed, limits, edition: Edition::Free, ..Options::default() };
        Box::pin(async { Ok(Box::new(Desk::start(options).await?) as Box<dyn StandIn>) })
    },
    rows: "auth_url = \"{auth_url}\"\norg_id = \"60001280952\"\nclient_id = \"sandbox-client\"\n\
           client_secret = { env = \"SECRET\" }\nrefresh_token = { env = \"REFRESH\" }\n",
    binds: Binds::Midnight,
    limit: 410,
    clients: 5_000,
    speed: 17_280.0,
};

/// By the requests in five minutes: with pages of 5,000 a small account makes few, so here are few to make.
const SMART_CRM: Paced = Paced {
    start: |Seeded { clients, speed, limit }| {
        use smart_crm::{Limits, Options, SmartCrm};
        let limits = Limits { requests: limit, access_token: FOR_EVER, ..Limits::default() };
        let options = Options { clients, speed, limits, ..Options::default() };
        Box::pin(async { Ok(Box::new(SmartCrm::start(options).await?) as Box<dyn StandIn>) })
    },
    rows: "auth_url = \"{auth_url}\"\ntenant = \"0a1b2c3d-1111-4222-8333-444455556666\"\n\
           client_id = \"5ca1ab1e-0000-4000-8000-00000000c11e\"\nclient_secret = { env = \"SECRET\" }\n",
    binds: Binds::Window(Duration::from_secs(300)),
    limit: 60,
    clients: 5_000,
    speed: 8.0,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_of_pipedrive_takes_the_time_of_the_days_tokens() {
    PIPEDRIVE.as_asked_for().keeps_to_the_quota().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_of_hubspot_takes_the_time_of_its_ten_seconds() {
    HUBSPOT.as_asked_for().keeps_to_the_quota().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_of_zoho_crm_takes_the_time_of_the_days_credits() {
    ZOHO_CRM.as_asked_for().keeps_to_the_quota().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_of_zoho_desk_takes_the_time_of_the_days_credits() {
    ZOHO_DESK.as_asked_for().keeps_to_the_quota().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_of_smart_crm_takes_the_time_of_its_five_minutes() {
    SMART_CRM.as_asked_for().keeps_to_the_quota().await;
}
