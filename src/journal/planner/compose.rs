//! Steps from what is due: owners, texts, what each hangs on.

use jiff::Timestamp;

use super::Trouble;
use crate::crm::failure::Failure;
use crate::forms::Variable;
use crate::journal::judge::Judged;
use crate::journal::office::Office;
use crate::journal::order::{StoredOrder, Target};
use crate::journal::store::{Step, StepState};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction},
    client::{Kind, KindSet},
    form::{Filled, Form},
    ids::CrmId,
};
use crate::scenario::{Create, Due, FormWords, Owner, Task, Template, Update, What, Words};

/// Makes the orders of one call.
pub(in crate::journal) struct Composer<'a> {
    pub(in crate::journal) office: &'a Office,
    pub(in crate::journal) call: &'a Call,
    /// How the call was judged: who is responsible stays who it was.
    pub(in crate::journal) judged: &'a Judged,
    /// What was filled in, of a form.
    pub(in crate::journal) form: Option<&'a Form>,
    /// When a task's time begins: the call's end, the form's coming.
    pub(in crate::journal) over: Timestamp,
}

/// What can be hung on: what the client has, and what this call made or is about to.
struct Available {
    /// The one of each kind that counts, and whether this call made it.
    entities: Vec<(Kind, Target, bool)>,
}

impl Composer<'_> {
    /// The orders of what is due, in its order. What the client has by now is not made again.
    pub(in crate::journal) fn orders(
        &self,
        due: &[Due<'_>],
        now_held: &Judged,
        steps: &[Step],
    ) -> Result<Vec<(String, StoredOrder)>, Trouble> {
        let mut available = Available::of(now_held, steps);
        let words = self.words();
        let mut orders = Vec::new();
        // What an earlier moment found nothing for is written once, with what is known by now.
        let last = due.iter().rposition(|due| due.what.enriches());
        for (at, due) in due.iter().enumerate() {
            let order = match &due.what.what {
                What::Update(update) if update.enriches && Some(at) != last => None,
                What::Update(update) => {
                    orders.extend(self.update(&due.name, update, &available));
                    None
                }
                What::Create(create) => self.create(create, &due.name, &mut available, &words)?,
                What::Task(task) => Some(self.task(task, &available, &words)?),
                What::Call { owner, recording, subject, text } => {
                    let (subject, text) = (rendered(subject, &words)?, self.text(text, *recording, &words)?);
                    let recorded = *recording && self.call.recording.is_some();
                    let action = Action::Call { subject, text, recording: recorded };
                    Some(self.order(action, self.owner(*owner, true), available.client(), *recording))
                }
                What::Note { recording, text } => {
                    let text = self.text(text, *recording, &words)?;
                    Some(self.order(Action::Note { text }, None, available.client(), *recording))
                }
            };
            orders.extend(order.map(|order| (due.name.clone(), order)));
        }
        Ok(orders)
    }

    fn order(&self, action: Action, owner: Option<CrmId>, on: Vec<Target>, wants_recording: bool) -> StoredOrder {
        let mut call = self.call.clone();
        if !wants_recording {
            call.recording = None;
        }
        StoredOrder { action, owner, on, call, wants_recording }
    }

    fn create(
        &self,
        create: &Create,
        name: &str,
        available: &mut Available,
        words: &Words,
    ) -> Result<Option<StoredOrder>, Trouble> {
        if available.has(create.kind) {
            return Ok(None);
        }
        let action = Action::Create {
            kind: create.kind,
            title: rendered(&create.title, words)?,
            text: rendered(&create.text, words)?,
            utm: create.utm,
            recording: create.recording && self.call.recording.is_some(),
            fields: self.filled(create.kind),
        };
        let on = available.parents_of(create.kind);
        available.entities.push((create.kind, Target::Made { kind: create.kind, step: name.to_owned() }, true));
        Ok(Some(self.order(action, self.owner(create.owner, false), on, create.recording)))
    }

    fn task(&self, task: &Task, available: &Available, words: &Words) -> Result<StoredOrder, Trouble> {
        let ended = self.over;
        let action = Action::Task {
            subject: rendered(&task.subject, words)?,
            text: self.text(&task.text, task.recording, words)?,
            completed: task.completed,
            due: ended.checked_add(task.due).unwrap_or(ended),
        };
        Ok(self.order(action, self.owner(task.owner, false), available.of_task(task.on_contact), task.recording))
    }

    /// What a form puts into fields of an entity.
    fn filled(&self, kind: Kind) -> Vec<Filled> {
        self.form.map(|form| self.office.project.forms.filled(kind, form)).unwrap_or_default()
    }

    /// Fields of what was there before: what this call makes has them from the beginning. A form has something of its own
    /// for each entity, and each gets a step.
    fn update(&self, name: &str, update: &Update, available: &Available) -> Vec<(String, StoredOrder)> {
        let Update { utm, call, client, fields, on, .. } = *update;
        let there = available.there(on, fields);
        if !fields {
            let action = Action::Update { utm, call, client, fields: Vec::new() };
            let order = (!there.is_empty())
                .then(|| self.order(action, None, there.into_iter().map(|(_, target)| target).collect(), call));
            return order.map(|order| (name.to_owned(), order)).into_iter().collect();
        }
        let of_one = |(kind, target): (Kind, Target)| {
            let action = Action::Update { utm, call, client, fields: self.filled(kind) };
            (format!("{name}-{kind}"), self.order(action, None, vec![target], call))
        };
        let says = |(_, order): &(String, StoredOrder)| !matches!(&order.action, Action::Update { utm: false, call: false, client: false, fields } if fields.is_empty());
        there.into_iter().map(of_one).filter(says).collect()
    }

    /// Whose it becomes. A call that nobody of ours answered is nobody's; everything else is the top manager's then.
    fn owner(&self, owner: Owner, of_call: bool) -> Option<CrmId> {
        let top = || self.office.top_user();
        match owner {
            Owner::System => None,
            Owner::Top => top(),
            Owner::Responsible => {
                let ours = |owner: &CrmId| self.office.people.employee_of(*owner).is_some();
                self.judged.responsible().filter(ours).or_else(top)
            }
            Owner::Answered => {
                let speaker = self.office.project.speaker(&self.call.speaker);
                let user = speaker.and_then(|speaker| self.office.user_of(speaker));
                if of_call { user } else { user.or_else(top) }
            }
        }
    }

    fn text(&self, template: &Template, recording: bool, words: &Words) -> Result<String, Trouble> {
        let text = rendered(template, words)?;
        Ok(match &self.call.recording {
            Some(link) if recording && !text.contains(link.as_str()) => format!("{text}\n{link}").trim().to_owned(),
            _ => text,
        })
    }

    fn words(&self) -> Words {
        let call = self.call;
        let caller = call.client.map(|client| format!("+{}", client.digits())).unwrap_or_default();
        let speaker = &call.speaker;
        let employee = self.office.project.speaker(speaker).and_then(|at| self.office.project.employees.get(at));
        let told = [&speaker.line, &speaker.name, &speaker.email, &speaker.extension, &speaker.staff_id];
        let line = speaker.line.as_ref().or(speaker.staff_id.as_ref()).or(speaker.name.as_ref());
        let by = employee.map(|employee| employee.name.to_string());
        let by = by.or_else(|| told.into_iter().flatten().next().cloned());
        let started = call.started.map(|started| started.to_zoned(self.office.project.timezone.clone()));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let seconds = |duration: Option<std::time::Duration>| duration.map_or(0, |duration| duration.as_secs());
        Words {
            id: text(&call.id),
            direction: if call.direction == Direction::In { "in" } else { "out" }.to_owned(),
            status: text(&call.status),
            name: text(&call.client_name),
            who: call.client_name.clone().or_else(|| who(&caller, call)).unwrap_or_default(),
            email: text(&call.client_email),
            caller,
            company: text(&call.company),
            dialled: call.dialled().unwrap_or_default(),
            answered_by: by.unwrap_or_default(),
            line: line.cloned().unwrap_or_default(),
            started: started.map(|started| started.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
            talk_s: seconds(call.talk),
            wait_s: seconds(call.wait),
            total_s: seconds(call.total),
            recording: text(&call.recording),
            utm_source: text(&call.utm.source),
            utm_medium: text(&call.utm.medium),
            utm_campaign: text(&call.utm.campaign),
            utm_term: text(&call.utm.term),
            utm_content: text(&call.utm.content),
            client_id: text(&call.client_id),
            form: FormWords { fields: self.form.map(lines).unwrap_or_default() },
        }
    }
}

/// Whom it is about, where nobody has said their name.
fn who(caller: &str, call: &Call) -> Option<String> {
    let number = (!caller.is_empty()).then(|| caller.to_owned());
    number.or_else(|| call.client_email.clone())
}

/// What was filled in, a line for each field; what the telephone system knows of the visitor is no part of it.
fn lines(form: &Form) -> String {
    let told = |name: &str| {
        let mut known = Variable::ALL.iter().flat_map(|(.., names)| names.iter());
        known.any(|known| known.eq_ignore_ascii_case(name))
    };
    let filled_in = form.fields.iter().filter(|(name, _)| !told(name));
    filled_in.map(|(name, value)| format!("{name}: {}", value.trim())).collect::<Vec<_>>().join("\n")
}

/// A template that runs away on this call refuses it, as the CRM would.
fn rendered(template: &Template, words: &Words) -> Result<String, Trouble> {
    let refused = |error| Failure::Refused { reason: format!("a text of the matrix could not be made: {error}") };
    template.rendered(words).map_err(|error| Trouble::Crm(refused(error)))
}

impl Available {
    fn of(held: &Judged, steps: &[Step]) -> Self {
        let mut entities: Vec<(Kind, Target, bool)> = Vec::new();
        for kind in Kind::ALL {
            let made = steps.iter().find(|step| step.name == kind.word() && step.state == StepState::Done);
            if made.is_some() {
                entities.push((kind, Target::Made { kind, step: kind.word().to_owned() }, true));
            } else if let Some(there) = held.of_kind(kind) {
                entities.push((kind, Target::There(Link { kind, id: there.id }), false));
            }
        }
        Self { entities }
    }

    fn has(&self, kind: Kind) -> bool {
        self.entities.iter().any(|(known, ..)| *known == kind)
    }

    fn get(&self, kinds: &[Kind]) -> Vec<Target> {
        let of = |kind: &Kind| self.entities.iter().find(|(known, ..)| known == kind);
        kinds.iter().filter_map(of).map(|(_, target, _)| target.clone()).collect()
    }

    /// What a task hangs on: the lead, else deal or ticket and contact, else the contact; the organization where there is
    /// no more.
    fn of_task(&self, on_contact: bool) -> Vec<Target> {
        if on_contact && self.has(Kind::Contact) {
            return self.get(&[Kind::Contact]);
        }
        if self.has(Kind::Lead) { self.get(&[Kind::Lead]) } else { self.client() }
    }

    /// What a call is written onto: deal or ticket and contact, and the lead besides; the organization where there is no
    /// more.
    fn client(&self) -> Vec<Target> {
        let usual = self.get(&[Kind::Deal, Kind::Ticket, Kind::Contact, Kind::Lead]);
        if usual.is_empty() { self.get(&[Kind::Organization]) } else { usual }
    }

    /// What something new of a kind belongs to. A deal hangs on its contact, and on an organization only where this call
    /// makes that, too (row `pd-deal-org`).
    fn parents_of(&self, kind: Kind) -> Vec<Target> {
        match kind {
            Kind::Organization | Kind::Lead => Vec::new(),
            Kind::Contact => self.get(&[Kind::Organization]),
            Kind::Deal | Kind::Ticket => {
                let made = |(known, _, made): &&(Kind, Target, bool)| *known == Kind::Organization && *made;
                let organization = self.entities.iter().find(made).map(|(_, target, _)| target.clone());
                self.get(&[Kind::Contact]).into_iter().chain(organization).collect()
            }
        }
    }

    /// What of that was there before this call, of these kinds, or of all where there are none. `every`: the
    /// organization beside the others, too.
    fn there(&self, on: KindSet, every: bool) -> Vec<(Kind, Target)> {
        let wanted = |kind: Kind| on == KindSet::NONE || on.has(kind);
        let kinds = [Kind::Deal, Kind::Ticket, Kind::Contact, Kind::Lead, Kind::Organization];
        let of = |kind: Kind| {
            let (_, target, _) = self.entities.iter().find(|(known, ..)| *known == kind)?;
            matches!(target, Target::There(_)).then(|| (kind, target.clone()))
        };
        let mut there: Vec<(Kind, Target)> = kinds.into_iter().filter(|kind| wanted(*kind)).filter_map(of).collect();
        if !every && self.entities.iter().any(|(kind, ..)| *kind != Kind::Organization) {
            there.retain(|(kind, _)| *kind != Kind::Organization);
        }
        there
    }
}
