//! Metrics: every name once, typed, registered before the first call so that counting takes no lock and allocates
//! nothing.
