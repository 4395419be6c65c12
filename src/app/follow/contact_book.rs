//! Contact books: begun, kept and ended as projects are configured, told whenever what is known changes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{Follow, Tending};
use crate::directory::Bearer;
use crate::model::client::Kind;
use crate::pbx::{Access, Book, Contact, MOST_AT_ONCE};
use crate::project::Project;
use crate::routing::Line;

/// How often it is looked whether anything has changed: a look at a counter.
const LOOK: Duration = Duration::from_secs(2);

/// The books that are kept, by project.
#[derive(Default)]
pub(super) struct ContactBooks(BTreeMap<Box<str>, Kept>);

/// What belongs to one book.
struct Kept {
    access: Access,
    pause: Duration,
    stop: CancellationToken,
}

impl ContactBooks {
    /// Ends a project's book; what was told stays there, and is known.
    pub(super) fn end(&mut self, project: &str) {
        if let Some(kept) = self.0.remove(project) {
            kept.stop.cancel();
        }
    }
}

/// What a book was told of: the same again needs no look at everybody.
#[derive(Clone)]
struct Seen {
    changes: u64,
    line: Weak<Line>,
}

impl Seen {
    fn of(line: &Arc<Line>) -> Self {
        Self { changes: line.directory.changes(), line: Arc::downgrade(line) }
    }

    fn is(&self, other: &Self) -> bool {
        self.changes == other.changes && Weak::ptr_eq(&self.line, &other.line)
    }
}

impl Follow {
    /// Begins, keeps or ends a project's book, as it says.
    pub(super) fn tend_contact_book(self: &Arc<Self>, tending: &mut Tending, project: &Project) {
        let section = project.ringostat.as_ref().filter(|section| section.contact_book);
        let Some((access, pause)) =
            section.and_then(|section| Some((Access::of(section)?, section.contact_book_pause)))
        else {
            return tending.contact_books.end(&project.name);
        };
        let kept = tending.contact_books.0.get(&project.name);
        if kept.is_some_and(|kept| kept.access == access && kept.pause == pause) {
            return;
        }
        tending.contact_books.end(&project.name);
        let stop = self.stop.child_token();
        let keeping = Arc::clone(self).keep_contact_book(project.name.clone(), access.clone(), pause);
        let ended = stop.clone();
        self.means.work.spawn(async move { ended.run_until_cancelled(keeping).await });
        tending.contact_books.0.insert(project.name.clone(), Kept { access, pause, stop });
    }

    async fn keep_contact_book(self: Arc<Self>, name: Box<str>, access: Access, pause: Duration) {
        let (outbound, data) = (self.means.outbound.clone(), self.means.process.data.clone());
        let metrics = self.means.metrics.project(&name);
        let of = name.clone();
        let opened = tokio::task::spawn_blocking(move || Book::open(&of, access, (&outbound, &data), pause, metrics));
        let Ok(mut book) = opened.await else { return };
        let mut seen: Option<Seen> = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(line) = self.current.load().line(&name).cloned() else { continue };
            // What is not whole yet, or of a snapshot that may be old, is not told: it would be told twice.
            if line.directory.absent_as_of().is_none() {
                continue;
            }
            let now = Seen::of(&line);
            if !book.take_due() && seen.as_ref().is_some_and(|seen| seen.is(&now)) {
                continue;
            }
            let told = self.tell_news(&mut book, &line).await;
            // Not held while nothing is told: of a directory that is given up the last who holds it frees it.
            drop(line);
            match told {
                Ok(()) => seen = Some(now),
                Err(let_be) => {
                    seen = None;
                    tokio::time::sleep(let_be).await;
                }
            }
        }
    }

    /// Tells of everybody who is new or another than what was told, as the line has them now.
    async fn tell_news(&self, book: &mut Book, line: &Line) -> Result<(), Duration> {
        let (mut from, mut news) = (Some(0), Vec::new());
        while let Some(at) = from {
            let held = self.current.load().line(&line.project.name).map(|now| Arc::clone(&now.directory));
            if !held.is_some_and(|held| Arc::ptr_eq(&held, &line.directory)) {
                // Another account's now: the next look begins with that.
                return Ok(());
            }
            let (bearers, next) = line.directory.bearers(at);
            from = next;
            for bearer in &bearers {
                let contact = contact(line, bearer);
                if book.is_news(&contact) {
                    news.push(contact);
                }
                if news.len() == MOST_AT_ONCE {
                    book.tell(std::mem::take(&mut news)).await?;
                }
            }
            // A million of them are a second's work: others have their turn.
            tokio::task::yield_now().await;
        }
        if news.is_empty() { Ok(()) } else { book.tell(news).await }
    }
}

/// What the book is to say of somebody.
fn contact(line: &Line, bearer: &Bearer) -> Contact {
    let Bearer { kind, id, .. } = *bearer;
    let card = |kind, id| line.project.crm.prepared.card(kind, id).unwrap_or_default();
    let responsible = bearer.responsible.and_then(|owner| line.people.employee_of(owner));
    let responsible = responsible.and_then(|at| line.project.employees.get(at));
    let numbers: Vec<String> = bearer.numbers.iter().map(|number| number.digits().to_string()).collect();
    let is_lead = kind == Kind::Lead;
    let id_text = match kind {
        // Some CRMs count contacts and organizations each from one.
        Kind::Organization => format!("organization-{id}"),
        _ => id.to_string(),
    };
    let lead = if is_lead { Some(id) } else { bearer.lead };
    Contact {
        full_name: bearer.name.as_deref().map_or_else(|| numbers.first().cloned().unwrap_or_default(), str::to_owned),
        origin: line.project.crm.adapter.name,
        external_id: (!is_lead).then(|| id_text.clone()),
        lead_id: is_lead.then_some(id_text),
        responsible: responsible.map_or_else(String::new, |employee| employee.name.to_string()),
        staff_id: responsible.and_then(|employee| employee.staff_id.as_deref()).map(str::to_owned),
        contact_link: if is_lead { String::new() } else { card(kind, id) },
        lead_link: lead.map(|lead| card(Kind::Lead, lead)).unwrap_or_default(),
        deal_link: bearer.deal.map(|(kind, id)| card(kind, id)).unwrap_or_default(),
        numbers,
    }
}
