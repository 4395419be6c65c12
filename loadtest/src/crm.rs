//! The CRM behind the service: a stand-in of the sandbox's, in a process of its own.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    net::SocketAddr,
    path::Path,
    process::Command,
    time::Duration,
};

use sandbox::kit::{EntityKind, StandIn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    case::{CrmPlan, CrmState, LimitsOf},
    failed::Failed,
    http,
    process::Process,
    question::{Book, Known},
    report::say,
    scheduling,
    vendor::{self, Seeded, Vendor},
};

/// How long it may take until it listens; it writes its numbers down first.
const START: Duration = Duration::from_secs(60);
/// A slow CRM's answers come this late: after every deadline, before the service gives the question up.
const SLOW_MS: u64 = 3_000;

/// What the child is told.
#[derive(Debug, Serialize, Deserialize)]
struct Orders {
    vendor: String,
    clients: usize,
    seed: u64,
    limits: LimitsOf,
    /// Where it writes its numbers.
    book: std::path::PathBuf,
}

/// What the child says when it listens: what the service is configured with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where tokens are had.
    pub auth_url: String,
    /// The users who take calls, in the order of [`destinations`].
    pub employees: [String; 4],
}

/// The child's part: serves until its standard input ends.
///
/// # Errors
/// No orders, no port, no book.
pub fn serve(orders: &Path) -> io::Result<()> {
    let Orders { vendor, clients, seed, limits, book } = serde_json::from_reader(File::open(orders)?)?;
    let vendor = vendor::named(&vendor).ok_or_else(|| io::Error::other(format!("expected a CRM, found {vendor}")))?;
    // Without limits it works as hard as it can, and would be what the callers wait for.
    if limits == LimitsOf::Nobody {
        scheduling::stand_aside();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let crm = runtime.block_on((vendor.start)(Seeded { clients, seed, limits }))?;
    write_book(&*crm, clients, &book)?;
    let address = crm.base_url().strip_prefix("http://").and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| io::Error::other(format!("expected an address, found {}", crm.base_url())))?;
    say(&serde_json::to_string(&Listening { address, auth_url: crm.auth_url(), employees: crm.employees() })?)?;
    io::stdin().lock().read_to_end(&mut Vec::new()).map(|_| ())
}

/// `CALLER PLACE` a row: whose the number is, by the owner's place among the employees, or `-` when the owner is none.
///
/// The numbers are the seed's own, not those that the account shows as typed: that the service reads the typed ones
/// rightly is part of what the answers are checked for.
fn write_book(crm: &dyn StandIn, clients: usize, path: &Path) -> io::Result<()> {
    let employees = crm.employees();
    let mut out = BufWriter::new(File::create(path)?);
    for place in 0..clients as u64 {
        let Some(client) = crm.client(place) else { continue };
        let owner =
            client.open.iter().find(|entity| entity.kind == EntityKind::Contact).map(|contact| &contact.owner_id);
        let owner = owner.and_then(|owner| employees.iter().position(|employee| employee == owner));
        let owner = owner.map_or_else(|| "-".to_owned(), |place| place.to_string());
        for number in client.numbers {
            writeln!(out, "{number} {owner}")?;
        }
    }
    out.flush()
}

/// A destination of each employee, in their order.
#[must_use]
pub fn destinations() -> [String; 4] {
    [1, 2, 3, 4].map(|place| format!("acme_{place}"))
}

/// Reads what [`serve`] wrote, the first `most` numbers of it.
///
/// # Errors
/// Those of the file system; a row that is none; fewer numbers than asked for.
fn read_book(path: &Path, most: Option<usize>) -> io::Result<Book> {
    let mut known = Vec::new();
    for row in BufReader::new(File::open(path)?).lines().take(most.unwrap_or(usize::MAX)) {
        let row = row?;
        let read = row.split_once(' ').and_then(|(caller, owner)| {
            let destination = if owner == "-" { None } else { Some(owner.parse().ok()?) };
            Some(Known { caller: caller.parse().ok()?, destination })
        });
        known.push(read.ok_or_else(|| io::Error::other("expected a number and an owner in each row"))?);
    }
    match most {
        Some(most) if known.len() < most => {
            Err(io::Error::other(format!("expected {most} numbers, found {}: more clients are needed", known.len())))
        }
        _ => Ok(Book { known, destinations: destinations().into() }),
    }
}

/// The stand-in, running.
#[derive(Debug)]
pub struct Crm {
    process: Option<Process>,
    /// Whose it is.
    pub vendor: &'static Vendor,
    /// Where it listens and who takes calls.
    pub listening: Listening,
}

impl Crm {
    /// Starts the stand-in of `vendor`; with the numbers of its clients.
    ///
    /// # Errors
    /// [`Failed`] when it does not start or has too few numbers.
    pub async fn start(folder: &Path, vendor: &'static Vendor, plan: &CrmPlan) -> Result<(Self, Book), Failed> {
        let (orders, book) = (folder.join("crm.json"), folder.join("book"));
        let clients = usize::try_from(plan.clients).unwrap_or(usize::MAX);
        let (name, limits) = (vendor.name.to_owned(), plan.limits);
        let told = Orders { vendor: name, clients, seed: plan.seed, limits, book: book.clone() };
        let text = serde_json::to_vec(&told).map_err(io::Error::from);
        text.and_then(|text| std::fs::write(&orders, text)).map_err(Failed::system("the CRM's orders"))?;
        let own = std::env::current_exe().map_err(Failed::system("the harness's own program"))?;
        let mut command = Command::new(own);
        command.arg("crm").arg(&orders);
        let (process, line) = Process::start("the stand-in CRM", command, &folder.join("crm.log"), START).await?;
        let listening = serde_json::from_str(&line);
        let listening = listening.map_err(|_| Failed::unexpected("where the stand-in CRM listens", line.clone()))?;
        let book = read_book(&book, plan.numbers).map_err(Failed::system("the CRM's numbers"))?;
        Ok((Self { process: Some(process), vendor, listening }, book))
    }

    /// Makes it be as `state` says.
    ///
    /// # Errors
    /// [`Failed`] when it does not obey.
    pub async fn be(&mut self, state: CrmState) -> Result<(), Failed> {
        if state == CrmState::Down {
            if let Some(process) = self.process.take() {
                process.kill().await;
            }
            return Ok(());
        }
        let cleared = http::delete(self.listening.address, "/sandbox/faults").await;
        obeyed(cleared, "cleared faults")?;
        for fault in faults(state) {
            let staged = http::post(self.listening.address, "/sandbox/faults", &fault).await;
            obeyed(staged, "a staged fault")?;
        }
        Ok(())
    }

    /// Ends it, where it has not ended.
    pub async fn stop(mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }
}

fn obeyed(reply: io::Result<http::Reply>, what: &str) -> Result<(), Failed> {
    let reply = reply.map_err(Failed::system(format!("asking the stand-in CRM for {what}")))?;
    if reply.status == 200 { Ok(()) } else { Err(Failed::unexpected(what, format!("status {}", reply.status))) }
}

/// What is staged for a state, at the usual CRM. Lists hang wherever the directory must not be kept fresh: else a number that the CRM
/// lacks would be known to be absent, and nothing would be asked while a call waits.
fn faults(state: CrmState) -> Vec<Value> {
    let lists = ["/api/v2/persons", "/api/v2/organizations", "/api/v2/deals", "/v1/leads"];
    let hanging = lists.iter().map(|path| json!({ "fault": "hang", "path": path }));
    match state {
        CrmState::Well | CrmState::Down => Vec::new(),
        CrmState::Unread => hanging.collect(),
        CrmState::Slow => hanging.chain([json!({ "fault": "delay", "ms": SLOW_MS })]).collect(),
        CrmState::Hangs => vec![json!({ "fault": "hang" })],
    }
}

#[cfg(test)]
mod tests {
    use sandbox::kit::Fault;

    use super::{faults, read_book, write_book};
    use crate::{
        case::{CrmState, LimitsOf},
        vendor::{Seeded, VENDORS},
    };

    #[tokio::test]
    async fn the_book_names_each_number_of_the_account_once_and_its_owner() {
        for vendor in VENDORS {
            let (name, seeded) = (vendor.name, Seeded { clients: 300, seed: 7, limits: LimitsOf::Vendor });
            let crm = (vendor.start)(seeded).await.expect("a stand-in");
            assert_eq!(crm.name(), name);
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("book");
            write_book(&*crm, 300, &path).expect("written");
            let book = read_book(&path, None).expect("read");
            let mut callers: Vec<_> = book.known.iter().map(|known| known.caller).collect();
            callers.sort_unstable();
            callers.dedup();
            assert!(callers.len() == book.known.len() && callers.len() > 300, "{name}: {} numbers", callers.len());
            let owned = book.known.iter().filter(|known| known.destination.is_some()).count();
            assert!(owned > callers.len() / 2 && owned < callers.len(), "{name}: {owned} of {}", callers.len());
            assert_eq!(read_book(&path, Some(10)).expect("the first ten").known.len(), 10);
            assert!(read_book(&path, Some(1_000_000)).is_err(), "too few numbers are not passed over");
        }
    }

    #[test]
    fn what_is_staged_is_what_the_stand_in_understands() {
        for state in [CrmState::Unread, CrmState::Slow, CrmState::Hangs] {
            let staged = faults(state);
            assert!(!staged.is_empty());
            for fault in staged {
                serde_json::from_value::<Fault>(fault.clone()).expect("a fault of the stand-in's");
            }
        }
    }
}
