// Delivery: what is on disk reaches the receiver.
//
// Decides:     what an endpoint is told and in which form, when it is tried, how often, at which address, when it is left
//              alone, when a message is given up, and when a person must hear of it.
// Decides not: what a call was (CallAssembly), what is on disk and in which order it is lent (Storage), which sections the
//              configuration has and where alerts are logged (Daemon).
// Called by:   Daemon (drafts with each commit; run, reload, stop) and the verbs that try an endpoint or read its settings.
//
//      WebhookEvent ─▶ EndpointConfiguration.accepts (events, when) ─▶ MessageFormat ─▶ OutboxDraft ─▶ commit
//                                                                                                      │
//      receiver ◀─ EndpointTransport ◀─ RequestBuilder ◀─ Lane (breaker, rate, holds) ◀── claim ◀── Outbox
//          └─ answer ─▶ RetryPolicy ─▶ verdict ─▶ finish, in batches ───────────────────────────────▶ ┘
//
// The values (RetryPolicy, CircuitBreaker, RateLimiter, Lane, Template, Filter, AddressPolicy) hold no clock, no
// descriptor and no chance; EndpointDriver performs what they say. Each endpoint has its own lane, connections and timers,
// so that one that hangs costs the others nothing.
//
// Authority:   Standard Webhooks (signature, headers), RFC 9110 (status, Retry-After, dates), RFC 6749 (tokens),
//              CloudEvents 1.0; of the presets the systems' own descriptions, named at each. libcurl 7.88's manual pages.
// Malformed:   a section is refused at load with line, key and hint. An answer may be anything: its status counts, 2 KiB
//              of its body are kept on disk, no more than 256 KiB are read, redirects are never followed.
// Disk full:   a result that cannot be written is written again; its message stays lent and is not sent twice meanwhile.
// Shutdown:    `stop(within:)` takes nothing new, waits for answers, writes results; what is still on its way then goes out
//              again after the next start, with the same `webhook-id`.
