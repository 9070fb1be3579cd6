//! What an installer can set, parsed into types.
