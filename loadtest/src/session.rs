//! One case from beginning to end: its processes, its runs, its figures.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    beside::Beside,
    case::{Case, CrmState, Kind},
    crawling::under_way_percent,
    crm::Crm,
    failed::Failed,
    judged::Judged,
    measure::{Load, Measured, measure},
    question::Book,
    report::{Report, tell},
    service::Service,
    telling::{self, Intake, Teller},
    vendor,
};

/// What a case is run with.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// The short form was asked for.
    pub quick: bool,
    /// Only the bare servers: what the machine and the harness give, without the service.
    pub bare_only: bool,
}

/// Runs a case.
///
/// # Errors
/// [`Failed`] when it could not be run to its end; a bound that is missed stands in the report.
pub async fn run(case: &Case, means: Means) -> Result<Report, Failed> {
    tell(&format!("{}: {}", case.name, case.about));
    let folder = TempDir::with_prefix("predial-load-").map_err(Failed::system("a folder for the case"))?;
    let mut judged = Judged::default();
    match case.kind {
        _ if means.bare_only => bare_only(case, folder.path(), &mut judged).await?,
        Kind::Compare => compared(case, folder.path(), &mut judged).await?,
        Kind::Answers => answered(case, folder.path(), &mut judged).await?,
        Kind::Crawl => crawled(case, folder.path(), &mut judged).await?,
        Kind::AfterCalls => told(case, folder.path(), &mut judged).await?,
        Kind::Card => carded(case, folder.path(), &mut judged).await?,
        Kind::Restart => restarted(case, folder.path(), &mut judged).await?,
    }
    Ok(judged.report(case, means.quick))
}

/// The service and the bare servers, alternating.
async fn compared(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    let (crm, book) = Crm::start(folder, vendor::usual(), &case.crm).await?;
    let book = Arc::new(book);
    let service = Service::start(folder, case, &crm).await?;
    judged.ready_s = Some(service.warm().await?);
    let beside = Beside::start(folder, service.headers(&book).await?, &book).await?;
    for variant in &case.variants {
        let server = service.server();
        let [bare, bare_get] = beside.servers(server.path);
        let measured = measure(case, variant, &[server, bare, bare_get], &book).map_err(Failed::system("a run"))?;
        judged.add(case, variant, measured.first(), &measured[1..]);
    }
    service.stop().await;
    beside.stop().await;
    crm.stop().await;
    Ok(())
}

/// The service's cards and its look-ups, alternating.
async fn carded(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    let (crm, book) = Crm::start(folder, vendor::usual(), &case.crm).await?;
    let book = Arc::new(book);
    let service = Service::start(folder, case, &crm).await?;
    judged.ready_s = Some(service.warm().await?);
    for variant in &case.variants {
        let servers = [service.cards(), service.server_as("look-up")];
        let measured = measure(case, variant, &servers, &book).map_err(Failed::system("a run"))?;
        judged.add(case, variant, measured.first(), &measured[1..]);
    }
    service.stop().await;
    crm.stop().await;
    Ok(())
}

/// The service alone, in front of a CRM that is as each variant says.
async fn answered(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    let (mut crm, book) = Crm::start(folder, vendor::usual(), &case.crm).await?;
    let book = Arc::new(book);
    let unread = case.variants.iter().all(|variant| variant.crm == CrmState::Unread);
    if unread {
        crm.be(CrmState::Unread).await?;
    }
    let service = Service::start(folder, case, &crm).await?;
    if !unread {
        judged.ready_s = Some(service.warm().await?);
    }
    let mut state = if unread { CrmState::Unread } else { CrmState::Well };
    for variant in &case.variants {
        if variant.crm != state {
            state = variant.crm;
            crm.be(state).await?;
            if state == CrmState::Well { service.warm().await.map(|_| ())? } else { service.stale().await? }
        }
        let measured = measure(case, variant, &[service.server()], &book).map_err(Failed::system("a run"))?;
        judged.add(case, variant, measured.first(), &[]);
    }
    service.stop().await;
    crm.stop().await;
    Ok(())
}

/// Each variant's CRM in turn: the service at rest, then the same load while it crawls, so many pairs of both.
async fn crawled(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    for variant in &case.variants {
        let folder = folder.join(&variant.name);
        fs::create_dir(&folder).map_err(Failed::system("a folder for the variant"))?;
        let vendor = vendor::named(&variant.name).ok_or_else(|| Failed::unexpected("a CRM", &variant.name))?;
        let (crm, book) = Crm::start(&folder, vendor, &case.crm).await?;
        let book = Arc::new(book);
        let service = Service::start(&folder, case, &crm).await?;
        judged.ready_s = Some(service.warm().await?);
        let mut longest = service.last_crawl().await?;
        let load = Load::new(case, variant, &book);
        let [mut rest, mut busy] = ["at-rest", "service"].map(|name| Measured::of(name, Vec::new()));
        let (mut crawls, mut spans) = (Vec::new(), Vec::new());
        for pair in 0..case.pairs {
            load.on(&service.server_as("at-rest"), pair, &mut rest).map_err(Failed::system("a run"))?;
            let crawling = service.keep_crawling().await?;
            let from = Instant::now();
            load.on(&service.server(), pair, &mut busy).map_err(Failed::system("a run"))?;
            spans.push((from, Instant::now()));
            crawls.extend(crawling.end().await?);
        }
        longest = crawls.iter().map(|crawl| crawl.took).fold(longest, Duration::max);
        judged.crawl_s = Some(longest.as_secs_f64());
        judged.crawling_percent = under_way_percent(&crawls, &spans);
        judged.add(case, variant, Some(&busy), &[rest]);
        service.stop().await;
        crm.stop().await;
    }
    Ok(())
}

/// Each variant in turn: the service at rest, then the same load while events are told, so many pairs of both.
async fn told(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    for (place, variant) in case.variants.iter().enumerate() {
        let folder = folder.join(&variant.name);
        fs::create_dir(&folder).map_err(Failed::system("a folder for the variant"))?;
        let (crm, book) = Crm::start(&folder, vendor::usual(), &case.crm).await?;
        let book = Arc::new(book);
        let service = Service::start(&folder, case, &crm).await?;
        judged.ready_s = Some(service.warm().await?);
        let events = variant.events.ok_or_else(|| Failed::unexpected("events to tell", &variant.name))?;
        if events.paused {
            telling::pause(service.ops()).await?;
        }
        let (load, beside) = (Load::new(case, variant, &book), Duration::from_secs_f64(variant.seconds));
        let [mut rest, mut busy] = ["at-rest", "service"].map(|name| Measured::of(name, Vec::new()));
        let mut intake = Intake::new()?;
        // All of the rest first: afterwards the journal has something to do.
        for pair in 0..case.pairs {
            load.on(&service.server_as("at-rest"), pair, &mut rest).map_err(Failed::system("a run"))?;
        }
        for pair in 0..case.pairs {
            intake.flush(&folder)?;
            let seed = case.crm.seed.wrapping_add((place * case.pairs + pair) as u64);
            let mix = load.mix().clone();
            let telling = Teller { edge: service.edge(), rate: events.rate, beside, mix, seed }.begin();
            load.on(&service.server(), pair, &mut busy).map_err(Failed::system("a run"))?;
            intake.add(telling)?;
            intake.flush(&folder)?;
        }
        intake.entries = telling::entries(service.ops()).await?;
        judged.intake = Some(intake);
        judged.add(case, variant, Some(&busy), &[rest]);
        service.stop().await;
        crm.stop().await;
    }
    Ok(())
}

/// The service reads everything and is stopped, its CRM goes, and it is started again: from then on the time counts.
async fn restarted(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    let (mut crm, book) = Crm::start(folder, vendor::usual(), &case.crm).await?;
    let book = Arc::new(book);
    let service = Service::start(folder, case, &crm).await?;
    service.warm().await?;
    service.stop().await;
    crm.be(CrmState::Down).await?;
    let service = Service::start(folder, case, &crm).await?;
    judged.ready_s = Some(service.answering().await?);
    for variant in &case.variants {
        let measured = measure(case, variant, &[service.server()], &book).map_err(Failed::system("a run"))?;
        judged.add(case, variant, measured.first(), &[]);
    }
    service.stop().await;
    crm.stop().await;
    Ok(())
}

/// The bare servers under the case's loads: what the harness itself can do, and what the machine gives.
async fn bare_only(case: &Case, folder: &Path, judged: &mut Judged) -> Result<(), Failed> {
    let book = Arc::new(Book::invented(case.crm.numbers.unwrap_or(100_000)));
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let beside = Beside::start(folder, headers, &book).await?;
    for variant in &case.variants {
        let servers = beside.servers("/acme/route/sales?token=t");
        let measured = measure(case, variant, &servers, &book).map_err(Failed::system("a run"))?;
        judged.add(case, variant, None, &measured);
    }
    beside.stop().await;
    Ok(())
}
