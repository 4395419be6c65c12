//! The portal: what is charged, what is answered, who is told of changes.

use std::sync::{Arc, Mutex, RwLock, atomic::AtomicU64};

use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    ask::{How, Search},
    change::{Change, ChangeError, Done, Item},
    fields::{CALL_FIELDS, Fields},
    jwt::Signer,
    limit::RateLimit,
    neutral,
    oauth::Issuer,
    odd::{ODDITIES, SAME_PAGE, odd},
    options::Options,
    record::Agent,
    reply::{Refusal, nothing, too_many, with_credits},
    route::Route,
    samples::{EMPLOYEES, samples},
    search::envelope,
    seed::Seed,
    webhook::{News, Webhook},
    wire::{CONTACT_PHONE, Telling, agent_json},
    world::World,
};
use crate::kit::{
    Answer, Basics, Call, Client, Daily, Entity, Ground, InFlight, Neutral, NotChanged, Query, Quota, Reply, Sample,
    SetQuota, Thing, Vendor, append, json_reply, lock, read, write,
};

/// Agents on a page.
const MOST_AGENTS: u64 = 200;
/// The header that names the portal.
const ORG_HEADER: &str = "orgid";

/// The portal. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub struct Portal {
    pub(super) options: Options,
    pub(super) ground: Arc<Ground>,
    pub(super) world: RwLock<World>,
    pub(super) webhooks: Mutex<Vec<Webhook>>,
    pub(super) webhooks_made: AtomicU64,
    pub(super) signer: Mutex<Signer>,
    credits: Mutex<Daily>,
    under_way: InFlight,
    issuer: Issuer,
    news: mpsc::UnboundedSender<News>,
    to_tell: Mutex<Option<mpsc::UnboundedReceiver<News>>>,
}

/// What somebody needs to know to be configured for this portal.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The portal's id.
    pub org_id: String,
    /// The custom field of contacts that holds a further number.
    pub contact_phone_field: &'static str,
    /// The fields for a call's data, where every module has them.
    pub call_fields: Vec<&'static str>,
    /// Agents who take calls.
    pub employees: [String; 4],
    /// All agents.
    pub agents: Vec<Agent>,
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Vendor for Portal {
    const NAME: &'static str = "zoho-desk";
    const RATE_LIMITS: &'static [&'static str] = &RateLimit::WORDS;
    const ODDITIES: &'static [&'static str] = ODDITIES;
    const BODIES: &str = include_str!("bodies.toml");
    const TOKEN_PATH: &'static str = "/oauth/v2/token";
    const KEPT_HEADERS: &'static [&'static str] = &["accept", "content-type", ORG_HEADER];

    type Options = Options;
    type Described = Described;
    type Change = Change;
    type Changed = Option<Item>;
    type ChangeError = ChangeError;
    type Quota = Quota;
    type SetQuota = SetQuota;

    fn basics(options: &Options) -> Basics {
        let &Options { port, clients, speed, still, keep_replies, .. } = options;
        Basics { port, clients, speed, still, keep_replies }
    }

    fn new(options: Options, ground: Arc<Ground>) -> Self {
        let seed = Seed { seed: options.seed, clients: options.clients as u64 };
        let (news, to_tell) = mpsc::unbounded_channel();
        Self {
            world: RwLock::new(World::new(seed, options.limits.index_lag, Fields::new(options.call_fields))),
            webhooks: Mutex::default(),
            webhooks_made: AtomicU64::new(0),
            signer: Mutex::new(Signer::new()),
            credits: Mutex::new(Daily::new(options.daily_credits())),
            under_way: InFlight::default(),
            issuer: Issuer::new(&options),
            news,
            to_tell: Mutex::new(Some(to_tell)),
            ground,
            options,
        }
    }

    fn is_for_tokens(path: &str) -> bool {
        path.starts_with("/oauth")
    }

    fn serial(&self) -> u64 {
        self.issuer.serial()
    }

    fn set_revoked(&self, revoked: bool) {
        self.issuer.set_revoked(revoked);
    }

    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        self.begin_to_tell();
        match (call.method(), call.path()) {
            (&Method::POST, Self::TOKEN_PATH) => return Answer::free(self.issuer.answer(&call, &self.ground.clock)),
            (&Method::GET, "/.well-known/jwks.json") => {
                let jwks = lock(&self.signer).jwks();
                return Answer::free(json_reply(StatusCode::OK, jwks.to_string()));
            }
            _ => {}
        }
        if let Err(refusal) = self.authorised(&call) {
            return Answer::free(refusal.reply());
        }
        let route = match Route::of(call.method(), call.path()) {
            Some(route) => route,
            None if call.method() == Method::GET => return Answer::free(Refusal::NotFound.reply()),
            None => return Answer::free(Refusal::Method.reply()),
        };
        if let Err(refusal) = self.right_portal(&call, &route) {
            return Answer::free(refusal.reply());
        }
        let Some(under_way) = self.under_way.enter(self.options.at_once()) else {
            return Answer::free(too_many(RateLimit::Concurrency, 0));
        };
        let cost = cost(&route, call.query());
        if let Some(refused) = self.charge(cost) {
            return Answer::free(refused);
        }
        if !self.options.limits.takes.is_zero() {
            tokio::time::sleep(self.ground.clock.waited(self.options.limits.takes)).await;
        }
        let reply = self.reply(route, call).await.unwrap_or_else(|refusal| refusal.reply());
        drop(under_way);
        Answer { reply: with_credits(reply, cost, self.left()), cost }
    }

    fn over_limit(&self, how: &str) -> Reply {
        let left = self.ground.clock.now().left_of_day;
        too_many(RateLimit::of(how), self.ground.clock.waited_s(left))
    }

    fn described(&self) -> Described {
        Described {
            org_id: self.options.org_id.to_string(),
            contact_phone_field: CONTACT_PHONE,
            call_fields: CALL_FIELDS.into_iter().filter(|_| self.options.call_fields).collect(),
            employees: self.employees(),
            agents: self.agents(),
            samples: samples(),
        }
    }

    fn employees(&self) -> [String; 4] {
        EMPLOYEES.map(|id| id.to_string())
    }

    fn samples(&self) -> Vec<Sample> {
        samples()
    }

    fn client(&self, place: u64) -> Option<Client> {
        read(&self.world).client(place)
    }

    fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        let now = self.ground.clock.now();
        let done = write(&self.world).change(change, now)?;
        self.announce(&done, now.wall.as_millisecond());
        Ok(done.first().map(|(item, _)| *item))
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        let changed = self.change(neutral::own(change)?).map_err(|problem| NotChanged::because(&problem))?;
        Ok(changed.and_then(neutral::entity))
    }

    fn held(&self) -> Vec<Thing> {
        read(&self.world).held()
    }

    fn quota(&self) -> Quota {
        lock(&self.credits).quota(self.ground.clock.now(), &self.ground.clock)
    }

    fn set_quota(&self, set: SetQuota) {
        lock(&self.credits).set(self.ground.clock.now(), set);
    }
}

impl Portal {
    pub(super) fn agents(&self) -> Vec<Agent> {
        read(&self.world).agents.clone()
    }

    /// Somebody else spends credits of the same day.
    pub fn spend(&self, credits: u64) {
        lock(&self.credits).spend(self.ground.clock.now(), credits);
    }

    /// Deliveries need a runtime and this value's own `Arc`: both are there when the first request is.
    fn begin_to_tell(self: &Arc<Self>) {
        let Some(mut to_tell) = lock(&self.to_tell).take() else { return };
        let portal = Arc::clone(self);
        self.ground.spawn(async move {
            while let Some(news) = to_tell.recv().await {
                portal.tell(news).await;
            }
        });
    }

    pub(super) fn announce(&self, done: &Done, at_ms: i64) {
        if lock(&self.webhooks).is_empty() {
            return;
        }
        let world = read(&self.world);
        for &(item, event) in done {
            let told = match item {
                Item::Contact(id) => world.contacts.get(id).map(|one| world.contact_json(&one, Telling::Whole)),
                Item::Account(id) => world.firms.get(id).map(|one| world.firm_json(&one, Telling::Whole)),
                Item::Ticket(id) => world.tickets.get(id).map(|one| world.ticket_json(&one, Telling::Whole)),
                Item::Agent(id) => world.agents.iter().find(|agent| agent.id == id).map(agent_json),
            };
            if let Some(payload) = told
                && self.news.send(News { item, event, payload, at_ms }).is_err()
            {
                tracing::debug!("nobody delivers any more");
            }
        }
    }

    fn authorised(&self, call: &Call) -> Result<(), Refusal> {
        let token = call.token("Zoho-oauthtoken").ok_or(Refusal::Unauthorized)?;
        let good = self.issuer.knows(token, &self.ground.clock, call.expired);
        good.then_some(()).ok_or(Refusal::Token)
    }

    fn right_portal(&self, call: &Call, route: &Route) -> Result<(), Refusal> {
        if *route == Route::Organizations {
            return Ok(());
        }
        let told = call.header(ORG_HEADER).ok_or_else(|| Refusal::parameter("orgId", "missing"))?;
        match told.parse::<u64>() {
            Ok(id) if id == self.options.org_id => Ok(()),
            Ok(_) => Err(Refusal::Portal),
            Err(_) => Err(Refusal::Opaque),
        }
    }

    /// Charges a request; the refusal where the day does not allow it.
    fn charge(&self, cost: u64) -> Option<Reply> {
        let now = self.ground.clock.now();
        let mut credits = lock(&self.credits);
        if !credits.has(now, cost) {
            return Some(too_many(RateLimit::DaySpent, self.ground.clock.waited_s(now.left_of_day)));
        }
        credits.spend(now, cost);
        None
    }

    fn left(&self) -> u64 {
        let quota = self.quota();
        quota.daily.saturating_sub(quota.used)
    }

    async fn reply(self: &Arc<Self>, route: Route, call: Call) -> Result<Reply, Refusal> {
        if let Some(answer) = self.write_or_list(&route, &call) {
            return answer;
        }
        match route {
            Route::CreateWebhook => self.create_webhook(&call.body).await.map(|webhook| told(&webhook)),
            Route::UpdateWebhook(id) => self.update_webhook(id, &call.body).await.map(|webhook| told(&webhook)),
            Route::DeleteWebhook(id) => self.delete_webhook(id).map(|()| json_reply(StatusCode::OK, "")),
            Route::Webhook(id) => self.webhook(id).map(|webhook| told(&webhook)),
            Route::Webhooks => match self.webhooks() {
                none if none.is_empty() => Ok(nothing()),
                webhooks => Ok(told(&json!({"data": webhooks}))),
            },
            route => {
                // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
                let portal = Arc::clone(self);
                let made = tokio::task::spawn_blocking(move || portal.page(&route, &call)).await;
                let page = made.unwrap_or(Err(Refusal::NotFound))?;
                Ok(page.map_or_else(nothing, |page| json_reply(StatusCode::OK, page)))
            }
        }
    }

    /// A page, or nothing at all: 204.
    fn page(&self, route: &Route, call: &Call) -> Result<Option<Vec<u8>>, Refusal> {
        let world = read(&self.world);
        let query = Query::read(call.query());
        let whole = |value: Option<serde_json::Value>| {
            value.map(|value| Some(value.to_string().into_bytes())).ok_or(Refusal::NotFound)
        };
        let listed = |data: Vec<serde_json::Value>| (!data.is_empty()).then(|| envelope(&data, None));
        match route {
            Route::Search(module) => {
                let mut search = Search::read(*module, &query)?;
                let oddity = call.oddity.as_deref();
                if oddity == Some(SAME_PAGE) {
                    search = Search { how: How { from: 0, ..search.how }, created: None, modified: None, ..search };
                }
                let found = world.search(*module, &search, self.ground.clock.now().vendor);
                let found = odd(found, oddity);
                Ok((!found.data.is_empty()).then(|| envelope(&found.data, Some(found.count))))
            }
            Route::List(module) => Ok(listed(world.list(*module, How::of_list(&query, 100)?))),
            Route::Count(module) => whole(Some(json!({"count": world.count(*module).to_string()}))),
            Route::One(module, id) => whole(world.one(*module, *id)),
            Route::TicketsOf(contact) => Ok(listed(world.listed_tickets_of(*contact, How::of_list(&query, 100)?))),
            Route::Agents => Ok(listed(agents(&world, &query)?)),
            Route::Agent(id) => whole(world.agents.iter().find(|agent| agent.id == *id).map(agent_json)),
            _ => whole(Some(json!({"data": [{"id": self.options.org_id.to_string(), "companyName": "Acme"}]}))),
        }
    }
}

/// Agents by status: those who left are told only to who asks for them.
fn agents(world: &World, query: &Query<'_>) -> Result<Vec<serde_json::Value>, Refusal> {
    let how = How::of_list(query, MOST_AGENTS)?;
    let status = query.text("status").unwrap_or("ACTIVE");
    if !["ACTIVE", "DISABLED"].contains(&status) {
        return Err(Refusal::parameter("status", "expected ACTIVE or DISABLED"));
    }
    let agents = world.agents.iter().filter(|agent| agent.status == status);
    Ok(agents.skip(how.from).take(how.limit).map(agent_json).collect())
}

fn cost(route: &Route, query: &str) -> u64 {
    let query = Query::read(query);
    let number = |name, usual| query.number(name).ok().flatten().unwrap_or(usual);
    route.credits(number("from", 0), number("limit", 10))
}

pub(super) fn told(value: &impl Serialize) -> Reply {
    let mut out = Vec::new();
    append(&mut out, value);
    json_reply(StatusCode::OK, out)
}
