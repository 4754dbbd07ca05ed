import Glibc
import Telephony
import TestGround

/// Calls that overlap at random, each from a number of its own. What their phones saw is the ledger that a daemon's records
/// are held against.
public struct CallCrowd: Sendable {
    /// One call as the caller's phone saw it.
    public struct Call: Sendable {
        /// The caller's own, used once in a crowd: what a record is found by.
        public let number: String
        /// When its phone asked for it, some time before Asterisk knew of it.
        public let dialledAt: Double
        /// When Asterisk first said anything to it; nil where it never did: then there was no call.
        public let startedAt: Double?
        /// When his phone heard of the answer; nil: never.
        public let answeredAt: Double?
        /// When his phone knew that it was over, whoever ended it.
        public let endedAt: Double
        /// The caller gave up before his phone heard of an answer; one may have been on its way.
        var isCancelled = false
        /// How many seconds later than its phone Asterisk's own events say that it came, was answered or went: next to none, but
        /// a busy Asterisk stamps them when it comes to it, and a record has its times from them.
        public var lag = 0.0
        /// Asterisk was killed under it.
        public var wasKilled = false
    }

    /// How a crowd is to be.
    public struct Plan: Sendable {
        /// Calls in all.
        public var count: Int
        /// All are placed within so many seconds.
        public var seconds: Double
        /// How long after dialling a caller hangs up; those who do so before the answer have cancelled.
        public var lasting: ClosedRange<Double>
        /// The same seed places the same calls at the same moments.
        public var seed: UInt64
        public init(count: Int, seconds: Double, lasting: ClosedRange<Double>, seed: UInt64) {
            (self.count, self.seconds, self.lasting, self.seed) = (count, seconds, lasting, seed)
        }
    }

    /// What the callers dial: Alice's phone, which answers.
    static let dialled = "5001"
    /// How long Alice's phone rings.
    static let ringing = 0.2

    /// In the order they were placed.
    public let calls: [Call]

    /// Places the calls and returns when the last has ended and Asterisk is quiet.
    static func place(_ plan: Plan, in lane: Lane) throws -> CallCrowd {
        enum Deed {
            case dial
            case hangUp
        }
        var random = SeededGenerator(seed: plan.seed)
        var deeds: [(at: Double, call: Int, deed: Deed)] = []
        let starts = (0..<plan.count).map { _ in Double.random(in: 0...plan.seconds, using: &random) }.sorted()
        for (call, start) in starts.enumerated() {
            deeds.append((start, call, .dial))
            deeds.append((start + Double.random(in: plan.lasting, using: &random), call, .hangUp))
        }
        deeds.sort { $0.at < $1.at }
        let agent = lane.phones[.alice]!
        agent.setManner(.answers(after: ringing))
        let customer = lane.phones[.customer2]!
        let seenBefore = customer.seen.count
        let mark = lane.recorder.mark
        let numbers = (0..<plan.count).map { "1555\(900_1000 + $0)" }
        let beginning = monotonicSeconds()
        for deed in deeds {
            pause(beginning + deed.at - monotonicSeconds())
            switch deed.deed {
            case .dial: try customer.dial(dialled, from: numbers[deed.call])
            case .hangUp: try customer.hangUp(line: deed.call + 1)
            }
        }
        try lane.recorder.awaitQuiet(seconds: 60)
        let seen = customer.seen.dropFirst(seenBefore)
        customer.forget()
        agent.forget()
        let stamps = Stamps(of: lane.recorder.since(mark).stream)
        var ledger = numbers.enumerated().map { index, number in
            let own = seen.filter { $0.line == index + 1 }
            let answered = own.first { $0.kind == .answerReceived }?.time
            let end = own.last {
                switch $0.kind {
                case .byeSent, .byeReceived, .cancelSent, .refused: true
                default: false
                }
            }
            var call = Call(
                number: number, dialledAt: own.first?.time ?? 0,
                startedAt: own.first { $0.kind == .ringing }?.time ?? answered, answeredAt: answered,
                endedAt: end?.time ?? epochSeconds(), isCancelled: own.contains { $0.kind == .cancelSent })
            call.lag = stamps.lag(of: call)
            return call
        }
        ledger.sort { $0.number < $1.number }
        return CallCrowd(calls: ledger)
    }

    /// What is wrong with a daemon's records, one sentence each.
    /// - Parameters:
    ///   - extents: How much of each call came to it, by the caller's number. What came in part must be told `partial`, what came
    ///     whole `full`.
    ///   - readsCEL: It had the CEL file to fill gaps from: then it knows who hung up and how long they talked, too.
    func faults(in records: [JSONValue], heard extents: [String: HeardConnection.Extent], readsCEL: Bool = false)
        -> [String]
    {
        var faults: [String] = []
        var told: [String: [JSONValue]] = [:]
        for record in records { told[record["caller"]?["number"]?.string ?? "null", default: []].append(record) }
        for call in calls {
            guard let records = told.removeValue(forKey: call.number) else {
                if call.startedAt != nil { faults.append("\(call.number) was not told") }
                continue
            }
            if records.count > 1 { faults.append("\(call.number) was told \(records.count) times") }
            faults += CallCrowd.faults(of: records[0], call, extents[call.number] ?? .part, readsCEL).map {
                "\(call.number): \($0)"
            }
        }
        for (number, records) in told {
            for record in records {
                let callee = record["callee"]?["number"]?.string ?? "null"
                let direction = record["direction"]?.string ?? "null"
                faults.append("a call nobody made: \(direction) \(number) to \(callee), \(record["id"]?.string ?? "")")
            }
        }
        return faults
    }

    private static func faults(
        of record: JSONValue, _ call: Call, _ extent: HeardConnection.Extent, _ readsCEL: Bool
    ) -> [String] {
        var faults: [String] = []
        func check(_ field: String, _ wanted: String?, _ got: String?) {
            if wanted != got { faults.append("\(field) is \(got ?? "null"), not \(wanted ?? "null")") }
        }
        check("direction", "inbound", record["direction"]?.string)
        check("callee", dialled, record["callee"]?["number"]?.string)
        // The CANCEL crossed the answer: for Asterisk the call was answered, for a moment.
        if call.isCancelled, record["disposition"]?.string == "ANSWERED", (record["billsec"]?.double ?? 9) <= 1 {
            return []
        }
        check("answered_by", call.answeredAt == nil ? nil : "1001", record["answered_by"]?["number"]?.string)
        let isEndSeen = record["hungup_by"]?.string != nil || record["completeness"]?.string == "full"
        // Who has not seen that the caller gave up has Asterisk's word for it: NO ANSWER, or FAILED before anything rang.
        let isAsterisksWord = ["NO_ANSWER", "FAILED"].contains(record["disposition"]?.string)
        if call.answeredAt != nil || isEndSeen || !isAsterisksWord {
            check("disposition", call.answeredAt == nil ? "CANCELED" : "ANSWERED", record["disposition"]?.string)
        }
        // Every caller ends the call himself; who has not seen it says nothing, but never somebody else.
        if let who = record["hungup_by"]?.string {
            check("hungup_by", "caller", who)
        } else if record["completeness"]?.string == "full" || readsCEL && !call.wasKilled {
            faults.append("hungup_by is null in a \(record["completeness"]?.string ?? "-") record")
        }
        func seconds(_ field: String, _ least: Double, _ most: Double? = nil) {
            let most = most ?? least
            guard let got = record[field]?.double, got < least - 1.5 - call.lag || got > most + 1.5 + call.lag else {
                return
            }
            faults.append("\(field) is \(got), its phone saw \(least) to \(most)")
        }
        if !call.wasKilled {
            seconds("duration", call.endedAt - (call.startedAt ?? call.endedAt), call.endedAt - call.dialledAt)
            seconds("billsec", call.answeredAt.map { call.endedAt - $0 } ?? 0)
            if readsCEL { seconds("talk_seconds", call.answeredAt.map { call.endedAt - $0 } ?? 0) }
        }
        if let text = record["started_at"]?.string, let instant = Instant(rfc3339: text), let seen = call.startedAt {
            let start = Double(instant.microseconds) / 1e6
            if start < call.dialledAt - 1.5 || start > seen + 1.5 + call.lag {
                faults.append("started_at is \(text), its phone called at \(call.dialledAt) and heard at \(seen)")
            }
        }
        switch extent {
        case .part: check("completeness", "partial", record["completeness"]?.string)
        case .whole: check("completeness", "full", record["completeness"]?.string)
        case .allButItsEnd, .wholeIfRead: break
        }
        if !faults.isEmpty {
            let words = ["sources", "notes"].flatMap { record[$0]?.array?.compactMap(\.string) ?? [] }
            faults.append("it says: \(words.joined(separator: ", "))")
        }
        return faults
    }
}

/// When Asterisk's own events say that the callers' channels came, were answered and were asked to go, by the callers' numbers.
private struct Stamps {
    private var byNumber: [String: [String: Double]] = [:]

    /// - Parameter stream: of a manager connection that saw everything.
    init(of stream: [UInt8]) {
        var scan = EventScan(for: ["Newchannel", "Newstate", "HangupRequest"])
        scan.take(stream) { name, headers in
            guard let number = headers["CallerIDNum"], headers["Uniqueid"] == headers["Linkedid"],
                let stamp = headers["Timestamp"].flatMap(Double.init),
                name != "Newstate" || headers["ChannelStateDesc"] == "Up"
            else { return }
            byNumber[number, default: [:]][name] = stamp
        }
    }

    /// How much later than the phone they were at most; 0 where they were not.
    func lag(of call: CallCrowd.Call) -> Double {
        let own = byNumber[call.number] ?? [:]
        let pairs = [
            (own["Newchannel"], call.startedAt), (own["Newstate"], call.answeredAt),
            (own["HangupRequest"], call.endedAt),
        ]
        return pairs.reduce(0) { most, pair in
            guard case (let stamp?, let seen?) = pair else { return most }
            return max(most, stamp - seen)
        }
    }
}
