//! The HTTPS API, its events and the web admin files.
