//! `predial route`: what calls were answered, tried with another configuration or erased.

mod arguments;
mod trying;

use serde::Deserialize;

pub(super) use self::arguments::RouteArguments;
use self::arguments::{ForgetArguments, RouteCommand};
use super::{Ending, Outcome, door::Door, print, remark};

/// What the door tells; see `ops::decisions`.
#[derive(Debug, Deserialize)]
struct Forgotten {
    erased: u64,
    overwritten: bool,
}

pub(super) async fn run(arguments: RouteArguments) -> Outcome {
    match arguments.command {
        RouteCommand::Try(arguments) => trying::run(arguments).await,
        RouteCommand::Forget(arguments) => forget(arguments).await,
    }
}

async fn forget(arguments: ForgetArguments) -> Outcome {
    let ForgetArguments { project, caller, door } = arguments;
    let door = Door::new(door)?;
    let mut url = door.project(&project, "decisions");
    if let Some(caller) = &caller {
        url.query_pairs_mut().append_pair("caller", caller);
    }
    let Forgotten { erased, overwritten } = door.delete(url).await?;
    let calls = if erased == 1 { "call is" } else { "calls are" };
    print(&format!("{erased} {calls} no longer recorded\n"))?;
    if overwritten {
        return Ok(Ending::Good);
    }
    remark("another program reads decisions.sqlite: until it lets go and this is said again, bytes stay in its log");
    Ok(Ending::Failed)
}
