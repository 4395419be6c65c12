//! What the vendor says of its fields and users.

use serde_json::{Value, json};

use super::{
    field::{Field, Type, choices},
    module::{Module, STAGES, Stage},
    record::User,
    reply::{Refusal, found, nothing},
    world::World,
};
use crate::kit::{Query, Reply, append};

/// `GET /settings/fields?module=`
pub(super) fn fields(world: &World, query: &Query<'_>) -> Result<Reply, Refusal> {
    let name = query.text("module").ok_or_else(|| Refusal::missing_parameter("module"))?;
    let module = Module::of(name).ok_or_else(Refusal::no_such_module)?;
    let unused = match query.text("type") {
        None | Some("used") => false,
        Some("all") => true,
        Some("unused") => return Ok(nothing()),
        Some(_) => return Err(Refusal::wrong_parameter("type")),
    };
    let shown: Vec<Value> = (world.fields(module).into_iter().enumerate())
        .map(|(at, field)| described(module, field, at))
        .filter(|field| unused || field["type"] == "used")
        .collect();
    let mut out = Vec::new();
    append(&mut out, &json!({"fields": shown}));
    Ok(found(out))
}

fn described(module: Module, field: Field, at: usize) -> Value {
    let values: Vec<Value> = match field.name {
        "Stage" => STAGES.iter().enumerate().map(|(at, stage)| stage_value(at, *stage)).collect(),
        name => choices(name).iter().enumerate().map(|(at, word)| choice(at, word)).collect(),
    };
    let unique = if field.unique { json!({"casesensitive": "false"}) } else { json!({}) };
    let id = (super::module::ORG + 2_000 + 100 * module as u64 + at as u64).to_string();
    json!({
        "id": id, "api_name": field.name, "data_type": field.holds.word(), "custom_field": field.custom,
        "type": "used", "visible": true, "pick_list_values": values, "json_type": "string", "searchable": true,
        "operation_type": {"web_update": true, "api_create": true, "web_create": true, "api_update": true},
        "system_mandatory": field.name == module.name_field(), "field_read_only": field.holds == Type::Bigint,
        "field_label": field.name, "display_label": field.name, "length": field.length, "read_only": false,
        "unique": unique,
        "view_type": {"view": true, "edit": true, "quick_create": false, "create": true},
    })
}

fn choice(at: usize, word: &str) -> Value {
    let id = (super::module::ORG + 6_901 + at as u64).to_string();
    json!({
        "id": id, "display_value": word, "actual_value": word, "reference_value": word, "type": "used",
        "colour_code": null, "sequence_number": at + 1,
    })
}

pub(super) fn stage_value(at: usize, stage: Stage) -> Value {
    json!({
        "id": (super::module::ORG + 6_801 + 2 * at as u64).to_string(), "display_value": stage.shown,
        "actual_value": stage.stored, "reference_value": stage.stored, "type": "used", "colour_code": null,
        "sequence_number": at + 1, "probability": 10, "forecast_type": stage.forecast,
        "forecast_category": {"name": stage.category, "id": (super::module::ORG + 6_787).to_string()},
    })
}

const MOST: u64 = 200;

/// `GET /users?type=`
pub(super) fn users(world: &World, query: &Query<'_>) -> Result<Reply, Refusal> {
    let wanted: fn(&User) -> bool = match query.text("type") {
        Some("ActiveUsers" | "ActiveConfirmedUsers") => |user| user.active,
        Some("DeactiveUsers") => |user| !user.active,
        // A guess: without a type everybody is shown who ever was.
        None | Some("AllUsers" | "ConfirmedUsers") => |_| true,
        Some(_) => return Err(Refusal::pattern("type")),
    };
    let per_page = query.number("per_page").map_err(|_| Refusal::wrong_parameter("per_page"))?.unwrap_or(MOST);
    if per_page == 0 || per_page > MOST {
        return Err(Refusal::wrong_parameter("per_page"));
    }
    let page = query.number("page")?.unwrap_or(1).max(1);
    let (from, size) =
        (usize::try_from((page - 1) * per_page).unwrap_or(usize::MAX), usize::try_from(per_page).unwrap_or(0));
    let all: Vec<&User> = world.users.iter().filter(|user| wanted(user)).collect();
    let shown: Vec<Value> = all.iter().skip(from).take(size).map(|user| user_value(user)).collect();
    if shown.is_empty() {
        return Ok(nothing());
    }
    let info =
        json!({"per_page": per_page, "count": shown.len(), "page": page, "more_records": all.len() > from + size});
    let mut out = Vec::new();
    append(&mut out, &json!({"users": shown, "info": info}));
    Ok(found(out))
}

fn user_value(user: &User) -> Value {
    json!({
        "id": user.id.to_string(), "zuid": (user.id % 1_000_000).to_string(), "full_name": user.name,
        "last_name": user.name, "first_name": "", "email": user.email, "phone": user.phone, "mobile": null,
        "status": if user.active { "active" } else { "disabled" }, "confirm": true, "language": "en_US",
        "role": {"name": "Manager", "id": (super::module::ORG + 26).to_string()},
        "profile": {"name": "Standard", "id": (super::module::ORG + 27).to_string()},
    })
}
