//! Closed lists of the names that a vendor's bodies have: tokens, refusals, deliveries, and whatever else no description
//! of the vendor's closes.
//!
//! A file of them stands beside each stand-in, and both sides are held against it: what a stand-in gives in its own tests,
//! and what an adapter sends and gets in its. Names are paths: `errors.fieldName` is a member of any of the `errors`, and
//! `details.*` is whatever lies below `details`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{log::Asked, vendor::Vendor};

/// A vendor's lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bodies {
    /// One for each form that a body may have.
    #[serde(default)]
    pub body: Vec<Body>,
}

/// The names of one body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Whose body it is.
    pub of: Of,
    /// The statuses that it comes with; any where there are none.
    #[serde(default)]
    pub statuses: BTreeSet<u16>,
    /// What the path of its request begins with; any where there is none.
    #[serde(default)]
    pub path: String,
    /// How it is written.
    #[serde(default)]
    pub form: Form,
    /// Names that are always there.
    #[serde(default)]
    pub needed: BTreeSet<String>,
    /// Names that may be there.
    #[serde(default)]
    pub others: BTreeSet<String>,
    /// Files beside the repository that have every name between them.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Names that none of them has, by where they stand or why they are right.
    #[serde(default)]
    pub beyond: BTreeMap<String, BTreeSet<String>>,
}

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// A request for a token.
    TokenRequest,
    /// A token.
    Token,
    /// No token.
    NoToken,
    /// A request of the API.
    Request,
    /// What the API answers.
    Reply,
    /// What the API answers instead.
    Refusal,
    /// What is told to a webhook.
    Delivery,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// JSON.
    #[default]
    Json,
    /// Parameters, as of a form.
    Form,
    /// A page for people.
    Page,
    /// Nothing at all.
    Empty,
}

impl Bodies {
    /// A vendor's lists; none where it has no file of them.
    ///
    /// # Errors
    /// When the file is none of lists.
    pub fn of<V: Vendor>() -> Result<Self, toml::de::Error> {
        toml::from_str(V::BODIES)
    }

    /// The place of the list that a body fits.
    ///
    /// # Errors
    /// What is wrong with it, by the list that it should have fitted.
    pub fn judge(&self, of: Of, status: u16, path: &str, text: &str) -> Result<usize, String> {
        let meant = |body: &&Body| {
            body.of == of
                && path.starts_with(&body.path)
                && (body.statuses.is_empty() || body.statuses.contains(&status))
        };
        let mut wrong = format!("{of:?} {status} of {path} is in no list");
        for (at, body) in self.body.iter().enumerate().filter(|(_, body)| meant(body)) {
            match body.wrong(text) {
                None => return Ok(at),
                Some(what) => wrong = format!("{of:?} {status} of {path}: {what}: {text}"),
            }
        }
        Err(wrong)
    }

    /// The places of the lists that a request and its answer fit, as far as they are the vendor's and no success of the
    /// API itself.
    ///
    /// # Errors
    /// See [`Bodies::judge`].
    pub fn judge_asked(&self, for_token: bool, asked: &Asked) -> Result<Vec<usize>, String> {
        let status = asked.status.unwrap_or_default();
        let mut fitted = Vec::new();
        if for_token {
            let sent = asked.body.as_deref().filter(|body| !body.is_empty()).unwrap_or(&asked.query);
            fitted.push(self.judge(Of::TokenRequest, status, &asked.path, sent)?);
        }
        let Some(reply) = &asked.reply else { return Ok(fitted) };
        if let Some(of) = answer(for_token, status, reply) {
            let judged = self.judge(of, status, &asked.path, reply);
            // "Too much" that is staged before all doors comes in the API's words there, too.
            let staged = asked.fault == Some("rate_limit");
            let judged = judged.or_else(|wrong| {
                let of_api = staged.then(|| self.judge(Of::Refusal, status, &asked.path, reply).ok()).flatten();
                of_api.ok_or(wrong)
            });
            fitted.push(judged?);
        }
        Ok(fitted)
    }
}

/// What an answer is, where it is one that lists are for.
#[must_use]
pub fn answer(for_token: bool, status: u16, reply: &str) -> Option<Of> {
    match (for_token, status) {
        // Some vendors say no under 200.
        (true, 200) if reply.contains("\"access_token\"") => Some(Of::Token),
        (true, _) => Some(Of::NoToken),
        (false, 400..) => Some(Of::Refusal),
        (false, _) => None,
    }
}

impl Body {
    /// What is wrong with a text that should be one of these.
    fn wrong(&self, text: &str) -> Option<String> {
        let names = match self.form {
            Form::Empty => return (!text.is_empty()).then(|| "expected nothing".to_owned()),
            Form::Page => return (!text.starts_with('<')).then(|| "expected a page".to_owned()),
            Form::Form => form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect(),
            Form::Json => match serde_json::from_str(text) {
                Ok(value) => names_of(&value),
                Err(_) => return Some("expected JSON".to_owned()),
            },
        };
        let missing = self.needed.iter().find(|name| !names.contains(*name));
        let unknown = names.iter().find(|name| !self.has(name));
        missing.map(|name| format!("{name} is missing")).or_else(|| unknown.map(|name| format!("{name} is unknown")))
    }

    fn has(&self, name: &str) -> bool {
        let below = |known: &String| known.strip_suffix(".*").is_some_and(|above| is_below(name, above));
        let all = self.names();
        all.contains(name) || all.iter().any(below)
    }

    /// Every name that it may have.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let beyond = self.beyond.values().flatten();
        self.needed.iter().chain(&self.others).chain(beyond).cloned().collect()
    }
}

fn is_below(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// The paths of all members of a value; elements of lists have no name of their own.
fn names_of(value: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, above: &str, names: &mut BTreeSet<String>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| collect(value, above, names)),
            Value::Object(members) => {
                for (name, value) in members {
                    let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
                    collect(value, &path, names);
                    names.insert(path);
                }
            }
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(value, "", &mut names);
    names
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Bodies, Body, Form, Of};

    fn body(of: Of, form: Form, needed: &[&str], others: &[&str]) -> Body {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (needed, others) = (names(needed), names(others));
        let (sources, beyond) = (Vec::new(), BTreeMap::new());
        Body { of, statuses: BTreeSet::from([400]), path: "/v1/".to_owned(), form, needed, others, sources, beyond }
    }

    #[test]
    fn a_body_has_the_names_of_a_list_and_no_other() {
        let json = body(Of::Refusal, Form::Json, &["code", "errors"], &["errors.field", "context.*", "context"]);
        let bodies = Bodies { body: vec![json, body(Of::Refusal, Form::Page, &[], &[])] };
        let judge = |text: &str| bodies.judge(Of::Refusal, 400, "/v1/notes", text);
        assert_eq!(judge(r#"{"code": 7, "errors": [{"field": "a"}, {}], "context": {"a": {"b": 1}}}"#), Ok(0));
        assert_eq!(judge("<html>"), Ok(1));
        for wrong in [
            r#"{"code": 7}"#,
            r#"{"code": 7, "errors": [], "field": "a"}"#,
            r#"{"code": 7, "errors": [{"fields": "a"}]}"#,
            r#"{"code": 7, "errors": [], "contexts": {}}"#,
            "",
            "[",
        ] {
            assert!(judge(wrong).is_err(), "{wrong}");
        }
        assert!(bodies.judge(Of::Refusal, 404, "/v1/notes", "<html>").is_err(), "another status");
        assert!(bodies.judge(Of::Refusal, 400, "/v2/notes", "<html>").is_err(), "another path");
        assert!(bodies.judge(Of::Reply, 400, "/v1/notes", "<html>").is_err(), "another body");
    }

    #[test]
    fn a_form_is_one_of_its_parameters_and_nothing_is_nothing() {
        let form = body(Of::Refusal, Form::Form, &["a"], &["b"]);
        assert_eq!([form.wrong("a=1&b=2"), form.wrong("a=1")], [None, None]);
        assert!(form.wrong("b=2").is_some() && form.wrong("a=1&c=3").is_some());
        let empty = body(Of::Refusal, Form::Empty, &[], &[]);
        assert!(empty.wrong("").is_none() && empty.wrong("{}").is_some());
    }
}
