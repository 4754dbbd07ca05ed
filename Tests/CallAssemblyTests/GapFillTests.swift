import AsteriskWire
import Daemon
import Telephony
import Testing

@testable import CallAssembly

/// The manager connection is lost in the middle of a real call, and Asterisk's CEL file is read when it is back: the call is told as if
/// nothing had been missed, as far as CEL can tell.
@Suite("A gap that the CEL file fills")
struct GapFillTests {
    /// Where nothing is heard, in hundredths of the stream's events.
    struct Gap: Sendable, CustomStringConvertible {
        let lost: Int
        let back: Int
        var description: String { "deaf from \(lost) % to \(back) % of the events" }
    }
    /// The connection comes back when the call is over.
    static let toTheEnd = [15, 30, 50, 70, 85].map { Gap(lost: $0, back: 100) }
    /// It comes back in the middle of the call, or is made only then.
    static let inside = [(30, 60), (15, 85), (50, 75), (0, 50), (0, 80)].map { Gap(lost: $0.0, back: $0.1) }

    /// It is lost twice, or made in mid-call and then lost.
    static let twice = [
        [(20, 40), (60, 80)], [(10, 30), (50, 100)], [(30, 35), (40, 70)], [(0, 30), (60, 85)], [(0, 50), (70, 100)],
        [(50, 60), (85, 100)], [(15, 70), (72, 90)],
    ].map { $0.map { Gap(lost: $0.0, back: $0.1) } }

    /// Those of one connection that tell a call.
    static let captures = Capture.all.filter {
        !["ami_drop_reconnect", "crash_kill9", "in_invalid_did"].contains($0.name)
    }

    /// What the file cannot tell while the call goes on: the row of a channel that is not gone yet has still to be written.
    ///
    /// Who hung up, and how, stands in HANGUP alone, and the number of a line outside that was dialled comes with its ANSWER or its
    /// HANGUP.
    static let unwritten: [String: Set<String>] = ["in_cancel_before_answer": ["disposition"]]

    /// An event, and the caller ids that it shows of its channels.
    struct Heard {
        var event: CallEvent
        var numbers: [UniqueID: String] = [:]
    }

    static func events(_ capture: Capture) throws -> [Heard] {
        var translator = CallEventTranslator(variables: nil)
        var decoder = AMIDecoder(offset: 0)
        var events: [Heard] = []
        try decoder.feed(capture.stream) { message in
            guard let event = translator.event(message, arrival: events.last?.event.at ?? Instant(microseconds: 0))
            else { return }
            let headers = AMIEvent(message)
            var heard = Heard(event: event)
            for side in ["", "Dest"] {
                guard let id = headers["\(side)Uniqueid"], let number = headers["\(side)CallerIDNum"] else { continue }
                if !number.isEmpty, number != "<unknown>" { heard.numbers[UniqueID(id)] = number }
            }
            events.append(heard)
        }
        return events.filter { heard in
            switch heard.event.body {
            // What the files say is not heard as well, and there is one connection here.
            case .cel, .cdr, .connected, .fullyBooted, .listed, .listBegan, .listComplete, .shutdown: false
            default: true
            }
        }
    }

    /// The records of calls that a gap touched, told with the rows that the file holds when the connection is back.
    /// - Parameter unwritten: so many rows, the last, are not in the file when it is read first; then it is read again.
    static func told(_ heard: [Heard], _ gaps: Gap..., file: [CELRow]?, unwritten: Int = 0) -> [CallRecord] {
        told(heard, gaps, file: file, unwritten: unwritten)
    }
    static func told(_ heard: [Heard], _ gaps: [Gap], file: [CELRow]?, unwritten: Int = 0) -> [CallRecord] {
        let events = heard.map(\.event)
        var configuration = AssemblyConfiguration(system: "pbx1", filesWait: .seconds(20), readsCEL: file != nil)
        configuration.cdrWait = .zero
        var assembler = CallAssembler(configuration)
        var records: [CallRecord] = []
        let take: (AssemblyEffect) -> Void = { if case .finished(let call) = $0 { records.append(call.record) } }
        var live = LiveChannels()
        var toldBefore: Int?
        var done = 0
        for gap in gaps {
            let (lost, back) = (events.count * gap.lost / 100, events.count * gap.back / 100)
            for one in heard[done..<back] { live.take(one.event, one.numbers) }
            for event in events[done..<lost] { assembler.apply(event, take) }
            toldBefore = toldBefore ?? records.count
            // Nobody listened before the first event either.
            if lost > 0 {
                assembler.apply(CallEvent(at: events[lost - 1].at + .microseconds(1), body: .disconnected), take)
            }
            let now = events[back - 1].at + .microseconds(1)
            let list =
                [CallEvent(at: now, body: .listBegan)] + live.list(at: now) + [CallEvent(at: now, body: .listComplete)]
            let toldHere = records.count
            for event in list { assembler.apply(event, take) }
            #expect(records.count == toldHere, "a call waits for the files")
            let written = file?.filter { $0.at <= now } ?? []
            for missing in Set([unwritten, 0]).sorted(by: >) where file != nil {
                var reader = CallAssembler(configuration)
                reader.sought = assembler.channelsInDoubt
                for row in written.dropLast(missing) {
                    reader.apply(CallEvent(at: row.at, body: .cel(row)), { _ in })
                }
                reader.finishAll { _ in }
                assembler.complete(from: [], reader.found, take)
            }
            done = back
        }
        for event in events[done...] { assembler.apply(event, take) }
        let now = events.last!.at
        assembler.advance(to: now + .seconds(3600), take)
        #expect(assembler.openCallCount == 0)
        #expect(Set(records.map(\.id)).count == records.count, "told twice")
        return Array(records.dropFirst(toldBefore ?? 0))
    }

    /// What differs from the stated facts, by the facts' names.
    static func differences(_ record: CallRecord, _ capture: Capture) throws -> [String: String] {
        let calls = try #require(try capture.expected["calls"]?.array)
        guard
            let stated = calls.count == 1
                ? calls[0] : calls.first(where: { $0["caller"]?.string == record.caller.number })
        else { return ["caller": "nobody stated a call of \(record.caller.number ?? "-")"] }
        let untold = UntoldByCEL.keys.union(UntoldByCEL.scenarios[capture.name] ?? [])
        var found: [String: String] = [:]
        for fact in stated.object ?? [] where !untold.contains(fact.name) && fact.name != "tolerance" {
            let facts = [fact] + (stated.object ?? []).filter { $0.name == "tolerance" }
            let texts = StatedFacts(facts: .object(facts)).differences(record)
            if !texts.isEmpty { found[fact.name] = texts.joined(separator: ", ") }
        }
        return found
    }

    /// The file makes one call of what is one, and of nothing else: each stated call that is told without it is told with it.
    static func expectEach(_ told: [CallRecord], _ without: [CallRecord], _ capture: Capture) throws {
        let stated = (try capture.expected["calls"]?.array ?? []).compactMap { $0["caller"]?.string }
        #expect(told.count <= max(without.count, stated.count))
        for caller in Set(stated) where without.contains(where: { $0.caller.number == caller }) {
            #expect(told.contains { $0.caller.number == caller }, "the call of \(caller)")
        }
    }

    @Test("a call that was over when the connection was back: every stated fact holds", arguments: captures)
    func over(_ capture: Capture) throws {
        let (events, file) = (try GapFillTests.events(capture), CELFile(capture.bytes("cel.csv")).rows)
        for gap in GapFillTests.toTheEnd {
            let told = GapFillTests.told(events, gap, file: file)
            try GapFillTests.expectEach(told, GapFillTests.told(events, gap, file: nil), capture)
            for record in told {
                #expect(record.completeness == .partial && record.sources.contains(.cel), "\(gap)")
                let differences = try GapFillTests.differences(record, capture)
                #expect(differences.isEmpty, "\(gap): \(differences.values) \(record.notes)")
            }
        }
    }

    @Test("a call that goes on: what the file holds by then is told, and nothing is told worse", arguments: captures)
    func goesOn(_ capture: Capture) throws {
        let (events, file) = (try GapFillTests.events(capture), CELFile(capture.bytes("cel.csv")).rows)
        let unwritten = (GapFillTests.unwritten[capture.name] ?? []).union(["hungup_by", "cause"])
        for gap in GapFillTests.inside {
            let without = GapFillTests.told(events, gap, file: nil)
            let told = GapFillTests.told(events, gap, file: file)
            try GapFillTests.expectEach(told, without, capture)
            for record in told where record.completeness == .partial {
                #expect(record.sources.contains(.cel), "\(gap)")
                let differences = try GapFillTests.differences(record, capture)
                let wrong = differences.filter { !unwritten.contains($0.key) }
                #expect(wrong.isEmpty, "\(gap): \(wrong.values) \(record.notes)")
                guard let same = without.first(where: { $0.id == record.id }) else { continue }
                let before = try GapFillTests.differences(same, capture)
                let worse = differences.filter { before[$0.key] == nil }
                #expect(worse.isEmpty, "\(gap): only with the file \(worse.values) \(record.notes)")
            }
        }
    }

    @Test("two gaps in one call: one record of it, and what the file holds by then is told", arguments: captures)
    func cutTwice(_ capture: Capture) throws {
        let (events, file) = (try GapFillTests.events(capture), CELFile(capture.bytes("cel.csv")).rows)
        let unwritten = (GapFillTests.unwritten[capture.name] ?? []).union(["hungup_by", "cause"])
        for gaps in GapFillTests.twice {
            let without = GapFillTests.told(events, gaps, file: nil)
            let told = GapFillTests.told(events, gaps, file: file)
            try GapFillTests.expectEach(told, without, capture)
            let lastLoss = events[events.count * gaps.last!.lost / 100].event.at
            for record in told where record.completeness == .partial {
                // The last reading has the rows of its end.
                let isWritten = gaps.last!.back == 100 && record.endedAt >= lastLoss
                #expect(!record.notes.isEmpty, "\(gaps)")
                let differences = try GapFillTests.differences(record, capture)
                let wrong = differences.filter { fact in
                    isWritten || !unwritten.contains(fact.key)
                }
                #expect(wrong.isEmpty, "\(gaps): \(wrong.values) \(record.notes)")
            }
        }
    }

    @Test("the file is read before its last rows are written, and again: the same is told", arguments: captures)
    func readAgain(_ capture: Capture) throws {
        let (events, file) = (try GapFillTests.events(capture), CELFile(capture.bytes("cel.csv")).rows)
        for gap in GapFillTests.toTheEnd {
            let told = GapFillTests.told(events, gap, file: file)
            for unwritten in [1, 3, 8] {
                let again = GapFillTests.told(events, gap, file: file, unwritten: unwritten)
                let byID = { (a: CallRecord, b: CallRecord) in a.id < b.id }
                #expect(
                    again.sorted(by: byID).map { String(decoding: $0.json, as: UTF8.self) }
                        == told.sorted(by: byID).map { String(decoding: $0.json, as: UTF8.self) },
                    "\(gap), \(unwritten) rows late")
            }
        }
    }
}
