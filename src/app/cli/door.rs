//! Questions to a running service's ops door.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::ACCEPT, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::arguments::DoorArguments;
use crate::base::{problem::Problem, secret::Secret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Above every time-out of the door itself, so that its own word is heard first.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// A reply's body, at most.
const MAX_BODY_BYTES: usize = 16 << 20;

/// A running service's ops door.
pub(super) struct Door {
    base: Url,
    token: Option<Secret>,
    client: reqwest::Client,
}

/// What the door answered.
struct Heard {
    at: String,
    status: StatusCode,
    /// Lines that a table lacks.
    beyond: u64,
    body: Vec<u8>,
}

/// Why the door gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum DoorError {
    #[error("expected --ops to be an address like http://127.0.0.1:8081, found {found:?}")]
    Address { found: String },
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    #[error("expected predial's ops door at {at}, found nobody who answers")]
    Unreachable {
        at: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{message} ({code}, status {status}, asked {at})")]
    Refused { at: String, status: u16, code: String, message: String, run: Option<u64>, problems: Vec<Problem> },
    #[error("expected the JSON of predial's ops door from {at}, found {found} (status {status})")]
    NotOurs { at: String, status: u16, found: String },
}

#[derive(Deserialize)]
struct Envelope {
    error: Refusal,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
    run: Option<u64>,
    #[serde(default)]
    problems: Vec<Problem>,
}

impl Door {
    pub(super) fn new(arguments: DoorArguments) -> Result<Self, DoorError> {
        let base = Url::parse(&arguments.ops).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| DoorError::Address { found: arguments.ops.clone() })?;
        // Err means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No proxy: the door is the operator's own machine or network, and the token is nobody else's business.
        let builder = || {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(REQUEST_TIMEOUT)
        };
        // A machine without root certificates can still ask a door over plain http.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build()).map_err(DoorError::Client)?;
        Ok(Self { base, token: arguments.ops_token, client })
    }

    /// The address of one of a project's endpoints, its name escaped.
    pub(super) fn project(&self, project: &str, rest: &str) -> Url {
        self.under_api(["projects", project, rest])
    }

    /// The same, further down.
    pub(super) fn project_path<'p>(&self, project: &'p str, rest: impl IntoIterator<Item = &'p str>) -> Url {
        self.under_api(["projects", project].into_iter().chain(rest))
    }

    /// The address of one of the journal's endpoints, each part escaped.
    pub(super) fn journal<'p>(&self, rest: impl IntoIterator<Item = &'p str>) -> Url {
        self.under_api(["journal"].into_iter().chain(rest))
    }

    fn under_api<'p>(&self, rest: impl IntoIterator<Item = &'p str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(rest);
        }
        url
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, DoorError> {
        self.ask(Method::GET, url, None).await
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, url: Url, body: &Value) -> Result<T, DoorError> {
        self.ask(Method::POST, url, Some(body)).await
    }

    pub(super) async fn delete<T: DeserializeOwned>(&self, url: Url) -> Result<T, DoorError> {
        self.ask(Method::DELETE, url, None).await
    }

    /// A table as CSV, and how many lines it lacks.
    pub(super) async fn table(&self, url: Url) -> Result<(String, u64), DoorError> {
        let heard = self.send(Method::GET, url, None, "text/csv").await?;
        let Heard { at, status, beyond, body } = heard;
        if !status.is_success() {
            return Err(refused(at, status, &body));
        }
        let text = String::from_utf8(body);
        let text = text.map_err(|_| DoorError::NotOurs { at, status: status.as_u16(), found: "no text".to_owned() })?;
        Ok((text, beyond))
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, url: Url, body: Option<&Value>) -> Result<T, DoorError> {
        let Heard { at, status, body, .. } = self.send(method, url, body, "application/json").await?;
        understood(at, status, &body)
    }

    async fn send(&self, method: Method, url: Url, body: Option<&Value>, accept: &str) -> Result<Heard, DoorError> {
        // Without the query: a caller's number stands there.
        let at = url[..url::Position::AfterPath].to_owned();
        let mut request = self.client.request(method, url).header(ACCEPT, accept);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let lost = |at: &str| {
            let at = at.to_owned();
            |source: reqwest::Error| DoorError::Unreachable { at, source: source.without_url() }
        };
        let mut response = request.send().await.map_err(lost(&at))?;
        let status = response.status();
        let beyond = response.headers().get("x-predial-beyond").and_then(|beyond| beyond.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost(&at))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BODY_BYTES {
                let found = format!("more than {MAX_BODY_BYTES} bytes");
                return Err(DoorError::NotOurs { at, status: status.as_u16(), found });
            }
        }
        Ok(Heard { at, status, beyond: beyond.unwrap_or(0), body })
    }
}

fn understood<T: DeserializeOwned>(at: String, status: StatusCode, body: &[u8]) -> Result<T, DoorError> {
    let status_number = status.as_u16();
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| DoorError::NotOurs {
            at,
            status: status_number,
            found: format!("something else: {error}"),
        });
    }
    Err(refused(at, status, body))
}

fn refused(at: String, status: StatusCode, body: &[u8]) -> DoorError {
    let status = status.as_u16();
    match serde_json::from_slice::<Envelope>(body) {
        Ok(Envelope { error: Refusal { code, message, run, problems } }) => {
            DoorError::Refused { at, status, code, message, run, problems }
        }
        Err(_) => DoorError::NotOurs { at, status, found: "another server's error".to_owned() },
    }
}
