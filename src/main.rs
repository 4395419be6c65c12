//! Reads the arguments and gives the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    predial::app::cli::run(std::env::args_os())
}
