//! What lies beside the repository, not in it: the vendors' own descriptions.

use std::path::PathBuf;

use crate::base::environment::{Environment, ProcessEnvironment};

/// A file or folder of the vendors' descriptions. `None`, said aloud, where it is absent; on CI that is a failure.
pub(super) fn description(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/specs").join(name);
    if path.exists() {
        return Some(path);
    }
    let on_ci = ProcessEnvironment.get("CI").is_some_and(|value| value == "true");
    assert!(!on_ci, "expected the vendor's description {name} beside the repository, found none");
    eprintln!("skipped: the vendor's description {name} is not beside the repository");
    None
}
