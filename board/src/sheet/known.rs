//! The fact sheets that a program carries in itself.

use super::{Sheet, SheetError};

/// Names of boards with the text of their fact sheets, in the order of the alphabet.
pub const KNOWN: &[(&str, &str)] = &[
    ("nanopi-r3s", include_str!("../../nanopi-r3s/board.toml")),
    ("pc-x86_64", include_str!("../../pc-x86_64/board.toml")),
    ("qemu-aarch64", include_str!("../../qemu-aarch64/board.toml")),
    ("qemu-x86_64", include_str!("../../qemu-x86_64/board.toml")),
    ("rpi-cm4", include_str!("../../rpi-cm4/board.toml")),
    ("sim", include_str!("../../sim/board.toml")),
];

impl Sheet {
    /// The fact sheet of the board of this name; nothing where none has it.
    pub fn named(name: &str) -> Option<Result<Sheet, SheetError>> {
        let (_, text) = KNOWN.iter().find(|(known, _)| *known == name)?;
        Some(Sheet::parse(text))
    }
}
