//! How a project reads forms: its rows, each for a field that its CRM has.

use std::collections::BTreeMap;

use crate::base::problem::{Placed, Problem};
use crate::config::{CrmSection, Meaning, ProjectSettings, like_it};
use crate::crm::{Adapter, Holds};
use crate::forms::{MappedField, Mapping, Source};
use crate::model::client::Kind;

/// Makes the mapping, or says which row names a field that is not there.
///
/// A field is the CRM's own, one that an account has made itself where its name can be no other's, or one that
/// `[crm.fields]` names. Whether the account has it is asked by `predial crm setup`.
pub(super) fn mapping(settings: &ProjectSettings, adapter: &Adapter, problems: &mut Vec<Problem>) -> Option<Mapping> {
    let before = problems.len();
    let mut rows: BTreeMap<Kind, Vec<MappedField>> = BTreeMap::new();
    let mut mapped_phones = Vec::new();
    for (kind, row) in &settings.forms.rows {
        if let Some(reason) = wrong(*kind, row, &settings.crm, adapter) {
            problems.push(Problem::new(&settings.file, row.row, reason));
            continue;
        }
        if let (true, Source::Form(names)) =
            (holds_numbers(*kind, &row.value.field, settings, adapter), &row.value.source)
        {
            mapped_phones.extend(names.iter().cloned());
        }
        rows.entry(*kind).or_default().push(row.value.clone());
    }
    (problems.len() == before).then(|| Mapping { names: settings.forms.names.clone(), rows, mapped_phones })
}

fn wrong(kind: Kind, row: &Placed<MappedField>, crm: &CrmSection, adapter: &Adapter) -> Option<String> {
    let name = row.value.field.as_str();
    if !adapter.kinds.has(kind) {
        let has = adapter.kinds.iter().map(Kind::word).collect::<Vec<_>>().join(", ");
        return Some(format!("forms.{kind}: expected a kind that {} has ({has}), found {kind}", adapter.name));
    }
    let by_itself = Meaning::ALL.iter().find(|&&meaning| crm.fields.of(kind.word(), meaning) == Some(name));
    if let Some(meaning) = by_itself {
        let key = meaning.key();
        return Some(format!(
            "forms.{kind}: expected a field of its own, found {name:?}, which crm.fields.{key} fills"
        ));
    }
    let named =
        || crm.fields.customs(kind.word()).any(|custom| custom.value == name) || is_number_field(kind, name, crm);
    if adapter.own_field(kind, name).is_some() || (adapter.is_custom)(name) || named() {
        return None;
    }
    let own = adapter.own_fields.iter().filter(|field| field.kind == kind).map(|field| field.name);
    Some(format!(
        "forms.{kind}: expected a {kind}'s field of {}, or one that crm.fields.{kind}.custom names, found {name:?}{}",
        adapter.name,
        like_it(name, own.chain(crm.fields.customs(kind.word()).map(|custom| custom.value.as_str())))
    ))
}

fn holds_numbers(kind: Kind, name: &str, settings: &ProjectSettings, adapter: &Adapter) -> bool {
    let own = adapter.own_field(kind, name).is_some_and(|field| field.holds == Holds::Phone);
    own || is_number_field(kind, name, &settings.crm)
}

/// Whether `crm.fields.phone` names it, with or without what it is a field of.
fn is_number_field(kind: Kind, name: &str, crm: &CrmSection) -> bool {
    crm.phone_fields.iter().map(|field| field.value.trim()).any(|field| {
        field == name || field.split_once('.').is_some_and(|(of, field)| of == kind.word() && field == name)
    })
}

/// The section as its adapter gets it: with the account's own fields that only rows of forms name, so that those are
/// looked after like any other.
pub(super) fn with_mapped(settings: &ProjectSettings, adapter: &Adapter) -> CrmSection {
    let mut crm = settings.crm.clone();
    for (kind, row) in &settings.forms.rows {
        let name = &row.value.field;
        let known = crm.fields.customs(kind.word()).any(|custom| custom.value == *name);
        if adapter.own_field(*kind, name).is_none() && !known {
            crm.fields.add_custom(kind.word(), Placed::new(name.clone(), row.row));
        }
    }
    crm
}
