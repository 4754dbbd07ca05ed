// AMI: a client of Asterisk's manager interface, for Hookswitch and as a library of its own.
//
// Decides:     how to connect, log in, stay connected, notice a dead peer, come back; which answer belongs to which action.
// Decides not: how bytes become messages (AsteriskWire), what events mean for calls (CallAssembly).
// Called by:   the Daemon (one `AMIClient` a PBX), `check` and `capture`, and programs that use the library.
//
//      connect ─▶ TLS? ─▶ banner ─▶ Challenge ─▶ Login ─▶ FullyBooted or 2 s ─▶ resync ─▶ ready ──┐
//         ▲                                                                                       │ lost, silent, refused
//         └───────────────────────── backoff with jitter ◀────────────────────────────────────────┘
//
//      socket ─▶ AMIDecoder ─▶ handler.message (on the loop, each message, at once)
//                          └─▶ answers: matched by ActionID, handed to whoever waits in `send`
//
// The socket is always drained: Asterisk cuts a reader that stalls, without a word. So the handler is a plain function
// that is called on the loop and must return soon; nothing here ever waits for it.
//
// Authority:   Asterisk's manager.c and its documentation of actions and events, 11 to 22; measured on 16.28 and 22.10.
// Malformed:   a message over a limit, or a peer that is no manager, ends the session with its reason and byte offset, and
//              a new one begins. Damaged events are the handler's to judge; it may ask for a `resync`.
// Shutdown:    `stop` says Logoff and lets `run` return; cancelling the task that runs `run` just closes.
