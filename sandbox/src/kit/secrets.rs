//! Secrets of requests for tokens, left out of the log.

use serde_json::Value;

/// What stands in the log instead.
const LEFT_OUT: &str = "left-out";
/// Members and parameters whose values are secret.
const SECRET: [&str; 8] =
    ["access_token", "assertion", "client_assertion", "client_secret", "code", "id_token", "password", "refresh_token"];
/// Bodies up to this many bytes are kept.
const MOST_BODY: usize = 64 * 1024;

/// A form or a query with its secrets replaced. What is no form comes out encoded.
pub(crate) fn form_without(text: &str) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        out.append_pair(&name, if SECRET.contains(&name.as_ref()) { LEFT_OUT } else { &value });
    }
    out.finish()
}

/// JSON with its secrets replaced at the top; anything else is left out whole.
pub(crate) fn json_without(text: &[u8]) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return LEFT_OUT.to_owned() };
    for name in SECRET {
        if let Some(secret) = value.get_mut(name).filter(|secret| secret.is_string()) {
            *secret = Value::from(LEFT_OUT);
        }
    }
    value.to_string()
}

/// The body as the log keeps it: `None` where it is empty, too long, or neither JSON nor a form.
pub(crate) fn kept(body: &[u8], content_type: &str, for_token: bool) -> Option<String> {
    if body.is_empty() || body.len() > MOST_BODY {
        return None;
    }
    let (json, form) = (content_type.contains("json"), content_type.contains("x-www-form-urlencoded"));
    match (for_token, std::str::from_utf8(body).ok()?) {
        (true, _) if json => Some(json_without(body)),
        (true, text) => Some(form_without(text)),
        (false, text) => (json || form).then(|| text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{form_without, json_without, kept};

    #[test]
    fn secrets_of_a_request_for_a_token_are_left_out_and_the_rest_is_kept() {
        let form = "grant_type=refresh_token&refresh_token=abc&client_secret=d%20ef&client_id=me";
        let expected = "grant_type=refresh_token&refresh_token=left-out&client_secret=left-out&client_id=me";
        assert_eq!(form_without(form), expected);
        assert_eq!(kept(form.as_bytes(), "", true).as_deref(), Some(expected), "whatever it says it is");
        let json = json_without(br#"{"access_token": "abc", "expires_in": 3599}"#);
        assert_eq!(json, r#"{"access_token":"left-out","expires_in":3599}"#);
        assert_eq!(json_without(b"abc"), "left-out");
    }

    #[test]
    fn other_bodies_are_kept_where_they_are_json_or_a_form_and_not_long() {
        assert_eq!(kept(b"{}", "application/json; charset=utf-8", false).as_deref(), Some("{}"));
        assert_eq!(kept(b"a=b", "application/x-www-form-urlencoded", false).as_deref(), Some("a=b"));
        assert_eq!(kept(b"a=b", "text/plain", false), None);
        assert_eq!(kept(&[b' '; 64 * 1024 + 1], "application/json", false), None);
    }
}
