import Foundation
import Synchronization
import Testing

@testable import Diagnostics

@Suite("Logger") struct LoggerTests {
    @Test("a line below the level is not made, nor its metadata")
    func belowLevel() {
        let recorder = LogRecorder()
        let log = Logger(recorder, level: .notice, component: "ami")
        var built = 0
        func metadata() -> LogMetadata {
            built += 1
            return [.count: .number(built)]
        }
        log.info("connected", metadata())
        #expect(built == 0)
        log.notice("connected", metadata())
        #expect(built == 1)
        #expect(recorder.entries.map(\.level) == [.notice])
    }

    @Test("a line that the disk took in part has a line of its own, and the next begins on a new one")
    func shortWrite() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        // As a disk that has ten bytes left, is full, and has room again.
        let room = Mutex([10, 0, 0, Int.max])
        let stream = try #require(
            StreamLog(.file(file), format: .json) { descriptor, bytes in
                let most = room.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                guard most > 0 else {
                    errno = ENOSPC
                    return -1
                }
                return bytes.prefix(most).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            })
        let log = Logger(stream, level: .info, component: "ami")
        for text in ["first", "second", "third", "fourth"] as [StaticString] { log.notice(text) }
        let lines = try String(contentsOfFile: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[0].utf8.count == 10 && lines[3].isEmpty, "\(lines)")
        #expect(lines[1].hasPrefix("{") && lines[1].contains("third") && lines[2].contains("fourth"))
        #expect(stream.dropped == 2)
    }

    @Test("a silent logger logs nothing at any level")
    func silent() { #expect(LogLevel.allCases.allSatisfy { !Logger.silent.logs($0) }) }

    @Test("a part has its own name and adds its data to every line")
    func part() {
        let recorder = LogRecorder()
        let log = Logger(recorder, level: .info, component: "daemon", now: { 1_795_226_720_123_456 })
        log.part("ami", [.pbx: .text("main")]).notice("connected", [.amiEvent: .text("FullyBooted")])
        #expect(
            recorder.lines == ["2026-11-21T02:05:20.123Z notice ami: connected pbx.name=main ami.event=FullyBooted"])
    }

    @Test("a counted repeat is held back for a minute and then tells how many there were")
    func repeats() {
        let recorder = LogRecorder()
        let clock = Mutex<Int64>(0)
        let log = Logger(recorder, level: .info, component: "delivery", now: { clock.withLock { $0 } })
        func fail(_ endpoint: String, attempt: Int) {
            log.warning(
                "attempt failed", [.endpoint: .text(endpoint), .attempt: .number(attempt)], repeats: .counted)
        }
        for attempt in 1...5 { fail("crm", attempt: attempt) }
        fail("other", attempt: 1)
        clock.withLock { $0 = 60_000_000 }
        fail("crm", attempt: 6)
        let told = recorder.entries.map { $0.metadata[.repeated] }
        #expect(told == [nil, nil, .number(4)])
        #expect(recorder.entries.map { $0.metadata[.endpoint] } == [.text("crm"), .text("other"), .text("crm")])
    }

    @Test("a clock set back does not silence a counted line for longer than its window")
    func clockSetBack() {
        let recorder = LogRecorder()
        let clock = Mutex<Int64>(3_600_000_000)
        let log = Logger(recorder, level: .info, component: "x", now: { clock.withLock { $0 } })
        log.warning("late", repeats: .counted)
        clock.withLock { $0 = 0 }
        log.warning("late", repeats: .counted)
        #expect(recorder.entries.count == 2)
    }
}

@Suite("Redacted") struct RedactedTests {
    static let kinds = [
        Redacted(number: "+639171234567"), Redacted(name: "Local/639171234567@out-00000001;1"),
        Redacted(secret: "639171234567"), Redacted(body: #"{"number":"639171234567"}"#),
    ]

    @Test("no kind shows a full number in a log at info, text or JSON, nor by interpolation", arguments: kinds)
    func neverFull(_ value: Redacted) {
        let entry = LogEntry(
            time: 0, level: .error, component: "x", message: "m", metadata: [.callerNumber: .redacted(value)],
            threshold: .info)
        for format in LogFormat.allCases {
            #expect(!String(decoding: format.line(for: entry), as: UTF8.self).contains("9171234"))
        }
        #expect(!"\(value)".contains("9171234") && !String(reflecting: value).contains("9171234"))
    }

    @Test(
        "what each kind shows",
        arguments: [
            (Redacted(number: "+639171234567"), "***67"), (Redacted(number: "1001"), "***"),
            (Redacted(name: "Local/639171234567@out-00000001;1"), "Local/***67@out-00000001;1"),
            (Redacted(name: "PJSIP/1001-0000001a"), "PJSIP/1001-0000001a"),
            (Redacted(name: "SIP/639171234567-09171234"), "SIP/***67-09171234"),
            (Redacted(name: "/rec/out-09171234567.wav"), "/rec/out-***67.wav"),
            (Redacted(name: "/rec/1795226720.12.wav"), "/rec/1795226720.12.wav"),
            (Redacted(secret: "whsec_x"), "(secret)"), (Redacted(body: "abc"), "(3 bytes)"),
        ])
    func shown(_ value: Redacted, _ text: String) { #expect(value.shown(at: .info) == text) }

    @Test("a debug log shows numbers, and never a secret")
    func debug() {
        #expect(Redacted(number: "+639171234567").shown(at: .debug) == "+639171234567")
        #expect(Redacted(secret: "whsec_x").shown(at: .trace) == "(secret)")
    }
}

@Suite("Counter") struct CounterTests {
    @Test("the same name and label is the same counter, and a snapshot is ordered")
    func registry() {
        let registry = CounterRegistry()
        registry.counter("b").add()
        registry.counter("a", label: "crm").add(2)
        registry.counter("b").add()
        #expect(registry.snapshot.map(\.name) == ["a", "b"])
        #expect(registry.snapshot.map(\.value) == [2, 2])
    }
}
