//! Where a softphone asks for the client: `/{project}/card?caller=N`.
//!
//! A browser is sent on to the CRM's own page, who accepts JSON is told its address, the client's name and who is
//! responsible. The address is made of what is configured and of ids: nothing that whoever asks sends is in it, so that
//! nobody can be sent elsewhere. The order of checks is that of a look-up, and so is the 401 that says nothing.

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, CACHE_CONTROL, HeaderValue, LOCATION},
    http::request,
};
use serde_json::json;
use tokio::time::Instant;

use super::{
    lookup::Service,
    origin,
    reply::{self, Reply},
    route,
};
use crate::base::metric::Count;
use crate::project::Project;
use crate::routing::{self, Line};
use crate::telephony::{self, FieldNames, ringostat};

/// Who a number is may be another a minute later, and is nobody's business who looks into a cache.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

impl Service<'_> {
    /// Shows the card of a caller, in the project of a path's segment; 404 where there is none.
    pub(super) async fn show_card(
        self,
        head: &request::Parts,
        body: Incoming,
        project: &str,
        began: Instant,
    ) -> Response<Reply> {
        if head.method != Method::GET {
            return self.unread(&body, reply::no_card());
        }
        let asker = origin::origin(self.peer, &head.headers, &self.door.edge.trusted_proxies);
        let asks = |project: &Project| route::may_ask(&project.allow, asker);
        let line = match route::admitted(self.door, head, project, |project| (&project.doors.card, asks(project))) {
            Ok(line) => line,
            Err(status) => return self.unread(&body, reply::bare(status)),
        };
        let incoming = telephony::Incoming { query: head.uri.query(), content_type: None, body: &Bytes::new() };
        let response = match ringostat::decode(&incoming, &FieldNames::default()) {
            Ok(asked) => {
                let answer_by = (began + line.project.card_deadline).checked_sub(self.door.reserve);
                let shown = match asked.caller.as_deref() {
                    Some(caller) => shown(&line, caller, answer_by, wants_json(&head.headers)).await,
                    None => None,
                };
                line.metrics.count(if shown.is_some() { Count::CardsShown } else { Count::CardsNone });
                shown.unwrap_or_else(|| reply::bare(StatusCode::NOT_FOUND))
            }
            Err(_) => {
                line.metrics.count(Count::Malformed);
                reply::bare(StatusCode::BAD_REQUEST)
            }
        };
        self.unread(&body, response)
    }
}

/// `None` where there is no card, or the CRM's pages are nowhere.
async fn shown(
    line: &std::sync::Arc<Line>,
    caller: &str,
    answer_by: Option<Instant>,
    as_json: bool,
) -> Option<Response<Reply>> {
    let card = routing::card(line, caller, answer_by).await?;
    let link = line.project.crm.prepared.card(card.kind, card.id)?;
    let mut response = if as_json {
        let responsible = card.responsible.and_then(|at| line.project.employees.get(at));
        let responsible = responsible.map(|employee| &employee.name);
        let told = json!({"link": link, "name": card.name(), "responsible": responsible});
        reply::json(StatusCode::OK, told.to_string().into())
    } else {
        let mut response = reply::bare(StatusCode::FOUND);
        response.headers_mut().insert(LOCATION, HeaderValue::from_str(&link).ok()?);
        response
    };
    response.headers_mut().insert(CACHE_CONTROL, NOT_KEPT);
    Some(response)
}

/// Whether JSON is named among what is accepted. `*/*` accepts a redirection as well.
fn wants_json(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
        let refused = |part: &str| {
            part.strip_prefix("q=")
                .or_else(|| part.strip_prefix("Q="))
                .is_some_and(|weight| weight.parse() == Ok(0.0_f32))
        };
        named && !parts.any(refused)
    })
}

#[cfg(test)]
mod tests {
    use hyper::{
        HeaderMap,
        header::{ACCEPT, HeaderValue},
    };

    use super::wants_json;

    #[test]
    fn json_is_told_to_who_names_it_and_does_not_refuse_it() {
        let accepts = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(text));
            wants_json(&headers)
        };
        for text in ["application/json", "Application/JSON;charset=utf-8", "text/html, application/json;q=0.1"] {
            assert!(accepts(text), "{text}");
        }
        for text in ["", "*/*", "text/html,application/xhtml+xml", "application/json;q=0", "application/json; Q=0.000"]
        {
            assert!(!accepts(text), "{text}");
        }
        assert!(!wants_json(&HeaderMap::new()));
    }
}
