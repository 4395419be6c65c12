//! What the customer's modules are made of besides their fields: layouts and pipelines; and making fields.

use serde_json::{Value, json};

use super::{
    field::{Field, Type},
    meta::stage_value,
    module::{Module, ORG, PIPELINES, STAGES},
    reply::{Refusal, found},
    world::World,
};
use crate::kit::{Query, Reply, append, json_reply};

/// The layout of deals.
const LAYOUT: u64 = ORG + 6_799;
/// Fields that one request makes.
const MOST_MADE: usize = 5;
/// Fields of the customer's that a module may have.
const MOST_CUSTOM: usize = 300;

/// `GET /settings/layouts?module=`. One that nobody uses any more stands first, as the vendor shows those too.
pub(super) fn layouts(query: &Query<'_>) -> Result<Reply, Refusal> {
    let name = query.text("module").ok_or_else(|| Refusal::missing_parameter("module"))?;
    let module = Module::of(name).ok_or_else(Refusal::no_such_module)?;
    let layout = |id: u64, name: &str, status: &str| {
        json!({
            "id": (id + 10 * module as u64).to_string(), "name": name, "api_name": name, "display_label": name,
            "status": status, "visible": status == "active", "sections": [], "profiles": [], "mode": "view",
            "source": "crm", "generated_type": "default", "has_more_profiles": false,
        })
    };
    let layouts = [layout(LAYOUT + 1, "Old", "inactive"), layout(LAYOUT, "Standard", "active")];
    let mut out = Vec::new();
    append(&mut out, &json!({ "layouts": layouts }));
    Ok(found(out))
}

/// `GET /settings/pipeline?layout_id=`. The default one stands last.
pub(super) fn pipelines(query: &Query<'_>) -> Result<Reply, Refusal> {
    let id = query.text("layout_id").ok_or_else(|| Refusal::missing_parameter("layout_id"))?;
    if id != (LAYOUT + 10 * Module::Deals as u64).to_string() {
        return Err(Refusal::wrong_parameter("layout_id"));
    }
    let shown: Vec<Value> = (PIPELINES.iter().enumerate().rev())
        .map(|(at, (name, stages))| {
            let maps: Vec<Value> = stages.iter().enumerate().map(|(place, &stage)| map(place, stage)).collect();
            json!({
                "id": (LAYOUT + 100 + at as u64).to_string(), "display_value": name, "default": at == 0,
                "actual_value": format!("pipeline_{at}"), "maps": maps, "child_available": false,
            })
        })
        .collect();
    let mut out = Vec::new();
    append(&mut out, &json!({ "pipeline": shown }));
    Ok(found(out))
}

fn map(place: usize, at: usize) -> Value {
    let stage = stage_value(at, STAGES[at]);
    json!({
        "display_value": stage["display_value"], "actual_value": stage["actual_value"], "id": stage["id"],
        "forecast_type": stage["forecast_type"], "forecast_category": stage["forecast_category"],
        "sequence_number": place + 1, "colour_code": "#ffffff",
    })
}

/// `POST /settings/fields?module=`. A field's name in the API is made of its label.
pub(super) fn make_fields(world: &mut World, query: &Query<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    let name = query.text("module").ok_or_else(|| Refusal::missing_parameter("module"))?;
    let module = Module::of(name).ok_or_else(Refusal::no_such_module)?;
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::invalid("body", "jsonobject"))?;
    let wanted = body["fields"].as_array().ok_or_else(|| Refusal::mandatory("fields"))?;
    if wanted.is_empty() || wanted.len() > MOST_MADE {
        return Err(Refusal::limit("fields", MOST_MADE));
    }
    let rows: Result<Vec<Value>, Refusal> = wanted.iter().map(|field| make(world, module, field)).collect();
    Ok(json_reply(hyper::StatusCode::CREATED, json!({ "fields": rows? }).to_string()))
}

fn make(world: &mut World, module: Module, wanted: &Value) -> Result<Value, Refusal> {
    let label = wanted["field_label"].as_str().map(str::trim).filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| Refusal::mandatory("field_label"))?;
    let holds = wanted["data_type"].as_str().ok_or_else(|| Refusal::mandatory("data_type"))?;
    let holds = Type::of(holds).ok_or_else(|| Refusal::invalid("data_type", "text"))?;
    let plain = |sign: char| sign.is_ascii_alphanumeric() || sign == ' ';
    if label.chars().count() > 50 || !label.chars().all(plain) || label.starts_with(|sign: char| sign.is_ascii_digit())
    {
        return Err(Refusal::invalid("field_label", "text"));
    }
    let name = label.replace(' ', "_");
    if world.field(module, &name).is_some() {
        return Err(Refusal::duplicate("field_label", LAYOUT));
    }
    if world.fields(module).iter().filter(|field| field.custom).count() >= MOST_CUSTOM {
        return Err(Refusal::limit("fields", MOST_CUSTOM));
    }
    let unique = wanted["unique"].is_object();
    if unique && holds != Type::Text {
        return Err(Refusal::invalid("unique", "text"));
    }
    let length = wanted["length"].as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or(holds.longest());
    if length == 0 || length > holds.longest() {
        return Err(Refusal::too_long("length", holds.longest()));
    }
    // Kept for good: fields are few, and everything here knows them by a name that lives as long as the program.
    let name: &'static str = Box::leak(name.into_boxed_str());
    world.made.push((module, Field { name, holds, custom: true, unique, length }));
    let id = ORG + 9_000 + world.made.len() as u64;
    Ok(json!({"code": "SUCCESS", "details": {"id": id.to_string()}, "message": "field created", "status": "success"}))
}
