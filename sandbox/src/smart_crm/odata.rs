//! What a request for a list asks for: system query options and preferences, read as strictly as the vendor does.

use crate::kit::{Call, Query, Sort};

use super::{
    filter::Filter,
    reply::Refusal,
    schema::{Column, Schema},
};

const OPTIONS: &[&str] = &["$select", "$filter", "$orderby", "$top", "$skiptoken", "$deltatoken"];
/// What a tracked request may not ask besides.
const NOT_WITH_TRACKING: [&str; 3] = ["$filter", "$orderby", "$top"];

/// What the `prefer` header asks for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Preferences {
    pub(super) page: Option<usize>,
    pub(super) track: bool,
    pub(super) annotated: bool,
}

impl Preferences {
    pub(super) fn read(call: &Call) -> Self {
        let mut preferences = Self::default();
        for part in split(call.header("prefer").unwrap_or_default()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim() {
                "odata.maxpagesize" => preferences.page = value.parse().ok(),
                "odata.track-changes" => preferences.track = true,
                "odata.include-annotations" => {
                    let named = value.split(',').map(str::trim);
                    preferences.annotated |=
                        named.into_iter().any(|name| matches!(name, "*" | "Microsoft.Dynamics.CRM.lookuplogicalname"));
                }
                _ => {}
            }
        }
        preferences
    }

    /// Records a page: what is preferred beyond the most is the most.
    pub(super) fn page_size(&self, most: usize) -> usize {
        self.page.filter(|&size| size > 0).unwrap_or(most).min(most)
    }
}

/// At commas that stand outside of quotes.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |sign| {
        quoted ^= sign == '"';
        sign == ',' && !quoted
    })
}

/// A request for a list.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) columns: Vec<&'static Column>,
    pub(super) filter: Option<Filter>,
    pub(super) sort: Sort,
    pub(super) top: Option<usize>,
    pub(super) preferences: Preferences,
    pub(super) skip: Option<String>,
    pub(super) delta: Option<String>,
    /// The query without where the page begins, as it came.
    pub(super) rest: String,
}

impl Ask {
    pub(super) fn read(call: &Call, schema: &'static Schema) -> Result<Self, Refusal> {
        let query = Query::read(call.query());
        let preferences = Preferences::read(call);
        if let Some(name) = query.unknown(&[OPTIONS]) {
            return Err(Refusal::malformed(format!("The query parameter {name} is not supported.")));
        }
        if let Some(name) = query.repeated() {
            return Err(Refusal::malformed(format!("Query option '{name}' was specified more than once.")));
        }
        let tracked = preferences.track || query.text("$deltatoken").is_some();
        if let Some(name) = NOT_WITH_TRACKING.into_iter().find(|&name| tracked && query.text(name).is_some()) {
            let name = name.trim_start_matches('$');
            let message = format!("The \"{name}\" query parameter isn't supported when Change Tracking is enabled.");
            return Err(Refusal::malformed(message));
        }
        let columns = match query.text("$select") {
            None => schema.all().collect(),
            Some(names) => columns(names, schema)?,
        };
        let top = match query.text("$top").map(str::parse) {
            None => None,
            Some(Ok(top)) => Some(top),
            Some(Err(_)) => return Err(Refusal::malformed("Invalid value for $top query option.")),
        };
        Ok(Self {
            columns,
            filter: query.text("$filter").map(|text| Filter::read(text, schema)).transpose()?,
            sort: order(query.text("$orderby"), schema)?,
            top,
            preferences,
            skip: query.text("$skiptoken").map(str::to_owned),
            delta: query.text("$deltatoken").map(str::to_owned),
            rest: without(call.query()),
        })
    }
}

impl Ask {
    /// Of one record there is nothing to be asked but its columns.
    pub(super) fn of_one(&self) -> Result<(), Refusal> {
        let listed = self.filter.is_some() || self.top.is_some() || self.skip.is_some() || self.delta.is_some();
        if listed { Err(Refusal::malformed("The query is not supported for one record.")) } else { Ok(()) }
    }
}

fn columns(names: &str, schema: &'static Schema) -> Result<Vec<&'static Column>, Refusal> {
    let known = |name: &str| schema.column(name).ok_or_else(|| Refusal::no_property(name, schema.logical));
    names.split(',').map(|name| known(name.trim())).collect()
}

/// The id, or the time of creation or change and then the id. Other orders the vendor has, too; not here.
fn order(text: Option<&str>, schema: &Schema) -> Result<Sort, Refusal> {
    let Some(text) = text else { return Ok(Sort::Id) };
    let mut names = Vec::new();
    for part in text.split(',') {
        match part.trim().split_once(' ') {
            None => names.push(part.trim()),
            Some((name, "asc")) => names.push(name),
            Some(_) => return Err(Refusal::malformed("this stand-in sorts ascending only")),
        }
    }
    if let Some(unknown) = names.iter().find(|name| schema.column(name).is_none()) {
        return Err(Refusal::no_property(unknown, schema.logical));
    }
    let key = schema.key().name;
    match names[..] {
        [name] if name == key => Ok(Sort::Id),
        ["modifiedon"] => Ok(Sort::UpdateTime),
        ["createdon"] => Ok(Sort::AddTime),
        ["modifiedon", name] if name == key => Ok(Sort::UpdateTime),
        ["createdon", name] if name == key => Ok(Sort::AddTime),
        _ => Err(Refusal::malformed("this stand-in sorts by id, createdon or modifiedon only")),
    }
}

/// The query as it came, without where the page begins.
fn without(query: &str) -> String {
    let begins = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default().replace("%24", "$");
        !matches!(name.as_str(), "$skiptoken" | "$deltatoken" | "")
    };
    query.split('&').filter(begins).collect::<Vec<_>>().join("&")
}
