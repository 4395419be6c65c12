//! What a record of a module must have, and what of it cannot be changed.

use serde_json::{Map, Value};

use crate::zoho_crm::{
    module::{Module, PIPELINES, STAGES},
    record::Row,
    reply::Refusal,
};

/// Whether a record that was just made or changed has everything that its module and this customer's layout demand. Of one
/// that was there already, only what is written now is looked at: older ones may have been made by another layout.
pub(super) fn whole(row: &Row, wanted: &Map<String, Value>, created: bool) -> Result<(), Refusal> {
    if row.name.trim().is_empty() {
        return Err(Refusal::mandatory(row.module.name_field()));
    }
    let needed = |name: &str| {
        let looked_at = created || wanted.contains_key(name);
        if looked_at && !row.extra.contains_key(name) { Err(Refusal::mandatory(name)) } else { Ok(()) }
    };
    match row.module {
        Module::Leads => needed("Company"),
        Module::Deals if row.stage.is_empty() => Err(Refusal::mandatory("Stage")),
        Module::Deals => needed("Pipeline").and_then(|()| needed("Closing_Date")).and_then(|()| staged(row)),
        Module::Tasks => about(row, wanted),
        Module::Calls => call(row).and_then(|()| about(row, wanted)),
        _ => Ok(()),
    }
}

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    row.extra.get(name).and_then(Value::as_str)
}

/// A stage is one of the pipeline's.
fn staged(row: &Row) -> Result<(), Refusal> {
    let Some(pipeline) = text(row, "Pipeline") else { return Ok(()) };
    let stages = PIPELINES.iter().find(|(name, _)| *name == pipeline).map_or(&[][..], |(_, stages)| stages);
    if stages.iter().any(|&at| STAGES[at].shown == row.stage) {
        Ok(())
    } else {
        Err(Refusal::invalid("Stage", "picklist"))
    }
}

fn call(row: &Row) -> Result<(), Refusal> {
    for name in ["Call_Type", "Call_Start_Time"] {
        text(row, name).ok_or_else(|| Refusal::mandatory(name))?;
    }
    let missed = text(row, "Call_Type") == Some("Missed");
    if missed || text(row, "Call_Duration").is_some() { Ok(()) } else { Err(Refusal::mandatory("Call_Duration")) }
}

/// A lead stands alone, in `What_Id`.
fn about(row: &Row, wanted: &Map<String, Value>) -> Result<(), Refusal> {
    let lead = row.what.is_some_and(|(module, _)| module == Module::Leads);
    if lead && row.who.is_some() && wanted.contains_key("What_Id") {
        return Err(Refusal::invalid("Who_Id", "bigint"));
    }
    Ok(())
}

/// A call that took place is what it was, and whose.
pub(super) fn may_change(old: &Row, wanted: &Map<String, Value>) -> Result<(), Refusal> {
    if old.module != Module::Calls {
        return Ok(());
    }
    match ["Call_Type", "Owner"].into_iter().find(|name| wanted.contains_key(*name)) {
        Some(name) => Err(Refusal::invalid(name, "unchanged")),
        None => Ok(()),
    }
}
