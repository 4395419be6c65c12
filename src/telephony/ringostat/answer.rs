//! Answers, rendered before anybody calls: a call only clones references.

use bytes::Bytes;
use serde_json::json;

use crate::telephony::AnswerForm;

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";
/// JSON-RPC: the request could not be read.
const RPC_MALFORMED: i32 = -32_700;
/// JSON-RPC: the first of the codes left to servers.
const RPC_REFUSED: i32 = -32_000;

/// How a block wants its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerShape {
    /// The form.
    pub form: AnswerForm,
    /// The name of the destination in a JSON answer: `answer_field`.
    pub field: Box<str>,
    /// JSON-RPC: whether `result` is the bare destination instead of an object.
    pub result_string: bool,
    /// The status of a miss without a destination: 200, 204 or 404.
    pub miss_status: u16,
    /// Where a miss is sent, say a scheme's id; a miss is then a 200.
    pub miss_destination: Option<Box<str>>,
}

/// An answer's bytes, ready to be sent.
///
/// # Shape
/// The body is `before`; where `after` is there, it is `before`, the request's raw JSON-RPC id (`null` if it had none),
/// `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// The Content-Type; empty for a 204, which has neither type nor body.
    pub content_type: &'static str,
    /// The body, or what stands before the echoed id.
    pub before: Bytes,
    /// What stands after the echoed id; `Some` for JSON-RPC only.
    pub after: Option<Bytes>,
}

impl Rendered {
    /// What stands between `before` and `after` for a request with this id; `None` where nothing is echoed.
    #[must_use]
    pub fn echo(&self, rpc_id: Option<&Bytes>) -> Option<Bytes> {
        self.after.as_ref().map(|_| rpc_id.cloned().unwrap_or(Bytes::from_static(b"null")))
    }

    /// The body's length in bytes for a request with this id.
    #[must_use]
    pub fn body_len(&self, rpc_id: Option<&Bytes>) -> usize {
        let echo = if self.after.is_some() { rpc_id.map_or("null".len(), Bytes::len) } else { 0 };
        self.before.len() + echo + self.after.as_ref().map_or(0, Bytes::len)
    }

    /// The whole body for a request with this id.
    ///
    /// # Cost
    /// A copy for JSON-RPC, none otherwise. The door sends the parts instead.
    #[must_use]
    pub fn body(&self, rpc_id: Option<&Bytes>) -> Bytes {
        let (Some(echo), Some(after)) = (self.echo(rpc_id), &self.after) else { return self.before.clone() };
        [self.before.as_ref(), &echo, after].concat().into()
    }

    fn whole(status: u16, content_type: &'static str, body: Bytes) -> Self {
        Self { status, content_type, before: counted(body), after: None }
    }

    fn nothing() -> Self {
        Self::whole(204, "", Bytes::new())
    }
}

impl AnswerShape {
    /// The answer that sends the call to `destination`.
    ///
    /// A number is answered in digits only; whatever else it may be (a SIP login) is left as it is.
    #[must_use]
    pub fn hit(&self, destination: &str) -> Rendered {
        self.destination(200, &dialled(destination))
    }

    /// The answer that lets the call go on.
    #[must_use]
    pub fn miss(&self) -> Rendered {
        match (&self.miss_destination, self.miss_status) {
            (Some(destination), _) => self.hit(destination),
            (None, 204) => Rendered::nothing(),
            (None, status) => self.destination(status, ""),
        }
    }

    /// The answer to what was no question: 400.
    ///
    /// # Shape
    /// Plain: the reason. JSON: `{"error":{"code":"malformed","message":"…"}}`. JSON-RPC: the error -32700 without an
    /// id, for none could be trusted.
    #[must_use]
    pub fn malformed(&self, reason: &str) -> Rendered {
        self.error(400, RPC_MALFORMED, reason)
    }

    /// A refusal before the question was looked at: 401, 404, 408, 413, 503.
    ///
    /// # Shape
    /// As [`AnswerShape::malformed`], with the status's own word as `code`; JSON-RPC: -32000.
    #[must_use]
    pub fn refused(&self, status: u16, reason: &str) -> Rendered {
        self.error(status, RPC_REFUSED, reason)
    }

    fn destination(&self, status: u16, destination: &str) -> Rendered {
        match self.form {
            AnswerForm::Plain => Rendered::whole(status, TEXT, Bytes::copy_from_slice(destination.as_bytes())),
            AnswerForm::Json => Rendered::whole(status, JSON, self.object(destination).to_string().into()),
            AnswerForm::JsonRpc => {
                let result = if self.result_string { json!(destination) } else { self.object(destination) };
                Rendered {
                    status,
                    content_type: JSON,
                    before: counted(format!(r#"{{"jsonrpc":"2.0","result":{result},"id":"#).into()),
                    after: Some(Bytes::from_static(b"}")),
                }
            }
        }
    }

    fn object(&self, destination: &str) -> serde_json::Value {
        json!({ &*self.field: destination })
    }

    fn error(&self, status: u16, rpc_code: i32, reason: &str) -> Rendered {
        match self.form {
            AnswerForm::Plain => Rendered::whole(status, TEXT, Bytes::copy_from_slice(reason.as_bytes())),
            AnswerForm::Json => {
                let body = json!({"error": {"code": word_of(status), "message": reason}});
                Rendered::whole(status, JSON, body.to_string().into())
            }
            AnswerForm::JsonRpc => {
                let (code, message) = (json!(rpc_code), json!(reason));
                let body = format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":{message}}},"id":null}}"#);
                Rendered::whole(status, JSON, body.into())
            }
        }
    }
}

/// The same bytes with their count of references made: the first clone would allocate it, within a call.
fn counted(bytes: Bytes) -> Bytes {
    drop(bytes.clone());
    bytes
}

const fn word_of(status: u16) -> &'static str {
    match status {
        400 => "malformed",
        401 => "unauthorized",
        404 => "not_found",
        405 => "method_not_allowed",
        408 => "timeout",
        413 => "too_large",
        431 => "head_too_large",
        503 => "unavailable",
        _ => "refused",
    }
}

/// A number without everything that people put around its digits; anything else as it is.
fn dialled(destination: &str) -> String {
    let destination = destination.trim();
    let is_number = destination.bytes().any(|byte| byte.is_ascii_digit())
        && destination.chars().all(|sign| sign.is_ascii_digit() || " +-./()\u{a0}".contains(sign));
    if is_number { destination.chars().filter(char::is_ascii_digit).collect() } else { destination.to_owned() }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{AnswerShape, Rendered};
    use crate::telephony::AnswerForm;

    fn shape(form: AnswerForm) -> AnswerShape {
        AnswerShape {
            form,
            field: "destination".into(),
            result_string: false,
            miss_status: 200,
            miss_destination: None,
        }
    }

    fn sent(answer: &Rendered, id: Option<&'static str>) -> (u16, &'static str, String) {
        let id = id.map(|id| Bytes::from_static(id.as_bytes()));
        let body = answer.body(id.as_ref());
        assert_eq!(body.len(), answer.body_len(id.as_ref()));
        (answer.status, answer.content_type, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[test]
    fn a_hit_is_the_destination_in_the_blocks_form() {
        let json = "application/json";
        let rows = [
            (shape(AnswerForm::Plain), "text/plain", "acme_anna"),
            (shape(AnswerForm::Json), json, r#"{"destination":"acme_anna"}"#),
            (shape(AnswerForm::JsonRpc), json, r#"{"jsonrpc":"2.0","result":{"destination":"acme_anna"},"id":7}"#),
            (
                AnswerShape { result_string: true, ..shape(AnswerForm::JsonRpc) },
                json,
                r#"{"jsonrpc":"2.0","result":"acme_anna","id":7}"#,
            ),
        ];
        for (shape, content_type, body) in rows {
            assert_eq!(sent(&shape.hit("acme_anna"), Some("7")), (200, content_type, body.to_owned()));
        }
        let none = sent(&shape(AnswerForm::JsonRpc).hit("acme_anna"), None).2;
        assert_eq!(none, r#"{"jsonrpc":"2.0","result":{"destination":"acme_anna"},"id":null}"#);
    }

    #[test]
    fn a_miss_is_empty_in_the_blocks_form_and_status() {
        for status in [200, 404] {
            let miss = |form| sent(&AnswerShape { miss_status: status, ..shape(form) }.miss(), Some("\"a\""));
            assert_eq!(miss(AnswerForm::Plain), (status, "text/plain", String::new()));
            assert_eq!(miss(AnswerForm::Json), (status, "application/json", r#"{"destination":""}"#.to_owned()));
            let rpc = r#"{"jsonrpc":"2.0","result":{"destination":""},"id":"a"}"#.to_owned();
            assert_eq!(miss(AnswerForm::JsonRpc), (status, "application/json", rpc));
        }
        for form in AnswerForm::ALL {
            let miss = AnswerShape { miss_status: 204, ..shape(form) }.miss();
            assert_eq!(sent(&miss, Some("7")), (204, "", String::new()));
        }
        let bare = AnswerShape { result_string: true, ..shape(AnswerForm::JsonRpc) }.miss();
        assert_eq!(sent(&bare, None).2, r#"{"jsonrpc":"2.0","result":"","id":null}"#);
    }

    #[test]
    fn a_miss_with_a_destination_is_a_200_whatever_the_status() {
        let shape =
            AnswerShape { miss_status: 404, miss_destination: Some("231146".into()), ..shape(AnswerForm::Plain) };
        assert_eq!(sent(&shape.miss(), None), (200, "text/plain", "231146".to_owned()));
    }

    #[test]
    fn numbers_are_dialled_in_digits_and_logins_left_alone() {
        for (destination, dialled) in [
            ("+380 67 111-22-33", "380671112233"),
            ("(067) 111.22.33", "0671112233"),
            ("231146", "231146"),
            ("acme_anna", "acme_anna"),
            ("acme_380671112233", "acme_380671112233"),
            ("anna+1@sip.example.net", "anna+1@sip.example.net"),
            ("--", "--"),
        ] {
            assert_eq!(sent(&shape(AnswerForm::Plain).hit(destination), None).2, dialled);
        }
    }

    #[test]
    fn names_and_destinations_are_escaped() {
        let odd = AnswerShape { field: "a\"b".into(), ..shape(AnswerForm::Json) };
        assert_eq!(sent(&odd.hit("x\\\"\u{0}"), None).2, "{\"a\\\"b\":\"x\\\\\\\"\\u0000\"}");
    }

    #[test]
    fn refusals_speak_the_blocks_form() {
        let why = "expected \"x\"";
        assert_eq!(sent(&shape(AnswerForm::Plain).malformed(why), None), (400, "text/plain", why.to_owned()));
        let json = r#"{"error":{"code":"malformed","message":"expected \"x\""}}"#.to_owned();
        assert_eq!(sent(&shape(AnswerForm::Json).malformed(why), None), (400, "application/json", json));
        let rpc = r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"expected \"x\""},"id":null}"#.to_owned();
        assert_eq!(sent(&shape(AnswerForm::JsonRpc).malformed(why), Some("7")), (400, "application/json", rpc));
        let refused = sent(&shape(AnswerForm::Json).refused(413, why), None);
        assert_eq!((refused.0, refused.2.contains(r#""code":"too_large""#)), (413, true));
        let refused = sent(&shape(AnswerForm::JsonRpc).refused(503, why), Some("7"));
        assert_eq!((refused.0, refused.2.contains("-32000"), refused.2.ends_with(r#""id":null}"#)), (503, true, true));
    }
}
