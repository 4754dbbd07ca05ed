// AsteriskWire: Asterisk's two line protocols and its files, as values.
//
// Decides:     where a message ends, what its headers are, whether it can be believed, and which `CallEvent` it is.
// Decides not: what events mean for a call (CallAssembly), when to read or answer (AMI, FastAGI). It opens nothing,
//              waits for nothing and reads no clock.
// Called by:   AMI and FastAGI with bytes from their sockets; `replay` and `backfill` with bytes from files.
//
//      AMI:  bytes ─▶ AMIDecoder ─▶ AMIMessage (ranges into the bytes, valid during the call) ─▶ CallEventTranslator ─▶ CallEvent
//      AGI:  bytes ─▶ AGI decoders ─▶ environment, replies            commands ─▶ AGI lines
//      files: LogBytes ─▶ LogTable (which shape, which columns) ─▶ LogRow ─▶ CELFile, CDRFile ─▶ CallEvent
//
//      a message:   Event: Hangup CR LF  Privilege: call,all CR LF  Timestamp: 1795227460.996054 CR LF  … CR LF CR LF
//
// Authority:   Asterisk's manager.c, stasis manager_*.c, res_agi.c, cdr.c, cel.c of 16.28 and 22.10, and captures of both.
// Malformed:   a message over a limit throws; one that may be forged (a stranger can write CR LF into a caller number over
//              SIP) is refused as damaged and counted, and the stream goes on with the next. Text that is not UTF-8 is
//              repaired. A line of a file that cannot be read is named with what is allowed, and the others are read.
//              The differences between Asterisk versions stand in `CallEventTranslator` and nowhere else.
