/// # Diagnostics: what the program says about itself
///
/// Decides how a line of log looks, what may never be in one, and when a repeated line is counted instead of printed.
/// Does not decide *what* is worth saying: that is the caller's, by these levels:
///
/// ```
/// trace    frames and commands          debug   decisions of the code
/// info     once a life-cycle step       notice  a state an operator should know: connected, caught up
/// warning  degraded but safe            error   a person must act, and `hint` says how
/// ```
///
/// ```
/// logger.notice("manager connected", [.pbx: .text("main")])
///   │ level too low? one comparison, nothing built
///   ▼
/// LogEntry ─▶ StreamLog (stderr or file, text or JSON, reopened on SIGHUP)
///          └▶ LogRecorder (tests)
/// ```
///
/// A message is a constant sentence by type (`StaticString`); data goes into metadata under keys of one enum, `LogKey`, so
/// that everything about one call is found by its `call.linkedid`. A caller's number, a channel's name, a secret or a
/// webhook body reaches a log only as `Redacted`, which shows no more than two digits, a length or nothing below debug
/// level; there is no way from a plain number string to a log line that does not say `.text` at the call site.
///
/// Called by every module above; imports none. Counters (`Counter`, `CounterRegistry`) are lock-free and have names and
/// labels from bounded sets.
///
/// Authority: the house rules on logging; sd-daemon(3) for the `<N>` prefixes under journald.
/// Malformed input: control characters in a value are written as `\u{..}` escapes, so that a forged line cannot be made.
/// Disk full or log unwritable: the line is dropped and counted (`StreamLog.dropped`); the program goes on.
/// Shutdown: lines are written at once, there is nothing to flush.
