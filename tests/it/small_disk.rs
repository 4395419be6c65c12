//! A small file system of a test's own: mounted by whoever may, else within namespaces in which the user may.

use std::{
    path::Path,
    process::{Command, Output},
};

use predial::base::environment::{Environment, ProcessEnvironment};

/// The bit of `CAP_SYS_ADMIN`, which mounting takes.
const MAY_MOUNT: u64 = 1 << 21;

/// A file system in memory that is this test's.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Of this size, `4m`. `None` where the test is over: it was run again within namespaces and passed there, or nothing
    /// may be mounted here in either way, which is said aloud. `test` is its whole name.
    pub(crate) fn mount(size: &str, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = |command: &mut Command| {
            let options = format!("size={size}");
            command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output()
        };
        let succeeded = |told: &std::io::Result<Output>| told.as_ref().is_ok_and(|told| told.status.success());
        let refused = mount(&mut Command::new("mount"));
        if succeeded(&refused) {
            return Some(Self(folder));
        }
        let refused_within = mount(Command::new("unshare").args(["-rm", "mount"]));
        if succeeded(&refused_within) {
            runs_within(test);
            return None;
        }
        // Where containers keep both from everybody there is no way; where the right is there, something else is wrong.
        let on_ci = ProcessEnvironment.get("CI").is_some_and(|value| value == "true");
        let why = format!("{refused:?}, and within namespaces {refused_within:?}");
        assert!(!on_ci || !may_mount(), "expected to mount a file system, found {why}");
        eprintln!("SKIPPED {test}: no file system may be mounted here: {why}");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that was killed may not have left it yet.
        let _unmounted = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

/// Runs a test once more where this user may mount, and fails as it does.
fn runs_within(test: &str) {
    let this = std::env::current_exe().expect("this program");
    let ran = Command::new("unshare").arg("-rm").arg(this).args(["--exact", test, "--nocapture"]).output();
    let ran = ran.expect("a program that runs");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && out.contains("1 passed"), "within namespaces:\n{out}\n{err}");
}

/// Whether this process has the right that mounting takes.
fn may_mount() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    rights.and_then(|word| u64::from_str_radix(word.trim(), 16).ok()).is_some_and(|rights| rights & MAY_MOUNT != 0)
}
