//! What a call allocates, from the request's bytes to the answer's.
//!
//! One test for all of it, because what one thread throws away another may clean up: moka frees memory through a
//! reclaimer that all caches and threads of a process share.

#[path = "../benches/answering/mod.rs"]
mod answering;
mod counting;
#[path = "../benches/world/mod.rs"]
mod world;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;

    use crate::answering::{Answer, answer, asked, block_of, body_of, known};
    use crate::counting::so_far;
    use crate::world::{QUESTIONS, Question, World};

    /// What decoding allocates at most: a text or two where the wanted value is escaped, as it is in `form` and `json`.
    const DECODING: [(&str, u64); 4] = [("query", 0), ("form", 1), ("json", 2), ("json-rpc", 0)];

    #[test]
    fn the_counter_sees_an_allocation_and_a_growing_one() {
        let before = so_far();
        let mut grown = black_box(Vec::<u64>::with_capacity(1));
        assert_eq!(so_far() - before, 1);
        grown.reserve_exact(1_000);
        assert_eq!(so_far() - before, 2);
        drop(black_box(grown));
        drop(black_box(vec![0_u8; 100]));
        assert_eq!(so_far() - before, 3);
    }

    #[test]
    fn a_hit_allocates_nothing_from_the_number_to_the_answers_bytes() {
        let world = World::with_clients(2_000);
        // A thread's very first `get` makes the reclaimer know the thread: one allocation in the thread's life.
        let first = &QUESTIONS[0];
        assert!(allocated(first, || known(&world, block_of(&world, first), "380670000121", None)) <= 1);
        for question in &QUESTIONS {
            for call in 0..10_000 {
                assert_eq!(from_the_number(&world, question), 0, "call {call} in the form {}", question.form);
            }
        }
        for (question, (form, most)) in QUESTIONS.iter().zip(DECODING) {
            assert_eq!(question.form, form);
            for call in 0..100 {
                let allocated = from_the_bytes(&world, question);
                assert!(allocated <= most, "{allocated} in call {call} in the form {form}, at most {most} expected");
            }
        }
        // Every 64th `get` sorts moka's list of what was read. Where other threads have thrown entries away, that `get`
        // may hand a bag of them to the reclaimer, which is one allocation and none of ours.
        let garbage = || drop(World::with_clients(2_000));
        assert!(thread::spawn(garbage).join().is_ok());
        let calls = 64_000;
        let counts: Vec<u64> = (0..calls).map(|_| from_the_number(&world, first)).collect();
        let allocating = counts.iter().filter(|&&count| count > 0).count();
        assert!(allocating <= calls / 64, "{allocating} of {calls} calls allocated");
        assert!(counts.iter().all(|&count| count <= 1), "{:?}", counts.iter().max());
    }

    fn from_the_number(world: &World, question: &Question) -> u64 {
        let (block, body) = (block_of(world, question), body_of(question));
        let asked = asked(block, question, &body);
        let caller = asked.caller.as_deref().unwrap();
        allocated(question, || known(world, block, black_box(caller), asked.rpc_id.as_ref()))
    }

    fn from_the_bytes(world: &World, question: &Question) -> u64 {
        let (block, body) = (block_of(world, question), body_of(question));
        allocated(question, || answer(world, block, black_box(question), &body))
    }

    /// What a right answer to `question` allocated.
    fn allocated<'w>(question: &Question, answer: impl FnOnce() -> Answer<'w>) -> u64 {
        let before = so_far();
        let answer = black_box(answer());
        let allocated = so_far() - before;
        assert!(answer.is(question.answer), "{}", question.form);
        allocated
    }
}
