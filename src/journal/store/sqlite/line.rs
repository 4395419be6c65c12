//! A thread that has a connection, and the line of those who wait for it.
//!
//! **Group commit**: the writer takes everything that waits, does it in one transaction, commits once, and answers then.
//! The disk's flush, which is what a commit costs, is shared by all who came while the one before was under way.

use std::{io, sync::Mutex, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::journal::store::failure::StoreError;
use crate::journal::store::sqlite::fault::Fault;

/// So many wait at most; who comes then waits for a place.
const WAITING: usize = 1_024;
/// So many share a commit at most.
const GROUP: usize = 512;

/// Something to be done with the connection.
trait Task: Send {
    /// Does it and keeps what came of it. May be done again after a roll-back.
    fn work(&mut self, db: &Connection) -> Result<(), Fault>;
    /// Tells what came of it.
    fn answer(self: Box<Self>);
    /// Tells that nothing did.
    fn fail(self: Box<Self>, error: StoreError);
}

/// A task that answers through a channel.
struct Asked<T, W> {
    work: W,
    found: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Task for Asked<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn work(&mut self, db: &Connection) -> Result<(), Fault> {
        match (self.work)(db) {
            Ok(found) => self.found = Some(Ok(found)),
            Err(Fault::Answer(answer)) => self.found = Some(Err(answer)),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn answer(self: Box<Self>) {
        // The asker may have gone; what was done is done.
        let _gone = self.asker.send(self.found.unwrap_or(Err(StoreError::Closed)));
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _gone = self.asker.send(Err(error));
    }
}

/// The line before a thread. Dropped, it waits until what is in the line is done and the file is closed.
pub(super) struct Line {
    tasks: Option<mpsc::Sender<Box<dyn Task>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Line {
    /// A thread that writes with this connection.
    pub(super) fn writer(db: Connection) -> io::Result<Self> {
        Self::start("journal-writer", move |mut tasks| {
            let mut group = Vec::with_capacity(GROUP);
            while tasks.blocking_recv_many(&mut group, GROUP) > 0 {
                together(&db, &mut group);
            }
        })
    }

    /// A thread that reads with this connection.
    pub(super) fn reader(db: Connection) -> io::Result<Self> {
        Self::start("journal-reader", move |mut tasks| {
            while let Some(mut task) = tasks.blocking_recv() {
                match within(&db, "BEGIN", || task.work(&db)) {
                    Ok(()) => task.answer(),
                    Err(fault) => task.fail(fault.into()),
                }
            }
        })
    }

    fn start(name: &str, run: impl FnOnce(mpsc::Receiver<Box<dyn Task>>) + Send + 'static) -> io::Result<Self> {
        let (tasks, waiting) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(waiting))?;
        Ok(Self { tasks: Some(tasks), thread: Mutex::new(Some(thread)) })
    }

    /// Does this on the thread, in a transaction, and answers when that is committed.
    ///
    /// # Errors
    /// Those of the work; a fault of the disk has undone it. [`Fault::Answer`] from the work must come before its first
    /// change: others of the same transaction are committed.
    pub(super) async fn ask<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (asker, answer) = oneshot::channel();
        let task = Box::new(Asked { work, found: None, asker });
        let tasks = self.tasks.as_ref().ok_or(StoreError::Closed)?;
        tasks.send(task).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tasks = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        // One that panicked has nothing to say that its askers have not heard.
        let _ended = thread.map(thread::JoinHandle::join);
    }
}

/// Does a group in one transaction; where that fails, each in its own, so that only those fail that cannot be done.
fn together(db: &Connection, group: &mut Vec<Box<dyn Task>>) {
    let all = within(db, WRITE, || group.iter_mut().try_for_each(|task| task.work(db)));
    let alone = group.len() == 1;
    for mut task in group.drain(..) {
        match &all {
            Ok(()) => task.answer(),
            // Another program holds the file, and has been waited for once.
            Err(fault) if alone || fault.is_busy() => task.fail(fault.told()),
            Err(_) => match within(db, WRITE, || task.work(db)) {
                Ok(()) => task.answer(),
                Err(fault) => task.fail(fault.told()),
            },
        }
    }
}

/// Takes the right to write at once: taken later, it could be refused in the middle.
const WRITE: &str = "BEGIN IMMEDIATE";

fn within(db: &Connection, begin: &str, work: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    db.prepare_cached(begin)?.execute([])?;
    let done = work().and_then(|()| Ok(db.prepare_cached("COMMIT")?.execute([]).map(drop)?));
    // SQLite has rolled back some faults by itself.
    if done.is_err() && !db.is_autocommit() {
        db.execute_batch("ROLLBACK")?;
    }
    done
}
