//! What a record of a module must have, and what of it cannot be changed.

use serde_json::{Map, Value};

use crate::{
    kit::Moment,
    zoho_crm::{
        module::{Module, PIPELINES, STAGES},
        record::Row,
        reply::Refusal,
    },
};

/// Whether a record has everything that its module and this customer's layout demand.
pub(super) fn whole(row: &Row, wanted: &Map<String, Value>, now: Moment) -> Result<(), Refusal> {
    if row.name.trim().is_empty() {
        return Err(Refusal::mandatory(row.module.name_field()));
    }
    let has = |name: &str| row.extra.contains_key(name);
    let needed = |name: &str| if has(name) { Ok(()) } else { Err(Refusal::mandatory(name)) };
    // What was there before anybody wrote through the API has no layout's fields.
    let written = row.add_s == row.update_s && row.add_s == now.wall.as_second();
    match row.module {
        Module::Leads if written => needed("Company"),
        Module::Deals => deal(row, written),
        Module::Tasks => about(row, wanted),
        Module::Calls => call(row).and_then(|()| about(row, wanted)),
        _ => Ok(()),
    }
}

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    row.extra.get(name).and_then(Value::as_str)
}

fn deal(row: &Row, written: bool) -> Result<(), Refusal> {
    if row.stage.is_empty() {
        return Err(Refusal::mandatory("Stage"));
    }
    let Some(pipeline) = text(row, "Pipeline") else {
        return if written { Err(Refusal::mandatory("Pipeline")) } else { Ok(()) };
    };
    if written && text(row, "Closing_Date").is_none() {
        return Err(Refusal::mandatory("Closing_Date"));
    }
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
