//! The RFC 3261 family: messages, transactions, dialogs, registration.
