//! Time of a look-up, per request form, and of its parts. Every answer is compared with the expected bytes: a bench that
//! does not look at its answers measures errors.

mod world;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};

use crate::world::{QUESTIONS, World};

/// As many as a large customer has; more than the processor's caches hold.
const CLIENTS: u64 = 100_000;

fn look_up(criterion: &mut Criterion) {
    let world = World::with_clients(CLIENTS);
    let mut group = criterion.benchmark_group("bytes to bytes");
    for question in &QUESTIONS {
        let (block, body) = (world.block(question), Bytes::from_static(question.body.as_bytes()));
        group.bench_function(question.form, |bencher| {
            bencher.iter(|| {
                let answer = world.answer(black_box(block), black_box(question), black_box(&body));
                assert!(answer.is(question.answer));
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("number to bytes");
    for question in &QUESTIONS {
        let (block, id) = (world.block(question), question.rpc_id.map(|id| Bytes::from_static(id.as_bytes())));
        group.bench_function(question.form, |bencher| {
            bencher.iter(|| {
                let answer = world.known(black_box(block), black_box(question.caller), id.as_ref());
                assert!(answer.is(question.answer));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, look_up);
criterion_main!(benches);
