//! The log: lines on standard error, where systemd and containers look for them.

use tracing_subscriber::EnvFilter;

/// Starts the log at the level of `STROWGER_LOG`, `info` without it.
pub(crate) fn start() {
    let wanted = std::env::var("STROWGER_LOG").unwrap_or_default();
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .parse_lossy(wanted);
    // systemd's journal has its own time stamps.
    let in_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    if in_journal { log.without_time().init() } else { log.init() }
}
