// delivery-drill FOLDER PORT FIRST COUNT [connect|socket NTH TIMES ERRNO]
//
// What the kill drill kills, and what the connect drill keeps from connecting: opens the store in FOLDER, takes up what is pending, commits COUNT calls from number FIRST with
// three events each, one batch after the other, and says of each call on standard output when its commit is on disk. Sends
// everything to http://127.0.0.1:PORT/. Ends by itself once the outbox is empty, and says how many connects (sockets) it asked
// for and how many of them failed.
import CFaultSockets
import Delivery
import EventLoop
import Glibc
import Storage
import Telephony

let folder = CommandLine.arguments[1]
let port = CommandLine.arguments[2]
let first = Int(CommandLine.arguments[3])!
let count = Int(CommandLine.arguments[4])!
if CommandLine.arguments.count > 8 {
    let numbers = CommandLine.arguments[6...].map { Int32($0)! }
    let call = CommandLine.arguments[5] == "socket" ? HS_FAULT_SOCKET : HS_FAULT_CONNECT
    hs_fault_sockets_arm(call, numbers[0], numbers[1], numbers[2])
}

func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    write(1, bytes, bytes.count)
}

let loop = try EventLoop()
let endpoint = try EndpointConfiguration(
    name: "crm",
    entries: [
        .init("url", "http://127.0.0.1:\(port)/"), .init("events", "call.started, call.ended, call.complete"),
        .init("retry", Array(repeating: "5ms", count: 90).joined(separator: ",")), .init("concurrency", "8"),
        // No attempt is too late because the machine is busy.
        .init("timeout", "300s"),
    ])
let store = try CallStore(.init(folder: folder))
let engine = DeliveryEngine(
    endpoints: [endpoint], outbox: store, on: loop, version: "drill", now: CallStore.wallClock)

try loop.run {
    engine.start()
    var number = first
    while number < first + count {
        let batch = number..<min(number + 7, first + count)
        number = batch.upperBound
        let now = CallStore.wallClock()
        let calls = batch.map { number in
            let id = LinkedID("\(1_795_000_000 + number).\(number)")
            let record = CallRecord(
                id: CallRecord.id(system: "drill", linkedID: id), system: "drill", uniqueID: id.oldest, linkedID: id,
                direction: .inbound, disposition: .answered, caller: .init(number: "100\(number)"),
                callee: .init(number: "200"), startedAt: now - .seconds(9), endedAt: now, hangupCause: .normalClearing)
            let json = record.json
            let drafts = [EventType.callStarted, .callEnded, .callComplete].flatMap {
                engine.drafts(for: WebhookEvent($0, of: record, at: now), recordJSON: json)
            }
            return CallCommit(FinishedCall(record: record), recordJSON: json, outbox: drafts)
        }
        _ = try await store.commit(calls)
        for number in batch { say("committed \(number)") }
    }
    while true {
        let status = try await store.endpoints().first { $0.name == "crm" }
        if status.map({ $0.ready + $0.waiting == 0 }) ?? true { break }
        try await loop.sleep(for: .milliseconds(20))
    }
    await engine.stop(within: .seconds(5))
    await store.close()
}
say("asked \(hs_fault_sockets_count()) failed \(hs_fault_sockets_failed())")
say("empty")
