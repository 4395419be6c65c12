//! The integration tests: the service in process on port 0, the sandbox for everything outside.
