// FastAGI: the server that a dialplan asks by `AGI(agi://host/path?query)`, and Hookswitch's own requests.
//
// Decides:     who may connect, how many sessions run at once, which handler a path has, when a session has had its time.
// Decides not: what bytes mean (AsteriskWire/AGI), what a witness says about a call (CallAssembly), which CRM is asked.
// Called by:   the Daemon, and by other programs as a library.
//
//      Asterisk ── connect ──▶ permit? room? ──no──▶ close at once
//                                   │yes
//                                   ▼
//      environment ───────▶ readingEnvironment ──▶ ready ⇄ waiting for a reply ──▶ ended = socket closed
//                                   │                ▲ one command, one reply; HANGUP may come before any
//                                   └── trouble, deadline, end of handler: the socket is closed at once ──┘
//
// The rule above all others: a channel waits for as long as a FastAGI server keeps its socket open. It cannot be hung up
// and writes no CDR meanwhile. So every way out of a session closes the socket, and a deadline closes it without asking
// the handler.
//
// Authority:   res_agi.c of Asterisk 16 and 22 (`run_agi`, `launch_netscript`, `setup_env`).
// Malformed:   what is not AGI ends its own session with a counted reason; the others do not notice.
// Disk full:   nothing is written here. A witness that could not be taken is answered `HOOKSWITCH_STATUS=FAILED`, so
//              that the dialplan can spool it.
// Shutdown:    `stop` closes the listener; running sessions end by themselves, at the latest by their deadline.
