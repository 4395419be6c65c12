//! The account: what is charged, what is answered, what is true of it.

use std::sync::{Arc, Mutex, RwLock};

use hyper::{Method, StatusCode};
use serde::Serialize;

use super::{
    change::{Change, ChangeError, Effects, Item},
    coql, held, list, meta,
    meter::Meter,
    module::{CUSTOM_NUMBER, Module},
    neutral, notes,
    oauth::{self, Issuer, throttled},
    odd::{ODDITIES, RECORD_LOCKED, STUCK, odd},
    options::Options,
    record::{Row, User},
    reply::Refusal,
    route::{Route, Write},
    samples::{EMPLOYEES, kind, samples},
    search::search,
    settings,
    watch::Watch,
    world::World,
    write as writing,
};
use crate::kit::{
    Answer, Basics, Call, Client, Entity, Ground, Moment, Neutral, NotChanged, OpenEntity, Query, Quota, Reply, Sample,
    Seed, SetQuota, Source, Thing, Vendor, lock, read, with_headers, write,
};

/// The account. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub struct Account {
    options: Options,
    ground: Arc<Ground>,
    world: RwLock<World>,
    meter: Mutex<Meter>,
    issuer: Mutex<Issuer>,
    watch: Mutex<Watch>,
}

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// A field of contacts for numbers that is not of type phone.
    pub contact_number_field: &'static str,
    /// Users who take calls.
    pub employees: [u64; 4],
    /// All users.
    pub users: Vec<User>,
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Vendor for Account {
    const NAME: &'static str = "zoho-crm";
    const RATE_LIMITS: &'static [&'static str] = &["at-once", "credits", "token", "token-200"];
    const ODDITIES: &'static [&'static str] = ODDITIES;
    const KEPT_HEADERS: &'static [&'static str] = &["accept", "content-type", "if-modified-since"];
    const BODIES: &str = include_str!("bodies.toml");
    const TOKEN_PATH: &'static str = oauth::PATH;

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
        Self {
            world: RwLock::new(World::new(seed, options.limits.index_lag)),
            meter: Mutex::new(Meter::new(&options)),
            issuer: Mutex::new(Issuer::new(&options)),
            watch: Mutex::default(),
            ground,
            options,
        }
    }

    fn serial(&self) -> u64 {
        lock(&self.issuer).tokens.serial()
    }

    fn set_revoked(&self, revoked: bool) {
        lock(&self.issuer).tokens.set_revoked(revoked);
    }

    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        if call.path() == Self::TOKEN_PATH && call.method() == Method::POST {
            return Answer::free(lock(&self.issuer).answer(&call, &self.ground.clock, &self.ground.base_url));
        }
        if !self.is_authorized(&call) {
            return Answer::free(Refusal::unauthorized().reply());
        }
        let Some(route) = Route::of(call.method(), call.path(), call.query()) else {
            return Answer::free(Refusal::no_such_url().reply());
        };
        let written = if matches!(route, Route::Write(_)) { writing::size(&call.body) } else { 1 };
        let places = lock(&self.meter).enter(route.is_heavy() || written > MOST_LIGHT);
        let Some(_places) = places else { return Answer::free(Refusal::too_many().reply()) };
        let query = match route {
            Route::Coql => {
                let read = coql::Query::read(&call.body, &read(&self.world), self.options.like_on_phones);
                match read {
                    Ok(query) => Some(query),
                    Err(refusal) => return self.charged(1, |_| refusal.reply()),
                }
            }
            _ => None,
        };
        let credits =
            query.as_ref().map_or_else(|| route.credits() * written.div_ceil(MOST_LIGHT), coql::Query::credits);
        if !self.options.limits.work.is_zero() {
            tokio::time::sleep(self.options.limits.work).await;
        }
        let now = self.ground.clock.now();
        if !lock(&self.meter).charge(now, credits) {
            return Answer::free(self.told(Refusal::too_many().reply()));
        }
        let oddity = call.oddity.clone();
        let account = Arc::clone(&self);
        // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
        let made = tokio::task::spawn_blocking(move || match query {
            Some(query) if call.oddity.as_deref() == Some(STUCK) => Ok(query.anew().answer(&read(&account.world))),
            Some(query) => Ok(query.answer(&read(&account.world))),
            None => match route {
                Route::Write(write) => account.written(write, &call),
                route => account.page(route, &call),
            },
        });
        let reply = made.await.unwrap_or_else(|_| Err(Refusal::no_such_url()));
        let reply = odd(reply.unwrap_or_else(|refusal| refusal.reply()), oddity.as_deref());
        Answer { reply: self.told(reply), cost: credits }
    }

    fn over_limit(&self, how: &str) -> Reply {
        match how {
            "token" => throttled(StatusCode::BAD_REQUEST),
            "token-200" => throttled(StatusCode::OK),
            "credits" => with_headers(Refusal::too_many().reply(), [(CREDITS_LEFT, "0".to_owned())]),
            _ => Refusal::too_many().reply(),
        }
    }

    fn described(&self) -> Described {
        Described { contact_number_field: CUSTOM_NUMBER, employees: EMPLOYEES, users: self.users(), samples: samples() }
    }

    fn employees(&self) -> [String; 4] {
        EMPLOYEES.map(|id| id.to_string())
    }

    fn samples(&self) -> Vec<Sample> {
        samples()
    }

    fn client(&self, place: u64) -> Option<Client> {
        let world = read(&self.world);
        if place >= world.seed.clients {
            return None;
        }
        let id = Source::<Row>::id(world.table(Module::Contacts).source(), place);
        let contact = world.live(Module::Contacts, id)?;
        let mut open: Vec<OpenEntity> = entity(&contact, "own").into_iter().collect();
        let mut deals: Vec<Row> = (world.deals_of(Module::Contacts, id).into_iter())
            .filter_map(|deal| world.live(Module::Deals, deal))
            .filter(|deal| deal.contact == Some(id) && is_open(deal))
            .collect();
        deals.sort_unstable_by_key(|deal| std::cmp::Reverse((deal.add_s, deal.id)));
        open.extend(deals.iter().filter_map(|deal| entity(deal, "contact")));
        let leads = Seed::leads_of(&(place..place + 1));
        let leads = leads.map(|place| Source::<Row>::id(world.table(Module::Leads).source(), place));
        let leads = leads.filter_map(|lead| world.live(Module::Leads, lead)).filter(|lead| lead.converted_s.is_none());
        open.extend(leads.filter_map(|lead| entity(&lead, "own")));
        Some(Client {
            contact_id: id.to_string(),
            numbers: world.seed.whole_numbers(place),
            typed: contact.phones.into_iter().map(|(_, text)| text).collect(),
            open,
        })
    }

    fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        let now = self.ground.clock.now();
        let effects = write(&self.world).change(change, now)?;
        self.tell(&effects, now);
        Ok(effects.first().map(|(item, _)| *item))
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        let changed = self.change(neutral::own(change)?).map_err(|problem| NotChanged::because(&problem))?;
        Ok(changed.and_then(neutral::entity))
    }

    fn held(&self) -> Vec<Thing> {
        held::held(&read(&self.world))
    }

    fn quota(&self) -> Quota {
        lock(&self.meter).quota(self.ground.clock.now(), &self.ground.clock)
    }

    fn set_quota(&self, set: SetQuota) {
        lock(&self.meter).set(self.ground.clock.now(), set);
    }
}

/// Records that one credit writes; more of them in one request count among the few at once, too.
const MOST_LIGHT: u64 = 10;
/// Told only when half of the credits is used.
const CREDITS_LEFT: &str = "x-api-credits-remaining";

impl Account {
    pub(super) fn users(&self) -> Vec<User> {
        read(&self.world).users.clone()
    }

    /// How many channels stand.
    pub(super) fn channels(&self) -> usize {
        lock(&self.watch).standing(self.ground.clock.now())
    }

    fn is_authorized(&self, call: &Call) -> bool {
        let now = self.ground.clock.now();
        let good = |token: &str| lock(&self.issuer).tokens.good(token, now, call.expired).is_some();
        call.token("Zoho-oauthtoken").is_some_and(good)
    }

    fn charged(&self, credits: u64, reply: impl FnOnce(&Self) -> Reply) -> Answer {
        lock(&self.meter).charge(self.ground.clock.now(), credits);
        Answer { reply: self.told(reply(self)), cost: credits }
    }

    fn told(&self, reply: Reply) -> Reply {
        let left = lock(&self.meter).told_left(self.ground.clock.now());
        with_headers(reply, left.map(|left| (CREDITS_LEFT, left.to_string())))
    }

    fn page(&self, route: Route, call: &Call) -> Result<Reply, Refusal> {
        let (query, now) = (Query::read(call.query()), self.ground.clock.now());
        let world = read(&self.world);
        match route {
            Route::List(module, _) => list::list(&world, module, (&query, call.headers()), now),
            Route::Deleted(module) => list::deleted(&world, module, &query, call.headers()),
            Route::Search(module) => search(&world, module, &query, self.options.phone_search, now),
            Route::Users => meta::users(&world, &query),
            Route::Fields => meta::fields(&world, &query),
            Route::Layouts => settings::layouts(&query),
            Route::Pipelines => settings::pipelines(&query),
            Route::NotesOf(module, id) => notes::of(&world, (module, id), &query),
            Route::Notes => notes::by_id(&world, &query),
            Route::Watch => lock(&self.watch).answer(call.method(), &query, &call.body, now),
            Route::Coql | Route::Write(_) => Err(Refusal::no_such_url()),
        }
    }

    /// Writes, and tells those who watch.
    fn written(&self, write: Write, call: &Call) -> Result<Reply, Refusal> {
        let now = self.ground.clock.now();
        if call.oddity.as_deref() == Some(RECORD_LOCKED) {
            return Ok(writing::answered(&read(&self.world), &[Err(Refusal::locked())]));
        }
        let mut world = self::write(&self.world);
        match write {
            Write::MakeField => settings::make_fields(&mut world, &Query::read(call.query()), &call.body),
            Write::InsertNotes => notes::write(&mut world, None, true, &call.body, now),
            Write::UpdateNotes(id) => notes::write(&mut world, id, false, &call.body, now),
            write => {
                let (reply, effects) = writing::records(&mut world, write, &call.body, now)?;
                drop(world);
                self.tell(&effects, now);
                Ok(reply)
            }
        }
    }

    fn tell(&self, effects: &Effects, now: Moment) {
        for hook in lock(&self.watch).deliveries(effects, now) {
            let ground = Arc::clone(&self.ground);
            self.ground.spawn(async move {
                ground.hooks.deliver(hook).await;
            });
        }
    }
}

/// A deal whose stage is not closed.
fn is_open(deal: &Row) -> bool {
    super::module::stage_shown(deal.stage).is_some_and(|stage| stage.forecast == "Open")
}

fn entity(row: &Row, via: &'static str) -> Option<OpenEntity> {
    Some(OpenEntity {
        kind: kind(row.module)?,
        id: row.id.to_string(),
        owner_id: row.owner.to_string(),
        owner_is_employee: EMPLOYEES.contains(&row.owner),
        via,
    })
}
