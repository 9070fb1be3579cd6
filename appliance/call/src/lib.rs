//! A call as data: the vocabulary that crosses every border.
