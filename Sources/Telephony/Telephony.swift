// Telephony: the words everything else is written in.
//
// Decides:     what an identifier, a cause, an instant, a call event and a call record *are*, and how a record is spelt
//              as JSON (the contract with CRMs).
// Decides not: how bytes become events (AsteriskWire), how events become a record (CallAssembly), where a record is kept
//              (Storage) or sent (Delivery). It opens nothing, waits for nothing and reads no clock.
// Called by:   every other module. It imports none.
//
//      UniqueID  one channel ─┐
//      LinkedID  one call ────┼─▶ CallEvent ──▶ (CallAssembly) ──▶ FinishedCall { CallRecord, evidence } ──▶ JSON
//      BridgeID  one bridge ──┘
//
// Authority:   Asterisk's manager event documentation (16 and 22), channel.c's table of causes (Q.850 numbers),
//              the outside contract for the record's field names, RFC 3339 for times, RFC 8259 for JSON.
// Malformed:   identifiers keep whatever text Asterisk sent; unknown causes and dial statuses are kept as they are.
//              `JSONValue(parsing:)` throws with the byte offset. Text is made printable by `printable(_:)` before it
//              can reach a record: control characters never leave this module.
