//! The account: what is charged, what is answered, what is true of it.

use std::sync::{Arc, Mutex, RwLock};

use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    association,
    change::{Change, ChangeError, Item, Told},
    filter::Search,
    hooks,
    list::Batched,
    meter::Meter,
    neutral, oauth,
    object::SECOND_PHONE,
    options::Options,
    reply::{RATE_LIMITS, Refusal, over_limit, too_many},
    route::Route,
    samples::{EMPLOYEES, samples},
    wire,
    world::{Owner, World},
    writing::groups,
};
use crate::kit::{
    Answer, Basics, Call, Client, Entity, EntityKind, Ground, Neutral, NotChanged, OpenEntity, Query, Quota, Reply,
    Sample, Seed, SetQuota, Source, Thing, Tokens, Vendor, json_reply, lock, read, write,
};

/// The account. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub struct Account {
    pub(super) options: Options,
    pub(super) ground: Arc<Ground>,
    pub(super) world: RwLock<World>,
    meter: Mutex<Meter>,
    tokens: Mutex<Tokens>,
}

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The contacts' custom property for further numbers.
    pub phone_field: &'static str,
    /// Users who take calls.
    pub employees: [u64; 4],
    /// All users.
    pub owners: Vec<Owner>,
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Vendor for Account {
    const NAME: &'static str = "hubspot";
    const RATE_LIMITS: &'static [&'static str] = &RATE_LIMITS;
    const ODDITIES: &'static [&'static str] = &["half_page", "page_twice", "endless_cursor", "long_notes"];
    const BODIES: &str = include_str!("bodies.toml");
    const TOKEN_PATH: &'static str = "/oauth/2026-03/token";

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
            meter: Mutex::new(Meter::new(&options.limits)),
            tokens: Mutex::new(Tokens::new(oauth::rules(&options))),
            ground,
            options,
        }
    }

    fn is_for_tokens(path: &str) -> bool {
        path.starts_with("/oauth")
    }

    fn serial(&self) -> u64 {
        lock(&self.tokens).serial()
    }

    fn set_revoked(&self, revoked: bool) {
        lock(&self.tokens).set_revoked(revoked);
    }

    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        if call.path() == Self::TOKEN_PATH && call.method() == Method::POST {
            return Answer::free(oauth::answer(&mut lock(&self.tokens), &call, &self.ground.clock));
        }
        let Some(private) = self.caller(&call) else { return Answer::free(Refusal::Unauthorized.reply()) };
        let Some(route) = Route::of(call.method(), call.path()) else { return Answer::free(Refusal::Unknown.reply()) };
        let lane = route.lane();
        let charged = lock(&self.meter).charge(self.ground.clock.now(), &self.ground.clock, lane);
        let rate = match charged {
            Ok(rate) => rate,
            Err(policy) => return Answer::free(too_many(policy)),
        };
        // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
        let made = tokio::task::spawn_blocking(move || self.reply(route, &call)).await;
        let reply = made.unwrap_or_else(|_| Refusal::Unknown.reply());
        let reply = match rate {
            Some(rate) => rate.on(reply, private),
            None => reply,
        };
        Answer { reply, cost: 1 }
    }

    fn over_limit(&self, how: &str) -> Reply {
        over_limit(how)
    }

    fn described(&self) -> Described {
        Described { phone_field: SECOND_PHONE, employees: EMPLOYEES, owners: self.owners(), samples: samples() }
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
        let id = world.table(EntityKind::Contact).source().id(place);
        let contact = world.get(EntityKind::Contact, id).filter(|contact| !contact.archived)?;
        let mut open = Vec::new();
        let mut tell = |kind, id: u64, owner: Option<u64>, via| {
            let owner = owner.unwrap_or_default();
            let (owner_id, owner_is_employee) = (owner.to_string(), EMPLOYEES.contains(&owner));
            open.push(OpenEntity { kind, id: id.to_string(), owner_id, owner_is_employee, via });
        };
        tell(EntityKind::Contact, id, contact.owner, "own");
        for kind in [EntityKind::Deal, EntityKind::Lead, EntityKind::Ticket] {
            let ids = world.associated(EntityKind::Contact, id, kind);
            let mut objects: Vec<_> = ids.into_iter().filter_map(|id| world.get(kind, id)).collect();
            objects.retain(super::object::Object::is_open);
            objects.sort_unstable_by_key(|object| std::cmp::Reverse((object.add_s, object.id)));
            objects.iter().for_each(|object| tell(kind, object.id, object.owner, "contact"));
        }
        let numbers = world.seed.whole_numbers(place);
        Some(Client { contact_id: id.to_string(), numbers, typed: contact.phones, open })
    }

    fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        let now = self.ground.clock.now();
        let (item, told) = write(&self.world).change(change, now)?;
        self.tell(told);
        Ok(item)
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        let changed = self.change(neutral::own(change)?).map_err(|problem| NotChanged::because(&problem))?;
        Ok(changed.map(|item| Entity::new(item.kind, item.id.to_string())))
    }

    fn held(&self) -> Vec<Thing> {
        read(&self.world).held()
    }

    fn quota(&self) -> Quota {
        lock(&self.meter).quota(self.ground.clock.now(), &self.ground.clock)
    }

    fn set_quota(&self, set: SetQuota) {
        lock(&self.meter).set(self.ground.clock.now(), set);
    }
}

impl Account {
    pub(super) fn owners(&self) -> Vec<Owner> {
        read(&self.world).owners.clone()
    }

    /// Delivers what is to be told, so much at a time, each delivery by itself.
    pub(super) fn tell(&self, told: Told) {
        let Some((target, events)) = told else { return };
        for events in events.chunks(hooks::MOST_EVENTS) {
            let (ground, secret) = (Arc::clone(&self.ground), self.options.oauth.client_secret.clone());
            self.ground.spawn(hooks::deliver(ground, secret, target.clone(), events.to_vec()));
        }
    }

    /// Whether it is the private app that asks; `None`: nobody who may.
    fn caller(&self, call: &Call) -> Option<bool> {
        let token = call.token("Bearer")?;
        if token == self.options.token {
            return call.expired.is_none().then_some(true);
        }
        let good = lock(&self.tokens).good(token, self.ground.clock.now(), call.expired);
        good.map(|_| false)
    }

    fn reply(&self, route: Route, call: &Call) -> Reply {
        let query = Query::read(call.query());
        let batched = |batched: Batched| {
            let status = if batched.whole { StatusCode::OK } else { StatusCode::MULTI_STATUS };
            (status, batched.body)
        };
        if !self.options.leads && route.is_of(EntityKind::Lead) {
            return Refusal::Scopes.reply();
        }
        if let Some(reply) = self.writing(&route, call) {
            return reply;
        }
        let (world, body) = (read(&self.world), call.body.as_ref());
        let calculated = self.options.company_numbers;
        let answer = match route {
            Route::List(kind) => {
                self.list(&world, kind, &query, call.oddity.as_deref()).map(|body| (StatusCode::OK, body))
            }
            Route::Batch(of) => world.batch(of, body, &query).map(batched),
            Route::One(of, id) => world.one(of, &id, &query).map(|body| (StatusCode::OK, body)),
            Route::Associations(from, to) => {
                world.associations((from, to), body, self.options.limits.association_page).map(batched)
            }
            Route::Labels(from, to) => Ok((StatusCode::OK, association::labels(from, to))),
            Route::Search(kind) => {
                let types = |name: &str| world.type_of(kind, name, calculated);
                Search::read(body, &types).map(|search| {
                    let names: Vec<&str> = search.properties.iter().map(String::as_str).collect();
                    let wanted = world.wanted(kind, &names);
                    (StatusCode::OK, world.found(kind, &search, &wanted, self.ground.clock.now()))
                })
            }
            Route::Properties(of) => world.properties(of, body, calculated).map(batched),
            Route::Groups(of) => Ok((StatusCode::OK, groups(of))),
            Route::Pipelines(kind) => Ok((StatusCode::OK, wire::pipelines(kind))),
            Route::Owners => world.list_owners(&query).map(|body| (StatusCode::OK, body)),
            Route::Make(_) | Route::Patch(..) | Route::Upsert(_) | Route::MakeProperty(_) => Err(Refusal::Unknown),
        };
        answer.map_or_else(|refusal| refusal.reply(), |(status, body)| json_reply(status, body.to_string()))
    }

    /// A page of a list, odd where that is staged.
    fn list(&self, world: &World, kind: EntityKind, query: &Query<'_>, oddity: Option<&str>) -> Result<Value, Refusal> {
        let page = self.options.limits.association_page;
        let mut list = world.list(kind, query, oddity == Some("long_notes"), page)?;
        let results = list["results"].as_array_mut();
        match (oddity, results) {
            (Some("half_page"), Some(results)) => results.truncate(results.len() / 2),
            (Some("endless_cursor"), _) => {
                list["paging"] = json!({"next": {"after": query.text("after").unwrap_or("1")}});
            }
            (Some("page_twice"), Some(results)) if query.text("after").is_none() => {
                // The first page again is what this cursor leads to, and the rest comes after it.
                let first = results.first().and_then(|object| object["id"].as_str()).unwrap_or("1").to_owned();
                list["paging"] = json!({"next": {"after": first}});
            }
            _ => {}
        }
        Ok(list)
    }
}
