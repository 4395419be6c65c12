//! `loadtest`: see the library.

use std::process::ExitCode;

/// The service's allocator, so that the bare servers have the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    loadtest::cli::main()
}
