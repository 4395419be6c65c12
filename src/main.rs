//! Reads the arguments and gives the exit code.

use std::process::ExitCode;

/// Connections come and go by the thousand and each takes and gives back a few blocks: mimalloc keeps that local to the
/// thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    predial::app::cli::run(std::env::args_os())
}
