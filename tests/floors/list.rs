//! The list of floors in the doc comment of `src/lib.rs`, and the table of adapters in `src/crm/mod.rs`.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Attribute, Expr, Item, Lit, Meta};

/// Each module's floor, as the doc comment of `src/lib.rs` lists them: a row begins with the floor's number, then come
/// the modules with ` · ` between them, then, after two spaces or more, what they are for.
pub(crate) fn floors(lib: &str) -> Result<BTreeMap<String, u8>, String> {
    let file = syn::parse_file(lib).map_err(|error| error.to_string())?;
    let mut floors = BTreeMap::new();
    for row in file.attrs.iter().filter_map(doc_text) {
        let Some((floor, rest)) = row.trim().split_once("  ") else { continue };
        let Ok(floor) = floor.parse::<u8>() else { continue };
        let modules = rest.trim_start().split("  ").next().unwrap_or_default();
        for module in modules.split('·').map(str::trim).filter(|module| !module.is_empty()) {
            if floors.insert(module.to_owned(), floor).is_some() {
                return Err(format!("expected each module once in the list of floors, found {module} twice"));
            }
        }
    }
    Ok(floors)
}

/// The modules that `src/lib.rs` declares.
pub(crate) fn declared(lib: &str) -> Result<BTreeSet<String>, String> {
    let file = syn::parse_file(lib).map_err(|error| error.to_string())?;
    let name = |item: &Item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    };
    Ok(file.items.iter().filter_map(name).collect())
}

/// The folders that the rows of `ADAPTERS` come from: the first segment of each row's path.
pub(crate) fn adapters(crm: &str) -> Result<Vec<String>, String> {
    let file = syn::parse_file(crm).map_err(|error| error.to_string())?;
    let table = file.items.iter().find_map(|item| match item {
        Item::Static(table) if table.ident == "ADAPTERS" => Some(&*table.expr),
        Item::Const(table) if table.ident == "ADAPTERS" => Some(&*table.expr),
        _ => None,
    });
    let Expr::Array(rows) = strip_references(table.ok_or("expected a table ADAPTERS in src/crm/mod.rs, found none")?)
    else {
        return Err("expected ADAPTERS to be a list written out, found another expression".into());
    };
    rows.elems.iter().map(row_folder).collect()
}

/// Whether a file calls the macro of that name where items stand.
pub(crate) fn calls(text: &str, name: &str) -> bool {
    let called = |item: &Item| match item {
        Item::Macro(call) => call.mac.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    };
    syn::parse_file(text).is_ok_and(|file| file.items.iter().any(called))
}

fn row_folder(row: &Expr) -> Result<String, String> {
    let wrong = || "expected rows like folder::ADAPTER in ADAPTERS, found another expression".to_owned();
    let Expr::Path(path) = strip_references(row) else { return Err(wrong()) };
    let mut segments = path.path.segments.iter().map(|segment| segment.ident.to_string());
    match (segments.next(), segments.next()) {
        (Some(folder), Some(_)) if folder != "self" && folder != "crate" => Ok(folder),
        _ => Err(wrong()),
    }
}

fn strip_references(expression: &Expr) -> &Expr {
    match expression {
        Expr::Reference(inner) => strip_references(&inner.expr),
        Expr::Paren(inner) => strip_references(&inner.expr),
        other => other,
    }
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
