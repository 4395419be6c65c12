//! Which row fits, and what of it is due.

use std::collections::BTreeSet;

use super::{At, Do, Matrix, Row, Situation};
use crate::model::call::Outcome;

/// What is due at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'m> {
    /// The row that fits; `None` where none does, or where it is not known yet which.
    pub row: Option<&'m Row>,
    /// What is to be done now, in the order in which it is to be made.
    pub due: Vec<Due<'m>>,
    /// Whether a row may yet fit, once more is known.
    pub open: bool,
}

/// One thing that is due, and the name of its step, which no other step of the call has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due<'m> {
    /// `contact`, `task-open`, `task-open-2`.
    pub name: String,
    /// What is done.
    pub what: &'m Do,
}

/// Decides what is due at `at`. `done` names the steps that the call has already.
///
/// A voicemail for which there is no row of its own is a missed call. Before the call's end several rows may still fit:
/// what all of them want by now is done, the rest waits until one is left.
#[must_use]
pub fn decide<'m>(matrix: &'m Matrix, situation: &Situation, at: At, done: &BTreeSet<String>) -> Decision<'m> {
    let mut rows = fitting(matrix, situation);
    if rows.is_empty() && situation.outcome == Some(Outcome::Voicemail) {
        rows = fitting(matrix, &Situation { outcome: Some(Outcome::Missed), ..*situation });
    }
    let Some((&first, others)) = rows.split_first() else {
        return Decision { row: None, due: Vec::new(), open: false };
    };
    let certain = !situation.is_open();
    let mut due: Vec<Due<'m>> = named(first).filter(|due| due.what.at <= at && !done.contains(&due.name)).collect();
    if !certain {
        let wanted = |row: &Row, due: &Due<'m>| row.does.iter().any(|other| other == due.what);
        due.retain(|due| others.iter().all(|row| wanted(row, due)));
    }
    due.sort_by_key(|due| due.what.rank());
    Decision { row: certain.then_some(first), due, open: !certain }
}

/// Whether a row that fits, or may yet once more is known, makes an entity at any moment of the call.
#[must_use]
pub fn may_create(matrix: &Matrix, situation: &Situation) -> bool {
    let open = Situation { outcome: None, answerer: None, ..*situation };
    matrix.rows.iter().filter(|row| row.when.may_fit(&open)).any(|row| row.does.iter().any(Do::creates_entity))
}

/// The rows that fit: one where all is known, those that may yet where it is not.
fn fitting<'m>(matrix: &'m Matrix, situation: &Situation) -> Vec<&'m Row> {
    let rows = matrix.rows.iter().filter(|row| row.when.may_fit(situation));
    if situation.is_open() { rows.collect() } else { rows.take(1).collect() }
}

/// What a row does, each with the name of its step.
fn named(row: &Row) -> impl Iterator<Item = Due<'_>> {
    row.does.iter().enumerate().map(|(at, what)| {
        let word = what.word();
        let before = row.does.iter().take(at).filter(|other| other.word() == word).count();
        let name = if before == 0 { word.to_owned() } else { format!("{word}-{}", before + 1) };
        Due { name, what }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{decide, may_create};
    use crate::model::{
        call::{Direction, Outcome},
        client::{Kind, KindSet},
    };
    use crate::scenario::{Answerer, At, Client, Create, Do, Matrix, Owner, Row, Situation, Template, What, When};

    fn template() -> Template {
        Template::new("text").expect("a template")
    }

    fn create(at: At, kind: Kind) -> Do {
        let (title, text) = (template(), template());
        Do { at, what: What::Create(Create { kind, owner: Owner::Top, utm: true, recording: true, title, text }) }
    }

    fn note(at: At) -> Do {
        Do { at, what: What::Note { recording: false, text: template() } }
    }

    fn row(id: &str, when: When, does: Vec<Do>) -> Row {
        Row { id: id.to_owned(), when, does }
    }

    fn matrix(rows: Vec<Row>) -> Matrix {
        Matrix { rows, ..Matrix::default() }
    }

    fn ended(outcome: Option<Outcome>) -> When {
        When { outcomes: outcome.into_iter().collect(), ..When::default() }
    }

    const NEW: Situation = Situation {
        direction: Direction::In,
        outcome: None,
        client: Client::New,
        has: KindSet::NONE,
        answerer: None,
        form: None,
    };

    fn due(matrix: &Matrix, situation: &Situation, at: At, done: &[&str]) -> Vec<String> {
        let done: BTreeSet<String> = done.iter().map(|&name| name.to_owned()).collect();
        decide(matrix, situation, at, &done).due.into_iter().map(|due| due.name).collect()
    }

    #[test]
    fn before_the_end_only_what_every_row_wants_is_done() {
        let contact = || create(At::BeforeCall, Kind::Contact);
        let answered = row("a", ended(Some(Outcome::Answered)), vec![contact(), create(At::BeforeCall, Kind::Lead)]);
        let missed = row("b", ended(Some(Outcome::Missed)), vec![contact()]);
        let matrix = matrix(vec![answered, missed]);
        assert_eq!(due(&matrix, &NEW, At::BeforeCall, &[]), ["contact"]);
        let decision = decide(&matrix, &NEW, At::BeforeCall, &BTreeSet::new());
        assert!(decision.open && decision.row.is_none());
        let over = Situation { outcome: Some(Outcome::Answered), ..NEW };
        assert_eq!(due(&matrix, &over, At::AfterCall, &["contact"]), ["lead"]);
    }

    #[test]
    fn what_an_earlier_moment_that_never_came_should_have_done_is_done_at_the_next() {
        let matrix = matrix(vec![row("a", When::default(), vec![create(At::PickUp, Kind::Lead), note(At::AfterCall)])]);
        let over = Situation { outcome: Some(Outcome::Answered), answerer: Some(Answerer::Other), ..NEW };
        assert_eq!(due(&matrix, &over, At::AfterCall, &[]), ["lead", "note"]);
        assert_eq!(due(&matrix, &over, At::PickUp, &[]), ["lead"]);
        assert_eq!(due(&matrix, &over, At::AfterCall, &["lead"]), ["note"]);
        assert!(due(&matrix, &over, At::AfterCall, &["lead", "note"]).is_empty());
    }

    #[test]
    fn organizations_are_made_before_contacts_contacts_before_deals_and_everything_before_what_hangs_on_it() {
        let kinds = [Kind::Ticket, Kind::Deal, Kind::Lead, Kind::Contact, Kind::Organization];
        let mut does = vec![note(At::AfterCall)];
        does.extend(kinds.map(|kind| create(At::AfterCall, kind)));
        let matrix = matrix(vec![row("a", When::default(), does)]);
        let over = Situation { outcome: Some(Outcome::Missed), ..NEW };
        let order = ["organization", "contact", "lead", "deal", "ticket", "note"];
        assert_eq!(due(&matrix, &over, At::AfterCall, &[]), order);
    }

    #[test]
    fn two_of_the_same_in_a_row_have_names_of_their_own() {
        let matrix = matrix(vec![row("a", When::default(), vec![note(At::AfterCall), note(At::AfterCall)])]);
        let over = Situation { outcome: Some(Outcome::Missed), ..NEW };
        assert_eq!(due(&matrix, &over, At::AfterCall, &[]), ["note", "note-2"]);
    }

    #[test]
    fn the_first_row_that_fits_decides_and_a_voicemail_without_a_row_is_a_missed_call() {
        let missed = || row("missed", ended(Some(Outcome::Missed)), vec![note(At::AfterCall)]);
        let voicemail = row("voicemail", ended(Some(Outcome::Voicemail)), Vec::new());
        let left = Situation { outcome: Some(Outcome::Voicemail), ..NEW };
        let id = |matrix: &Matrix, situation: &Situation| {
            decide(matrix, situation, At::AfterCall, &BTreeSet::new()).row.map(|row| row.id.clone())
        };
        assert_eq!(id(&matrix(vec![missed()]), &left).as_deref(), Some("missed"));
        assert_eq!(id(&matrix(vec![missed(), voicemail]), &left).as_deref(), Some("voicemail"));
        let answered = Situation { outcome: Some(Outcome::Answered), answerer: Some(Answerer::Other), ..NEW };
        assert_eq!(id(&matrix(vec![missed()]), &answered), None);
    }

    #[test]
    fn a_row_fits_by_who_answered_and_by_what_the_client_has() {
        let when = When {
            answerers: vec![Answerer::Other],
            has: KindSet::of(&[Kind::Contact]),
            has_not: KindSet::of(&[Kind::Ticket]),
            ..When::default()
        };
        let held = KindSet::of(&[Kind::Contact, Kind::Deal]);
        let fits = Situation {
            outcome: Some(Outcome::Answered),
            answerer: Some(Answerer::Other),
            client: Client::Existing,
            has: held,
            ..NEW
        };
        assert!(when.may_fit(&fits));
        for other in [
            Situation { answerer: Some(Answerer::Owner), ..fits },
            Situation { answerer: None, ..fits },
            Situation { has: KindSet::NONE, ..fits },
            Situation { has: held.with(Kind::Ticket), ..fits },
        ] {
            assert!(!when.may_fit(&other), "{other:?}");
        }
        assert!(when.may_fit(&Situation { outcome: None, answerer: None, ..fits }), "it may still be answered");
    }

    #[test]
    fn whether_a_call_may_make_something_is_known_before_it_ends() {
        let new = When { client: Some(Client::New), ..ended(Some(Outcome::Missed)) };
        let matrix = matrix(vec![row("a", new, vec![create(At::AfterCall, Kind::Contact)])]);
        assert!(may_create(&matrix, &NEW));
        assert!(may_create(&matrix, &Situation { outcome: Some(Outcome::Answered), ..NEW }), "as it looked at first");
        assert!(!may_create(&matrix, &Situation { client: Client::Existing, ..NEW }));
    }
}
