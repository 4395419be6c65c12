//! A look-up as the edge door does it, without the door.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up, or is answered wrongly, ends there")]

use bytes::Bytes;
use predial::project::Block;
use predial::routing::{Decision, Recalled, recall};
use predial::telephony::ringostat::{Rendered, decode};
use predial::telephony::{Incoming, LookupRequest};

use crate::world::{Question, World};

/// An answer, as the parts the door sends.
pub(crate) struct Answer<'w> {
    rendered: &'w Rendered,
    before: Bytes,
    echo: Option<Bytes>,
}

impl Answer<'_> {
    /// Whether these are the bytes of `expected`.
    pub(crate) fn is(&self, expected: &str) -> bool {
        let mut rest = Some(expected.as_bytes());
        // Only parts that are there: comparing an empty slice, whose pointer leads nowhere, costs the processor 140 ns.
        for part in [Some(&self.before), self.echo.as_ref(), self.rendered.after.as_ref()].into_iter().flatten() {
            rest = rest.and_then(|rest| rest.strip_prefix(part.as_ref()));
        }
        self.rendered.status == 200 && rest.is_some_and(<[u8]>::is_empty)
    }
}

/// The block a question is for.
pub(crate) fn block_of<'w>(world: &'w World, question: &Question) -> &'w Block {
    world.line.project.block(question.block).expect("a block")
}

/// The body a question is asked with.
pub(crate) fn body_of(question: &Question) -> Bytes {
    Bytes::from_static(question.body.as_bytes())
}

/// What is asked: the request, decoded.
pub(crate) fn asked<'a>(block: &Block, question: &'a Question, body: &'a Bytes) -> LookupRequest<'a> {
    let incoming = Incoming { query: Some(question.query), content_type: question.content_type, body };
    decode(&incoming, &block.fields).expect("a question")
}

/// From the request's bytes to the answer's: decode, key, get, walk, note, encode.
pub(crate) fn answer<'w>(world: &'w World, block: &'w Block, question: &Question, body: &Bytes) -> Answer<'w> {
    let asked = asked(block, question, body);
    known(world, block, asked.caller.as_deref().expect("a caller"), asked.rpc_id.as_ref())
}

/// From the caller's number to the answer's bytes: key, get, walk, note, encode.
pub(crate) fn known<'w>(world: &'w World, block: &'w Block, caller: &str, rpc_id: Option<&Bytes>) -> Answer<'w> {
    let rendered = match recall(&world.line, block, Some(caller)) {
        Recalled::Decided(verdict) => {
            world.notes.note(&world.line, block, (&verdict, world.at));
            match verdict.decision {
                Decision::Hit { employee, .. } => block.answers.hit(employee),
                Decision::Miss(_) => block.answers.miss(),
            }
        }
        Recalled::Unknown { .. } => block.answers.miss(),
    };
    Answer { rendered, before: rendered.before.clone(), echo: rendered.echo(rpc_id) }
}
