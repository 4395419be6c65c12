mod account;
mod forms;
mod hooks;
mod judge;
mod own;
mod reading;
mod replies;
mod requests;
mod settings;
mod status;
mod term;
mod vendor;
mod vendor_writing;
mod wire;
mod write_stage;
mod writing;

use crate::outbound::Reply;

/// A reply as the vendor might give it.
fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    Reply { status, headers, body: body.to_owned().into() }
}
