//! Time of a look-up, per request form, and of its parts. Every answer is compared with the expected bytes: a bench that
//! does not look at its answers measures errors.

mod answering;
mod edge;
mod world;

use std::hint::black_box;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use criterion::{Criterion, criterion_group, criterion_main};

use predial::server::{Door, serve};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::answering::{answer, asked, block_of, body_of, known};
use crate::edge::{Caller, door, request};
use crate::world::{QUESTIONS, World};

/// As many as a large customer has; more than the processor's caches hold.
const CLIENTS: u64 = 100_000;

fn look_up(criterion: &mut Criterion) {
    let world = World::with_clients(CLIENTS);
    let mut group = criterion.benchmark_group("bytes to bytes");
    for question in &QUESTIONS {
        let (block, body) = (block_of(&world, question), body_of(question));
        group.bench_function(question.form, |bencher| {
            bencher.iter(|| {
                let answer = answer(&world, black_box(block), black_box(question), black_box(&body));
                assert!(answer.is(question.answer));
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("number to bytes");
    for question in &QUESTIONS {
        let (block, body) = (block_of(&world, question), body_of(question));
        let asked = asked(block, question, &body);
        let caller = asked.caller.as_deref().unwrap_or_default();
        group.bench_function(question.form, |bencher| {
            bencher.iter(|| {
                let answer = known(&world, black_box(block), black_box(caller), asked.rpc_id.as_ref());
                assert!(answer.is(question.answer));
            });
        });
    }
    group.finish();
}

fn through_a_socket(criterion: &mut Criterion) {
    let world = World::with_clients(CLIENTS);
    let (address, listener, door) = door(&world);
    let stop = CancellationToken::new();
    let serving = thread::spawn({
        let stop = stop.clone();
        move || serve_here(listener, door, stop)
    });
    for (name, connection) in [("kept connection", "keep-alive"), ("connection per call", "close")] {
        let mut group = criterion.benchmark_group(name);
        for question in &QUESTIONS {
            let request = request(question, connection);
            let mut kept = (connection == "keep-alive").then(|| Caller::to(address));
            group.bench_function(question.form, |bencher| {
                bencher.iter(|| match &mut kept {
                    Some(caller) => caller.ask(&request, question.answer),
                    None => Caller::to(address).ask(&request, question.answer),
                });
            });
        }
        group.finish();
    }
    stop.cancel();
    assert!(serving.join().is_ok());
}

/// The door on a runtime of one thread, as each of the service's edge threads has it.
fn serve_here(listener: TcpListener, door: Arc<Door>, stop: CancellationToken) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| runtime.block_on(serve(listener, door, stop)));
    assert!(served.is_ok(), "{served:?}");
}

criterion_group!(benches, look_up, through_a_socket);
criterion_main!(benches);
