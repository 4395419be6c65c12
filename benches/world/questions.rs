//! One question in each request form, and the exact answer to it.

/// A question as it stands in a request, and what must come back.
pub(crate) struct Question {
    /// The request form, as benches name it.
    pub(crate) form: &'static str,
    /// The block it is asked of.
    pub(crate) block: &'static str,
    /// What follows the `?`.
    pub(crate) query: &'static str,
    /// The body's type.
    pub(crate) content_type: Option<&'static str>,
    /// The body.
    pub(crate) body: &'static str,
    /// The answer's body.
    pub(crate) answer: &'static str,
}

/// The caller everywhere is client 120: an open deal whose owner left, then a contact of Anna's.
pub(crate) const QUESTIONS: [Question; 4] = [
    Question {
        form: "query",
        block: "plain",
        query: "token=s3cret&call_id=ua0_-1731315881.12669683&caller=380670000120",
        content_type: None,
        body: "",
        answer: "acme_anna",
    },
    Question {
        form: "form",
        block: "plain",
        query: "token=s3cret",
        content_type: Some("application/x-www-form-urlencoded"),
        body: "call_id=ua0_-1731315881.12669683&caller=%2B380670000120",
        answer: "acme_anna",
    },
    Question {
        form: "json",
        block: "json",
        query: "token=s3cret",
        content_type: Some("application/json"),
        body: r#"{"call_id":"pkv","step_forward":"webhookNumber%3A120","uuid":"842d921d-5334-4eca-812d-9a0000000000","caller":"%2B380670000120"}"#,
        answer: r#"{"destination":"acme_anna"}"#,
    },
    Question {
        form: "json-rpc",
        block: "json-rpc",
        query: "token=s3cret",
        content_type: Some("application/json"),
        body: r#"{"jsonrpc":"2.0","method":"route","params":{"call_id":"pkv","caller":"380670000120"},"id":120}"#,
        answer: r#"{"jsonrpc":"2.0","result":{"destination":"acme_anna"},"id":120}"#,
    },
];
