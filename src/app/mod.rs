//! Assembly, start, stop.
