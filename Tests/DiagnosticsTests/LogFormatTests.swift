import Diagnostics
import Foundation
import Testing

@Suite("LogFormat and StreamLog") struct LogFormatTests {
    private func entry(_ metadata: LogMetadata, time: Int64 = 0) -> LogEntry {
        LogEntry(
            time: time, level: .warning, component: "ami", message: "event refused", metadata: metadata,
            threshold: .info)
    }
    private func text(_ format: LogFormat, _ entry: LogEntry, isJournal: Bool = false) -> String {
        String(decoding: format.line(for: entry, isJournal: isJournal), as: UTF8.self)
    }

    @Test("a value with line ends or escape codes cannot forge a line")
    func forgery() {
        let line = text(.text, entry([.error: .text("a\r\n2026 error daemon: b\u{1B}[2J")]))
        #expect(line.filter(\.isNewline).count == 1)
        #expect(line.contains(#"a\\u{d}\\u{a}2026"#))
    }

    @Test("a JSON line is one JSON object with typed values")
    func json() throws {
        let line = text(
            .json, entry([.error: .text("say \"no\" \\ \n"), .count: .number(3), .state: .flag(true)], time: -1))
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["error.text"] as? String == "say \"no\" \\ \\u{a}")
        #expect(object["count"] as? Int == 3)
        #expect(object["state"] as? Bool == true)
        #expect(object["time"] as? String == "1969-12-31T23:59:59.999Z")
    }

    @Test("dates are those of Foundation's calendar", arguments: [0, 951_782_400, 1_709_164_799, 4_102_444_800])
    func dates(_ seconds: Int) {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
        #expect(text(.text, entry([:], time: Int64(seconds) * 1_000_000)).hasPrefix(expected))
    }

    @Test("under journald a line starts with its priority and no time")
    func journal() { #expect(text(.text, entry([:]), isJournal: true) == "<4>ami: event refused\n") }

    @Test("after a rename, reopening writes to a new file of the old name")
    func reopen() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.log").path
        let log = try #require(StreamLog(.file(path), format: .text))
        log.handle(entry([.count: .number(1)]))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        log.handle(entry([.count: .number(2)]))
        #expect(log.reopen())
        log.handle(entry([.count: .number(3)]))
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).split(separator: "\n").count == 2)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("count=3\n"))
    }

    @Test("a full disk drops the line, counts it, and nothing else happens")
    func full() throws {
        let log = try #require(StreamLog(.file("/dev/full"), format: .text))
        log.handle(entry([:]))
        #expect(log.dropped == 1)
    }
}
