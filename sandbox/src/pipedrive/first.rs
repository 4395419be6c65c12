//! The endpoints of the first API that are still the only ones of their kind: leads and users.

use serde_json::{Value, json};

use super::{
    query::Query,
    record::{Lead, uuid_of},
    reply::Refusal,
    wire,
    world::World,
};
use crate::kit::{Sort, Walk};

/// What `/users/me` says: the token is Anna's.
const ME: u64 = 101;
/// The first API gives at most this many records a page, whatever is asked for.
const MOST: u64 = 500;

type Page = Result<Vec<u8>, Refusal>;

impl World {
    /// `GET /v1/leads`: those that are not archived; `/v1/leads/archived`: the others. Oldest first, paged by offset.
    /// Parameters it does not know are ignored, as the first API does.
    pub(super) fn list_leads(&self, query: &Query<'_>, archived: bool) -> Page {
        let number = |name| query.number(name).map_err(|_| Refusal::BadRequest);
        let limit = number("limit")?.unwrap_or(100).clamp(1, MOST);
        let start = number("start")?.unwrap_or(0);
        let (owner, person, org) = (number("owner_id")?, number("person_id")?, number("organization_id")?);
        if number("filter_id")?.is_some() {
            return Err(Refusal::NotFound("Filter not found"));
        }
        let since_s = if archived { None } else { updated_since(query)? };
        let (sort, descending) = sort(query)?;
        let wanted = |lead: &Lead| {
            lead.archived == archived
                && !lead.deleted
                && owner.is_none_or(|owner| lead.owner == owner)
                && person.is_none_or(|person| lead.person == Some(person))
                && org.is_none_or(|org| lead.org == Some(org))
        };
        let walk = Walk { sort, descending, since_s, ..Walk::default() };
        let skipped = usize::try_from(start).map_err(|_| Refusal::BadRequest)?;
        let mut leads = self.leads.walk(&walk).filter(wanted).skip(skipped);
        let size = usize::try_from(limit).map_err(|_| Refusal::BadRequest)?;
        let data: Vec<Value> = leads.by_ref().take(size).map(|lead| wire::lead(&lead)).collect();
        let more = leads.next().is_some();
        let mut pagination = json!({"start": start, "limit": limit, "more_items_in_collection": more});
        if more {
            pagination["next_start"] = json!(start + limit);
        }
        // The description puts the three fields into `additional_data` itself, the vendor's pages on paging into
        // `pagination`: both are given.
        let mut additional = pagination.clone();
        additional["pagination"] = pagination;
        Ok(page(&data.into(), Some(additional)))
    }

    /// `GET /v1/leads/{id}`, archived or not.
    pub(super) fn one_lead(&self, id: &str) -> Page {
        let lead = uuid_of(id).and_then(|id| self.leads.get(id)).filter(|lead| !lead.deleted);
        let lead = lead.ok_or(Refusal::NotFound("requested lead not found"))?;
        Ok(page(&wire::lead(&lead), None))
    }

    /// `GET /v1/users`: all of them, those who left too; never paged.
    pub(super) fn list_users(&self) -> Vec<u8> {
        let users: Vec<Value> = self.users.iter().map(|user| wire::user(user, user.id == ME)).collect();
        page(&users.into(), None)
    }

    /// `GET /v1/users/{id}`
    pub(super) fn one_user(&self, id: u64) -> Page {
        let user = self.users.iter().find(|user| user.id == id);
        let user = user.ok_or(Refusal::NotFound("User not found or not accessible."))?;
        Ok(page(&wire::user(user, id == ME), None))
    }

    /// `GET /v1/users/me`: the token's owner and the company.
    pub(super) fn me(&self) -> Page {
        let user = self.users.iter().find(|user| user.id == ME).ok_or(Refusal::Unauthorized)?;
        let mut me = wire::user(user, true);
        if let Value::Object(fields) = &mut me {
            let company = json!({
                "company_id": 1, "company_name": "Acme", "company_domain": "acme", "company_country": "UA",
                "company_industry": "Trade", "language": {"language_code": "uk", "country_code": "UA"},
            });
            fields.extend(company.as_object().cloned().unwrap_or_default());
        }
        Ok(page(&me, None))
    }
}

/// Fractions of a second are taken here, unlike in the second API.
fn updated_since(query: &Query<'_>) -> Result<Option<i64>, Refusal> {
    let Some(text) = query.text("updated_since") else { return Ok(None) };
    let since: jiff::Timestamp = text.parse().map_err(|_| Refusal::BadRequest)?;
    Ok(Some(since.as_second() + i64::from(since.subsec_nanosecond() > 0)))
}

/// `sort`: a field and `ASC` or `DESC`. Fields that the stand-in has no order of are accepted and leave the order as it
/// is.
fn sort(query: &Query<'_>) -> Result<(Sort, bool), Refusal> {
    let Some(text) = query.text("sort") else { return Ok((Sort::AddTime, false)) };
    let (field, direction) = text.split_once(' ').unwrap_or((text, "ASC"));
    let descending = match direction.trim().to_ascii_uppercase().as_str() {
        "ASC" => false,
        "DESC" => true,
        _ => return Err(Refusal::BadRequest),
    };
    match field {
        "id" => Ok((Sort::Id, descending)),
        "update_time" => Ok((Sort::UpdateTime, descending)),
        "add_time" => Ok((Sort::AddTime, descending)),
        "title" | "owner_id" | "creator_id" | "was_seen" | "expected_close_date" | "next_activity_id" => {
            Ok((Sort::AddTime, false))
        }
        _ => Err(Refusal::BadRequest),
    }
}

fn page(data: &Value, additional: Option<Value>) -> Vec<u8> {
    let mut reply = json!({"success": true, "data": data});
    if let Some(additional) = additional {
        reply["additional_data"] = additional;
    }
    let mut out = Vec::new();
    wire::append(&mut out, &reply);
    out
}
