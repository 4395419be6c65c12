mod account;
mod delta;
mod faults;
mod forms;
mod hooks;
mod looking;
mod own;
mod reading;
mod requests;
mod settings;
mod status;
mod vendor;
mod vendor_registering;
mod vendor_writing;
mod wire;
mod writing;
mod writing_more;

use crate::outbound::Reply;

/// A reply as the vendor might give it.
fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    Reply { status, headers, body: body.to_owned().into() }
}
