//! What a search asks for.

use serde::Deserialize;
use serde_json::Value;

use super::{
    object::Object,
    property::{Type, value},
    reply::Refusal,
};
/// The vendor's pages: five groups, six filters each, eighteen in all. Its description says six groups.
const MOST_GROUPS: usize = 5;
const MOST_FILTERS: usize = 6;
const MOST_FILTERS_IN_ALL: usize = 18;
const MOST_ON_A_PAGE: usize = 200;
/// What is beyond is refused.
const MOST_FOUND: usize = 10_000;
const LONGEST_BODY: usize = 3_000;

/// The body of a search. The vendor's description marks all of these members as required; that they are is a guess.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    filter_groups: Vec<Group>,
    sorts: Vec<Value>,
    properties: Vec<String>,
    limit: usize,
    after: String,
    query: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Group {
    filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    property_name: String,
    operator: String,
    value: Option<String>,
    high_value: Option<String>,
    values: Option<Vec<String>>,
    #[serde(skip)]
    of: Option<Type>,
}

/// A search that is as it must be.
#[derive(Debug)]
pub(super) struct Search {
    groups: Vec<Group>,
    /// The property it is sorted by, and whether the highest comes first.
    pub(super) sort: Option<(String, bool)>,
    pub(super) properties: Vec<String>,
    pub(super) limit: usize,
    pub(super) after: usize,
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::Invalid(message.into())
}

impl Search {
    /// `types`: what a property of the kind holds; `None` where the kind has none of the name.
    pub(super) fn read(body: &[u8], types: &dyn Fn(&str) -> Option<Type>) -> Result<Self, Refusal> {
        if body.len() > LONGEST_BODY {
            return Err(invalid(format!("expected at most {LONGEST_BODY} characters, found {}", body.len())));
        }
        let mut body: Body =
            serde_json::from_slice(body).map_err(|problem| invalid(format!("Invalid input JSON: {problem}")))?;
        if body.query.is_some_and(|query| !query.is_empty()) {
            return Err(invalid("this stand-in has no free text search"));
        }
        let filters: usize = body.filter_groups.iter().map(|group| group.filters.len()).sum();
        let widest = body.filter_groups.iter().map(|group| group.filters.len()).max().unwrap_or(0);
        if body.filter_groups.len() > MOST_GROUPS || widest > MOST_FILTERS || filters > MOST_FILTERS_IN_ALL {
            return Err(invalid("too many filters or groups of filters"));
        }
        for filter in body.filter_groups.iter_mut().flat_map(|group| &mut group.filters) {
            filter.check(types)?;
        }
        let after: usize = body.after.parse().map_err(|_| invalid("after: expected a number"))?;
        if !(1..=MOST_ON_A_PAGE).contains(&body.limit) {
            return Err(invalid(format!("limit: expected 1 to {MOST_ON_A_PAGE}")));
        }
        if after + body.limit > MOST_FOUND {
            return Err(invalid(format!("The maximum number of results is {MOST_FOUND}")));
        }
        if body.sorts.len() > 1 {
            return Err(invalid("only one sort is supported"));
        }
        let sort = body.sorts.first().map(|sort| sorted(sort, types)).transpose()?;
        Ok(Self { groups: body.filter_groups, sort, properties: body.properties, limit: body.limit, after })
    }

    /// Whether a record is found: all filters of any group hold. No group at all finds everything.
    pub(super) fn finds(&self, object: &Object) -> bool {
        !object.archived
            && (self.groups.is_empty()
                || self.groups.iter().any(|group| group.filters.iter().all(|filter| filter.holds(object))))
    }

    /// The earliest second of change that can be found; `None`: any.
    pub(super) fn since_s(&self) -> Option<i64> {
        let of_group = |group: &Group| {
            let bounds = group.filters.iter().filter(|filter| filter.property_name.ends_with("lastmodifieddate"));
            let bounds = bounds.filter(|filter| matches!(filter.operator.as_str(), "GTE" | "GT" | "EQ" | "BETWEEN"));
            bounds.filter_map(|filter| filter.value.as_deref()?.parse::<i64>().ok()).max()
        };
        let of_groups: Option<Vec<i64>> = self.groups.iter().map(of_group).collect();
        of_groups?.into_iter().min().map(|ms| ms.div_euclid(1_000))
    }

    /// Digits of which one row stands in every record that is found; `None`: no such rows.
    pub(super) fn digits(&self) -> Option<Vec<&str>> {
        const ENOUGH: usize = 7;
        let mut rows = Vec::new();
        for group in &self.groups {
            let told = group.filters.iter().find(|filter| {
                filter.property_name.contains("phone")
                    && matches!(filter.operator.as_str(), "EQ" | "IN" | "CONTAINS_TOKEN")
            })?;
            for text in told.value.iter().chain(told.values.iter().flatten()) {
                let row = text.trim_start_matches(['*', '+']);
                if row.len() < ENOUGH || !row.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                rows.push(row);
            }
        }
        (!rows.is_empty()).then_some(rows)
    }
}

fn sorted(sort: &Value, types: &dyn Fn(&str) -> Option<Type>) -> Result<(String, bool), Refusal> {
    let (name, descending) = match sort {
        Value::String(name) => match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        },
        sort => {
            let name = sort["propertyName"].as_str().ok_or_else(|| invalid("sorts: expected a propertyName"))?;
            match sort["direction"].as_str() {
                Some("ASCENDING") | None => (name, false),
                Some("DESCENDING") => (name, true),
                Some(other) => return Err(invalid(format!("sorts: unknown direction {other}"))),
            }
        }
    };
    types(name).ok_or_else(|| invalid(format!("property {name} does not exist")))?;
    Ok((name.to_owned(), descending))
}

impl Filter {
    fn check(&mut self, types: &dyn Fn(&str) -> Option<Type>) -> Result<(), Refusal> {
        let name = &self.property_name;
        let of = types(name);
        self.of =
            Some(of.ok_or_else(|| {
                invalid(format!("There was a problem with the request. Property {name} does not exist"))
            })?);
        let values = match self.operator.as_str() {
            "EQ" | "NEQ" | "LT" | "LTE" | "GT" | "GTE" | "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN" => {
                vec![self.value.as_deref().ok_or_else(|| invalid("expected a value"))?]
            }
            "BETWEEN" => {
                let both = self.value.as_deref().zip(self.high_value.as_deref());
                let (low, high) = both.ok_or_else(|| invalid("expected a value and a highValue"))?;
                vec![low, high]
            }
            "IN" | "NOT_IN" => {
                let values: Vec<&str> = self.values.iter().flatten().map(String::as_str).collect();
                if values.is_empty() || values.iter().any(|value| *value != value.to_lowercase()) {
                    return Err(invalid("expected values in lower case"));
                }
                values
            }
            "HAS_PROPERTY" | "NOT_HAS_PROPERTY" => Vec::new(),
            other => return Err(invalid(format!("unknown operator {other}"))),
        };
        if self.of != Some(Type::Text) && values.iter().any(|value| value.parse::<i64>().is_err()) {
            return Err(invalid(format!("{name}: expected a number")));
        }
        Ok(())
    }

    fn holds(&self, object: &Object) -> bool {
        let stored = value(object, &self.property_name).filter(|stored| !stored.is_empty());
        let Some(stored) = stored else {
            return matches!(self.operator.as_str(), "NOT_HAS_PROPERTY" | "NEQ" | "NOT_IN");
        };
        let told = self.value.as_deref().unwrap_or_default();
        let order = |told: &str| self.compare(&stored, told);
        let is_in = || self.values.iter().flatten().any(|told| order(told).is_eq());
        match self.operator.as_str() {
            "EQ" => order(told).is_eq(),
            "NEQ" => order(told).is_ne(),
            "LT" => order(told).is_lt(),
            "LTE" => order(told).is_le(),
            "GT" => order(told).is_gt(),
            "GTE" => order(told).is_ge(),
            "BETWEEN" => order(told).is_ge() && order(self.high_value.as_deref().unwrap_or_default()).is_le(),
            "IN" => is_in(),
            "NOT_IN" => !is_in(),
            "CONTAINS_TOKEN" => has_token(&stored, told),
            "NOT_CONTAINS_TOKEN" => !has_token(&stored, told),
            "HAS_PROPERTY" => true,
            _ => false,
        }
    }

    fn compare(&self, stored: &str, told: &str) -> std::cmp::Ordering {
        let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MAX);
        match self.of {
            Some(Type::Number) => number(stored).cmp(&number(told)),
            Some(Type::Time) => {
                let stored = stored.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
                stored.cmp(&number(told))
            }
            _ => stored.to_lowercase().cmp(&told.to_lowercase()),
        }
    }
}

/// Whether one of a text's words is this one, or ends or begins like it where a star says so.
fn has_token(stored: &str, told: &str) -> bool {
    let (stored, told) = (stored.to_lowercase(), told.to_lowercase());
    let mut words = stored.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    match (told.strip_prefix('*'), told.strip_suffix('*')) {
        (Some(_), Some(_)) => words.any(|word| word.contains(told.trim_matches('*'))),
        (Some(end), None) => words.any(|word| word.ends_with(end)),
        (None, Some(beginning)) => words.any(|word| word.starts_with(beginning)),
        (None, None) => words.any(|word| word == told),
    }
}
