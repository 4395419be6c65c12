//! Waking at a scheduled moment, finer than the runtime's millisecond wheel: half a millisecond of it would be a
//! fourth of what is measured.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{
    io::unix::AsyncFd,
    time::{Instant, sleep_until},
};

/// What wakes the open loop.
#[derive(Debug)]
pub enum Alarm {
    /// The kernel's high-resolution timer.
    Kernel(AsyncFd<OwnedFd>),
    /// The runtime's own, which tests pause.
    Runtime,
}

impl Alarm {
    /// A kernel timer on the runtime of this thread.
    ///
    /// # Errors
    /// Those of `timerfd_create(2)` and `epoll_ctl(2)`.
    pub fn kernel() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[expect(deprecated, reason = "unsound for types whose descriptor may change; an OwnedFd's cannot")]
        let timer = AsyncFd::new(timer)?;
        Ok(Self::Kernel(timer))
    }

    /// Waits until `due`; at once when that is past.
    ///
    /// # Errors
    /// Those of the kernel's timer.
    pub async fn until(&self, due: Instant) -> io::Result<()> {
        let Self::Kernel(timer) = self else {
            sleep_until(due).await;
            return Ok(());
        };
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let once = Itimerspec { it_interval: timespec(Duration::ZERO)?, it_value: timespec(left)? };
            timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            let mut ready = timer.readable().await?;
            let mut rings = [0_u8; 8];
            match rustix::io::read(timer.get_ref(), &mut rings) {
                Ok(_) | Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn timespec(span: Duration) -> io::Result<Timespec> {
    span.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "expected a shorter wait"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Alarm;

    #[tokio::test]
    async fn the_kernels_alarm_never_rings_early_and_can_be_used_again() {
        let alarm = Alarm::kernel().expect("a timer");
        for _ in 0..3 {
            let due = Instant::now() + Duration::from_micros(300);
            alarm.until(due).await.expect("the timer rings");
            assert!(Instant::now() >= due);
        }
        alarm.until(Instant::now() - Duration::from_secs(1)).await.expect("a past moment is not waited for");
    }
}
