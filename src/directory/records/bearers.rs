//! Everybody who carries a number, one after the other: what a telephone system's own contact book is made of.

use std::sync::Arc;

use super::{Place, Records};
use crate::model::{
    client::{Client, Entity, Kind, KindSet, Via},
    ids::CrmId,
    phone::PhoneKey,
};

/// A contact, lead or organization with numbers of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// What it is.
    pub kind: Kind,
    /// Its id in the CRM.
    pub id: CrmId,
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// Its numbers.
    pub numbers: Vec<PhoneKey>,
    /// Who is responsible, a user of the CRM: see [`Client::responsible`].
    pub responsible: Option<CrmId>,
    /// The open deal that counts, else the ticket.
    pub deal: Option<(Kind, CrmId)>,
    /// The open lead that counts, where it is not one itself.
    pub lead: Option<CrmId>,
}

impl Records {
    /// Those from the place `from` on, looking at no more than `most` places, and where to go on.
    pub(in crate::directory) fn bearers(&self, from: usize, most: usize) -> (Vec<Bearer>, Option<usize>) {
        let to = self.places.len().min(from.saturating_add(most));
        let places = self.places.get(from..to).unwrap_or_default();
        let bearers = places.iter().filter_map(|place| self.bearer(place)).collect();
        (bearers, (to < self.places.len()).then_some(to))
    }

    fn bearer(&self, place: &Place) -> Option<Bearer> {
        let facts = place.facts.as_ref().filter(|facts| !facts.numbers.is_empty())?;
        let via = match place.kind {
            Kind::Contact | Kind::Lead => Via::Contact,
            Kind::Organization => Via::Organization,
            Kind::Deal | Kind::Ticket => return None,
        };
        let hanging = place.hanging.iter().filter_map(|&at| self.places[at as usize].entity(via));
        let client = Client::new(place.entity(Via::Own).into_iter().chain(hanging).collect(), KindSet::NONE, 0);
        let of_kind = |kind| client.of_kind(kind).find(|entity| entity.via == Via::Contact);
        let deal = of_kind(Kind::Deal).or_else(|| of_kind(Kind::Ticket));
        Some(Bearer {
            kind: place.kind,
            id: place.id,
            name: facts.name.clone(),
            numbers: facts.numbers.to_vec(),
            responsible: client.responsible(),
            deal: deal.map(|deal: &Entity| (deal.kind, deal.id)),
            lead: of_kind(Kind::Lead).map(|lead| lead.id),
        })
    }
}
