//! The account: who may ask, what is charged, what is answered, what is true of it.

use std::sync::{Arc, Mutex, RwLock};

use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::{
    activities::Set,
    change::{Change, ChangeError},
    definitions,
    endpoints::Endpoints,
    list::made_odd,
    meter::{Limit, Meter},
    neutral,
    notice::{self, Notice},
    oauth,
    odata::Ask,
    options::{Options, TENANT},
    page::{Address, alone},
    reply::{Refusal, as_odata},
    route::{ROOT, Route},
    row::{Cell, Row},
    samples::samples,
    schema::{CUSTOM_PHONE, SYSTEM_USER, guid_text},
    seed::{Part, user_id},
    world::World,
    writing::WRITE_MS,
};
use crate::kit::{
    Answer, Basics, Call, Client, Entity, EntityKind, Ground, Neutral, NotChanged, OpenEntity, Quota, Reply, Sample,
    Seed, SetQuota, Source, Thing, Tokens, Vendor, json_reply, lock, read, with_headers, write,
};

/// How long a staged 429 asks to wait, in seconds.
const STAGED_S: u64 = 7;

/// The account. The locks are held for the length of one page at most and never across a wait.
#[derive(Debug)]
pub struct Account {
    options: Options,
    pub(super) ground: Arc<Ground>,
    pub(super) world: RwLock<World>,
    endpoints: Mutex<Endpoints>,
    meter: Mutex<Meter>,
    tokens: Mutex<Tokens>,
}

/// What somebody needs to know to be configured for this account.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// The directory that the application is registered in.
    pub tenant: &'static str,
    /// The application's id.
    pub client_id: String,
    /// A column of contacts that this organization added, for numbers.
    pub contact_phone_field: &'static str,
    /// Users who take calls.
    pub employees: [String; 4],
    /// The named cases.
    pub samples: Vec<Sample>,
}

impl Vendor for Account {
    const NAME: &'static str = "smart-crm";
    const RATE_LIMITS: &'static [&'static str] = &Limit::WORDS;
    const ODDITIES: &'static [&'static str] = &["short_page", "cut_page", "twice", "endless", "foreign_link", "heavy"];
    const KEPT_HEADERS: &'static [&'static str] =
        &["accept", "content-type", "prefer", "odata-version", "odata-maxversion", "if-match", "if-none-match"];
    const BODIES: &str = include_str!("bodies.toml");
    const TOKEN_PATH: &'static str = "/0a1b2c3d-1111-4222-8333-444455556666/oauth2/v2.0/token";

    type Options = Options;
    type Described = Described;
    type Change = Change;
    type Changed = Option<Entity>;
    type ChangeError = ChangeError;
    type Quota = Quota;
    type SetQuota = SetQuota;

    fn basics(options: &Options) -> Basics {
        let &Options { port, clients, speed, still, keep_replies, .. } = options;
        Basics { port, clients, speed, still, keep_replies }
    }

    fn new(options: Options, ground: Arc<Ground>) -> Self {
        Self {
            world: RwLock::new(World::new(&options)),
            endpoints: Mutex::default(),
            meter: Mutex::new(Meter::new(&options.limits, Arc::clone(&ground))),
            tokens: Mutex::new(Tokens::new(oauth::rules(&options))),
            ground,
            options,
        }
    }

    fn is_for_tokens(path: &str) -> bool {
        oauth::is_for_tokens(path)
    }

    fn serial(&self) -> u64 {
        lock(&self.tokens).serial()
    }

    fn set_revoked(&self, revoked: bool) {
        lock(&self.tokens).set_revoked(revoked);
    }

    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        if oauth::is_for_tokens(call.path()) && call.method() == Method::POST {
            let mut tokens = lock(&self.tokens);
            return Answer::free(oauth::answer(&mut tokens, &call, &self.ground.clock, &self.ground.base_url));
        }
        let token = call.token("Bearer").map(str::to_owned);
        let good = token.and_then(|token| lock(&self.tokens).good(&token, self.ground.clock.now(), call.expired));
        if good.is_none() {
            return Answer::free(Refusal::unauthorized().reply());
        }
        let Some(route) = Route::of(call.path()) else {
            return Answer::free(Refusal::not_found(call.path()).reply());
        };
        let entered = lock(&self.meter).enter(self.ground.clock.now());
        let _under_way = match entered {
            Ok(under_way) => under_way,
            Err((limit, after_s)) => return Answer::free(limit.reply(after_s)),
        };
        // A page may have to look at every client, so it is made where it keeps nobody's runtime waiting.
        let account = Arc::clone(&self);
        let made = tokio::task::spawn_blocking(move || account.page(&route, &call)).await;
        let made = made.unwrap_or_else(|_| Err(Refusal::not_found("page")));
        let (reply, execution_ms) = made.unwrap_or_else(|refusal| (refusal.reply(), 1));
        let now = self.ground.clock.now();
        let mut meter = lock(&self.meter);
        meter.took(now, execution_ms);
        Answer { reply: as_odata(with_headers(reply, meter.left(now))), cost: 1 }
    }

    fn over_limit(&self, how: &str) -> Reply {
        Limit::of(how).reply(STAGED_S)
    }

    fn described(&self) -> Described {
        Described {
            tenant: TENANT,
            client_id: self.options.app.client_id.clone(),
            contact_phone_field: CUSTOM_PHONE,
            employees: self.employees(),
            samples: samples(),
        }
    }

    fn employees(&self) -> [String; 4] {
        [0, 1, 2, 3].map(|place| guid_text(user_id(place)))
    }

    fn samples(&self) -> Vec<Sample> {
        samples()
    }

    fn client(&self, place: u64) -> Option<Client> {
        let world = read(&self.world);
        let contacts = world.table(EntityKind::Contact);
        if place >= contacts.source().places() {
            return None;
        }
        let id = contacts.source().id(place);
        let contact = contacts.get(id).filter(is_open)?;
        let mut open = vec![self.open(EntityKind::Contact, &contact, "own")];
        let places = |kind| match kind {
            EntityKind::Deal => Seed::deals_of(&(place..place + 1)),
            EntityKind::Lead => Seed::leads_of(&(place..place + 1)),
            _ => place..place + 1,
        };
        for (kind, via) in [(EntityKind::Deal, "contact"), (EntityKind::Lead, "own"), (EntityKind::Ticket, "contact")] {
            let table = world.table(kind);
            let seeded = places(kind).filter(|&place| place < table.source().places());
            let mut rows: Vec<Row> = seeded.filter_map(|place| table.get(table.source().id(place))).collect();
            rows.extend(
                table.changed_ids().filter_map(|id| table.get(id)).filter(|row| !is_seeded(table.source(), row)),
            );
            let mine = |row: &Row| {
                let linked = ["_parentcontactid_value", "_customerid_value", "_primarycontactid_value"];
                let belongs = linked.iter().any(|column| row.lookup(column) == Some(id));
                is_open(row) && (belongs || kind == EntityKind::Lead && is_seeded(table.source(), row))
            };
            rows.retain(mine);
            rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.add_s, row.id)));
            open.extend(rows.iter().map(|row| self.open(kind, row, via)));
        }
        let numbers = contacts.source().seed.whole_numbers(place);
        Some(Client { contact_id: guid_text(id), numbers, typed: contact.numbers(), open })
    }

    fn change(&self, change: Change) -> Result<Option<Entity>, ChangeError> {
        let (about, notices) = write(&self.world).change(change, self.ground.clock.now())?;
        self.tell(notices);
        Ok(about)
    }

    fn change_neutral(&self, change: Neutral) -> Result<Option<Entity>, NotChanged> {
        self.change(neutral::own(change)?).map_err(|problem| NotChanged::because(&problem))
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

fn is_open(row: &Row) -> bool {
    row.whole("statecode") == Some(0)
}

fn is_seeded(part: &Part, row: &Row) -> bool {
    part.place(row.id).is_some()
}

impl Account {
    pub(super) fn users(&self) -> Vec<(String, bool)> {
        let active = |row: &Row| row.cells.contains(&("isdisabled", Cell::Flag(false)));
        read(&self.world).users.iter().map(|row| (guid_text(row.id), active(row))).collect()
    }

    /// The seeded records of a kind.
    pub(super) fn part(&self, kind: EntityKind) -> Part {
        *read(&self.world).table(kind).source()
    }

    /// Tells whoever listens.
    pub(super) fn tell(&self, notices: Vec<Notice>) {
        for notice in notices {
            for endpoint in lock(&self.endpoints).told(&notice) {
                let (ground, notice) = (Arc::clone(&self.ground), notice.clone());
                let most = self.options.limits.hook_bytes;
                self.ground.spawn(notice::deliver(ground, endpoint, notice, most));
            }
        }
    }

    fn open(&self, kind: EntityKind, row: &Row, via: &'static str) -> OpenEntity {
        let owner_id = row.lookup("_ownerid_value").map(guid_text).unwrap_or_default();
        let owner_is_employee = self.employees().contains(&owner_id);
        OpenEntity { kind, id: guid_text(row.id), owner_id, owner_is_employee, via }
    }

    /// A reply and the milliseconds that it took.
    fn page(&self, route: &Route, call: &Call) -> Result<(Reply, u64), Refusal> {
        let root = format!("{}{ROOT}", self.ground.base_url);
        let (set, one) = match route {
            Route::Other(path) => {
                if let Some(answered) = definitions::answer(call, path) {
                    return answered.map(|reply| (reply, 5));
                }
                let answered = lock(&self.endpoints).answer(call, &root, path, self.options.may_register);
                return answered.map(|reply| (reply, 5)).ok_or_else(|| Refusal::not_found(path));
            }
            Route::Set(set) => (Some(*set), None),
            Route::One(set, id) => (Some(*set), Some(*id)),
            Route::Users | Route::WhoAmI => (None, None),
        };
        if let (Some(set), &Method::POST | &Method::PATCH) = (set, call.method()) {
            return self.write(set, one, call, &root).map(|reply| (reply, WRITE_MS));
        }
        if call.method() != Method::GET {
            return Err(Refusal::no_method());
        }
        if *route == Route::WhoAmI {
            let id = guid_text(user_id(5));
            let body = json!({"BusinessUnitId": id, "UserId": id, "OrganizationId": id}).to_string();
            return Ok((json_reply(StatusCode::OK, body), 1));
        }
        let schema = set.map_or(&SYSTEM_USER, Set::schema);
        let ask = Ask::read(call, schema)?;
        let address = Address { root: &root, schema };
        match (set, one) {
            (Some(set), Some(id)) => {
                let row = read(&self.world).stored(set, id).ok_or_else(|| Refusal::no_record(schema.logical, id))?;
                ask.of_one()?;
                Ok((alone(&row, address, &ask), 2))
            }
            _ => self.list(set, &ask, address, call),
        }
    }

    fn list(&self, set: Option<Set>, ask: &Ask, address: Address<'_>, call: &Call) -> Result<(Reply, u64), Refusal> {
        let (now, world) = (self.ground.clock.now(), read(&self.world));
        let mut page = match set {
            None => world.list_users(ask, address)?,
            Some(Set::Records(kind)) if ask.delta.is_some() => world.changed(kind, ask, address, now)?,
            Some(Set::Records(kind)) if ask.preferences.track => world.tracked(kind, ask, address, now)?,
            Some(Set::Records(kind)) => world.list(kind, ask, address)?,
            Some(side) => world.list_side(side, ask, address)?,
        };
        if let Some(how) = &call.oddity {
            made_odd(&mut page, how, ask, address);
        }
        Ok((page.reply(address, ask, call.oddity.as_deref()), page.execution_ms))
    }
}
