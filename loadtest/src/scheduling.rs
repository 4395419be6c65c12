//! Callers, service and CRM have machines of their own; here they share one. What is measured is the service, so callers
//! have a core when they are due and the CRM works where nobody else would. On Linux alone; elsewhere all are alike.
//!
//! A priority is not all it takes: since Linux 6.6 a thread that has just begun its turn keeps the core for 1.4 ms and
//! longer, whoever wakes up meanwhile. One that asks for short turns is let in at once (Linux 6.12), and everyone is let
//! in before one that runs on idle cores only.

#[cfg(target_os = "linux")]
use crate::report::tell;

/// Lets the calling thread, and those it starts, have a core soon after they wake up: for threads that work for a tenth
/// of a millisecond at a time.
pub fn come_at_once() {
    change(Turns::Short);
}

/// Lets the calling thread, and those it starts, run where a core would be idle: for what belongs on another machine.
pub fn stand_aside() {
    change(Turns::OnIdleCores);
}

#[derive(Debug, Clone, Copy)]
enum Turns {
    Short,
    OnIdleCores,
}

#[cfg(not(target_os = "linux"))]
const fn change(_: Turns) {}

#[cfg(target_os = "linux")]
fn change(turns: Turns) {
    if let Err(error) = linux::change(turns) {
        tell(&format!("a thread's turns could not be changed ({turns:?}): {error}"));
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate that is kept up offers these two system calls")]
mod linux {
    use std::{io, mem};

    use libc::{SCHED_BATCH, SCHED_IDLE, SCHED_OTHER, SYS_sched_getattr, SYS_sched_setattr, sched_attr};

    use super::Turns;

    /// The shortest turn the system gives, in nanoseconds.
    pub(super) const SHORT_NS: u64 = 100_000;
    /// The calling thread's.
    const OWN: libc::pid_t = 0;
    const NO_FLAGS: libc::c_uint = 0;

    pub(super) fn change(turns: Turns) -> io::Result<()> {
        let mut its = now()?;
        if ![SCHED_OTHER, SCHED_BATCH].iter().any(|&usual| u32::try_from(usual) == Ok(its.sched_policy)) {
            return Ok(());
        }
        match turns {
            Turns::Short => its.sched_runtime = SHORT_NS,
            Turns::OnIdleCores => its.sched_policy = SCHED_IDLE.unsigned_abs(),
        }
        // SAFETY: the kernel reads as many bytes as `size` says, which `now` had filled; it keeps no pointer.
        done(unsafe { libc::syscall(SYS_sched_setattr, OWN, &raw const its, NO_FLAGS) })
    }

    pub(super) fn now() -> io::Result<sched_attr> {
        // SAFETY: a struct of whole numbers only, for which zero is a value.
        let mut its: sched_attr = unsafe { mem::zeroed() };
        let size = libc::c_uint::try_from(size_of::<sched_attr>()).map_err(io::Error::other)?;
        // SAFETY: the kernel writes `size` bytes at the most, into a struct that is as long; it keeps no pointer.
        done(unsafe { libc::syscall(SYS_sched_getattr, OWN, &raw mut its, size, NO_FLAGS) })?;
        Ok(its)
    }

    fn done(returned: libc::c_long) -> io::Result<()> {
        if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::thread;

    use super::{
        come_at_once,
        linux::{SHORT_NS, now},
        stand_aside,
    };

    /// Policy, niceness and length of the turns of a thread, and of one it starts, after `change`.
    fn after(change: fn()) -> [(u32, i32, u64); 2] {
        let told = || now().map(|its| (its.sched_policy, its.sched_nice, its.sched_runtime)).expect("a thread's turns");
        let changed = thread::spawn(move || {
            change();
            [told(), thread::spawn(told).join().expect("no panic")]
        });
        changed.join().expect("no panic")
    }

    #[test]
    fn a_thread_and_those_it_starts_change_and_no_other_does() {
        let [before, _] = after(|| ());
        let [its, its_own] = after(stand_aside);
        assert_eq!((its.0, its_own.0), (libc::SCHED_IDLE.unsigned_abs(), its.0));
        let [its, its_own] = after(come_at_once);
        // Before Linux 6.12 the system tells no length and takes none.
        let length = if before.2 == 0 { 0 } else { SHORT_NS };
        assert_eq!((its, its_own), ((before.0, before.1, length), its));
        assert_eq!(after(|| ())[0], before);
    }
}
