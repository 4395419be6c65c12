//! A matrix: rows, each with the situation it is for and what is to be done in it.

use std::time::Duration;

use super::{Answerer, Client, Situation, SoughtBy, Statuses, Template};
use crate::model::{
    call::{Direction, Moment, Outcome},
    client::{Kind, KindSet},
};

/// The rows of a project, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matrix {
    /// The first that fits decides.
    pub rows: Vec<Row>,
    /// What the telephone system's words for a call's end mean.
    pub statuses: Statuses,
}

/// One situation and what is to be done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id, `hs-in-ok-new`.
    pub id: String,
    /// The situation.
    pub when: When,
    /// What is to be done.
    pub does: Vec<Do>,
}

/// A situation: what is `None` or empty may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// Who called whom.
    pub direction: Option<Direction>,
    /// How it ended, one of these.
    pub outcomes: Vec<Outcome>,
    /// Whether the client was there before.
    pub client: Option<Client>,
    /// Who answered, one of these.
    pub answerers: Vec<Answerer>,
    /// Kinds of which the client has an open entity each.
    pub has: KindSet,
    /// Kinds of which they have none.
    pub has_not: KindSet,
    /// Of a form, and what its client was looked for by, one of these; `None`: of a call.
    pub form: Option<Vec<SoughtBy>>,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum At {
    /// Before anybody is dialled.
    BeforeCall,
    /// When somebody takes the call.
    PickUp,
    /// When it is over.
    AfterCall,
    /// When a form has come; of a form's rows alone.
    Form,
}

impl At {
    /// The moment of the matrix that a moment of the call is; `None` for those that no matrix knows.
    #[must_use]
    pub const fn of(moment: Moment) -> Option<Self> {
        match moment {
            Moment::BeforeCall | Moment::BeforeOutgoing => Some(Self::BeforeCall),
            Moment::PickUp => Some(Self::PickUp),
            Moment::AfterCall | Moment::AfterOutgoing => Some(Self::AfterCall),
            Moment::Form => Some(Self::Form),
            Moment::Forward | Moment::Rating => None,
        }
    }
}

/// One thing to be done, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Do {
    /// At which moment; what an earlier moment that never came should have done is done at the next.
    pub at: At,
    /// What.
    pub what: What,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An entity is made, unless the client has an open one of the kind.
    Create(Create),
    /// A task is made.
    Task(Task),
    /// The call is written into the CRM's record of calls.
    Call {
        /// Whose.
        owner: Owner,
        /// Whether with the recording.
        recording: bool,
        /// Its title.
        subject: Template,
        /// What it says.
        text: Template,
    },
    /// A note is made.
    Note {
        /// Whether with the recording.
        recording: bool,
        /// What it says.
        text: Template,
    },
    /// Fields of what the client has are written.
    Update(Update),
}

/// See [`What::Update`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Update {
    /// The UTM marks, while all of them are empty.
    pub utm: bool,
    /// The call's id, status, recording.
    pub call: bool,
    /// The client's name, number and e-mail, where there is none.
    pub client: bool,
    /// What the project's rows put into fields, of a form.
    pub fields: bool,
    /// What the client has *now* is written, and not what they had when the call was judged: another integration makes it
    /// meanwhile (rows `zd-enrich`, `zc-enrich-leads`, `zc-enrich-contacts-deals`).
    pub enriches: bool,
    /// Entities of these kinds alone; none = whatever the client has.
    pub on: KindSet,
}

/// See [`What::Create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// What is made.
    pub kind: Kind,
    /// Whose.
    pub owner: Owner,
    /// Whether with the UTM marks.
    pub utm: bool,
    /// Whether with the recording's link.
    pub recording: bool,
    /// A person's name, or a title. May come to nothing.
    pub title: Template,
    /// Its description.
    pub text: Template,
}

/// See [`What::Task`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Whether it is done on arrival.
    pub completed: bool,
    /// Whose.
    pub owner: Owner,
    /// How long after the call it is due.
    pub due: Duration,
    /// Whether with the recording.
    pub recording: bool,
    /// Whether it hangs on the contact although there is more.
    pub on_contact: bool,
    /// Its title.
    pub subject: Template,
    /// What it says.
    pub text: Template,
}

/// Whose something becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Who answered or made the call; the top manager where that is nobody of ours.
    Answered,
    /// The responsible.
    Responsible,
    /// The top manager.
    Top,
    /// The CRM's user for what belongs to nobody: `crm.system_user`, or whoever the credentials are.
    System,
}

impl When {
    /// Whether the situation is this one; what is not known yet may become so.
    #[must_use]
    pub fn may_fit(&self, situation: &Situation) -> bool {
        let open_outcome =
            situation.outcome.is_none_or(|outcome| self.outcomes.is_empty() || self.outcomes.contains(&outcome));
        let open_answerer = match situation.answerer {
            Some(answerer) => self.answerers.is_empty() || self.answerers.contains(&answerer),
            // Nobody answered, and nobody will.
            None => self.answerers.is_empty() || situation.outcome.is_none(),
        };
        self.fits_form(situation) && self.fits_client(situation) && open_outcome && open_answerer
    }

    /// A form's rows are for forms, the others for calls.
    fn fits_form(&self, situation: &Situation) -> bool {
        match (&self.form, situation.form) {
            (None, None) => true,
            (Some(wanted), Some(by)) => wanted.contains(&by),
            _ => false,
        }
    }

    fn fits_client(&self, situation: &Situation) -> bool {
        let every = |kinds: KindSet, wanted: bool| kinds.iter().all(|kind| situation.has.has(kind) == wanted);
        self.direction.is_none_or(|direction| direction == situation.direction)
            && self.client.is_none_or(|client| client == situation.client)
            && every(self.has, true)
            && every(self.has_not, false)
    }
}

impl Do {
    /// Whether this makes anything that could be there twice.
    #[must_use]
    pub const fn creates_entity(&self) -> bool {
        matches!(self.what, What::Create(_))
    }

    /// Whether this writes into what another integration makes.
    #[must_use]
    pub const fn enriches(&self) -> bool {
        matches!(self.what, What::Update(Update { enriches: true, .. }))
    }

    /// The name of the step it becomes: the same for the same thing in any row, so that a situation that turns out
    /// otherwise makes nothing a second time.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match &self.what {
            What::Create(create) => create.kind.word(),
            What::Task(Task { completed: true, .. }) => "task-completed",
            What::Task(Task { completed: false, .. }) => "task-open",
            What::Call { .. } => "call",
            What::Note { .. } => "note",
            What::Update(_) => "update",
        }
    }

    /// What is made first: organization, contact, lead, deal and ticket, fields, tasks, calls and notes (row `pd-order`).
    pub(super) const fn rank(&self) -> u8 {
        match &self.what {
            What::Create(create) => match create.kind {
                Kind::Organization => 0,
                Kind::Contact => 1,
                Kind::Lead => 2,
                Kind::Deal => 3,
                Kind::Ticket => 4,
            },
            What::Update(_) => 5,
            What::Task(_) => 6,
            What::Call { .. } => 7,
            What::Note { .. } => 8,
        }
    }
}
