//! The service as a process of its own before a stand-in in this one: killed and started again on the same folders and
//! the same door, as the telephone system knows it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use sandbox::kit::StandIn;
use serde_json::Value;
use socket2::Socket;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::changes_stage::{Setup, TOKEN, environment, reserved, write};
use crate::crm_rows::Row;
use crate::whole_stage::ask_at;

/// How long what asks again waits.
const AGAIN: Duration = Duration::from_millis(10);

/// Folders, a door that stays, and how the service is configured.
pub(crate) struct Deployed {
    folder: tempfile::TempDir,
    data: PathBuf,
    pub(crate) edge: SocketAddr,
    environment: BTreeMap<String, String>,
    _reserved: Socket,
}

/// The service while it runs.
pub(crate) struct Life {
    child: Child,
    pub(crate) ops: SocketAddr,
}

impl Deployed {
    /// A project before this CRM. `data`: where its data are kept, or a folder of its own.
    pub(crate) fn before(row: &Row, crm: &dyn StandIn, setup: Setup, data: Option<&Path>) -> Self {
        let folder = tempfile::TempDir::new().expect("a folder");
        let (reserved, edge) = reserved();
        write(folder.path(), row, crm, setup, edge);
        let mut environment = environment(setup);
        let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.to_owned());
        // The stand-in of Ringostat insists on more than a second between two downloads.
        set("PREDIAL__JOURNAL__RECORDING_GAP_MS", "1550");
        let data = data.map_or_else(|| folder.path().join("data"), Path::to_path_buf);
        Self { folder, data, edge, environment, _reserved: reserved }
    }

    /// Starts it and waits until its doors are open.
    pub(crate) async fn start(&self) -> Life {
        let mut command = Command::new(env!("CARGO_BIN_EXE_predial"));
        command.arg("serve").arg("--config").arg(self.folder.path().join("config")).arg("--data").arg(&self.data);
        command.arg("--edge").arg(self.edge.to_string()).args(["--ops", "127.0.0.1:0"]).envs(&self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("a program that runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).await.expect("text");
        let ops = line.trim_end().split_once(" ops=http://").and_then(|(_, ops)| ops.parse().ok());
        let ops = ops.unwrap_or_else(|| panic!("edge=http://… ops=http://…, found {line:?}"));
        Life { child, ops }
    }

    /// Tells of a moment once; `None` where nobody answers.
    pub(crate) async fn tell(&self, moment: &str, told: &Value) -> Option<(u16, Value)> {
        let body = told.to_string();
        let request = format!(
            "POST /acme/events/{moment}?token={TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let reply = posted(self.edge, &request).await.ok()?;
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// Tells of a moment until it hears 200, as Ringostat does; says how often.
    pub(crate) async fn insist(&self, moment: &str, told: &Value) -> u64 {
        let mut tries = 1;
        while self.tell(moment, told).await.is_none_or(|(status, _)| status != 200) {
            tokio::time::sleep(AGAIN).await;
            tries += 1;
        }
        tries
    }
}

async fn posted(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
}

impl Life {
    /// As a crash or the kernel ends it: nothing can be written any more.
    pub(crate) async fn killed(mut self) {
        self.child.kill().await.expect("killed");
    }

    /// Asks the operators' door.
    pub(crate) async fn ops(&self, method: &str, target: &str, body: &str) -> Value {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let heard = ask_at(self.ops, &request).await;
        serde_json::from_str(&heard.body).unwrap_or_else(|error| panic!("{target}: {error}: {}", heard.body))
    }

    /// Waits until the project is as wanted; gives how it is.
    pub(crate) async fn until(&self, what: &str, patience: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let view = self.ops("GET", "/api/projects/acme", "").await;
            if wanted(&view) {
                return view;
            }
            assert!(began.elapsed() < patience, "{what}: {view}");
            // A process of its own: its time cannot be paused, only polled.
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Whether nothing is left to be done in the journal.
pub(crate) fn worked_off(view: &Value) -> bool {
    let open = ["received", "planned", "leased", "later"];
    view["journal"]["by_state"].is_object() && open.iter().all(|state| view["journal"]["by_state"][state].is_null())
}
