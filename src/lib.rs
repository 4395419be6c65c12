//! predial answers, before a telephone system dials, who is responsible for the caller.
//!
//! The modules stand on floors. A module imports from lower floors only, never from a neighbour on its own floor nor
//! from above; `tests/floors.rs` reads the list below and checks it.
//!
//! ```text
//! 7  app                    assembly, start, stop, command line
//! 6  server · ops           doors: telephone system / operators
//! 5  routing · journal      decide now / do later
//! 4  project · directory    what is configured and connected / who is known
//! 3  crm · pbx              the CRMs' port, one folder per CRM / Ringostat's own API
//! 2  config · outbound      files to checked values / the one HTTP client
//! 1  telephony · scenario · forms  pure: bytes to facts and back, facts to actions
//! 0  model · base           facts / clock, secrets, problems, metrics
//! ```

pub mod app;

pub mod ops;
pub mod server;

pub mod journal;
pub mod routing;

pub mod directory;
pub mod project;

pub mod crm;
pub mod pbx;

pub mod config;
pub mod outbound;

pub mod forms;
pub mod scenario;
pub mod telephony;

pub mod base;
pub mod model;
