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
        /// When Asterisk first said anything to it; nil where it never did: then there was no call.
        public let startedAt: Double?
        /// When his phone heard of the answer; nil: never.
        public let answeredAt: Double?
        /// When his phone knew that it was over, whoever ended it.
        public let endedAt: Double
        /// The caller gave up before his phone heard of an answer; one may have been on its way.
        var isCancelled = false
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
        let numbers = (0..<plan.count).map { "1555\(900_1000 + $0)" }
        let beginning = monotonicSeconds()
        for deed in deeds {
            pause(beginning + deed.at - monotonicSeconds())
            switch deed.deed {
            case .dial: try customer.dial(dialled, from: numbers[deed.call])
            case .hangUp: try customer.hangUp(line: deed.call + 1)
            }
        }
        try lane.recorder.awaitQuiet()
        let seen = customer.seen.dropFirst(seenBefore)
        customer.forget()
        agent.forget()
        var ledger = numbers.enumerated().map { index, number in
            let own = seen.filter { $0.line == index + 1 }
            let answered = own.first { $0.kind == .answerReceived }?.time
            let end = own.last {
                switch $0.kind {
                case .byeSent, .byeReceived, .cancelSent, .refused: true
                default: false
                }
            }
            return Call(
                number: number, startedAt: own.first { $0.kind == .ringing }?.time ?? answered, answeredAt: answered,
                endedAt: end?.time ?? epochSeconds(), isCancelled: own.contains { $0.kind == .cancelSent })
        }
        ledger.sort { $0.number < $1.number }
        return CallCrowd(calls: ledger)
    }

    /// What is wrong with a daemon's records, one sentence each.
    /// - Parameters:
    ///   - gaps: When that daemon could not hear Asterisk. A call that lived then must be told `partial`, any other `full`.
    ///   - readsCEL: It had the CEL file to fill gaps from: then it knows who hung up and how long they talked, too.
    func faults(in records: [JSONValue], gaps: [ClosedRange<Double>], readsCEL: Bool = false) -> [String] {
        var faults: [String] = []
        var told: [String: [JSONValue]] = [:]
        for record in records { told[record["caller"]?["number"]?.string ?? "null", default: []].append(record) }
        for call in calls {
            guard let records = told.removeValue(forKey: call.number) else {
                if call.startedAt != nil { faults.append("\(call.number) was not told") }
                continue
            }
            if records.count > 1 { faults.append("\(call.number) was told \(records.count) times") }
            faults += CallCrowd.faults(of: records[0], call, gaps, readsCEL).map { "\(call.number): \($0)" }
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
        of record: JSONValue, _ call: Call, _ gaps: [ClosedRange<Double>], _ readsCEL: Bool
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
        // Who has not seen that the caller gave up has Asterisk's word for it: NO ANSWER.
        if call.answeredAt != nil || isEndSeen || record["disposition"]?.string != "NO_ANSWER" {
            check("disposition", call.answeredAt == nil ? "CANCELED" : "ANSWERED", record["disposition"]?.string)
        }
        // Every caller ends the call himself; who has not seen it says nothing, but never somebody else.
        if let who = record["hungup_by"]?.string {
            check("hungup_by", "caller", who)
        } else if record["completeness"]?.string == "full" || readsCEL && !call.wasKilled {
            faults.append("hungup_by is null in a \(record["completeness"]?.string ?? "-") record")
        }
        func seconds(_ field: String, _ wanted: Double) {
            guard let got = record[field]?.double, abs(got - wanted) > 1.5 else { return }
            faults.append("\(field) is \(got), its phone saw \(wanted)")
        }
        if !call.wasKilled {
            seconds("duration", call.endedAt - (call.startedAt ?? call.endedAt))
            seconds("billsec", call.answeredAt.map { call.endedAt - $0 } ?? 0)
            if readsCEL { seconds("talk_seconds", call.answeredAt.map { call.endedAt - $0 } ?? 0) }
        }
        if let text = record["started_at"]?.string, let start = Instant(rfc3339: text), let seen = call.startedAt,
            abs(Double(start.microseconds) / 1e6 - seen) > 1.5
        {
            faults.append("started_at is \(text), its phone called at \(seen)")
        }
        // Near a gap's edge either is right: what was on its way is heard or not, and a channel lives on while its handlers
        // report to one daemon after another.
        let life = (call.startedAt ?? call.endedAt)...call.endedAt
        func touches(_ margin: Double) -> Bool {
            gaps.contains { $0.lowerBound - margin < life.upperBound && life.lowerBound < $0.upperBound + margin }
        }
        if touches(-0.5) { check("completeness", "partial", record["completeness"]?.string) }
        if !touches(3), !call.wasKilled { check("completeness", "full", record["completeness"]?.string) }
        if !faults.isEmpty {
            let words = ["sources", "notes"].flatMap { record[$0]?.array?.compactMap(\.string) ?? [] }
            faults.append("it says: \(words.joined(separator: ", "))")
        }
        return faults
    }
}
