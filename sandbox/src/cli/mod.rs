//! The command line, one file for each thing that can be run.

pub(crate) mod hubspot;
pub(crate) mod pbx;
pub(crate) mod pipedrive;
pub(crate) mod ringostat_api;
pub(crate) mod smart_crm;
pub(crate) mod zoho_crm;
pub(crate) mod zoho_desk;

use std::{io, io::Write};

use clap::Args;
use sandbox::kit::{Running, Vendor};

/// What every stand-in can be told.
#[derive(Args)]
pub(crate) struct Basic {
    /// The port on loopback; 0 takes any.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many clients are made; the named samples come on top.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) clients: usize,
    /// What the clients follow from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many times faster the vendor's windows, lags, token lives and days pass.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) speed: f64,
}

/// Runs a stand-in until Ctrl-C; prints `NAME=ADDRESS` when it listens.
pub(crate) async fn serve<V: Vendor>(options: impl Into<V::Options>) -> io::Result<()> {
    let stand_in = Running::<V>::start(options.into()).await?;
    writeln!(io::stdout(), "{}={}", V::NAME, stand_in.base_url())?;
    tokio::signal::ctrl_c().await?;
    stand_in.stop().await;
    Ok(())
}
