//! The account: what is charged, what is answered, what is true of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, RwLock},
};

use hyper::StatusCode;
use serde::Serialize;

use super::{
    change::{Change, ChangeError, Item},
    event::{About, Before},
    fields::{FIELDS, Of, field_key},
    limit::RateLimit,
    meter::{Caller, Meter, Verdict},
    neutral, oauth,
    odd::{ODDITIES, odd},
    options::Options,
    query::Query,
    record::{Deal, Lead, Person, Status, User, uuid_text},
    reply::{Refusal, shield, staged_limit, too_many, with_rate},
    route::Route,
    samples::{EMPLOYEES, samples},
    search::{Index, Search},
    seed::Seed,
    webhooks::Webhooks,
    wire::ORGANIZATION_PHONE,
    world::{Belongs, Linked, World},
    write::Write,
};
use crate::kit::{
    Answer, Basics, Call, Client, Entity, EntityKind, Ground, Neutral, NotChanged, OpenEntity, Quota, Reply, Sample,
    SetQuota, Source, Table, Thing, Tokens, Vendor, json_reply, lock, read, write,
};

/// The account. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub struct Account {
    options: Options,
    ground: Arc<Ground>,
    pub(super) world: RwLock<World>,
    meter: Mutex<Meter>,
    tokens: Mutex<Tokens>,
    webhooks: Arc<Webhooks>,
}

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The key of the organizations' custom field of type phone.
    pub organization_phone_field: &'static str,
    /// Keys of the custom fields that are texts, by whose and by name.
    pub fields: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    /// Users who take calls.
    pub employees: [u64; 4],
    /// All users.
    pub users: Vec<User>,
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Vendor for Account {
    const NAME: &'static str = "pipedrive";
    const RATE_LIMITS: &'static [&'static str] = &RateLimit::WORDS;
    const ODDITIES: &'static [&'static str] = ODDITIES;
    const BODIES: &str = include_str!("bodies.toml");
    const TOKEN_PATH: &'static str = "/oauth/token";
    /// Recordings are uploaded.
    const MOST_BODY: usize = 64 << 20;

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
            meter: Mutex::new(Meter::new(&options, Arc::clone(&ground))),
            tokens: Mutex::new(Tokens::new(oauth::rules(&options))),
            webhooks: Webhooks::new(Arc::clone(&ground)),
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
        if call.path().trim_end_matches('/') == Self::TOKEN_PATH && call.method() == hyper::Method::POST {
            let mut tokens = lock(&self.tokens);
            return Answer::free(oauth::answer(&mut tokens, &call, &self.ground.clock, &self.ground.base_url));
        }
        let Some(caller) = self.caller(&call) else { return Answer::free(Refusal::Unauthorized.reply()) };
        let Some(route) = Route::of(call.method(), call.path()) else { return Answer::free(Refusal::Unknown.reply()) };
        let price = route.price();
        let verdict = lock(&self.meter).charge(self.ground.clock.now(), &caller, price);
        match verdict {
            Verdict::Shield => Answer::free(shield()),
            Verdict::TooMany(rate) => Answer::free(with_rate(too_many(), rate)),
            Verdict::Pass(rate) => {
                let reply = match route {
                    Route::Webhooks => self.webhooks.list(),
                    Route::AddWebhook => self.webhooks.add(&call.body).await,
                    Route::RemoveWebhook(id) => self.webhooks.remove(id),
                    Route::Write(what) => self.written(&what, &call),
                    _ => {
                        // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
                        let made = tokio::task::spawn_blocking(move || {
                            let page = self.page(&route, call.query());
                            page.map(|page| odd(page, call.oddity.as_deref(), call.query()))
                        })
                        .await;
                        let page = made.unwrap_or(Err(Refusal::Unknown));
                        page.map_or_else(|refusal| refusal.reply(), |page| json_reply(StatusCode::OK, page))
                    }
                };
                Answer { reply: with_rate(reply, rate), cost: price.tokens }
            }
        }
    }

    fn over_limit(&self, how: &str) -> Reply {
        let limit = self.options.limits.burst.unwrap_or_else(|| self.options.plan.burst(false));
        staged_limit(RateLimit::of(how), limit)
    }

    fn described(&self) -> Described {
        Described {
            organization_phone_field: ORGANIZATION_PHONE,
            fields: fields_described(),
            employees: EMPLOYEES,
            users: self.users(),
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
        let world = read(&self.world);
        if place >= world.seed.clients {
            return None;
        }
        let person = world.persons.get(Source::<Person>::id(&world.seed, place)).filter(|person| !person.deleted)?;
        let entity = |kind, id, owner: u64, via| {
            let (owner_id, owner_is_employee) = (owner.to_string(), EMPLOYEES.contains(&owner));
            OpenEntity { kind, id, owner_id, owner_is_employee, via }
        };
        let whose = Belongs::Person(person.id);
        let deals = world.newest::<Deal>(&world.deals, whose);
        let deals = deals.iter().filter(|deal| deal.status == Status::Open && deal.archive_s.is_none());
        let leads = world.newest::<Lead>(&world.leads, whose);
        let leads = leads.iter().filter(|lead| !lead.archived);
        let mut open = vec![entity(EntityKind::Contact, person.id.to_string(), person.owner, "own")];
        open.extend(deals.map(|deal| entity(EntityKind::Deal, deal.id.to_string(), deal.owner, "contact")));
        open.extend(leads.map(|lead| entity(EntityKind::Lead, uuid_text(lead.id), lead.owner, "contact")));
        Some(Client {
            contact_id: person.id.to_string(),
            numbers: world.seed.whole_numbers(place),
            typed: person.phones.into_iter().map(|phone| phone.value).collect(),
            open,
        })
    }

    fn change(&self, change: Change) -> Result<Option<Item>, ChangeError> {
        let now = self.ground.clock.now();
        let (item, events) = {
            let mut world = write(&self.world);
            let before = Before::of(&change, &world);
            let item = world.change(change, now)?;
            let events = before.events(&world, item.clone().map(About::Record).as_ref(), now);
            (item, events)
        };
        self.webhooks.tell(&events);
        Ok(item)
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        let changed = self.change(neutral::own(change)?).map_err(|problem| NotChanged::because(&problem))?;
        Ok(changed.map(neutral::entity))
    }

    fn held(&self) -> Vec<Thing> {
        read(&self.world).held()
    }

    fn quota(&self) -> Quota {
        lock(&self.meter).quota(self.ground.clock.now())
    }

    fn set_quota(&self, set: SetQuota) {
        lock(&self.meter).set(self.ground.clock.now(), set);
    }
}

impl Account {
    pub(super) fn users(&self) -> Vec<User> {
        read(&self.world).users.clone()
    }

    fn caller(&self, call: &Call) -> Option<Caller> {
        if let Some(token) = call.header("x-api-token") {
            return (token == self.options.api_token && call.expired.is_none()).then_some(Caller::ApiToken);
        }
        let token = call.token("Bearer")?;
        let good = lock(&self.tokens).good(token, self.ground.clock.now(), call.expired);
        good.map(|_| Caller::OAuth(token.to_owned()))
    }

    /// Writes, and tells of it.
    fn written(&self, what: &Write, call: &Call) -> Reply {
        let now = self.ground.clock.now();
        let outcome = {
            let mut world = write(&self.world);
            let before = Before::written(what.about(), &world);
            let content_type = call.header("content-type").unwrap_or_default();
            world.write(what, &call.body, content_type, now).map(|written| {
                let events = written.about.as_ref().map(|about| before.events(&world, Some(about), now));
                (written, events.unwrap_or_default())
            })
        };
        match outcome {
            Err(refusal) => refusal.reply(),
            Ok((written, events)) => {
                self.webhooks.tell(&events);
                let mut body = serde_json::json!({"success": true});
                if let Some(data) = written.data {
                    body["data"] = data;
                }
                json_reply(written.status, body.to_string())
            }
        }
    }

    fn page(&self, route: &Route, query: &str) -> Result<Vec<u8>, Refusal> {
        let world = read(&self.world);
        let now = self.ground.clock.now();
        let query = Query::read(query);
        let search = |search: Search| Ok(Index { world: &world, now: now.vendor }.answer(&search));
        match route {
            Route::Persons => world.list_persons(&query),
            Route::Person(id) => world.one_person(*id, &query),
            Route::Organizations => world.list_organizations(&query),
            Route::Organization(id) => world.one_organization(*id, &query),
            Route::Deals => world.list_deals(&query, false, now),
            Route::ArchivedDeals => world.list_deals(&query, true, now),
            Route::Deal(id) => world.one_deal(*id, &query),
            Route::Leads => world.list_leads(&query, false),
            Route::ArchivedLeads => world.list_leads(&query, true),
            Route::Lead(id) => world.one_lead(id),
            Route::Users => Ok(world.list_users()),
            Route::User(id) => world.one_user(*id),
            Route::Me => world.me(),
            Route::ItemSearch => search(Search::items(&query)?),
            Route::PersonSearch => search(Search::persons(&query)?),
            // Answered where they are asked: these wait for others, or change something.
            Route::Webhooks | Route::AddWebhook | Route::RemoveWebhook(_) | Route::Write(_) => Err(Refusal::Unknown),
            Route::Activities => world.list_activities(&query),
            Route::Activity(id) => world.one_activity(*id, &query),
            Route::Fields(of) => world.fields.list(*of, &query),
            Route::Notes => world.list_notes(&query),
            Route::Note(id) => world.one_note(*id),
            Route::CallLogs => world.list_call_logs(&query),
            Route::CallLog(id) => world.one_call_log(id),
            Route::OrganizationSearch => search(Search::organizations(&query)?),
        }
    }
}

impl World {
    /// What belongs to somebody and is not deleted, the one created last first, then the highest id.
    fn newest<R: Linked>(&self, table: &Table<R, Seed>, whose: Belongs) -> Vec<R>
    where
        Seed: Source<R>,
    {
        let ids = self.candidates(table, whose).into_iter();
        let belongs = |record: &R| record.belongs(whose) && !record.deleted();
        let mut records: Vec<R> = ids.filter_map(|id| table.get(id)).filter(belongs).collect();
        records.sort_unstable_by_key(|record| std::cmp::Reverse((record.add_s(), record.id())));
        records
    }
}

fn fields_described() -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let keys = |of| FIELDS.into_iter().map(|name| (name, field_key(of, name))).collect();
    let all = [("person", Of::Person), ("organization", Of::Organization), ("deal", Of::Deal)];
    all.into_iter().map(|(word, of)| (word, keys(of))).collect()
}
