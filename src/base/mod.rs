//! What every floor may lean on: time, secrets, problems, the environment, metrics.

pub mod clock;
pub mod dice;
pub mod environment;
pub mod metric;
pub mod problem;
pub mod secret;
