//! What happens after the dial: everything that is told of a call is kept here before it is acknowledged, and done from
//! here, once, however often it has to be tried.

pub mod store;
