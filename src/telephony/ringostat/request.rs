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
///   percent-encoded once more, and may stand in objects within (`additional_call_data`). A caller that is a number with
///   a fraction is not there; `3.8e2` is 380.
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
pub(super) enum Body<'a> {
    Form(&'a str),
    Json(&'a str),
}

impl<'a> Body<'a> {
    /// `None` for a blank body.
    pub(super) fn of(incoming: &Incoming<'a>) -> Result<Option<Self>, Malformed> {
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

pub(super) fn says_json(typed: &str) -> bool {
    let ends = |end: &str| {
        typed.len() >= end.len()
            && typed.is_char_boundary(typed.len() - end.len())
            && typed[typed.len() - end.len()..].eq_ignore_ascii_case(end)
    };
    ends("/json") || ends("+json") || ends("/json-rpc") || ends("/jsonrequest")
}

pub(super) fn says_multipart(typed: &str) -> bool {
    typed.split('/').next().is_some_and(|family| family.eq_ignore_ascii_case("multipart"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use bytes::Bytes;

    use super::{decode, token_of_query};
    use crate::telephony::{FieldNames, Incoming, Malformed, RequestForm};

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";

    /// What a request came to: its form, caller, call id and raw JSON-RPC id.
    type Asked = (RequestForm, Option<String>, Option<String>, Option<String>);

    fn ask(names: &FieldNames, query: &str, typed: &str, body: &[u8]) -> Result<Asked, Malformed> {
        let body = Bytes::copy_from_slice(body);
        let incoming = Incoming { query: Some(query), content_type: Some(typed), body: &body };
        decode(&incoming, names).map(|request| {
            let id = request.rpc_id.map(|id| String::from_utf8(id.to_vec()).expect("raw JSON is UTF-8"));
            (request.form, request.caller.map(Cow::into_owned), request.call_id.map(Cow::into_owned), id)
        })
    }

    fn caller_of(query: &str, typed: &str, body: &str) -> Option<String> {
        ask(&FieldNames::default(), query, typed, body.as_bytes()).expect(body).1
    }

    #[track_caller]
    fn malformed(query: &str, typed: &str, body: &[u8]) -> Malformed {
        ask(&FieldNames::default(), query, typed, body).expect_err(&String::from_utf8_lossy(body))
    }

    #[test]
    fn every_form_carries_the_same_question() {
        let names = FieldNames::default();
        let asked = |form, id: Option<&str>| {
            Ok((form, Some("380671112233".to_owned()), Some("ua0_-1731315881.12".to_owned()), id.map(str::to_owned)))
        };
        let pairs = "call_id=ua0_-1731315881.12&caller=380671112233";
        assert_eq!(ask(&names, &format!("token=t&{pairs}"), "", b""), asked(RequestForm::Query, None));
        assert_eq!(ask(&names, "token=t", FORM, pairs.as_bytes()), asked(RequestForm::Form, None));
        let json = r#"{"call_id":"ua0_-1731315881.12","caller":380671112233}"#;
        assert_eq!(ask(&names, "", JSON, json.as_bytes()), asked(RequestForm::Json, None));
        for (params, id) in [(json.to_owned(), "7"), (format!("[{json}]"), "\"a\\\"b\""), (json.to_owned(), "null")] {
            let call = format!(r#"{{"jsonrpc":"2.0","method":"route","params":{params},"id":{id}}}"#);
            assert_eq!(ask(&names, "", JSON, call.as_bytes()), asked(RequestForm::JsonRpc, Some(id)));
        }
        let without_id = format!(r#"{{"params":{json},"method":"route","jsonrpc":"2.0"}}"#);
        assert_eq!(ask(&names, "", JSON, without_id.as_bytes()), asked(RequestForm::JsonRpc, None));
        let old = format!(r#"{{"method":"route","params":[{json}],"id":1}}"#);
        assert_eq!(ask(&names, "", JSON, old.as_bytes()), asked(RequestForm::JsonRpc, Some("1")));
    }

    #[test]
    fn what_the_body_is_outweighs_what_it_is_called() {
        assert_eq!(caller_of("", FORM, r#" {"caller":"380"}"#).as_deref(), Some("380"));
        assert_eq!(caller_of("", "text/plain; charset=utf-8", "\u{feff}{\"caller\":\"380\"}").as_deref(), Some("380"));
        assert_eq!(caller_of("", "", "caller=380").as_deref(), Some("380"));
        assert_eq!(caller_of("", "Application/JSON; charset=utf-8", r#"{"caller":"380"}"#).as_deref(), Some("380"));
        assert_eq!(malformed("", JSON, b"caller=380").form, RequestForm::Json);
        assert_eq!(malformed("", "application/vnd.api+json", b"\"380\"").form, RequestForm::Json);
    }

    #[test]
    fn usual_names_are_tried_in_order_and_empty_ones_passed_over() {
        let rows = [
            (r#"{"phone":"1","caller_number":"2","E164":"3"}"#, "2"),
            (r#"{"caller":null,"caller_number":"","callers_number":"  ","userfield":"4","phone":"5"}"#, "4"),
            (r#"{"CALLER":"6"}"#, "6"),
            (r#"{"uniqueid":"u","additional_call_data":{"userfield":"7","dst":"8"}}"#, "7"),
            (r#"{"additional_call_data":{"caller":"9"},"phone":"10"}"#, "10"),
            (r#"{"a":{"b":{"c":{"caller":"11"}}}}"#, "11"),
            (r#"{"caller":{"number_e164":"12"}}"#, "12"),
            (r#"{"caller":true,"phone":"13"}"#, "13"),
            (r#"{"caller":"14","caller":"15"}"#, "14"),
            (r#"{"caller":"","caller":"16"}"#, "16"),
            (r#"{"params":{"caller":"17"}}"#, "17"),
            (r#"{"list":[{"caller":"18"}],"client_mob":"19"}"#, "19"),
            (r#"{"calle\u0072":"20"}"#, "20"),
            (r#"{"caller":3.80442001001e11}"#, "380442001001"),
            (r#"{"caller":380442001001.0,"phone":"1"}"#, "380442001001"),
            (r#"{"caller":380442001001.5,"phone":"21"}"#, "21"),
            (r#"{"caller":-1}"#, "-1"),
        ];
        for (body, expected) in rows {
            assert_eq!(caller_of("", JSON, body).as_deref(), Some(expected), "{body}");
        }
        assert_eq!(caller_of("caller=&caller=1&caller=2&phone=3", "", "").as_deref(), Some("1"));
        assert_eq!(caller_of("phone=3&caller_id=4", "", "").as_deref(), Some("4"));
    }

    #[test]
    fn the_query_comes_first_and_an_outright_name_before_everything() {
        assert_eq!(caller_of("phone=1", FORM, "caller=2").as_deref(), Some("1"));
        assert_eq!(caller_of("phone=", FORM, "caller=2").as_deref(), Some("2"));
        let names = FieldNames { caller: Some("who".into()), call_id: Some("which".into()) };
        let read = |query, body: &str| ask(&names, query, JSON, body.as_bytes()).map(|asked| (asked.1, asked.2));
        let both = Ok((Some("1".to_owned()), Some("2".to_owned())));
        assert_eq!(read("caller=8&call_id=9", r#"{"deep":{"who":"1","which":2}}"#), both);
        assert_eq!(read("caller=1", r#"{"who":"","call_id":"2"}"#), both);
        assert_eq!(read("", r#"{"WHO":"8","caller":"1","id":"2"}"#), both);
    }

    #[test]
    fn a_number_with_a_fraction_is_a_call_id_and_no_caller() {
        let asked = ask(&FieldNames::default(), "", JSON, br#"{"caller":38044.5,"uniqueid":1731315881.10}"#);
        assert_eq!(asked, Ok((RequestForm::Json, None, Some("1731315881.10".to_owned()), None)));
        let names = FieldNames { caller: Some("x".into()), call_id: Some("x".into()) };
        let asked = ask(&names, "", JSON, br#"{"x":5.0}"#).map(|asked| (asked.1, asked.2));
        assert_eq!(asked, Ok((Some("5".to_owned()), Some("5.0".to_owned()))));
    }

    #[test]
    fn one_parameter_may_be_both_caller_and_call_id() {
        let names = FieldNames { caller: Some("x".into()), call_id: Some("x".into()) };
        let asked = ask(&names, "x=5", "", b"").expect("a question");
        assert_eq!((asked.1.as_deref(), asked.2.as_deref()), (Some("5"), Some("5")));
    }

    #[test]
    fn a_json_rpc_id_is_no_call_id_and_a_plain_objects_is() {
        let names = FieldNames::default();
        let call = br#"{"jsonrpc":"2.0","method":"m","id":5,"caller":"1","params":{"phone":"2"}}"#;
        let asked = ask(&names, "", JSON, call).expect("a call");
        assert_eq!(asked, (RequestForm::JsonRpc, Some("2".to_owned()), None, Some("5".to_owned())));
        let call = br#"{"jsonrpc":"2.0","method":"m","params":{"id":"a","method":1,"params":[2],"phone":"2"},"id":5}"#;
        let asked = ask(&names, "", JSON, call).expect("a call");
        let (phone, id) = (Some("2".to_owned()), Some("a".to_owned()));
        assert_eq!(asked, (RequestForm::JsonRpc, phone, id, Some("5".to_owned())));
        let plain = ask(&names, "", JSON, br#"{"id":5,"phone":"2"}"#).expect("an object");
        assert_eq!(plain, (RequestForm::Json, Some("2".to_owned()), Some("5".to_owned()), None));
    }

    #[test]
    fn a_plus_survives_whatever_it_went_through() {
        for (query, typed, body) in [
            ("caller=+380671112233", "", ""),
            ("caller=%2B380671112233", "", ""),
            ("caller=%2b380671112233", FORM, ""),
            ("", FORM, "caller=+380671112233"),
            ("", JSON, r#"{"caller":"+380671112233"}"#),
            ("", JSON, r#"{"caller":"%2B380671112233"}"#),
            ("", JSON, r#"{"caller":"\u002B380671112233"}"#),
        ] {
            assert_eq!(caller_of(query, typed, body).as_deref(), Some("+380671112233"), "{query} {body}");
        }
        assert_eq!(caller_of("caller=+38+067+111", "", "").as_deref(), Some("+38 067 111"));
        assert_eq!(caller_of("caller=++380", "", "").as_deref(), Some("  380"));
        assert_eq!(caller_of("caller=%20380", "", "").as_deref(), Some(" 380"));
    }

    #[test]
    fn json_values_are_unescaped_once_more_where_they_are_escaped() {
        let id = |body: &str| ask(&FieldNames::default(), "", JSON, body.as_bytes()).expect(body).2;
        assert_eq!(id(r#"{"call_id":"webhookNumber%3A120"}"#).as_deref(), Some("webhookNumber:120"));
        assert_eq!(id(r#"{"call_id":"a%252Bb"}"#).as_deref(), Some("a%2Bb"));
        assert_eq!(id(r#"{"call_id":"100% a+b"}"#).as_deref(), Some("100% a+b"));
        assert_eq!(id(r#"{"call_id":"%FF"}"#).as_deref(), Some("%FF"));
    }

    #[test]
    fn nothing_at_all_is_a_question_without_a_number() {
        for (query, typed, body) in [
            ("", "", ""),
            ("token=t", FORM, " \r\n"),
            ("&&=&", JSON, ""),
            ("", JSON, "{}"),
            ("", JSON, r#"{"jsonrpc":"2.0","method":"m","id":1}"#),
            ("", "text/plain", "hello"),
        ] {
            assert_eq!(caller_of(query, typed, body), None, "{query} {body}");
        }
    }

    #[test]
    fn broken_escapes_are_malformed_also_where_nobody_looks() {
        for query in ["caller=%zz", "caller=%2", "caller=%", "utm=100%&caller=380", "%=1", "a=%+1"] {
            assert_eq!(malformed(query, "", b"").form, RequestForm::Query, "{query}");
            assert_eq!(malformed("", FORM, query.as_bytes()).form, RequestForm::Form, "{query}");
        }
        assert_eq!(malformed("caller=%FF", "", b"").form, RequestForm::Query);
        assert_eq!(malformed("", FORM, b"caller=\xff").form, RequestForm::Form);
        assert_eq!(caller_of("utm=%CF%F0&caller=380", "", "").as_deref(), Some("380"));
    }

    #[test]
    fn a_body_of_the_wrong_type_is_malformed() {
        for body in [
            "[1,2,3]",
            "[]",
            r#"[{"jsonrpc":"2.0","method":"m","params":{}}]"#,
            "{",
            r#"{"caller":"380""#,
            r#"{"caller":"380"} x"#,
            r#"{"caller":"\ud800"}"#,
            r#"{"caller":'380'}"#,
            r#"{"a":1e999}"#,
            "{\"caller\":\"\u{0}\"}",
        ] {
            assert_eq!(malformed("caller=380", JSON, body.as_bytes()).form, RequestForm::Json, "{body}");
        }
        for body in ["\"380671112233\"", "380671112233", "true", "null"] {
            let found = malformed("", JSON, body.as_bytes());
            assert!(!found.reason.contains("380"), "{}", found.reason);
        }
        malformed("", JSON, b"{\"caller\":\"\xff\"}");
        malformed("", "multipart/form-data; boundary=x", b"--x\r\n");
    }

    #[test]
    fn a_json_rpc_call_of_an_unknown_shape_is_malformed() {
        for body in [
            r#"{"jsonrpc":"1.0","method":"m","params":{}}"#,
            r#"{"jsonrpc":2.0,"method":"m","params":{}}"#,
            r#"{"jsonrpc":"2.0","params":{}}"#,
            r#"{"jsonrpc":"2.0","method":1,"params":{}}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":"380"}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":null}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":[]}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":["380"]}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":[{},{}]}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":{},"id":{}}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":{},"id":[1]}"#,
            r#"{"jsonrpc":"2.0","method":"m","params":{},"id":true}"#,
        ] {
            assert_eq!(malformed("", JSON, body.as_bytes()).form, RequestForm::JsonRpc, "{body}");
        }
        let long = format!(r#"{{"jsonrpc":"2.0","method":"m","params":{{}},"id":"{}"}}"#, "x".repeat(256));
        assert_eq!(malformed("", JSON, long.as_bytes()).form, RequestForm::JsonRpc);
    }

    #[test]
    fn depth_and_width_are_limited() {
        let nested = |levels: usize, open: &str, close: &str| {
            format!(r#"{{"a":{}1{}}}"#, open.repeat(levels - 1), close.repeat(levels - 1))
        };
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"caller":"#, "}"), (r#"{"params":"#, "}")] {
            let reached = ask(&FieldNames::default(), "", JSON, nested(16, open, close).as_bytes());
            assert!(reached.is_ok(), "{open} {reached:?}");
            for levels in [17, 20_000] {
                let reason = malformed("", JSON, nested(levels, open, close).as_bytes()).reason;
                assert!(reason.contains("levels"), "{open} {levels}: {reason}");
            }
        }
        let params = format!(r#"{{"jsonrpc":"2.0","method":"m","params":[{}]}}"#, nested(16, "[", "]"));
        assert!(malformed("", JSON, params.as_bytes()).reason.contains("levels"));
        let wide = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(10_000));
        assert!(malformed("", JSON, wide.as_bytes()).reason.contains("10000"));
        assert!(malformed(&"a&".repeat(1_001), "", b"").reason.contains("1000"));
    }

    #[test]
    fn a_get_without_escapes_borrows_everything() {
        let body = Bytes::new();
        let query = "token=t&call_id=ua0_-1731315881.12669683&caller=+380671112233";
        let incoming = Incoming { query: Some(query), content_type: None, body: &body };
        let request = decode(&incoming, &FieldNames::default()).expect("a question");
        assert!(matches!((request.caller, request.call_id), (Some(Cow::Borrowed(_)), Some(Cow::Borrowed(_)))));
    }

    #[test]
    fn the_token_is_read_from_the_query() {
        assert_eq!(token_of_query("a=1&token=s%2B3+c&token=x").as_deref(), Some("s+3 c"));
        assert_eq!(token_of_query("token=&token=x").as_deref(), Some("x"));
        assert!(matches!(token_of_query("token=plain"), Some(Cow::Borrowed("plain"))));
        for none in ["", "token", "token=", "atoken=x", "token=%zz", "token=%FF"] {
            assert_eq!(token_of_query(none), None, "{none}");
        }
    }
}
