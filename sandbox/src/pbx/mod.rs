//! A telephone system that asks as Ringostat does.
