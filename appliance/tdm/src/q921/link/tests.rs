//! Links in fake time.

mod arbitrary;
mod exchanges;
mod explored;
mod one_end;
mod table;
mod two_ends;
