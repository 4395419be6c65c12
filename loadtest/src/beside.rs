//! The bare servers as child processes of the harness's own program.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    bare::Plan,
    failed::Failed,
    measure::{Answers, Server},
    process::Process,
    question::Book,
};

/// The field of a JSON answer that carries the destination.
pub const FIELD: &str = "destination";

/// How long a bare server may take until it listens; the second one reads a million numbers first.
const START: Duration = Duration::from_secs(60);

/// Both bare servers, running.
#[derive(Debug)]
pub struct Beside {
    fixed: (Process, SocketAddr),
    get: (Process, SocketAddr),
    body: String,
}

impl Beside {
    /// Starts both: replies have `headers`, the fixed one is the answer for the book's first destination.
    ///
    /// # Errors
    /// [`Failed`] when one does not start.
    pub async fn start(folder: &Path, headers: Vec<(String, String)>, book: &Book) -> Result<Self, Failed> {
        let entries = folder.join("entries");
        book.write_entries(&entries, FIELD).map_err(Failed::system("the bare server's numbers"))?;
        let first = book.destinations.first().map_or("", String::as_str);
        let body = Book::body(FIELD, first);
        let plan = Plan { headers, body: body.clone(), entries: None, country: "UA".to_owned() };
        let fixed = start(folder, "bare", &plan).await?;
        let plan = Plan { body: Book::body(FIELD, ""), entries: Some(entries), ..plan };
        let get = start(folder, "bare-get", &plan).await?;
        Ok(Self { fixed, get, body })
    }

    /// As they are measured, asked under `path`.
    #[must_use]
    pub fn servers<'a>(&'a self, path: &'a str) -> [Server<'a>; 2] {
        let server = |name, child: &'a (Process, SocketAddr), answers| {
            let (process, address) = (&child.0, child.1);
            Server { name, address, path, process, answers }
        };
        [server("bare", &self.fixed, Answers::Fixed(&self.body)), server("bare-get", &self.get, Answers::Json(FIELD))]
    }

    /// Ends both.
    pub async fn stop(self) {
        self.fixed.0.stop().await;
        self.get.0.stop().await;
    }
}

async fn start(folder: &Path, name: &str, plan: &Plan) -> Result<(Process, SocketAddr), Failed> {
    let file: PathBuf = folder.join(format!("{name}.json"));
    let text = serde_json::to_vec(plan).map_err(std::io::Error::from);
    text.and_then(|text| fs::write(&file, text)).map_err(Failed::system("the bare server's plan"))?;
    let own = std::env::current_exe().map_err(Failed::system("the harness's own program"))?;
    let mut command = Command::new(own);
    command.arg("bare").arg(&file);
    let (process, line) = Process::start(name, command, &folder.join(format!("{name}.log")), START).await?;
    let address = line.strip_prefix("bare=http://").and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| Failed::unexpected("bare=http://ADDRESS", line.clone()))?;
    Ok((process, address))
}
