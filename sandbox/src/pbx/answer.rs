//! What a telephone system makes of a reply.

use serde_json::Value;

use super::Heard;

/// The form that the customer told Ringostat to expect ("data import type").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerForm {
    /// The destination alone is the body.
    Plain,
    /// The destination is a member of a JSON object.
    Json {
        /// The member's name.
        field: String,
    },
    /// The destination is in the `result` of a JSON-RPC answer.
    JsonRpc {
        /// The member's name; `None`: the result itself is the destination.
        field: Option<String>,
        /// What the `id` must be: the request's, null when it had none.
        id: Value,
    },
}

/// Why a reply says nothing that could be dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDestination {
    /// A status that no forwarding step can go on from.
    #[error("expected status 200, 204 or 404, found {0}")]
    Status(u16),
    /// The body is not in the form that was agreed.
    #[error("expected {expected}, found {found:?}")]
    Form {
        /// What was agreed.
        expected: String,
        /// The body.
        found: String,
    },
    /// What stands there is no direction.
    #[error("expected a number in digits, a scheme or a SIP login, found {0:?}")]
    Direction(String),
}

impl Heard {
    /// Where the call goes; `None`: nobody is responsible, the forwarding scheme goes on.
    ///
    /// # Errors
    /// [`NoDestination`] for a reply that Ringostat could not use.
    pub fn destination(&self, form: &AnswerForm) -> Result<Option<String>, NoDestination> {
        match self.status {
            204 | 404 => return Ok(None),
            200 => {}
            other => return Err(NoDestination::Status(other)),
        }
        let text = std::str::from_utf8(&self.body).map_err(|_| self.not("UTF-8"))?;
        let found = match form {
            AnswerForm::Plain => text.to_owned(),
            AnswerForm::Json { field } => {
                let body: Value = serde_json::from_str(text).map_err(|_| self.not("a JSON object"))?;
                self.member(&body, field)?
            }
            AnswerForm::JsonRpc { field, id } => self.result(text, field.as_deref(), id)?,
        };
        if found.is_empty() {
            return Ok(None);
        }
        if is_direction(&found) { Ok(Some(found)) } else { Err(NoDestination::Direction(found)) }
    }

    fn result(&self, text: &str, field: Option<&str>, id: &Value) -> Result<String, NoDestination> {
        let body: Value = serde_json::from_str(text).map_err(|_| self.not("a JSON-RPC answer"))?;
        if body["jsonrpc"] != "2.0" {
            return Err(self.not("\"jsonrpc\": \"2.0\""));
        }
        if body.get("id") != Some(id) {
            return Err(self.not(&format!("\"id\": {id}")));
        }
        let result = body.get("result").ok_or_else(|| self.not("a result"))?;
        match field {
            Some(field) => self.member(result, field),
            None => result.as_str().map(str::to_owned).ok_or_else(|| self.not("a text as result")),
        }
    }

    fn member(&self, object: &Value, field: &str) -> Result<String, NoDestination> {
        let value = object.get(field).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| self.not(&format!("a text under {field:?}")))
    }

    fn not(&self, expected: &str) -> NoDestination {
        NoDestination::Form { expected: expected.to_owned(), found: String::from_utf8_lossy(&self.body).into_owned() }
    }
}

/// A number in digits, the id of a scheme, or a SIP login (`project_name`).
fn is_direction(text: &str) -> bool {
    let login = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte);
    text.len() <= 128 && text.bytes().all(login)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{AnswerForm, Heard, NoDestination};

    fn heard(status: u16, body: &str) -> Heard {
        Heard { status, headers: Vec::new(), body: body.into(), took: Duration::ZERO }
    }

    fn json(field: &str) -> AnswerForm {
        AnswerForm::Json { field: field.to_owned() }
    }

    fn rpc(field: Option<&str>, id: serde_json::Value) -> AnswerForm {
        AnswerForm::JsonRpc { field: field.map(str::to_owned), id }
    }

    #[test]
    fn each_form_gives_its_destination() {
        let anna = Ok(Some("acme_anna".to_owned()));
        assert_eq!(heard(200, "acme_anna").destination(&AnswerForm::Plain), anna);
        assert_eq!(heard(200, r#"{"to":"acme_anna"}"#).destination(&json("to")), anna);
        let object = r#"{"jsonrpc":"2.0","result":{"to":"acme_anna"},"id":1}"#;
        assert_eq!(heard(200, object).destination(&rpc(Some("to"), json!(1))), anna);
        let text = r#"{"jsonrpc":"2.0","result":"acme_anna","id":null}"#;
        assert_eq!(heard(200, text).destination(&rpc(None, json!(null))), anna);
    }

    #[test]
    fn an_empty_destination_and_a_missing_page_are_misses() {
        assert_eq!(heard(200, "").destination(&AnswerForm::Plain), Ok(None));
        assert_eq!(heard(200, r#"{"to":""}"#).destination(&json("to")), Ok(None));
        assert_eq!(heard(204, "").destination(&json("to")), Ok(None));
        assert_eq!(heard(404, "nobody").destination(&json("to")), Ok(None));
    }

    #[test]
    fn what_could_not_be_dialled_is_refused() {
        for body in ["380671112233\n", "\"380671112233\"", "+380671112233", " 380", "{}"] {
            let found = heard(200, body).destination(&AnswerForm::Plain);
            assert!(matches!(found, Err(NoDestination::Direction(_))), "{body:?}");
        }
        for body in ["", "[]", r#"{"To":"a"}"#, r#"{"to":380671112233}"#, r#"{"to":null}"#] {
            assert!(matches!(heard(200, body).destination(&json("to")), Err(NoDestination::Form { .. })), "{body:?}");
        }
        for body in [
            r#"{"jsonrpc":"2.0","result":{"to":"a"},"id":2}"#,
            r#"{"result":{"to":"a"},"id":1}"#,
            r#"{"jsonrpc":"2.0","result":"a"}"#,
        ] {
            let found = heard(200, body).destination(&rpc(Some("to"), json!(1)));
            assert!(matches!(found, Err(NoDestination::Form { .. })), "{body:?}");
        }
        assert_eq!(heard(500, "a").destination(&AnswerForm::Plain), Err(NoDestination::Status(500)));
    }
}
