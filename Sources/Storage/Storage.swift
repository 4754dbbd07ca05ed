// Storage: what Hookswitch knows, on disk.
//
// Decides: when a call is durable (its record and its outbox rows are one transaction, synced), what is written once and
// what may be amended, in which order messages of one call may leave, what is kept how long.
// Does not decide: what a record says (CallAssembly), what is sent, to whom and when again (Delivery).
//
// Callers: the daemon offers finished calls (`RecordSink`), delivery claims and settles messages (`Outbox`), the command
// line and the HTTP pages look (`CallQuery`). All three are narrow so that PostgreSQL can stand behind them later.
//
//   loop thread                     writer thread                        disk
//   commit ──┐                  ┌─ BEGIN                                  hookswitch.db-wal, one sync for all
//   enqueue ─┼─▶ bounded queue ─┤  everything that has arrived meanwhile
//   finish ──┘                  └─ COMMIT ─▶ answers, calls.jsonl, "endpoint has work" ─▶ loop
//
// Authority: SQLite's own pages (wal.html, stricttables.html, lang_upsert.html, c3ref). Version looked at: 3.40.
//
// When things go wrong: a full disk or a failing one fails the whole transaction, everyone in it is told, nothing of it
// is kept, and the same call may be offered again. A database that is damaged or from a newer version is refused at
// start. A second daemon on the same folder is refused. On shutdown what is queued is written, then the files are closed;
// killed at any instant, the database holds the last transaction that was answered, and all of it.
