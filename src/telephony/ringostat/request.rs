//! A request in any of its four forms, decoded into one [`LookupRequest`].

use std::borrow::Cow;

use super::fields::{Finds, Place};
use super::{json, query};
use crate::telephony::{FieldNames, Incoming, LookupRequest, Malformed, RequestForm};

/// Reads what was asked.
///
/// # Shape
/// - *query*: `?token=…&call_id=…&caller=380671112233`, any method, no body.
/// - *form*: the same in an `application/x-www-form-urlencoded` body.
/// - *JSON*: `{"call_id":"us1_-1728427645.1098915","caller":"%2B380671112233"}`; values are strings or numbers, may be
///   percent-encoded once more, and may stand in objects within (`additional_call_data`).
/// - *JSON-RPC*: `{"jsonrpc":"2.0","method":"…","params":{…},"id":7}`; `params` an object or an array of one object,
///   `id` a number, a string, `null` or absent. Only `params` is searched.
///
/// The Content-Type decides, then what the body is: one that begins with `{` or `[` is JSON whatever it is called.
/// A name that the block gives outright wins wherever it stands; of the usual names the query's come first, then the
/// body's, outer objects before inner ones, then by the table's order. A parameter that is empty, blank or `null` is not
/// there: the next name is tried. Of a repeated one the first that is not empty counts. Nothing at all is a question
/// without a number, which is not malformed.
///
/// # Errors
/// [`Malformed`] for broken escapes, bytes that are not UTF-8, JSON that is broken, too deep, too large or no object,
/// and JSON-RPC of an unknown shape (batches among them: one answer can not go to several calls).
///
/// # Cost
/// One pass, no tree; allocates only for an escaped name or wanted value.
pub fn decode<'a>(incoming: &Incoming<'a>, names: &FieldNames) -> Result<LookupRequest<'a>, Malformed> {
    let mut finds = Finds::default();
    if let Some(text) = incoming.query {
        query::collect(&mut finds, names, text, Place::Query)
            .map_err(|reason| Malformed { reason: Cow::Borrowed(reason), form: RequestForm::Query })?;
    }
    let (mut form, mut rpc_id) = (RequestForm::Query, None);
    if let Some(body) = Body::of(incoming)? {
        match body {
            Body::Form(text) => {
                form = RequestForm::Form;
                query::collect(&mut finds, names, text, Place::Body)
                    .map_err(|reason| Malformed { reason: Cow::Borrowed(reason), form })?;
            }
            Body::Json(text) => {
                let found = json::collect(&mut finds, names, text)?;
                form = found.form;
                rpc_id = found.rpc_id.map(|raw| incoming.body.slice_ref(raw.as_bytes()));
            }
        }
    }
    let (caller, call_id) = finds.into_values();
    Ok(LookupRequest { form, caller, call_id, rpc_id })
}

/// The value of the parameter `token`: the first that is not empty; `None` where its escapes make no sense.
#[must_use]
pub fn token_of_query(query: &str) -> Option<Cow<'_, str>> {
    query::first(query, "token")
}

/// What a body is.
enum Body<'a> {
    Form(&'a str),
    Json(&'a str),
}

impl<'a> Body<'a> {
    /// `None` for a blank body.
    fn of(incoming: &Incoming<'a>) -> Result<Option<Self>, Malformed> {
        let body = incoming.body.as_ref();
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
        let Some(first) = body.first() else { return Ok(None) };
        let typed = incoming.content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        let is_json = matches!(first, b'{' | b'[') || says_json(typed);
        let form = if is_json { RequestForm::Json } else { RequestForm::Form };
        let malformed = |reason| Malformed { reason: Cow::Borrowed(reason), form };
        let text = std::str::from_utf8(body).map_err(|_| malformed("expected a body in UTF-8, found other bytes"))?;
        if is_json {
            Ok(Some(Self::Json(text)))
        } else if says_multipart(typed) {
            Err(malformed("expected an urlencoded or JSON body, found multipart"))
        } else {
            Ok(Some(Self::Form(text)))
        }
    }
}

fn says_json(typed: &str) -> bool {
    let ends = |end: &str| {
        typed.len() >= end.len()
            && typed.is_char_boundary(typed.len() - end.len())
            && typed[typed.len() - end.len()..].eq_ignore_ascii_case(end)
    };
    ends("/json") || ends("+json") || ends("/json-rpc") || ends("/jsonrequest")
}

fn says_multipart(typed: &str) -> bool {
    typed.split('/').next().is_some_and(|family| family.eq_ignore_ascii_case("multipart"))
}
