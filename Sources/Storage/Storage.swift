// Storage: what Hookswitch knows, on disk.
//
// Decides: when a call is durable (its record and its outbox rows are one transaction, synced), what is written once and
// what may be amended, in which order messages of one call may leave, what is kept how long.
// Does not decide: what a record says (CallAssembly), what is sent, to whom and when again (Delivery).
//
// Callers: the daemon offers finished calls (`RecordSink`), delivery claims and settles messages (`Outbox`), the command
// line and the HTTP pages look (`CallQuery`). All three are narrow so that PostgreSQL can stand behind them later.
// `CallStore` is the first two for the one daemon that owns a state folder; `StoreReader` is the third, in the daemon and in
// other processes alike, and `StoreClient` asks the daemon, through the table `requests`, for what only the owner may do.
//
//   any task                    hs-writer                                        disk
//   commit ──┐               ┌─ BEGIN                                            hookswitch.db-wal,
//   enqueue ─┼─▶ one queue ──┤  everything that has arrived meanwhile (Ledger)   one sync for all
//   finish ──┘  (bounded)    └─ COMMIT ─▶ LendingDesk ─▶ "endpoint has work"
//                                 │   └─▶ answers ─▶ calls.jsonl
//   claim ──▶ LendingDesk ────────┘ a page of the backlog, where there is one
//   questions ─────────────▶ hs-reader (own connection)      hs-checkpoint: log → hookswitch.db, beside the writer
//
// Three threads, each with its own connection and started by its first work; nothing of SQLite runs anywhere else.
// The writer is an actor on its thread; a batch of writes is run by the thread itself between two of the actor's jobs.
//
// A record is written once. One of which a part is still to come (its recordings have not settled) is written marked as
// waiting, the mark in `open_calls` in the same transaction, and a second time when the rest is known; then the mark goes.
// So whatever a kill leaves is either whole, or marked and taken up by the next start; and `calls.jsonl`, which is written
// after the commit, has one line for one call, as the call is in the end.
//
// Leases are in memory only. The lock on the state folder makes this process the sole claimer, so a restart ends every
// lease, and a claim costs no write: of a call's path through here only the commit waits for the disk.
//
// Authority: SQLite's own pages (wal.html, stricttables.html, lang_upsert.html, partialindex.html, c3ref). Version looked
// at: 3.40, Debian 12's.
//
// When things go wrong: a full disk or a failing one fails the whole transaction, everyone in it is told, nothing of it
// is kept, and the same call may be offered again. A fault inside one write is separated from the others by running each
// alone. A database that is damaged or from a newer version is refused at start, untouched. A second daemon on the same
// folder is refused. On shutdown what is queued is written, then the files are closed; killed at any instant, the
// database holds the last transaction that was answered, and all of it.
