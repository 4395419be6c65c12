//! The store in a file: the suite of every store, and what is a file's own.

mod full;
mod opening;
mod together;

use std::sync::Arc;

use crate::journal::store::contract::{StoreStage, store_tests};
use crate::journal::store::{SqliteStore, Store};

struct Folder(tempfile::TempDir);

impl StoreStage for Folder {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.0.path()).expect("a journal"))
    }
}

fn folder() -> Folder {
    Folder(tempfile::tempdir().expect("a folder"))
}

store_tests!(folder);
