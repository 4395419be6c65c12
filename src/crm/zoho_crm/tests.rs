mod account;
mod bodies;
mod forms;
mod hooks;
mod judge;
mod live;
mod queries;
mod reading;
mod settings;
mod status;
mod sweeping;
mod troubles;
mod updates;
mod vendor;
mod writing;

use crate::outbound::Reply;

/// A reply as the vendor might give it.
fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    Reply { status, headers, body: body.to_owned().into() }
}
