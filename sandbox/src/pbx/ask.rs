//! A question, in each of the forms that a customer can choose in Ringostat's settings.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// What Ringostat leaves as it is when it percent-encodes a value.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How the parameters travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the URL.
    Query,
    /// In the body, as a form.
    Form,
    /// In the body, as a JSON object.
    Json,
    /// In the body, as a JSON-RPC 2.0 request.
    JsonRpc,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Query, Self::Form, Self::Json, Self::JsonRpc];

    /// The word that the command line uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Form => "form",
            Self::Json => "json",
            Self::JsonRpc => "json-rpc",
        }
    }
}

/// What JSON-RPC wraps the parameters in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Params {
    /// An object.
    #[default]
    Object,
    /// An array with one object.
    ArrayOfOne,
}

/// The `id` of a JSON-RPC request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// None at all.
    Absent,
    /// A number, a text or null.
    Present(Value),
}

/// Where the project's token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// `?token=…`, as a static parameter of the URL.
    Query(String),
    /// `Authorization: Bearer …`
    Bearer(String),
    /// The password of `Authorization: Basic …`
    Basic(String),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// How the parameters travel.
    pub form: Form,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The path, with a query of its own if it has one.
    pub path: String,
    /// The project's token.
    pub token: Option<Token>,
    /// The parameters in their order; the customer chooses the names.
    pub fields: Vec<(String, String)>,
    /// Whether values inside JSON are percent-encoded once more, as Ringostat does.
    pub twice_encoded: bool,
    /// Whether values of a query or form are written as they are, not encoded: `+380…` then says ` 380…`.
    pub verbatim: bool,
    /// The method that JSON-RPC names.
    pub rpc_method: String,
    /// What JSON-RPC wraps the parameters in.
    pub params: Params,
    /// The `id` of the JSON-RPC request.
    pub id: Id,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Ask {
    /// A question at `path`, with the method that Ringostat uses for this form and no parameters yet.
    #[must_use]
    pub fn new(form: Form, path: impl Into<String>) -> Self {
        let method = if form == Form::Query { "GET" } else { "POST" };
        Self {
            form,
            method: method.to_owned(),
            path: path.into(),
            token: None,
            fields: Vec::new(),
            twice_encoded: true,
            verbatim: false,
            rpc_method: "route".to_owned(),
            params: Params::Object,
            id: Id::Present(json!(1)),
            headers: Vec::new(),
        }
    }

    /// With a parameter.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// With the project's token in the URL.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Token::Query(token.into()));
        self
    }

    /// With another method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The whole request, as it goes out.
    #[must_use]
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let body = self.body();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target());
        let mut header = |name: &str, value: &str| {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        };
        header("Host", host);
        header("Origin", host);
        header("User-Agent", "ringostat HTTP Client v1.1");
        if let Some((content_type, body)) = &body {
            header("Content-Type", content_type);
            header("Content-Length", &body.len().to_string());
        }
        if let Some(authorization) = self.authorization() {
            header("Authorization", &authorization);
        }
        for (name, value) in &self.headers {
            header(name, value);
        }
        header("Connection", "close");
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if let Some((_, body)) = body {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }

    fn target(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(Token::Query(token)) = &self.token {
            pairs.push(("token", token.as_str(), false));
        }
        if self.form == Form::Query {
            pairs.extend(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str(), self.verbatim)));
        }
        let query = encoded(pairs.into_iter());
        match (query.is_empty(), self.path.contains('?')) {
            (true, _) => self.path.clone(),
            (false, true) => format!("{}&{query}", self.path),
            (false, false) => format!("{}?{query}", self.path),
        }
    }

    fn authorization(&self) -> Option<String> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        match &self.token {
            Some(Token::Bearer(token)) => Some(format!("Bearer {token}")),
            Some(Token::Basic(password)) => Some(format!("Basic {}", STANDARD.encode(format!("ringostat:{password}")))),
            Some(Token::Query(_)) | None => None,
        }
    }

    fn body(&self) -> Option<(&'static str, String)> {
        match self.form {
            Form::Query => None,
            Form::Form => {
                let pairs = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str(), self.verbatim));
                Some(("application/x-www-form-urlencoded", encoded(pairs)))
            }
            Form::Json => Some(("application/json", self.object())),
            Form::JsonRpc => Some(("application/json", self.rpc())),
        }
    }

    /// Written by hand: the order is the customer's, and a name may stand twice.
    fn object(&self) -> String {
        let member = |(name, text): &(String, String)| {
            let text = match self.twice_encoded {
                true => utf8_percent_encode(text, UNRESERVED).to_string(),
                false => text.clone(),
            };
            format!("{}:{}", Value::from(name.as_str()), Value::from(text))
        };
        format!("{{{}}}", self.fields.iter().map(member).collect::<Vec<_>>().join(","))
    }

    /// Compact, its members in the order of the specification's examples.
    fn rpc(&self) -> String {
        let params = match self.params {
            Params::Object => self.object(),
            Params::ArrayOfOne => format!("[{}]", self.object()),
        };
        let method = Value::String(self.rpc_method.clone());
        match &self.id {
            Id::Absent => format!(r#"{{"jsonrpc":"2.0","method":{method},"params":{params}}}"#),
            Id::Present(id) => format!(r#"{{"jsonrpc":"2.0","method":{method},"params":{params},"id":{id}}}"#),
        }
    }
}

fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str, bool)>) -> String {
    let pair = |(name, value, verbatim): (&str, &str, bool)| {
        let name = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
        let value: String =
            if verbatim { value.to_owned() } else { form_urlencoded::byte_serialize(value.as_bytes()).collect() };
        format!("{name}={value}")
    };
    pairs.map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Ask, Form, Id, Params, Token};

    fn text(ask: &Ask) -> String {
        String::from_utf8(ask.bytes("api.asterisk")).unwrap()
    }

    #[test]
    fn a_json_question_is_the_vendors_sample_to_the_byte() {
        let ask =
            Ask::new(Form::Json, "/api/addnumber/").field("call_id", "pkv").field("step_forward", "webhookNumber:120");
        let expected = "POST /api/addnumber/ HTTP/1.1\r\nHost: api.asterisk\r\nOrigin: api.asterisk\r\n\
                        User-Agent: ringostat HTTP Client v1.1\r\nContent-Type: application/json\r\nContent-Length: 54\r\n\
                        Connection: close\r\n\r\n{\"call_id\":\"pkv\",\"step_forward\":\"webhookNumber%3A120\"}";
        assert_eq!(text(&ask), expected);
    }

    #[test]
    fn a_query_carries_everything_in_the_url_and_has_no_body() {
        let ask = Ask::new(Form::Query, "/acme/route/sales").token("s3 cret").field("caller", "+380671112233");
        assert!(text(&ask).starts_with("GET /acme/route/sales?token=s3+cret&caller=%2B380671112233 HTTP/1.1\r\n"));
        assert!(text(&ask).ends_with("User-Agent: ringostat HTTP Client v1.1\r\nConnection: close\r\n\r\n"));
        let verbatim = Ask { verbatim: true, ..ask };
        assert!(text(&verbatim).contains("&caller=+380671112233 HTTP/1.1"));
    }

    #[test]
    fn a_form_is_encoded_once_and_keeps_the_token_in_the_url() {
        let ask =
            Ask::new(Form::Form, "/acme/route/sales?x=1").method("PUT").token("t").field("caller", "\"Anna\" <380>");
        assert!(text(&ask).starts_with("PUT /acme/route/sales?x=1&token=t HTTP/1.1\r\n"));
        assert!(text(&ask).ends_with("\r\n\r\ncaller=%22Anna%22+%3C380%3E"));
    }

    #[test]
    fn json_rpc_has_an_object_or_an_array_of_one_and_an_id_or_none() {
        let ask = Ask::new(Form::JsonRpc, "/r").field("caller", "380671112233");
        let body = |ask: &Ask| text(ask).split_once("\r\n\r\n").unwrap().1.to_owned();
        let object = r#"{"jsonrpc":"2.0","method":"route","params":{"caller":"380671112233"},"id":1}"#;
        assert_eq!(body(&ask), object);
        let array = Ask { params: Params::ArrayOfOne, id: Id::Absent, ..ask.clone() };
        assert_eq!(body(&array), r#"{"jsonrpc":"2.0","method":"route","params":[{"caller":"380671112233"}]}"#);
        let named = Ask { id: Id::Present(json!("a-1")), ..ask };
        assert!(body(&named).ends_with(r#","id":"a-1"}"#));
    }

    #[test]
    fn a_token_may_stand_in_a_header() {
        let ask = |token| Ask { token: Some(token), ..Ask::new(Form::Query, "/r") };
        assert!(text(&ask(Token::Bearer("t".to_owned()))).contains("\r\nAuthorization: Bearer t\r\n"));
        assert!(text(&ask(Token::Basic("t".to_owned()))).contains("\r\nAuthorization: Basic cmluZ29zdGF0OnQ=\r\n"));
    }
}
