// CallAssembly: from what was seen of a call to the one record that tells it.
//
// Decides:     which channels are one call, when it is over, and then who called whom, who answered, who spoke, who ended it,
//              how long each part took, and which event says so.
// Decides not: what an event's bytes mean (AsteriskWire), where a record is kept (Storage), whether a recording's file is
//              there (Daemon). It opens nothing, waits for nothing and reads no clock: the same events give the same record
//              on every machine.
// Called by:   the Daemon, one `CallAssembler` a PBX, on the task that reads the manager stream; `replay` and `backfill`.
//
//   while the call lives: facts, nothing decided           when its last channel is gone: everything decided at once
//
//   CallEvent ─▶ CallAssembler ─▶ Call ───── Facts ─▶ CallTeller ─▶ Cast          who is a person, outside, dialled, the caller
//     channel events  │           · parts (channels)               Ends          when each party left
//     CEL  (+CEL)     │           · dials                          Conversation  who heard the main party, when
//     CDR  (+Facts)   │           · bridges and stays              Outcome       answered by, disposition, cause, queue
//     handler         │           · Local pairs                    Transfers     who moved the call
//       (+Witness)    │           · queue visits, moves …             │
//     gaps (+Connection)                                              └─▶ FinishedCall: record and the evidence of each field
//
//   A gap: what was not heard is put in from Asterisk's own files (`complete`), from CEL as the facts that another fold made of its
//   rows (`FoundCalls`, `Call.fill`). What was heard stands.
//   One call: all channels that ever showed the same linked id, and those that a transfer, pickup or parking tied to them
//   (`merge`). Over: no channel of it is alive. Its CDR, where calls have them, is waited for a moment.
//   Not one call: people of other calls met in a conference or an agent's session; they are guests (+Conferences).
//
// Where channel events were not heard, `CDRStory` tells a call from its CDR rows alone.
//
// Authority:   the outside contract for each field's definition; Asterisk's CDR and CEL specifications, channel.c, dial.c,
//              bridge_*.c, app_queue.c, features, res_parking of 16 and 22; captures of both.
// Malformed:   an event of a channel never seen is ignored; one that cannot be (a hangup inside a bridge, life after a
//              hangup) is refused or taken back, and a list of the live channels is asked for (`resyncWanted`).
// Memory:      a call's own facts, gone when it is told; the ids of the last 4,096 channels told; a tally a device.
// Shutdown:    nothing to do here; `finishAll` tells what is left at the end of a capture.
