//! Names of keys: what was renamed, what was probably meant.

use crate::config::tree::shortened;

/// Names that people try, or that an earlier draft had, and what the key is called. By the kind of section.
const RENAMED: &[(&str, &str, &str)] = &[
    ("process", "server", "edge"),
    ("process", "http", "edge"),
    ("process", "admin", "ops"),
    ("process", "live_queue", "live.queue"),
    ("process", "logging", "log"),
    ("edge", "address", "listen"),
    ("edge", "bind", "listen"),
    ("edge", "port", "listen"),
    ("edge", "workers", "threads"),
    ("edge", "connections", "max_connections"),
    ("edge", "header_timeout_ms", "head_timeout_ms"),
    ("ops", "address", "listen"),
    ("ops", "bind", "listen"),
    ("ops", "port", "listen"),
    ("data", "path", "dir"),
    ("data", "folder", "dir"),
    ("log", "level", "filter"),
    ("live", "live_queue", "queue"),
    ("outbound", "timeout_ms", "request_timeout_ms"),
    ("project", "secret", "token"),
    ("project", "allow_list", "allow"),
    ("project", "tz", "timezone"),
    ("project", "time_zone", "timezone"),
    ("project", "region", "country"),
    ("project", "employees", "employee"),
    ("project", "blocks", "block"),
    ("crm", "type", "kind"),
    ("crm", "name", "kind"),
    ("crm", "url", "base_url"),
    ("crm", "api_url", "base_url"),
    ("crm", "token_url", "auth_url"),
    ("crm", "api_token", "token"),
    ("crm", "api_key", "token"),
    ("crm", "sweep", "sweep_s"),
    ("crm", "sweep_interval_s", "sweep_s"),
    ("crm", "crawl_at", "full_crawl_at"),
    ("crm", "shrink_guard", "shrink_guard_percent"),
    ("crm", "absent_max_age", "absent_max_age_s"),
    ("crm.quota", "per_day", "daily"),
    ("crm.quota", "live", "live_percent"),
    ("crm.quota", "sweep", "sweep_percent"),
    ("crm.quota", "crawl", "crawl_percent"),
    ("crm.fields", "phones", "phone"),
    ("ringostat", "project", "project_id"),
    ("ringostat", "token", "auth_key"),
    ("ringostat", "key", "auth_key"),
    ("ringostat", "api_key", "auth_key"),
    ("ringostat", "employees", "staff"),
    ("ringostat", "url", "base_url"),
    ("employee", "user", "crm_user"),
    ("employee", "crm_id", "crm_user"),
    ("employee", "crm_user_id", "crm_user"),
    ("employee", "directions", "main"),
    ("employee", "numbers", "main"),
    ("employee", "phones", "main"),
    ("employee", "additional", "other"),
    ("employee", "mail", "email"),
    ("employee", "e_mail", "email"),
    ("employee", "ext", "extension"),
    ("employee", "top", "top_manager"),
    ("block", "entities", "priority"),
    ("block", "order", "priority"),
    ("block", "kinds", "priority"),
    ("block", "answer_form", "answer"),
    ("block", "format", "answer"),
    ("block", "field", "answer_field"),
    ("block", "destination_field", "answer_field"),
    ("block", "deadline", "deadline_ms"),
    ("block", "timeout", "deadline_ms"),
    ("block", "timeout_ms", "deadline_ms"),
    ("block", "unassigned", "on_unassigned"),
    ("block", "miss_code", "miss_status"),
    ("block", "default_destination", "miss_destination"),
    ("block", "fallback", "miss_destination"),
    ("block.fields", "number", "caller"),
    ("block.fields", "phone", "caller"),
    ("block.fields", "callid", "call_id"),
];

/// What a former name is called now.
pub(super) fn renamed(kind: &str, key: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(of, old, _)| *of == kind && *old == key).map(|(.., new)| *new)
}

/// What to say of a key that nobody reads.
pub(super) fn unknown<'k>(kind: &str, path: &str, key: &str, known: impl Iterator<Item = &'k str>) -> String {
    let shown = shortened(key);
    let whole = if path.is_empty() { shown.clone() } else { format!("{path}.{shown}") };
    if let Some(new) = renamed(kind, key) {
        return format!("{whole}: expected the key's name, `{new}`, found `{shown}`");
    }
    let of = if path.is_empty() { "this file".to_owned() } else { format!("`{path}`") };
    let known: Vec<&str> = known.collect();
    let near = near(key, known.iter().copied());
    if near.is_empty() {
        let all = one_of(known.into_iter());
        return format!("expected a key of {of}, {all}, found `{shown}`");
    }
    format!("expected a key of {of}, found `{shown}`{near}")
}

/// `; did you mean …?` where one of the words is near, else nothing.
pub(super) fn near<'w>(found: &str, words: impl Iterator<Item = &'w str>) -> String {
    let found = found.to_lowercase();
    let near = words
        .map(|word| (strsim::damerau_levenshtein(&found, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).clamp(1, 3))
        .min();
    near.map(|(_, word)| format!("; did you mean `{word}`?")).unwrap_or_default()
}

/// `` one of `a`, `b` ``.
pub(super) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    format!("one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{RENAMED, near, unknown};

    #[test]
    fn a_slip_is_answered_with_the_nearest_key() {
        let known = ["deadline_ms", "priority"];
        assert_eq!(
            unknown("block", "block.sales", "priorty", known.into_iter()),
            "expected a key of `block.sales`, found `priorty`; did you mean `priority`?"
        );
        assert_eq!(near("zzz", known.into_iter()), "");
    }

    #[test]
    fn a_key_nothing_is_near_to_is_answered_with_all_of_them() {
        assert_eq!(
            unknown("block", "block.sales", "colour", ["a", "b"].into_iter()),
            "expected a key of `block.sales`, one of `a`, `b`, found `colour`"
        );
    }

    #[test]
    fn no_name_is_listed_twice() {
        let mut names: Vec<_> = RENAMED.iter().map(|(kind, name, _)| (kind, name)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
