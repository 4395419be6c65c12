//! The calls that are told of when they are over, a form of the site beside them, and what each must leave in its CRM: written by hand, call by call. By
//! then Boris has the sample contact, and Clara the newest open deal or ticket of the clients who have one.

use super::telling::{Outcome, Recorded, Shape};

/// A call that is told of.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// Of which project.
    pub(super) project: &'static str,
    /// The row that decides about it.
    pub(super) row: &'static str,
    /// Who called, or was called.
    pub(super) client: Client,
    /// Whether we called.
    pub(super) out: bool,
    /// How it ended.
    pub(super) result: Outcome,
    /// The line that answered or called.
    pub(super) line: Option<&'static str>,
    /// Whether there is audio.
    pub(super) recorded: Recorded,
    /// How it is told.
    pub(super) shape: Shape,
    /// What it must leave, and nothing else.
    pub(super) leaves: &'static [Leaves],
}

/// A client.
#[derive(Clone, Copy)]
pub(super) enum Client {
    /// Nobody in the CRM has this number.
    New(&'static str),
    /// A sample of the stand-in's, by its name.
    Sample(&'static str),
}

/// Something that a call must leave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaves {
    /// What it is.
    pub(super) what: &'static str,
    /// Whose it is; `None` where the row does not say.
    pub(super) owner: Option<&'static str>,
    /// Of a task: `open` or `completed`; of a call: the CRM's word for how it ended.
    pub(super) state: Option<&'static str>,
    /// Whether the call's recording is there: its link, or the audio itself.
    pub(super) recorded: bool,
    /// Whether it must say when it is due.
    pub(super) due: bool,
}

const fn of(what: &'static str, owner: &'static str) -> Leaves {
    Leaves { what, owner: Some(owner), state: None, recorded: false, due: false }
}

const fn any(what: &'static str) -> Leaves {
    Leaves { what, owner: None, state: None, recorded: false, due: false }
}

/// A call with the CRM's word for how it ended.
const fn call(owner: &'static str, ended: &'static str) -> Leaves {
    Leaves { state: Some(ended), ..of("call", owner) }
}

const fn heard(left: Leaves) -> Leaves {
    Leaves { recorded: true, ..left }
}

const fn done(owner: &'static str) -> Leaves {
    Leaves { state: Some("completed"), ..heard(of("task", owner)) }
}

const fn open(owner: &'static str) -> Leaves {
    Leaves { state: Some("open"), ..of("task", owner) }
}

/// An open task with the hour by which it is to be done.
const fn due(owner: &'static str) -> Leaves {
    Leaves { due: true, ..open(owner) }
}

/// The lines that answer, by whom they belong to. The last is nobody's.
const BORIS: Option<&str> = Some("acme_boris");
const CLARA: Option<&str> = Some("380671112233");
const DENYS: Option<&str> = Some("acme_denys");
const STRANGER: Option<&str> = Some("acme_stranger");

const ANSWERED_NEW: Client = Client::New("380442002001");
const MISSED_NEW: Client = Client::New("380442002002");
const STRANGERS_NEW: Client = Client::New("380442002003");
const VOICEMAIL_NEW: Client = Client::New("380442002004");
const VISITOR_NEW: Client = Client::New("380442002005");

/// What a CRM makes of the same calls: a row's id, and what it leaves.
struct Crm {
    project: &'static str,
    /// Whether its first recording comes after the call has been written.
    late: bool,
    answered_new: Made,
    answered_by_responsible: Made,
    answered_by_other: Made,
    missed_new: Made,
    missed_old: Made,
    unknown_employee: Made,
    outgoing: Made,
    voicemail: Option<Made>,
    form: &'static [Leaves],
}

type Made = (&'static str, &'static [Leaves]);

/// Every call, in the order they are told of.
pub(super) fn told() -> Vec<Told> {
    [PIPEDRIVE, HUBSPOT, ZOHO_CRM, ZOHO_DESK, SMART_CRM].iter().flat_map(Crm::calls).collect()
}

impl Crm {
    fn calls(&self) -> Vec<Told> {
        let call = |made: Made, client, result, line, shape| Told {
            project: self.project,
            row: made.0,
            client,
            out: false,
            result,
            line,
            recorded: if matches!(result, Outcome::Missed) { Recorded::Never } else { Recorded::AtOnce },
            shape,
            leaves: made.1,
        };
        let known = Client::Sample;
        let (answered, missed) = (Outcome::Answered, Outcome::Missed);
        let recorded = if self.late { Recorded::Late } else { Recorded::AtOnce };
        let mut calls = vec![
            Told { recorded, ..call(self.answered_new, ANSWERED_NEW, answered, BORIS, Shape::Json) },
            call(self.answered_by_responsible, known("owner-left"), answered, CLARA, Shape::Form),
            call(self.answered_by_other, known("contact"), answered, DENYS, Shape::Nested),
            call(self.missed_new, MISSED_NEW, missed, None, Shape::Nested),
            call(self.missed_old, known("two-deals"), missed, None, Shape::Query),
            call(self.unknown_employee, STRANGERS_NEW, answered, STRANGER, Shape::Json),
            Told { out: true, ..call(self.outgoing, known("foreign"), answered, DENYS, Shape::Query) },
        ];
        let form = call(("form-new", self.form), VISITOR_NEW, answered, None, Shape::Site);
        calls.push(Told { recorded: Recorded::Never, ..form });
        calls.extend(self.voicemail.map(|made| call(made, VOICEMAIL_NEW, Outcome::Voicemail, None, Shape::Form)));
        calls
    }
}

const PIPEDRIVE: Crm = Crm {
    project: "acme",
    late: false,
    answered_new: ("pd-in-ok-new", &[of("contact", "Boris"), of("deal", "Boris"), heard(call("Boris", "connected"))]),
    answered_by_responsible: ("pd-in-ok-owner", &[heard(call("Clara", "connected"))]),
    answered_by_other: ("pd-in-ok-other", &[heard(call("Denys", "connected"))]),
    missed_new: (
        "pd-in-miss-new",
        &[of("contact", "Anna"), of("deal", "Anna"), due("Anna"), call("Anna", "no_answer")],
    ),
    missed_old: ("pd-in-miss-old", &[due("Clara"), call("Clara", "no_answer")]),
    unknown_employee: ("pd-unknown-new", &[of("contact", "Anna"), open("Anna"), heard(call("Anna", "connected"))]),
    outgoing: ("pd-out-ok", &[heard(call("Denys", "connected"))]),
    voicemail: None,
    form: &[of("contact", "Anna"), of("deal", "Anna"), due("Anna")],
};

const HUBSPOT: Crm = Crm {
    project: "hubspot",
    late: true,
    answered_new: ("hs-in-ok-new", &[of("contact", "Boris"), of("deal", "Boris"), heard(call("Boris", "COMPLETED"))]),
    answered_by_responsible: ("hs-in-ok-owner", &[heard(call("Clara", "COMPLETED"))]),
    answered_by_other: ("hs-in-ok-other", &[heard(call("Denys", "COMPLETED"))]),
    missed_new: ("hs-in-miss-new", &[of("contact", "Anna"), of("deal", "Anna"), due("Anna")]),
    missed_old: ("hs-in-miss-old", &[due("Clara"), call("Clara", "NO_ANSWER")]),
    unknown_employee: ("hs-unknown-new", &[of("contact", "Anna"), open("Anna"), heard(call("Anna", "COMPLETED"))]),
    outgoing: ("hs-out-ok", &[heard(call("Denys", "COMPLETED"))]),
    voicemail: None,
    form: &[of("contact", "Anna"), of("deal", "Anna"), due("Anna")],
};

const ZOHO_CRM: Crm = Crm {
    project: "zoho-crm",
    late: false,
    answered_new: ("zc-in-ok-new", &[of("lead", "Boris"), done("Boris")]),
    answered_by_responsible: ("zc-in-ok-owner", &[done("Clara")]),
    answered_by_other: ("zc-in-ok-other", &[done("Denys"), heard(due("Boris"))]),
    missed_new: ("zc-in-miss-new", &[of("lead", "Anna"), due("Anna")]),
    missed_old: ("zc-in-miss-old", &[due("Anna")]),
    unknown_employee: ("zc-in-ok-new-unknown", &[of("lead", "Anna"), open("Anna")]),
    outgoing: ("zc-out-ok-old", &[done("Denys")]),
    voicemail: Some(("zc-vm-new", &[of("lead", "Anna"), heard(due("Anna"))])),
    form: &[of("lead", "Anna"), due("Anna")],
};

const ZOHO_DESK: Crm = Crm {
    project: "zoho-desk",
    late: false,
    answered_new: ("zd-in-ok-new", &[of("contact", "Boris"), of("ticket", "Boris"), done("Boris")]),
    answered_by_responsible: ("zd-in-ok-ticket-owner", &[done("Clara")]),
    answered_by_other: ("zd-in-ok-contact-other", &[of("ticket", "Denys"), done("Denys"), due("Boris")]),
    missed_new: ("zd-in-miss-new", &[of("contact", "Anna"), of("ticket", "Anna"), due("Anna")]),
    missed_old: ("zd-in-miss-old", &[due("Clara")]),
    unknown_employee: ("zd-in-ok-new-unknown", &[of("contact", "Anna"), open("Anna")]),
    outgoing: ("zd-out-old", &[done("Denys")]),
    voicemail: Some(("zd-vm-new", &[of("contact", "Anna"), of("ticket", "Anna"), heard(due("Anna"))])),
    form: &[of("contact", "Anna"), of("ticket", "Anna")],
};

const SMART_CRM: Crm = Crm {
    project: "smart-crm",
    late: false,
    answered_new: ("sm-in-ok-new", &[any("contact"), heard(any("call"))]),
    answered_by_responsible: ("sm-in-ok-old", &[heard(any("call"))]),
    answered_by_other: ("sm-in-ok-old", &[heard(any("call"))]),
    missed_new: ("sm-in-miss-new", &[any("contact"), any("call")]),
    missed_old: ("sm-in-miss-old", &[any("call")]),
    unknown_employee: ("sm-in-ok-new", &[any("contact"), heard(any("call"))]),
    outgoing: ("sm-out-ok-old", &[heard(any("call"))]),
    voicemail: None,
    form: &[any("contact")],
};
