//! Who a number belongs to, as the CRM says.

use std::{fmt, sync::Arc};

use crate::model::ids::CrmId;

/// A kind of entity that can be responsible for a number. CONTRACT's table says what each is in each CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Kind {
    /// A lead that is neither converted nor archived.
    Lead,
    /// A contact; Pipedrive's *person*.
    Contact,
    /// An organization, company or account.
    Organization,
    /// An open deal or opportunity.
    Deal,
    /// An open ticket or incident.
    Ticket,
}

impl Kind {
    /// Every kind, in the order of CONTRACT's table.
    pub const ALL: [Self; 5] = [Self::Lead, Self::Contact, Self::Organization, Self::Deal, Self::Ticket];

    /// The word that configuration, answers and logs use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Contact => "contact",
            Self::Organization => "organization",
            Self::Deal => "deal",
            Self::Ticket => "ticket",
        }
    }

    /// The kind that [`Kind::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A set of kinds, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u8);

impl KindSet {
    /// No kind at all.
    pub const NONE: Self = Self(0);

    /// The set of `kinds`.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `kind` is in it.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same set with `kind` in it.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// The set as bits, one per kind in the order of [`Kind::ALL`]; for an atomic.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set that [`KindSet::bits`] gave.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b1_1111)
    }

    /// The kinds in it, in the order of [`Kind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.has(kind))
    }
}

/// Whose number led to an entity: its own, its contact's, or its organization's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Via {
    /// The entity carries the number itself.
    Own,
    /// Its contact does. Deals, tickets and Pipedrive's leads have no number of their own.
    Contact,
    /// Its organization does; counted only where the block's `deal_via` says so.
    Organization,
}

/// One open entity under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Its id in the CRM.
    pub id: CrmId,
    /// Its owner, a user of the CRM; `None` when nobody owns it.
    pub owner: Option<CrmId>,
    /// When it was created, seconds since 1970 UTC. Of several, the one created last decides.
    pub created_s: i64,
    /// Whose number it was found by.
    pub via: Via,
}

/// Whose owner is responsible for the client, whatever a block walks: the open deal's, ticket's or lead's where there is one.
pub const RESPONSIBLE_ORDER: [Kind; 5] = [Kind::Deal, Kind::Ticket, Kind::Lead, Kind::Contact, Kind::Organization];

/// Which entity is shown as the client: who it is before what is done for them.
pub const CARD_ORDER: [Kind; 5] = [Kind::Contact, Kind::Lead, Kind::Organization, Kind::Deal, Kind::Ticket];

/// Entities of one kind, found the same way, that a client keeps: only the first can decide, and a placeholder number
/// that thousands carry must not make a walk long.
const MOST_OF_A_SORT: usize = 8;

/// All that is known of one number: every open entity that carries it.
///
/// # Shape
/// Ordered as the walk wants them: within a kind the one created last first, then the highest id. Made once, when the
/// CRM's answer arrives, so that a call only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    entities: Box<[Entity]>,
    /// Kinds that are known completely for this number, whatever the directory as a whole has: set by a live question,
    /// which asks for all of them at once.
    pub whole: KindSet,
    /// When this was learned of the CRM, seconds since 1970 UTC.
    pub as_of_s: i64,
    /// Shared with the record that it stands in.
    name: Option<Arc<str>>,
}

impl Client {
    /// A client of these entities, put in order, without a name.
    #[must_use]
    pub fn new(entities: Vec<Entity>, whole: KindSet, as_of_s: i64) -> Arc<Self> {
        Self::named(entities, whole, as_of_s, |_| None)
    }

    /// A client of these entities, put in order. `name_of` tells an entity's name; that of the one that is shown as the
    /// client is the client's.
    #[must_use]
    pub fn named(
        mut entities: Vec<Entity>,
        whole: KindSet,
        as_of_s: i64,
        name_of: impl FnOnce(&Entity) -> Option<Arc<str>>,
    ) -> Arc<Self> {
        entities.sort_unstable_by(|one, other| {
            one.kind
                .cmp(&other.kind)
                .then(other.created_s.cmp(&one.created_s))
                .then(other.id.cmp(&one.id))
                .then(one.via.cmp(&other.via))
        });
        entities.dedup_by_key(|entity| (entity.kind, entity.id));
        let mut kept = [[0_usize; 3]; Kind::ALL.len()];
        entities.retain(|entity| {
            let of_its_sort = &mut kept[entity.kind as usize][entity.via as usize];
            *of_its_sort += 1;
            *of_its_sort <= MOST_OF_A_SORT
        });
        let entities = entities.into_boxed_slice();
        let name = first_of(&entities, CARD_ORDER).and_then(name_of);
        Arc::new(Self { entities, whole, as_of_s, name })
    }

    /// The entity that is shown as the client.
    #[must_use]
    pub fn shown(&self) -> Option<&Entity> {
        first_of(&self.entities, CARD_ORDER)
    }

    /// Who is responsible for the client, whatever a block walks: the owner of the open deal, ticket or lead where there
    /// is one, else the contact's, else the organization's. `None` also where that entity has none.
    #[must_use]
    pub fn responsible(&self) -> Option<CrmId> {
        first_of(&self.entities, RESPONSIBLE_ORDER)?.owner
    }

    /// What people call the client.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The entities, ordered by kind, then the one that decides first.
    #[must_use]
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entities of one kind, the one that decides first.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Entity> {
        self.entities.iter().filter(move |entity| entity.kind == kind)
    }
}

/// The entity that decides of the first of these kinds that there is. What only the organization has is not the client's.
fn first_of(entities: &[Entity], order: [Kind; 5]) -> Option<&Entity> {
    let counts = |entity: &&Entity, kind| entity.kind == kind && entity.via != Via::Organization;
    order.into_iter().find_map(|kind| entities.iter().find(|entity| counts(entity, kind)))
}

#[cfg(test)]
mod tests {
    use super::{Client, Entity, Kind, KindSet, Via};
    use crate::model::ids::CrmId;

    fn deal(id: u64, created_s: i64, via: Via) -> Entity {
        Entity { kind: Kind::Deal, id: CrmId::Number(id), owner: None, created_s, via }
    }

    #[test]
    fn the_one_created_last_comes_first_then_the_highest_id() {
        let entities = vec![deal(7, 100, Via::Contact), deal(8, 200, Via::Contact), deal(9, 200, Via::Contact)];
        let client = Client::new(entities, KindSet::NONE, 0);
        let ids: Vec<_> = client.of_kind(Kind::Deal).map(|entity| entity.id).collect();
        assert_eq!(ids, [CrmId::Number(9), CrmId::Number(8), CrmId::Number(7)]);
    }

    #[test]
    fn a_deal_found_by_contact_and_by_organization_counts_once_as_the_contacts() {
        let client = Client::new(vec![deal(7, 1, Via::Organization), deal(7, 1, Via::Contact)], KindSet::NONE, 0);
        assert_eq!(client.entities(), [deal(7, 1, Via::Contact)]);
    }

    #[test]
    fn of_very_many_under_one_number_the_first_ones_are_kept_of_each_sort() {
        let deals = (0..1_000).flat_map(|id| [deal(id, 1, Via::Contact), deal(10_000 + id, 1, Via::Organization)]);
        let client = Client::new(deals.collect(), KindSet::NONE, 0);
        assert_eq!(client.entities().len(), 16);
        assert_eq!(client.of_kind(Kind::Deal).next().map(|deal| deal.id), Some(CrmId::Number(10_999)));
        let through_contact = client.of_kind(Kind::Deal).find(|deal| deal.via == Via::Contact);
        assert_eq!(through_contact.map(|deal| deal.id), Some(CrmId::Number(999)));
    }

    #[test]
    fn the_contact_is_shown_and_named_and_the_deals_owner_is_responsible() {
        let entity = |kind, id, owner: u64, via| Entity {
            kind,
            id: CrmId::Number(id),
            owner: Some(CrmId::Number(owner)),
            created_s: 0,
            via,
        };
        let contact = entity(Kind::Contact, 1, 101, Via::Own);
        let firm = entity(Kind::Organization, 3, 103, Via::Own);
        let the_firms = entity(Kind::Lead, 9, 109, Via::Organization);
        let name_of = |entity: &Entity| Some(format!("{} {}", entity.kind, entity.id).into());
        let client = |entities: &[Entity]| Client::named(entities.to_vec(), KindSet::NONE, 0, name_of);
        let told = |entities: &[Entity]| {
            let client = client(entities);
            (client.shown().map(|entity| entity.kind), client.name().map(str::to_owned), client.responsible())
        };
        let all = [entity(Kind::Deal, 2, 102, Via::Contact), firm, contact, the_firms];
        assert_eq!(told(&all), (Some(Kind::Contact), Some("contact 1".to_owned()), Some(CrmId::Number(102))));
        let firms = [the_firms, firm];
        assert_eq!(
            told(&firms),
            (Some(Kind::Organization), Some("organization 3".to_owned()), Some(CrmId::Number(103)))
        );
        assert_eq!(told(&[]), (None, None, None));
    }

    #[test]
    fn a_set_of_kinds_survives_its_bits() {
        let set = KindSet::of(&[Kind::Lead, Kind::Ticket]);
        assert_eq!(KindSet::from_bits(set.bits()).iter().collect::<Vec<_>>(), [Kind::Lead, Kind::Ticket]);
    }
}
