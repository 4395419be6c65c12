//! Lists of a vendor that are true and odd: page after page of what does not count, and half a page.

use std::sync::Arc;

use predial::{
    base::clock::Clock,
    directory::{Directory, WarmRequest, WarmState},
};
use sandbox::hubspot::{Change, HubSpot, Limits, Options};
use sandbox::kit::{EntityKind, Fault};
use tempfile::TempDir;

use crate::quota_pace::{HUBSPOT, directory};

const FULL: WarmRequest = WarmRequest { full: true, force: false };

/// A directory before HubSpot's stand-in.
struct Stage {
    crm: HubSpot,
    directory: Arc<Directory>,
    _folder: TempDir,
}

impl Stage {
    async fn of(clients: usize) -> Self {
        let options = Options { clients, limits: Limits::unlimited(), ..Options::default() };
        let crm = HubSpot::start(options).await.expect("a stand-in");
        let folder = TempDir::new().expect("a folder");
        let (project, live) = HUBSPOT.of(1_000_000).project(folder.path(), &crm);
        let directory = directory(&project, live, Clock::following(jiff::Timestamp::now()), 1.0);
        Self { crm, directory, _folder: folder }
    }

    /// A full crawl, to its end; how many pages it took.
    async fn crawl(&self) -> u64 {
        self.directory.warm(FULL).expect("none under way");
        let mut progress = self.directory.warm_progress();
        let ended = progress.wait_for(|progress| progress.state != WarmState::Running).await.expect("an end").clone();
        assert_eq!(ended.state, WarmState::Done, "{ended:?}");
        ended.pages
    }
}

#[tokio::test]
async fn more_than_a_hundred_pages_of_closed_deals_in_a_row_are_crawled_to_their_end() {
    let stage = Stage::of(50).await;
    let pages = stage.crawl().await;
    let held = stage.directory.status();
    for at in 0..10_500 {
        let deal = Change::Create {
            kind: EntityKind::Deal,
            name: format!("Won {at}"),
            phones: Vec::new(),
            owner_id: None,
            contacts: Vec::new(),
            companies: Vec::new(),
        };
        let item = stage.crm.change(deal).expect("created").expect("an item");
        stage.crm.change(Change::SetStage { item, stage: "closedwon".to_owned() }).expect("closed");
    }
    let more = stage.crawl().await - pages;
    assert_eq!(stage.directory.status().records, held.records);
    assert!(more >= 100, "a page holds a hundred, found {more} more");
}

#[tokio::test]
async fn half_a_page_takes_nobody_out_of_the_directory() {
    let stage = Stage::of(230).await;
    stage.crawl().await;
    let held = stage.directory.status();
    assert!(held.numbers > 230);
    stage.crm.stage_fault(Fault::oddity("half_page").on("/crm/objects/2026-03/contacts").times(1));
    stage.crawl().await;
    let now = stage.directory.status();
    assert_eq!((now.numbers, now.records), (held.numbers, held.records));
    let read_again = |path: &str| path.ends_with("contacts/batch/read");
    assert!(stage.crm.asked().iter().any(|asked| read_again(&asked.path)), "they were asked for by id");
}
