//! The endpoints of the second API but for the search: `/api/v2/persons`, `/organizations`, `/deals`,
//! `/deals/archived`, and one record of each.
//!
//! Not here on purpose: saved filters, products, labels. Writing is in `write`, activities are in `activity`.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{
    list::{Fields, LIST, List, SINGLE},
    query::Query,
    record::{Deal, Organization, Person, Status},
    reply::Refusal,
    wire,
    world::{Belongs, Linked, World},
};
use crate::kit::{Moment, Walk};

/// Deleted deals can be listed for this long.
const DELETED_S: i64 = 30 * 86_400;

const PERSON_FIELDS: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "open_deals_count",
    "related_open_deals_count",
    "closed_deals_count",
    "related_closed_deals_count",
    "participant_open_deals_count",
    "participant_closed_deals_count",
    "email_messages_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "files_count",
    "notes_count",
    "followers_count",
    "won_deals_count",
    "related_won_deals_count",
    "lost_deals_count",
    "related_lost_deals_count",
    "last_incoming_mail_time",
    "last_outgoing_mail_time",
    "marketing_status",
    "doi_status",
    "smart_bcc_email",
];
const ORGANIZATION_FIELDS: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "open_deals_count",
    "related_open_deals_count",
    "closed_deals_count",
    "related_closed_deals_count",
    "email_messages_count",
    "people_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "files_count",
    "notes_count",
    "followers_count",
    "won_deals_count",
    "related_won_deals_count",
    "lost_deals_count",
    "related_lost_deals_count",
    "smart_bcc_email",
];
const DEAL_FIELDS: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "first_won_time",
    "products_count",
    "files_count",
    "notes_count",
    "followers_count",
    "email_messages_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "participants_count",
    "last_incoming_mail_time",
    "last_outgoing_mail_time",
    "smart_bcc_email",
    "source_lead_id",
];

type Page = Result<Vec<u8>, Refusal>;

impl World {
    /// `GET /api/v2/persons`
    pub(super) fn list_persons(&self, query: &Query<'_>) -> Page {
        query.only(&[LIST, &["org_id", "deal_id"]])?;
        let list = List::read(query, PERSON_FIELDS)?;
        let (org, deal) = (query.number("org_id")?, query.number("deal_id")?);
        let of_deal = deal.map(|id| self.deals.get(id).and_then(|deal| deal.person));
        let walk = list.walk(org.map(|id| self.clients(Belongs::Organization(id))));
        let wanted = |person: &Person| {
            !person.deleted
                && list.owner.is_none_or(|owner| person.owner == owner)
                && org.is_none_or(|org| person.org == Some(org))
                && of_deal.is_none_or(|of_deal| of_deal == Some(person.id))
        };
        Ok(list.page(&self.persons, &walk, wanted, |out, person| self.write_person(out, person, &list.fields)))
    }

    /// `GET /api/v2/organizations`
    pub(super) fn list_organizations(&self, query: &Query<'_>) -> Page {
        query.only(&[LIST])?;
        let list = List::read(query, ORGANIZATION_FIELDS)?;
        let wanted = |firm: &Organization| !firm.deleted && list.owner.is_none_or(|owner| firm.owner == owner);
        let write = |out: &mut Vec<u8>, firm: &Organization| self.write_organization(out, firm, &list.fields);
        Ok(list.page(&self.organizations, &list.walk(None), wanted, write))
    }

    /// `GET /api/v2/deals`, and `/deals/archived`: the first knows no archived deals, the second no others. Deleted ones
    /// are shown when asked for by status, and then only those deleted within 30 days.
    pub(super) fn list_deals(&self, query: &Query<'_>, archived: bool, now: Moment) -> Page {
        query.only(&[LIST, &["person_id", "org_id", "pipeline_id", "stage_id", "status"]])?;
        let list = List::read(query, DEAL_FIELDS)?;
        let statuses = query.words("status", &["open", "won", "lost", "deleted"])?;
        let (person, org) = (query.number("person_id")?, query.number("org_id")?);
        let (pipeline, stage) = (query.number("pipeline_id")?, query.number("stage_id")?);
        let deleted_since_s = now.wall.as_second() - DELETED_S;
        let wanted = |deal: &Deal| {
            let status = wire::status(deal);
            deal.archive_s.is_some() == archived
                && if statuses.is_empty() { !deal.deleted } else { statuses.contains(&status) }
                && (!deal.deleted || deal.update_s >= deleted_since_s)
                && list.owner.is_none_or(|owner| deal.owner == owner)
                && person.is_none_or(|person| deal.person == Some(person))
                && org.is_none_or(|org| deal.org == Some(org))
                && pipeline.is_none_or(|pipeline| pipeline == 1)
                && stage.is_none_or(|stage| stage == 1)
        };
        let walk: Walk<Deal> = list.walk(self.deal_places(person, org, statuses == ["deleted"]));
        Ok(list.page(&self.deals, &walk, wanted, |out, deal| write_deal(out, deal, &list.fields)))
    }

    /// Where the seed's deals of somebody are, so that a page of a filtered list does not walk through all.
    fn deal_places(&self, person: Option<u64>, org: Option<u64>, only_deleted: bool) -> Option<Range<u64>> {
        if only_deleted {
            return Some(0..0);
        }
        let whose = person.map(Belongs::Person).or(org.map(Belongs::Organization))?;
        Some(<Deal as Linked>::places(&self.clients(whose)))
    }

    /// `GET /api/v2/persons/{id}`. A deleted record is still shown, as deleted; one that lost a merge is gone.
    pub(super) fn one_person(&self, id: u64, query: &Query<'_>) -> Page {
        query.only(&[SINGLE])?;
        let fields = Fields::read(query, PERSON_FIELDS)?;
        let person = self.persons.get(id).ok_or(Refusal::NotFound("Person not found"))?;
        Ok(single(|out| self.write_person(out, &person, &fields)))
    }

    /// `GET /api/v2/organizations/{id}`
    pub(super) fn one_organization(&self, id: u64, query: &Query<'_>) -> Page {
        query.only(&[SINGLE])?;
        let fields = Fields::read(query, ORGANIZATION_FIELDS)?;
        let firm = self.organizations.get(id).ok_or(Refusal::NotFound("Organization not found"))?;
        Ok(single(|out| self.write_organization(out, &firm, &fields)))
    }

    /// `GET /api/v2/deals/{id}`, archived or not.
    pub(super) fn one_deal(&self, id: u64, query: &Query<'_>) -> Page {
        query.only(&[SINGLE])?;
        let fields = Fields::read(query, DEAL_FIELDS)?;
        let deal = self.deals.get(id).ok_or(Refusal::NotFound("Deal not found"))?;
        Ok(single(|out| write_deal(out, &deal, &fields)))
    }

    fn write_person(&self, out: &mut Vec<u8>, person: &Person, fields: &Fields<'_>) {
        wire::person(out, person, &fields.custom);
        include(out, fields, |name| self.deals_count(name, Belongs::Person(person.id)));
    }

    fn write_organization(&self, out: &mut Vec<u8>, firm: &Organization, fields: &Fields<'_>) {
        wire::organization(out, firm, &fields.custom);
        include(out, fields, |name| match name {
            "people_count" => Some(self.staff(firm.id).len()),
            _ => self.deals_count(name, Belongs::Organization(firm.id)),
        });
    }

    fn deals_count(&self, name: &str, whose: Belongs) -> Option<usize> {
        let counts: fn(Status) -> bool = match name {
            "open_deals_count" => |status| status == Status::Open,
            "closed_deals_count" => |status| status != Status::Open,
            "won_deals_count" => |status| status == Status::Won,
            "lost_deals_count" => |status| status == Status::Lost,
            _ => return None,
        };
        let deals = self.candidates::<Deal>(&self.deals, whose).into_iter().filter_map(|id| self.deals.get(id));
        Some(deals.filter(|deal| deal.belongs(whose) && !deal.deleted && counts(deal.status)).count())
    }
}

fn write_deal(out: &mut Vec<u8>, deal: &Deal, fields: &Fields<'_>) {
    wire::deal(out, deal, &fields.custom);
    include(out, fields, |name| (name == "participants_count").then(|| usize::from(deal.person.is_some())));
}

/// Adds the fields that were asked for to the object just written. What the stand-in has none of (activities, mail,
/// files, notes, products) is counted 0, and null where it is a time or an id.
fn include(out: &mut Vec<u8>, fields: &Fields<'_>, count: impl Fn(&str) -> Option<usize>) {
    if fields.included.is_empty() {
        return;
    }
    let value = |name: &str| match count(name) {
        Some(count) => Value::from(count),
        None if name.ends_with("_count") => Value::from(0),
        None => Value::Null,
    };
    let added: Map<String, Value> = fields.included.iter().map(|&name| (name.to_owned(), value(name))).collect();
    let mut text = Vec::new();
    wire::append(&mut text, &added);
    out.pop();
    out.push(b',');
    out.extend_from_slice(&text[1..]);
}

pub(super) fn single(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = br#"{"success":true,"data":"#.to_vec();
    write(&mut out);
    out.push(b'}');
    out
}
