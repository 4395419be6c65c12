//! The walk: the block's kinds in order, the first entity found decides. Pure.

use super::{
    trail::{Fate, Trail},
    verdict::{Decision, MissReason},
};
use crate::model::{
    client::{Client, Entity, Kind, KindSet, Via},
    ids::CrmId,
};
use crate::project::WalkPlan;

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// It is decided.
    Decided(Decision),
    /// A kind that would decide is not known completely: the CRM has to be asked. What would be decided on what is
    /// known is `on_what_is_known`, for the case that it cannot be.
    Unsure {
        /// The best answer without the CRM.
        on_what_is_known: Decision,
    },
}

/// Who an owner is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// An employee whom calls are sent to: their place among the project's employees.
    Ours(usize),
    /// An employee without a main direction.
    WithoutDirection,
    /// No employee.
    Stranger,
}

/// Walks a client's entities.
///
/// That an entity is there is knowledge; that none of a kind is there is knowledge only where that kind is `complete`
/// (crawled to its end, or just asked for this number). A deal must not decide because the contacts have not been read
/// yet.
///
/// # Cost
/// Allocates nothing; a client has a handful of entities.
pub(super) fn walk(
    plan: &WalkPlan,
    client: &Client,
    complete: KindSet,
    who_is: impl Fn(CrmId) -> Owner,
    trail: &mut impl Trail,
) -> Walked {
    let complete = complete.and(client.whole);
    let mut unsure = false;
    let mut last_miss = MissReason::Nobody;
    for &kind in &plan.priority {
        let mut decided = None;
        for entity in client.of_kind(kind) {
            if decided.is_some() {
                trail.met(entity, Fate::OlderOfItsKind);
            } else if !counts(plan, entity) {
                trail.met(entity, Fate::ViaNotCounted);
            } else {
                decided = Some(judge(entity, &who_is));
                trail.met(entity, decided.map_or(Fate::Decides, |(_, fate)| fate));
            }
        }
        match decided {
            Some((decision @ Decision::Hit { .. }, _)) => return settled(decision, unsure, plan, client, trail),
            Some((decision @ Decision::Miss(reason), _)) => {
                if !plan.unassigned_goes_on {
                    return settled(decision, unsure, plan, client, trail);
                }
                last_miss = reason;
            }
            None if !complete.has(kind) => {
                trail.unsure(kind);
                unsure = true;
            }
            None => {}
        }
    }
    settled(Decision::Miss(last_miss), unsure, plan, client, trail)
}

fn settled(decision: Decision, unsure: bool, plan: &WalkPlan, client: &Client, trail: &mut impl Trail) -> Walked {
    let decided_at = match decision {
        Decision::Hit { kind, .. } => Some(kind),
        Decision::Miss(reason) => reason.kind(),
    };
    let decided_at = decided_at.and_then(|kind| plan.priority.iter().position(|&walked| walked == kind));
    for entity in client.entities() {
        match plan.priority.iter().position(|&kind| kind == entity.kind) {
            None => trail.met(entity, Fate::NotInPriority),
            at if decided_at.is_some() && at > decided_at => trail.met(entity, Fate::LaterKind),
            Some(_) => {}
        }
    }
    if unsure { Walked::Unsure { on_what_is_known: decision } } else { Walked::Decided(decision) }
}

/// Whether an entity counts by what it was found through. Only what hangs on others can be found through them.
fn counts(plan: &WalkPlan, entity: &Entity) -> bool {
    match entity.via {
        Via::Own => true,
        Via::Contact => plan.deal_via_contact || entity.kind != Kind::Deal,
        Via::Organization => plan.deal_via_organization,
    }
}

fn judge(entity: &Entity, who_is: impl Fn(CrmId) -> Owner) -> (Decision, Fate) {
    let Some(owner) = entity.owner else {
        return (Decision::Miss(MissReason::NoOwner(entity.kind)), Fate::NoOwner);
    };
    match who_is(owner) {
        Owner::Ours(employee) => (Decision::Hit { employee, kind: entity.kind, id: entity.id }, Fate::Decides),
        Owner::WithoutDirection => (Decision::Miss(MissReason::NoDirection(entity.kind)), Fate::OwnerWithoutDirection),
        Owner::Stranger => (Decision::Miss(MissReason::NotOurs(entity.kind)), Fate::OwnerNotOurs),
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Walked, walk};
    use crate::model::{
        client::{Client, Entity, Kind, KindSet, Via},
        ids::CrmId,
    };
    use crate::project::WalkPlan;
    use crate::routing::verdict::{Decision, MissReason};

    const ANNA: u64 = 101;
    /// Has no main direction.
    const BORIS: u64 = 102;
    const STRANGER: u64 = 999;
    const ALL: KindSet = KindSet::of(&Kind::ALL);

    fn plan(priority: &[Kind]) -> WalkPlan {
        WalkPlan {
            priority: priority.into(),
            deal_via_contact: true,
            deal_via_organization: false,
            unassigned_goes_on: false,
        }
    }

    fn entity(kind: Kind, id: u64, owner: Option<u64>) -> Entity {
        let via = if kind == Kind::Deal { Via::Contact } else { Via::Own };
        Entity { kind, id: CrmId::Number(id), owner: owner.map(CrmId::Number), created_s: 0, via }
    }

    fn walked(plan: &WalkPlan, entities: &[Entity], complete: KindSet) -> Walked {
        let who_is = |owner| match owner {
            CrmId::Number(ANNA) => Owner::Ours(0),
            CrmId::Number(BORIS) => Owner::WithoutDirection,
            _ => Owner::Stranger,
        };
        walk(plan, &Client::new(entities.to_vec(), KindSet::NONE, 0), complete, who_is, &mut ())
    }

    fn hit(kind: Kind, id: u64) -> Walked {
        Walked::Decided(Decision::Hit { employee: 0, kind, id: CrmId::Number(id) })
    }

    fn miss(reason: MissReason) -> Walked {
        Walked::Decided(Decision::Miss(reason))
    }

    #[test]
    fn the_priority_decides_in_any_order() {
        let entities = [entity(Kind::Contact, 1, Some(ANNA)), entity(Kind::Deal, 2, Some(ANNA))];
        let plan_contact = plan(&[Kind::Contact, Kind::Organization, Kind::Deal]);
        let plan_deal = plan(&[Kind::Deal, Kind::Contact]);
        assert_eq!(walked(&plan_contact, &entities, ALL), hit(Kind::Contact, 1));
        assert_eq!(walked(&plan_deal, &entities, ALL), hit(Kind::Deal, 2));
    }

    #[test]
    fn the_first_entity_found_decides_even_when_its_owner_is_not_ours() {
        let entities = [entity(Kind::Contact, 1, Some(STRANGER)), entity(Kind::Deal, 2, Some(ANNA))];
        let plan = plan(&[Kind::Contact, Kind::Deal]);
        assert_eq!(walked(&plan, &entities, ALL), miss(MissReason::NotOurs(Kind::Contact)));
    }

    #[test]
    fn an_employee_without_a_main_direction_is_a_miss_and_no_stranger() {
        let entities = [entity(Kind::Contact, 1, Some(BORIS)), entity(Kind::Deal, 2, Some(ANNA))];
        let plan = plan(&[Kind::Contact, Kind::Deal]);
        assert_eq!(walked(&plan, &entities, ALL), miss(MissReason::NoDirection(Kind::Contact)));
    }

    #[test]
    fn with_next_entity_the_walk_goes_on_past_an_owner_who_is_missing_or_not_ours_or_not_dialled() {
        let plan = WalkPlan { unassigned_goes_on: true, ..plan(&[Kind::Contact, Kind::Deal]) };
        for owner in [None, Some(BORIS), Some(STRANGER)] {
            let entities = [entity(Kind::Contact, 1, owner), entity(Kind::Deal, 2, Some(ANNA))];
            assert_eq!(walked(&plan, &entities, ALL), hit(Kind::Deal, 2));
        }
        let entities = [entity(Kind::Contact, 1, None)];
        assert_eq!(walked(&plan, &entities, ALL), miss(MissReason::NoOwner(Kind::Contact)));
    }

    #[test]
    fn with_next_entity_an_older_one_of_the_same_kind_is_not_tried() {
        let plan = WalkPlan { unassigned_goes_on: true, ..plan(&[Kind::Contact]) };
        let entities = [entity(Kind::Contact, 2, None), entity(Kind::Contact, 1, Some(ANNA))];
        assert_eq!(walked(&plan, &entities, ALL), miss(MissReason::NoOwner(Kind::Contact)));
    }

    #[test]
    fn a_deal_through_the_organization_counts_only_where_the_block_says_so() {
        let deal = Entity { via: Via::Organization, ..entity(Kind::Deal, 2, Some(ANNA)) };
        assert_eq!(walked(&plan(&[Kind::Deal]), &[deal], ALL), miss(MissReason::Nobody));
        let plan = WalkPlan { deal_via_organization: true, ..plan(&[Kind::Deal]) };
        assert_eq!(walked(&plan, &[deal], ALL), hit(Kind::Deal, 2));
    }

    #[test]
    fn a_deal_does_not_decide_while_contacts_are_not_read_yet() {
        let entities = [entity(Kind::Deal, 2, Some(ANNA))];
        let read = KindSet::of(&[Kind::Deal]);
        let known = Decision::Hit { employee: 0, kind: Kind::Deal, id: CrmId::Number(2) };
        let plan = plan(&[Kind::Contact, Kind::Deal]);
        assert_eq!(walked(&plan, &entities, read), Walked::Unsure { on_what_is_known: known });
    }

    #[test]
    fn a_contact_that_is_there_decides_whatever_else_is_not_read_yet() {
        let entities = [entity(Kind::Contact, 1, Some(ANNA))];
        assert_eq!(walked(&plan(&[Kind::Contact, Kind::Deal]), &entities, KindSet::NONE), hit(Kind::Contact, 1));
    }

    #[test]
    fn kinds_outside_the_priority_do_not_count() {
        let entities = [entity(Kind::Organization, 3, Some(ANNA))];
        assert_eq!(walked(&plan(&[Kind::Contact]), &entities, ALL), miss(MissReason::Nobody));
    }
}
