import Glibc
public import Telephony

/// Many calls at once through one Asterisk, watched by the daemon: each call by its caller's number.
public struct LoadRun: Sendable {
    /// Numbers that called, and how long each spoke by its own phone; nil where its phone was not answered: with hundreds of
    /// calls a second or so apart on one small machine a packet may be lost for good, which is a call to tell like any other.
    public let callers: [String: Double?]
    /// Numbers whose phone heard neither ringing nor an answer: an Asterisk with too much to do refuses a call (503) before it has
    /// a channel for it, and then there is nothing to tell.
    public let turnedAway: Set<String>
    /// What the daemon told.
    public let records: [JSONValue]

    /// Makes `count` calls, all up at the same time, and ends them.
    /// - Parameters:
    ///   - perSecond: New calls a second.
    ///   - during: Called when all are up; a test may cut, kill or restart something then.
    public static func run(
        lane: Lane, daemon: HookswitchProcess, count: Int, perSecond: Double = 40,
        during: () throws -> Void = {}
    ) throws -> LoadRun {
        let agent = lane.phones[.alice]!
        agent.setManner(.answers(after: 0.2))
        let customer = lane.phones[.customer2]!
        let numbers = (0..<count).map { "1555900\(1000 + $0)" }
        for number in numbers {
            try customer.dial("5001", from: number)
            pause(1 / perSecond)
        }
        let up = try customer.awaitLinesSettled(count)
        guard up.count * 100 >= count * 95 else { throw LabError("only \(up.count) of \(count) calls came up") }
        try during()
        pause(1)
        for line in up {
            try customer.hangUp(line: line)
            pause(1 / perSecond / 2)
        }
        try agent.awaitLines(up: 0)
        let records = daemon.awaitRecords(count)
        var callers: [String: Double?] = [:]
        var turnedAway: Set<String> = []
        let seen = customer.seen
        for (index, number) in numbers.enumerated() {
            let own = seen.filter { $0.line == index + 1 }
            let answered = own.first { $0.kind == .answerReceived }?.time
            let ended = own.last { $0.kind == .byeSent }?.time
            if !own.contains(where: { $0.kind == .ringing || $0.kind == .answerReceived }) { turnedAway.insert(number) }
            callers[number] = .some(answered.flatMap { from in ended.map { $0 - from } })
        }
        return LoadRun(callers: callers, turnedAway: turnedAway, records: records)
    }

    /// What is wrong, one sentence each.
    public var faults: [String] {
        var faults: [String] = []
        var told: [String: Int] = [:]
        for record in records {
            let number = record["caller"]?["number"]?.string ?? "null"
            told[number, default: 0] += 1
            guard let called = callers[number] else {
                faults.append("\(number) never called")
                continue
            }
            guard let spoken = called else {
                if record["disposition"]?.string == "ANSWERED" { faults.append("\(number) was never answered") }
                continue
            }
            if record["disposition"]?.string != "ANSWERED" {
                faults.append("\(number) is \(record["disposition"]?.string ?? "null")")
            }
            if let billsec = record["billsec"]?.double, abs(billsec - spoken) > 1.5 {
                faults.append("\(number): billsec \(billsec), its phone spoke \(spoken) s")
            }
        }
        for number in callers.keys.sorted() where told[number] != 1 {
            if told[number] == nil, turnedAway.contains(number) { continue }
            faults.append("\(number) was told \(told[number] ?? 0) times")
        }
        return faults
    }
}
