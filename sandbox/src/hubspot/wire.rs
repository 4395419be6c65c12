//! Records as the vendor writes them.

use serde_json::{Map, Value, json};

use super::{
    object::{Object, stages},
    property::{pipeline, time, value, word},
    world::{Owner, World},
};
use crate::kit::EntityKind;

/// When a batch was made: all of them at once.
pub(super) const AT: &str = "2026-01-10T08:45:56.000Z";

/// Which properties are written, and of which kinds the associations.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) properties: Vec<String>,
    pub(super) associations: Vec<EntityKind>,
    /// Whether a property that nobody asked for stands beside them, three million letters long.
    pub(super) notes: bool,
}

/// A record; what a property does not hold is null.
pub(super) fn object(object: &Object, wanted: &Wanted) -> Value {
    let mut properties = Map::new();
    for name in &wanted.properties {
        properties.insert(name.clone(), value(object, name).map_or(Value::Null, Value::from));
    }
    if wanted.notes {
        properties.insert("notes".to_owned(), Value::from("note ".repeat(600_000)));
    }
    let mut written = json!({
        "id": object.id.to_string(), "properties": properties, "createdAt": time(object.add_s),
        "updatedAt": time(object.update_s), "archived": object.archived,
    });
    if object.archived {
        written["archivedAt"] = json!(time(object.update_s));
    }
    written
}

/// What a record of a list is associated with. The main one stands there twice: as such, and without a label.
pub(super) fn linked(world: &World, object: &Object, to: EntityKind, most: usize) -> Option<Value> {
    let ids = world.associated(object.kind, object.id, to);
    if ids.is_empty() {
        return None;
    }
    let plain = format!("{}_to_{}", word(object.kind), word(to));
    let main = ids.first().filter(|_| to == EntityKind::Organization);
    let main = main.map(|id| json!({"id": id.to_string(), "type": plain}));
    let unlabeled = if to == EntityKind::Organization { format!("{plain}_unlabeled") } else { plain };
    let more = ids.len() > most;
    let others = ids.iter().rev().take(most).map(|id| json!({"id": id.to_string(), "type": unlabeled}));
    // The main one comes last here: nobody says that it comes first.
    let results: Vec<Value> = others.chain(main).collect();
    let mut written = json!({"results": results});
    if more {
        written["paging"] = json!({"next": {"after": most.to_string(), "link": "https://api.hubapi.com/"}});
    }
    Some(written)
}

/// The pipelines of a kind: one.
pub(super) fn pipelines(kind: EntityKind) -> Value {
    let of = stages(kind);
    let stage = |(at, (id, label, closed)): (usize, &(&str, &str, bool))| {
        let metadata = match kind {
            EntityKind::Deal => {
                let probability = if *id == "closedwon" {
                    "1.0"
                } else if *closed {
                    "0.0"
                } else {
                    "0.2"
                };
                json!({"isClosed": closed.to_string(), "probability": probability})
            }
            _ => json!({"ticketState": if *closed { "CLOSED" } else { "OPEN" }, "isClosed": closed.to_string()}),
        };
        json!({
            "id": id, "label": label, "displayOrder": at, "metadata": metadata, "createdAt": AT, "updatedAt": AT,
            "archived": false, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        })
    };
    let stages: Vec<Value> = of.iter().enumerate().map(stage).collect();
    json!({"results": [{
        "id": pipeline(kind), "label": "Pipeline", "displayOrder": 0, "stages": stages, "createdAt": AT, "updatedAt": AT,
        "archived": false,
    }]})
}

/// A user as an owner.
pub(super) fn owner(owner: &Owner) -> Value {
    let mut written = json!({
        "id": owner.id.to_string(), "email": owner.email, "type": "PERSON", "firstName": owner.name, "lastName": "",
        "userIdIncludingInactive": owner.id + 9_000, "createdAt": AT, "updatedAt": AT, "archived": !owner.active,
        "teams": [],
    });
    if owner.active {
        written["userId"] = json!(owner.id + 9_000);
    }
    written
}

/// A whole batch, or one of which a part is missing.
pub(super) fn batch(results: &[Value], errors: &[Value]) -> Value {
    let mut written = json!({"status": "COMPLETE", "results": results, "startedAt": AT, "completedAt": AT});
    if !errors.is_empty() {
        written["numErrors"] = json!(errors.len());
        written["errors"] = json!(errors);
    }
    written
}
