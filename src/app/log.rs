//! Where the log goes: standard error, filtered as configured.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::base::problem::Problem;
use crate::config::{LogFormat, ProcessSettings};

/// Starts the log. A second start in one process (tests, the demo) leaves the first in place.
///
/// # Errors
/// The filter's own words about what it does not understand.
pub(crate) fn start(settings: &ProcessSettings) -> Result<(), Problem> {
    let filter = EnvFilter::builder().parse(&settings.log).map_err(|error| {
        Problem::new(
            "configuration",
            0,
            format!("log: expected a filter such as \"info\", found {:?}: {error}", settings.log),
        )
    })?;
    // Colours are for a terminal; a file or a journal gets plain text.
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let _first_one_stays = match settings.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}
