//! What a crawl holds beside the directory: never more than two pages, however many there are.
//!
//! The service's side runs on the test's own thread and the stand-in on others, so what that thread holds is what the
//! crawl holds. The second crawl of an account is the one that is looked at: it finds nothing that is not held already, so
//! that whatever it takes is the crawl's own. A page is what reading one page takes: the reply, its values, its records.
#![expect(unsafe_code, reason = "an allocator is unsafe by nature; every call is handed on as it came")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Without a destructor and made at compile time: reading them allocates nothing.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, adding up what each thread holds.
struct Held;

fn add(bytes: usize, sign: isize) {
    let held = HELD.get() + sign * isize::try_from(bytes).unwrap_or(isize::MAX);
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

// SAFETY: every method hands its arguments on to `System` unchanged.
unsafe impl GlobalAlloc for Held {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size(), 1);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size(), 1);
        // SAFETY: the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be there for a moment.
        add(size, 1);
        add(layout.size(), -1);
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        add(layout.size(), -1);
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Held = Held;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, hint::black_box, path::Path, sync::Arc, time::Duration};

    use predial::{
        base::{clock::Clock, metric::Metrics},
        crm::{Reader, Tools, quota::Ledger, quota::Limits, token::SharedTokens},
        directory::{Directory, Feed, Parts, WarmRequest, WarmState},
        model::client::Kind,
        outbound::{Bounds, Outbound},
        project::Project,
    };
    use sandbox::hubspot::{self, HubSpot, Options};
    use tokio::runtime::{Builder, Handle, Runtime};

    use super::{HELD, MOST};

    /// The most this thread holds during `work`, beyond what it held before.
    fn most_during<T>(work: impl FnOnce() -> T) -> isize {
        let before = HELD.get();
        MOST.set(before);
        drop(work());
        MOST.get() - before
    }

    /// An account with so many clients, and a directory that has crawled it once.
    struct Account {
        here: Runtime,
        reader: Arc<dyn Reader>,
        directory: Arc<Directory>,
        crm: Option<HubSpot>,
        elsewhere: Runtime,
    }

    impl Account {
        fn of(clients: usize) -> Self {
            let elsewhere = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            let options = Options { clients, limits: hubspot::Limits::unlimited(), ..Options::default() };
            let crm =
                elsewhere.block_on(elsewhere.spawn(HubSpot::start(options))).expect("no panic").expect("a stand-in");
            let folder = tempfile::tempdir().expect("a folder");
            let here = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let (reader, directory) = here.block_on(async { directory(&project(folder.path(), &crm)) });
            let account = Self { here, reader, directory, crm: Some(crm), elsewhere };
            account.crawl();
            account
        }

        fn crawl(&self) {
            self.here.block_on(async {
                self.directory.warm(WarmRequest { full: true, force: false }).expect("none under way");
                let mut progress = self.directory.warm_progress();
                let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await;
                assert_eq!(ended.expect("a progress").state, WarmState::Done);
            });
        }

        /// What the largest of the first pages takes.
        fn page(&self) -> isize {
            let kinds = [Kind::Contact, Kind::Organization, Kind::Deal, Kind::Ticket];
            let pages =
                kinds.map(|kind| most_during(|| self.here.block_on(self.reader.page(kind, None)).expect("a page")));
            pages.into_iter().max().expect("a kind")
        }
    }

    impl Drop for Account {
        fn drop(&mut self) {
            if let Some(crm) = self.crm.take() {
                self.elsewhere.block_on(crm.stop());
            }
        }
    }

    fn project(folder: &Path, crm: &HubSpot) -> Arc<Project> {
        let text = format!(
            "token = {{ env = \"TOKEN\" }}\ntimezone = \"Europe/Kyiv\"\ncountry = \"UA\"\n\
             [crm]\nkind = \"hubspot\"\nbase_url = \"{}\"\ntoken = {{ env = \"CRM\" }}\n\
             [block.sales]\npriority = [\"contact\"]\nanswer = \"plain\"\n\
             [[employee]]\nname = \"Anna\"\ncrm_user = \"101\"\nmain = [\"acme_anna\"]\ntop_manager = true\n",
            crm.base_url(),
        );
        std::fs::create_dir_all(folder.join("projects")).expect("a folder");
        std::fs::write(folder.join("projects/acme.toml"), text).expect("a file");
        let secrets = [("TOKEN", "acme-token-0123456789"), ("CRM", "sandbox-token")];
        let environment: BTreeMap<_, _> = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = predial::config::read(Some(folder), &environment).expect("no problem");
        predial::project::compile(&settings).expect("no problem").remove(0)
    }

    fn directory(project: &Project) -> (Arc<dyn Reader>, Arc<Directory>) {
        let bounds = Bounds {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            max_body_bytes: 64 << 20,
        };
        let ledger = Arc::new(Ledger::new(Limits::NONE, Clock::System));
        let outbound = Outbound::new(&bounds).expect("a client");
        let tools =
            Tools { outbound, ledger: Arc::clone(&ledger), tokens: SharedTokens::default(), clock: Clock::System };
        let reader = project.crm.prepared.reader(tools);
        let process = predial::config::examine(None, &BTreeMap::new(), &predial::config::Overrides::default());
        let directory = Directory::new(Parts {
            project: project.name.clone(),
            feed: Feed {
                reader: Arc::clone(&reader),
                section: project.crm.section.clone(),
                ledger,
                timezone: project.timezone.clone(),
            },
            kinds: project.crm.adapter.kinds,
            matching: project.crm.adapter.matching,
            numbers: project.numbers.clone(),
            live: process.settings.process.live,
            clock: Clock::System,
            work: Handle::current(),
            metrics: Metrics::new().project(&project.name),
            keeping: None,
        });
        (reader, directory)
    }

    #[test]
    fn what_is_held_is_seen_and_what_is_given_back_is_not() {
        assert!((10_000..10_100).contains(&most_during(|| drop(black_box(vec![0_u8; 10_000])))));
        assert!(most_during(|| (0..10).for_each(|_| drop(black_box(vec![0_u8; 1_000])))) < 1_100);
    }

    #[test]
    fn a_crawl_holds_at_most_two_pages_beside_the_directory_however_many_there_are() {
        let (small, large) = (Account::of(300), Account::of(3_000));
        let page = large.page();
        let [of_few, of_many] = [&small, &large].map(|account| most_during(|| account.crawl()));
        println!("a page takes {page} bytes, a crawl of 300 clients {of_few}, of 3,000 clients {of_many}");
        assert!(page > 20_000, "a hundred records take {page} bytes");
        assert!(of_many <= 2 * page, "expected at most two pages of {page} bytes, found {of_many}");
        assert!(of_many <= of_few + page / 2, "expected what {of_few} bytes did for fewer pages, found {of_many}");
    }
}
