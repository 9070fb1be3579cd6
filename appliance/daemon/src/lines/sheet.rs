//! The fact sheet that `--board` names.

use board::Sheet;
use board::sheet::KNOWN;
use std::path::Path;

/// Reads the sheet of a board by its name, or from the file at this path: what has a `/` in it or ends in
/// `.toml`. The error is a sentence.
pub(crate) fn sheet(board: &str) -> Result<Sheet, String> {
    if board.contains('/') || Path::new(board).extension().is_some_and(|kind| kind == "toml") {
        let text = std::fs::read_to_string(board)
            .map_err(|error| format!("the board's fact sheet {board} cannot be read: {error}"))?;
        return Sheet::parse(&text)
            .map_err(|wrong| format!("the board's fact sheet {board} is wrong: {wrong}"));
    }
    match Sheet::named(board) {
        Some(Ok(sheet)) => Ok(sheet),
        Some(Err(wrong)) => Err(format!("the fact sheet of board '{board}' is wrong: {wrong}")),
        None => {
            let known: Vec<_> = KNOWN.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            Err(format!("there is no board '{board}': give one of {known}, or a board.toml"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_has_a_name_or_a_file() {
        assert_eq!(sheet("sim").unwrap().name, "sim");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("board.toml");
        let path = file.to_str().unwrap();
        let missing = sheet(path).unwrap_err();
        assert!(missing.contains(path) && missing.contains("cannot be read"), "{missing}");
        std::fs::write(&file, "name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\n").unwrap();
        assert_eq!(sheet(path).unwrap().name, "x");
        std::fs::write(&file, "name = \"x\"\nspans = 3\n").unwrap();
        let wrong = sheet(path).unwrap_err();
        assert!(wrong.contains(path) && wrong.contains("line 2"), "{wrong}");
    }

    #[test]
    fn who_gives_a_board_that_is_unknown_is_told_which_are_known() {
        let said = sheet("abacus").unwrap_err();
        assert!(said.contains("'abacus'") && said.contains("sim"), "{said}");
    }
}
