//! Header fields: their names, and one type for each kind of value (RFC 3261 §20, §25.1).

pub mod content;
pub mod date;
pub mod list;
pub mod name;
pub mod name_addr;
pub mod params;
pub mod scalar;
pub mod session;
pub mod valued;
pub mod via;
