//! Which properties a refusal is about, and what may be left out for it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::crm::hubspot::{
    path,
    wire::{Answer, Refusal},
};
use crate::outbound::Reply;

/// How often one thing is sent with something left out. The vendor names everything that is wrong at once; a rule of the
/// account's own may come up behind it.
pub(super) const MOST_LEFT_OUT: usize = 3;

/// One of the vendor's words on what it did not take.
#[derive(Debug, Deserialize)]
struct Wrong {
    name: Option<String>,
}

/// The properties whose values the vendor did not take, by name; none where it says nothing of any.
///
/// # Shape
/// A refusal's message ends in a JSON list of `{isValid, message, error, name}`; its `errors`, where there are any, say
/// `propertyName` in their context. A batch answers 207 with the same words for a row.
///
/// # Source
/// The vendor's change log (property validation rules, values that are no text) and users of the live API for the list;
/// its description of errors for the context.
pub(super) fn wrong(reply: &Reply) -> BTreeSet<String> {
    match reply.status {
        400 => named(&serde_json::from_slice(&reply.body).unwrap_or_default()),
        207 => {
            let rows = serde_json::from_slice::<Answer<Value>>(&reply.body).map(|answer| answer.errors);
            rows.unwrap_or_default().iter().flat_map(|row| listed(row.message.as_deref())).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn named(refusal: &Refusal) -> BTreeSet<String> {
    let told = refusal.errors.iter().flat_map(|error| error.context.property_names.iter().cloned());
    told.chain(listed(refusal.message.as_deref())).collect()
}

/// The names of the list inside a message.
fn listed(message: Option<&str>) -> Vec<String> {
    let list = message.and_then(|message| message.find("[{").map(|at| &message[at..]));
    let list = list.and_then(|list| serde_json::Deserializer::from_str(list).into_iter::<Vec<Wrong>>().next());
    list.and_then(Result::ok).unwrap_or_default().into_iter().filter_map(|wrong| wrong.name).collect()
}

/// Those that may be left out so that the rest is written: all of them are what a form says, or the client's e-mail.
/// `None` where the vendor names none, or one of ours: then nothing helps but putting that right.
pub(super) fn spared(named: BTreeSet<String>, forms: impl Fn(&str) -> bool) -> Option<BTreeSet<String>> {
    let all = !named.is_empty() && named.iter().all(|name| name == path::EMAIL || forms(name));
    all.then_some(named)
}

/// Says in the log what is left out, without its value.
pub(super) fn tell(object: &str, names: &BTreeSet<String>) {
    for name in names {
        tracing::warn!(object, property = name, "the CRM does not take a form's value: it is left out");
    }
}

#[cfg(test)]
mod tests {
    use super::{spared, wrong};
    use crate::outbound::Reply;

    const LIST: &str = r#"Property values were not valid: [{\"isValid\":false,\"message\":\"many [{ was not a valid number.\",
        \"error\":\"INVALID_NUMBER\",\"name\":\"rooms\",\"portalId\":1},{\"isValid\":false,\"name\":\"email\"}]"#;

    fn names(status: u16, body: &str) -> Vec<String> {
        wrong(&Reply { status, headers: Vec::new(), body: body.to_owned().into() }).into_iter().collect()
    }

    #[test]
    fn a_refusal_names_its_properties_in_its_message_or_in_its_errors_and_a_batch_in_its_row() {
        let list = LIST.replace('\n', "");
        assert_eq!(names(400, &format!(r#"{{"category":"VALIDATION_ERROR","message":"{list}"}}"#)), ["email", "rooms"]);
        let context = r#"{"message":"no","errors":[{"message":"no","context":{"propertyName":["closedate"]}},
            {"context":{"propertyName":"amount"}},{"context":null},{"message":"what"}]}"#;
        assert_eq!(names(400, context), ["amount", "closedate"]);
        let row = format!(r#"{{"results":[],"errors":[{{"category":"VALIDATION_ERROR","message":"{list}"}}]}}"#);
        assert_eq!(names(207, &row), ["email", "rooms"]);
    }

    #[test]
    fn other_refusals_and_broken_ones_name_nothing() {
        let list = LIST.replace('\n', "");
        assert_eq!(names(409, &format!(r#"{{"message":"{list}"}}"#)), [""; 0]);
        for body in ["", "<html>", "{}", r#"{"message":"Required: dealname"}"#, r#"{"message":"x: [{\"name\":"}"#] {
            assert_eq!(names(400, body), [""; 0], "{body}");
        }
    }

    #[test]
    fn nothing_is_left_out_where_one_of_ours_is_wrong_too() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let forms = |name: &str| name == "rooms";
        assert_eq!(spared(names(&["rooms", "email"]), forms), Some(names(&["rooms", "email"])));
        assert_eq!(spared(names(&["rooms", "hubspot_owner_id"]), forms), None);
        assert_eq!(spared(names(&[]), forms), None);
    }
}
