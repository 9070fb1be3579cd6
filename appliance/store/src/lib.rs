//! SQLite: configuration, bindings and call records that survive.
