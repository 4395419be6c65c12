//! The process's environment, read through one trait so that tests hand in a map.

use std::collections::BTreeMap;

/// Where variables come from.
pub trait Environment {
    /// The value of one variable.
    fn get(&self, name: &str) -> Option<String>;
    /// Every variable whose name begins with `prefix`.
    fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String>;
}

/// The process's own environment. Variables that are not UTF-8 do not exist for us.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var_os(name)?.into_string().ok()
    }

    fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with(prefix)).collect()
    }
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }

    fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        self.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}
