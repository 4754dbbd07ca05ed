/// # CommandLineTool: the verbs of `hookswitch`
///
/// Decides what the arguments mean, how calls and deliveries are shown to a person and to a script, and with which exit code
/// the program ends. Does not decide anything about calls: it reads what `Storage` holds, replays with `CallAssembly`,
/// and has `Daemon` do the rest.
///
/// ```
/// arguments ─▶ Invocation ──────▶ a verb ─▶ Console ─▶ standard output: table on a terminal, JSON Lines with --json
///                │ UsageError                    └───▶ standard error: what went wrong
///                ▼
///         usage line, exit 2
/// ```
///
/// | exit code | meaning |
/// |---|---|
/// | 0 | fine |
/// | 1 | something found or failed |
/// | 2 | wrong usage |
/// | 3 | configuration error |
///
/// Called by the executable's `main` and by the tests, which give a `Console` of their own. Help texts and JSON output are a
/// contract: their snapshots are in the tests.
///
/// Authority: the contract's section 1; no-color.org for `NO_COLOR`.
/// Malformed input: an unknown verb or option names the nearest known one. A full disk or a closed pipe on standard output ends
/// the program with exit code 1, without a message for a pipe that the reader closed.
/// Shutdown: SIGINT ends `tail` and `capture` in good order; the other verbs are over by themselves.
