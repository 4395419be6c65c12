//! What registers a webhook, and what is listed of it, against the closed lists: the Common Data Model has none of these
//! tables.

use std::collections::BTreeSet;

use sandbox::kit::{Bodies, BodyOf};
use sandbox::smart_crm::{Account as StandIn, Asked};

use super::{account::Account, hooks::target};

const SETS: [&str; 3] = ["serviceendpoints", "sdkmessagefilters", "sdkmessageprocessingsteps"];

pub(super) fn is_of_webhooks(set: &str) -> bool {
    SETS.contains(&set)
}

/// What is wrong with a request for one of these tables, or with what came of it.
pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    let Some(set) = asked.path.rsplit('/').find(|part| SETS.iter().any(|set| part.starts_with(set))) else {
        return Ok(());
    };
    let bodies = Bodies::of::<StandIn>().expect("lists");
    let status = asked.status.unwrap_or_default();
    if let Some(body) = &asked.body {
        bodies.judge(BodyOf::Request, status, &asked.path, body)?;
    }
    let reply = asked.reply.as_deref().filter(|reply| status == 200 && !reply.is_empty());
    if let Some(reply) = reply {
        bodies.judge(BodyOf::Reply, status, &asked.path, reply)?;
    }
    let listed = |body: &&sandbox::kit::Body| body.of == BodyOf::Reply && asked.path.starts_with(&body.path);
    let columns: BTreeSet<String> = bodies.body.iter().find(listed).map(sandbox::kit::Body::names).unwrap_or_default();
    for name in named(&asked.query)? {
        if !columns.contains(&format!("value.{name}")) {
            return Err(format!("{set} have no column {name}"));
        }
    }
    Ok(())
}

/// The columns that a query selects, expands or compares.
fn named(query: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (option, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*option {
            "$select" => names.extend(value.split(',').map(str::to_owned)),
            "$filter" => {
                names.extend(value.split(" or ").filter_map(|part| Some(part.split_once(" eq ")?.0.to_owned())));
            }
            "$expand" => {
                let (column, inner) = value.split_once("($select=").ok_or_else(|| format!("{value}: no columns"))?;
                names.extend(inner.trim_end_matches(')').split(',').map(|name| format!("{column}.{name}")));
                names.push(column.to_owned());
            }
            other => return Err(format!("{other} is no query option")),
        }
    }
    Ok(names)
}

#[tokio::test]
async fn a_misspelt_registration_is_caught_on_both_sides() {
    let account = Account::small().await;
    let door = "http://127.0.0.1:9/acme/crm-changes".parse().expect("a URL");
    account.hooks(target(door)).keep().await.expect("kept");
    let asked = account.sandbox.asked();
    let of = |method: &str, end: &str| {
        let found = asked.iter().find(|asked| asked.method == method && asked.path.ends_with(end));
        found.unwrap_or_else(|| panic!("expected {method} {end}")).clone()
    };
    let replaced = |text: &Option<String>, from: &str, to: &str| text.as_ref().map(|text| text.replace(from, to));
    let (endpoint, step) = (of("POST", "/serviceendpoints"), of("POST", "/sdkmessageprocessingsteps"));
    let (endpoints, filters) = (of("GET", "/serviceendpoints"), of("GET", "/sdkmessagefilters"));
    let steps = of("GET", "/serviceendpoint_sdkmessageprocessingstep");
    for right in [&endpoint, &step, &endpoints, &filters, &steps] {
        assert_eq!(judge(right), Ok(()));
    }
    for wrong in [
        Asked { body: replaced(&endpoint.body, "authvalue", "authkey"), ..endpoint.clone() },
        Asked { body: replaced(&endpoint.body, "contract", "contracttype"), ..endpoint },
        Asked { body: replaced(&step.body, "sdkmessageid@", "SdkMessageId@"), ..step.clone() },
        Asked { body: replaced(&step.body, "asyncautodelete", "autodelete"), ..step },
        Asked { query: endpoints.query.replace("authtype", "auth"), ..endpoints.clone() },
        Asked { query: endpoints.query.replace("contract", "contracts"), ..endpoints },
        Asked { query: filters.query.replace("primaryobjecttypecode", "primaryobject"), ..filters.clone() },
        Asked { query: filters.query.replace("%24expand", "%24expands"), ..filters.clone() },
        Asked { reply: replaced(&filters.reply, "primaryobjecttypecode", "table"), ..filters },
        Asked { reply: replaced(&steps.reply, "\"value\"", "\"values\""), ..steps },
    ] {
        assert!(judge(&wrong).is_err(), "{wrong:?}");
    }
}
