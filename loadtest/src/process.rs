//! Child processes: the service, the bare servers, the stand-in CRM. Each ends with the harness.

use std::{fs::File, io, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::machine;

/// How long a child may take to end by itself.
const END: Duration = Duration::from_secs(30);

/// A child process that is not as it must be.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error("{name} cannot be started")]
    Start {
        /// Which.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It started and did not say where it listens.
    #[error("{name}: expected a line with its address, found {found}; it logged: {log}")]
    Mute {
        /// Which.
        name: String,
        /// What it said instead.
        found: String,
        /// The end of what it logged.
        log: String,
    },
}

/// A child process; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid: Option<u32>,
}

impl Process {
    /// Starts `command` and waits for the first line it prints, which says where it listens. What it logs goes to
    /// `log`.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn start(
        name: &str,
        command: std::process::Command,
        log: &Path,
        patience: Duration,
    ) -> Result<(Self, String), ProcessError> {
        let failed = |source| ProcessError::Start { name: name.to_owned(), source };
        let file = File::create(log).map_err(failed)?;
        let mut child = Command::from(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let pid = child.id();
        let mut lines =
            BufReader::new(child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?).lines();
        let found = match timeout(patience, lines.next_line()).await {
            Ok(Ok(Some(line))) => {
                // Whoever prints more must not be stopped by a pipe that nobody reads.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok((Self { child, pid }, line));
            }
            Ok(Ok(None)) => "the end of its output".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("nothing within {} s", patience.as_secs()),
        };
        Err(ProcessError::Mute { name: name.to_owned(), found, log: end_of(log) })
    }

    /// The processor time it has used.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        machine::cpu_of(&self.pid?.to_string())
    }

    /// Asks it to end, and ends it when it does not within half a minute: a million numbers are written to disk first.
    pub async fn stop(mut self) {
        if let Some(pid) = self.pid.and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            // One that is gone already needs no signal.
            let _ = kill_process(pid, Signal::TERM);
        }
        drop(self.child.stdin.take());
        if timeout(END, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(mut self) {
        // One that is gone already need not be killed.
        let _ = self.child.kill().await;
    }
}

/// The last rows of a log; the file itself goes with the case's folder.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let rows: Vec<_> = text.lines().rev().take(10).collect();
    rows.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{Process, ProcessError};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    async fn start(script: &str) -> Result<(Process, String), ProcessError> {
        let folder = tempfile::tempdir().expect("a folder");
        Process::start("the child", shell(script), &folder.path().join("log"), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn the_first_line_says_where_it_listens_and_it_ends_when_stopped() {
        let (process, line) = start("echo edge=http://127.0.0.1:1; read rest").await.expect("a child");
        assert_eq!(line, "edge=http://127.0.0.1:1");
        process.stop().await;
    }

    #[tokio::test]
    async fn one_that_ends_without_a_word_is_an_error_with_what_it_logged() {
        let error = start("echo no port >&2").await.expect_err("no line");
        assert!(error.to_string().contains("found the end of its output; it logged: no port"), "{error}");
    }
}
