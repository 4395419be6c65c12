//! Instructions of a look-up, from the request's bytes to the answer's, per request form. `benches/check-instructions`
//! holds them against the base line.

#![expect(missing_docs, unused_qualifications, reason = "gungraun's macros make items of their own")]
#![expect(clippy::expect_used, reason = "a bench that cannot be set up ends there")]

mod answering;
mod world;

use std::hint::black_box;

use bytes::Bytes;
use gungraun::prelude::*;
use predial::project::Block;

use crate::answering::{Answer, answer, block_of, body_of};
use crate::world::{QUESTIONS, Question, World};

/// Enough for a directory of several segments; a `get` takes the same work in a larger one.
const CLIENTS: u64 = 2_000;

struct Case {
    world: &'static World,
    block: &'static Block,
    question: &'static Question,
    body: Bytes,
}

fn case(form: &str) -> Case {
    let world: &'static World = Box::leak(Box::new(World::with_clients(CLIENTS)));
    let question = QUESTIONS.iter().find(|question| question.form == form).expect("a form");
    let (block, body) = (block_of(world, question), body_of(question));
    // Several times before it counts: moka's housekeeping is done, and what is made on first use is made.
    for _ in 0..2 {
        assert!(answer(world, block, question, &body).is(question.answer), "{form}");
    }
    Case { world, block, question, body }
}

#[expect(clippy::needless_pass_by_value, reason = "a teardown is given what the bench returned")]
fn is_right(answer: (&'static Question, Answer<'static>)) {
    assert!(answer.1.is(answer.0.answer), "{}", answer.0.form);
}

#[library_benchmark]
#[bench::query(args = ("query"), setup = case, teardown = is_right)]
#[bench::form(args = ("form"), setup = case, teardown = is_right)]
#[bench::json(args = ("json"), setup = case, teardown = is_right)]
#[bench::json_rpc(args = ("json-rpc"), setup = case, teardown = is_right)]
fn look_up(case: Case) -> (&'static Question, Answer<'static>) {
    let answer = answer(case.world, black_box(case.block), case.question, black_box(&case.body));
    (case.question, answer)
}

library_benchmark_group!(name = look_ups, benchmarks = [look_up]);
main!(library_benchmark_groups = look_ups);
