//! The telephone system's bytes by chance: whatever comes in, what goes out is one of the contract's answers.

use bytes::Bytes;
use predial::telephony::ringostat::{AnswerShape, Rendered, decode, token_of_query};
use predial::telephony::{AnswerForm, FieldNames, Incoming, RequestForm};
use proptest::prelude::*;
use serde_json::Value;

/// What a test sends.
#[derive(Debug, Clone)]
struct Sent {
    query: String,
    content_type: &'static str,
    body: String,
}

/// Escapes every byte but letters and digits, as no library of ours does.
fn percent(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02x}"),
    };
    text.bytes().map(escape).collect()
}

/// A JSON string of escapes alone.
fn quoted(text: &str) -> String {
    let escapes: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    format!("\"{escapes}\"")
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn sent(form: RequestForm, pairs: &[(String, String)], rpc: &Rpc) -> Sent {
    let urlencoded: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    let urlencoded = urlencoded.join("&");
    // Ringostat escapes values within JSON once more, blanks as %20.
    let twice = |value: &str| quoted(&percent(value).replace('+', "%20"));
    let members: Vec<_> = pairs.iter().map(|(name, value)| (name.clone(), twice(value))).collect();
    let (query, content_type, body) = match form {
        RequestForm::Query => (urlencoded, "", String::new()),
        RequestForm::Form => (String::new(), "application/x-www-form-urlencoded", urlencoded),
        RequestForm::Json => (String::new(), "application/json", object(&members)),
        RequestForm::JsonRpc => (String::new(), "application/json; charset=utf-8", rpc.call(&object(&members))),
    };
    Sent { query, content_type, body }
}

/// How a JSON-RPC call is put together.
#[derive(Debug, Clone)]
struct Rpc {
    in_array: bool,
    id: Option<String>,
    id_first: bool,
}

impl Rpc {
    fn call(&self, params: &str) -> String {
        let params = if self.in_array { format!("[ {params} ]") } else { params.to_owned() };
        let id = self.id.as_ref().map(|id| format!("\"id\" : {id} ,")).unwrap_or_default();
        let (before, after) = if self.id_first { (id.as_str(), "") } else { ("", id.as_str()) };
        format!(r#" {{{before}"params":{params},{after} "jsonrpc":"2.0","method":"route"}} "#)
    }
}

fn rpc() -> impl Strategy<Value = Rpc> {
    let id = prop_oneof![
        any::<i64>().prop_map(|id| id.to_string()),
        "[a-zA-Z0-9 _.-]{0,40}".prop_map(|id| format!("\"{id}\"")),
        Just("null".to_owned()),
        Just("1.50e+3".to_owned()),
        ".{0,20}".prop_map(|id| quoted(&id)),
    ];
    (any::<bool>(), prop::option::of(id), any::<bool>()).prop_map(|(in_array, id, id_first)| Rpc {
        in_array,
        id,
        id_first,
    })
}

fn form() -> impl Strategy<Value = RequestForm> {
    prop::sample::select(vec![RequestForm::Query, RequestForm::Form, RequestForm::Json, RequestForm::JsonRpc])
}

fn shape() -> impl Strategy<Value = AnswerShape> {
    (
        prop::sample::select(AnswerForm::ALL.to_vec()),
        ".{1,20}",
        any::<bool>(),
        prop::sample::select(vec![200, 204, 404]),
        prop::option::of("[0-9]{6}|[a-z_]{3,20}"),
    )
        .prop_map(|(form, field, result_string, miss_status, miss_destination)| AnswerShape {
            form,
            field: field.into(),
            result_string,
            miss_status,
            miss_destination: miss_destination.map(Into::into),
        })
}

/// Whether `answer` carries `destination` exactly as the contract says.
fn carries(shape: &AnswerShape, answer: &Rendered, id: Option<&str>, destination: &str) -> Result<(), TestCaseError> {
    let id_bytes = id.map(|id| Bytes::copy_from_slice(id.as_bytes()));
    let body = answer.body(id_bytes.as_ref());
    prop_assert_eq!(body.len(), answer.body_len(id_bytes.as_ref()));
    prop_assert_eq!(answer.after.is_some(), shape.form == AnswerForm::JsonRpc);
    let field = &*shape.field;
    match shape.form {
        AnswerForm::Plain => {
            prop_assert_eq!(answer.content_type, "text/plain");
            prop_assert_eq!(&body[..], destination.as_bytes());
        }
        AnswerForm::Json => {
            prop_assert_eq!(answer.content_type, "application/json");
            let found: Value = serde_json::from_slice(&body).expect("JSON");
            prop_assert_eq!(found, serde_json::json!({ field: destination }));
        }
        AnswerForm::JsonRpc => {
            prop_assert_eq!(answer.content_type, "application/json");
            let found: Value = serde_json::from_slice(&body).expect("JSON");
            let id: Value = serde_json::from_str(id.unwrap_or("null")).expect("a JSON id");
            let result =
                if shape.result_string { destination.into() } else { serde_json::json!({ field: destination }) };
            prop_assert_eq!(found, serde_json::json!({ "jsonrpc": "2.0", "result": result, "id": id }));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_form_gives_back_what_was_asked(
        form in form(),
        caller in r"\PC{0,30}[0-9a-z]",
        call_id in prop::option::of("[ -~]{0,30}[a-z]"),
        noise in prop::collection::vec(("[g-z]{6,12}", r"\PC{0,12}"), 0..6),
        rpc in rpc(),
    ) {
        let mut pairs: Vec<_> = noise;
        pairs.insert(pairs.len() / 2, ("callers_number".to_owned(), caller.clone()));
        pairs.extend(call_id.iter().map(|id| ("uniqueid".to_owned(), id.clone())));
        let Sent { query, content_type, body } = sent(form, &pairs, &rpc);
        let body = Bytes::from(body);
        let incoming = Incoming { query: Some(&query), content_type: Some(content_type), body: &body };
        let request = decode(&incoming, &FieldNames::default()).expect("a question");
        prop_assert_eq!(request.form, form);
        prop_assert_eq!(request.caller.as_deref(), Some(caller.as_str()));
        prop_assert_eq!(request.call_id.as_deref(), call_id.as_deref());
        let id = if form == RequestForm::JsonRpc { rpc.id } else { None };
        prop_assert_eq!(request.rpc_id.as_deref(), id.as_ref().map(String::as_bytes));
    }

    #[test]
    fn an_outright_name_is_found_at_any_depth(
        levels in prop::collection::vec("[g-z]{1,8}", 0..14),
        name in "[A-Z][a-z]{2,10}!",
        form in prop::sample::select(vec![RequestForm::Json, RequestForm::JsonRpc]),
    ) {
        let names = FieldNames { caller: Some(name.as_str().into()), call_id: None };
        let inner = object(&[("caller".to_owned(), "\"9\"".to_owned()), (name, "380671112233".to_owned())]);
        let nested = levels.iter().fold(inner, |inner, level| object(&[(level.clone(), inner)]));
        let rpc = Rpc { in_array: false, id: None, id_first: false };
        let body = Bytes::from(if form == RequestForm::JsonRpc { rpc.call(&nested) } else { nested });
        let request = decode(&Incoming { query: None, content_type: None, body: &body }, &names).expect("a question");
        prop_assert_eq!((request.form, request.caller.as_deref()), (form, Some("380671112233")));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(
        query in prop::option::of(".{0,80}"),
        content_type in prop::option::of(prop::sample::select(vec!["application/json", "text/plain", "multipart/x", "é/json"])),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let body = Bytes::from(body);
        let incoming = Incoming { query: query.as_deref(), content_type, body: &body };
        if let Err(malformed) = decode(&incoming, &FieldNames::default()) {
            prop_assert!((10..200).contains(&malformed.reason.len()), "{}", malformed.reason);
            prop_assert!(!malformed.reason.chars().any(char::is_control), "{:?}", malformed.reason);
        }
        let _ = query.as_deref().map(token_of_query);
    }

    #[test]
    fn nor_does_anything_that_looks_like_json(
        body in r#"[\[{]([{}\[\],:"0-9e.+-]|"(id|caller|params|jsonrpc|method)"|"2.0"|null|true|\\u00|\\){0,60}"#,
    ) {
        let body = Bytes::from(body);
        let incoming = Incoming { query: None, content_type: None, body: &body };
        if let Ok(request) = decode(&incoming, &FieldNames::default()) {
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok(), "accepted what is no JSON");
            prop_assert!(request.rpc_id.is_none_or(|id| serde_json::from_slice::<Value>(&id).is_ok()));
        }
    }

    #[test]
    fn every_answer_is_one_of_the_contracts(shape in shape(), login in "[a-z][ -~]{0,20}", rpc in rpc()) {
        let id = rpc.id.as_deref();
        let hit = shape.hit(&login);
        prop_assert_eq!(hit.status, 200);
        carries(&shape, &hit, id, login.trim())?;
        let miss = shape.miss();
        match &shape.miss_destination {
            Some(destination) => {
                prop_assert_eq!(miss.status, 200);
                carries(&shape, &miss, id, destination)?;
            }
            None if shape.miss_status == 204 => {
                prop_assert_eq!(miss, Rendered { status: 204, content_type: "", before: Bytes::new(), after: None });
            }
            None => {
                prop_assert_eq!(miss.status, shape.miss_status);
                carries(&shape, &miss, id, "")?;
            }
        }
    }

    #[test]
    fn every_refusal_is_one_of_the_contracts(
        shape in shape(),
        reason in r"\PC{1,40}",
        status in prop::sample::select(vec![400, 401, 404, 408, 413, 503]),
    ) {
        let answer = if status == 400 { shape.malformed(&reason) } else { shape.refused(status, &reason) };
        prop_assert_eq!((answer.status, &answer.after), (status, &None));
        let json = || serde_json::from_slice::<Value>(&answer.before).expect("JSON");
        match shape.form {
            AnswerForm::Plain => prop_assert_eq!(&answer.before[..], reason.as_bytes()),
            AnswerForm::Json => {
                let found = json();
                prop_assert_eq!(&found["error"]["message"], &Value::from(reason));
                prop_assert!(found["error"]["code"].is_string());
            }
            AnswerForm::JsonRpc => {
                let code = if status == 400 { -32_700 } else { -32_000 };
                let error = serde_json::json!({ "code": code, "message": reason });
                prop_assert_eq!(json(), serde_json::json!({ "jsonrpc": "2.0", "error": error, "id": null }));
            }
        }
    }

    #[test]
    fn a_number_is_dialled_as_its_digits(digits in "[1-9][0-9]{5,14}", between in "[ ()./-]{0,3}") {
        let spread: String = digits.chars().map(|digit| format!("{digit}{between}")).collect();
        let shape = AnswerShape {
            form: AnswerForm::Plain,
            field: "x".into(),
            result_string: false,
            miss_status: 200,
            miss_destination: None,
        };
        prop_assert_eq!(&shape.hit(&format!("+{spread}")).before[..], digits.as_bytes());
    }
}
